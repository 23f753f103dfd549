"""The fields that a button's request brings, or a refusal that names the field."""

from collections.abc import Mapping

from sync_orchestrator.handlers.refusals import FieldProblem, invalid

_LONGEST = 1_000

Fields = Mapping[str, object]


def text(fields: Fields, name: str) -> str:
    """Raises the 422 of a field that is missing, empty or too long."""
    value = fields.get(name)
    if isinstance(value, str) and value.strip() and len(value) <= _LONGEST:
        return value.strip()
    raise invalid(FieldProblem(name, f"is required: a text of up to {_LONGEST:,} characters"))


def text_if_any(fields: Fields, name: str) -> str | None:
    return None if fields.get(name) in (None, "") else text(fields, name)
