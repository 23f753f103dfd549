"""The templates of the folder beside this file, filled in with everything escaped."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("freshbooks_simulator", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(name: str, **values: object) -> bytes:
    """The page in UTF-8; a value the template needs and isn't given is an error."""
    return _environment().get_template(name).render(**values).encode()
