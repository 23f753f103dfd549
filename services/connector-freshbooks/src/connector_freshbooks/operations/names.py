"""Names as they are compared: without regard to case, outer spaces and the number of inner ones.

How FreshBooks compares is unconfirmed. Two names that differ in nothing else then wait for each
other, which costs a moment and can't be wrong.
"""

import re
from typing import Literal

Why = Literal["line_break", "too_long", "empty"]

_SPACES = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def name_problem(name: str, *, limit: int) -> Why | None:
    """What is wrong with the name there, if anything."""
    if not name.strip():
        return "empty"
    if _CONTROL.search(name):
        return "line_break"
    return "too_long" if len(name.strip()) > limit else None


def cleaned(name: str, limit: int) -> str | None:
    """What could go instead; None if nothing is left."""
    return _SPACES.sub(" ", _CONTROL.sub(" ", name)).strip()[:limit].strip() or None


def normal(name: str) -> str:
    """A name or number as it is compared."""
    return _SPACES.sub(" ", name).strip().casefold()
