"""Names and numbers as Xero takes and compares them.

https://developer.xero.com/documentation/api/accounting/contacts
"""

import re
from dataclasses import dataclass
from typing import Literal

Why = Literal["angle_brackets", "double_spaces", "line_break", "too_long", "empty"]

_SPACES = re.compile(r"\s+")
_LINE_BREAK = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


@dataclass(frozen=True)
class NameProblem:
    """Why a name can't go as it is, and what would (None if nothing is left of it)."""

    why: Why
    cleaned: str | None


def name_problem(name: str, *, limit: int) -> NameProblem | None:
    """What is wrong with the name there, if anything."""
    if not name.strip():
        return NameProblem("empty", None)
    if "<" in name or ">" in name:
        return NameProblem("angle_brackets", _cleaned(name, limit))
    if _LINE_BREAK.search(name):
        return NameProblem("line_break", _cleaned(name, limit))
    if "  " in name.strip():
        return NameProblem("double_spaces", _cleaned(name, limit))
    if len(name.strip()) > limit:
        return NameProblem("too_long", _cleaned(name, limit))
    return None


def _cleaned(name: str, limit: int) -> str | None:
    return one_line(re.sub(r"[<>]", " ", _LINE_BREAK.sub(" ", name)))[:limit].strip() or None


def one_line(text: str) -> str:
    """The text without breaks, outer and doubled spaces."""
    return _SPACES.sub(" ", text).strip()


def normal(name: str) -> str:
    """A name, code or number as it is compared there: without regard to case and outer spaces."""
    return one_line(name).casefold()
