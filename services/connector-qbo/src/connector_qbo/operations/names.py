"""Names as QuickBooks Online takes and compares them.

Limits and characters: the customer and item pages of
https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer
"""

import re
from dataclasses import dataclass
from typing import Literal

Why = Literal["colon", "line_break", "too_long", "empty"]

_SPACES = re.compile(r"\s+")
_LINE_BREAK = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_DELETED = re.compile(r" \(deleted(?:-\d+)?\)\Z")


@dataclass(frozen=True)
class NameProblem:
    """Why a name can't go as it is, and what would (None if nothing is left of it)."""

    why: Why
    cleaned: str | None


def name_problem(name: str, *, limit: int) -> NameProblem | None:
    """What is wrong with the name there, if anything."""
    if not name.strip():
        return NameProblem("empty", None)
    if ":" in name:
        return NameProblem("colon", _cleaned(name, limit))
    if _LINE_BREAK.search(name):
        return NameProblem("line_break", _cleaned(name, limit))
    if len(name.strip()) > limit:
        return NameProblem("too_long", _cleaned(name, limit))
    return None


def _cleaned(name: str, limit: int) -> str | None:
    spaced = _LINE_BREAK.sub(" ", name.replace(":", " "))
    return _SPACES.sub(" ", spaced).strip()[:limit].strip() or None


def normal(name: str) -> str:
    """A name or number as it is compared there: without regard to case and outer spaces.

    Inner spaces are folded as well: two names that differ in nothing else then wait for each
    other, which costs a moment and can't be wrong.
    """
    return _SPACES.sub(" ", name).strip().casefold()


def when_deleted(name: str) -> str:
    """The name as it stands there once its record was made inactive ("deleted")."""
    return f"{name} (deleted)"


def without_deleted(name: str) -> str:
    """The name an inactive record had before."""
    return _DELETED.sub("", name)
