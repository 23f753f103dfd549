"""Dates, numbers and how a file writes them. Pure.

A file writes all its dates one way and all its numbers one way. Where the file itself shows which
(a 13th month, a comma before two digits at the end), that is it; else what the importer said.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

DateOrder = Literal["month_first", "day_first"]
DecimalMark = Literal["point", "comma"]

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ](.*))?")
_OTHER = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(?:[T ,]+\d{1,2}:.*)?")
_ENDS_IN_CENTS = re.compile(r"(?:\d|^)([.,])(?:\d{1,2}|\d{4,6})$")
_BOTH = re.compile(r"\d([.,])(?:\d{3}\1)*\d{3}([.,])\d+$")


@dataclass(frozen=True)
class Style:
    """How the file writes what can be written in more than one way."""

    dates: DateOrder
    decimals: DecimalMark
    zone: ZoneInfo


@dataclass
class Evidence:
    """What a file's cells show of its own style."""

    day_first: int = 0
    month_first: int = 0
    marks: Counter[str] | None = None

    def see_date(self, text: str) -> None:
        match = _OTHER.fullmatch(text)
        if match is None:
            return
        first, second = int(match[1]), int(match[3])
        if first > 12 >= second or (match[2] == "." and second <= 12):
            self.day_first += 1
        elif second > 12 >= first:
            self.month_first += 1

    def see_number(self, text: str) -> None:
        plain = _bare(text)
        marks = self.marks = self.marks or Counter[str]()
        both = _BOTH.search(plain)
        if both is not None and both[1] != both[2]:
            marks[both[2]] += 1
        elif "," in plain and "." in plain:
            return
        elif match := _ENDS_IN_CENTS.search(plain):
            marks[match[1]] += 1

    def dates(self, otherwise: DateOrder) -> DateOrder:
        if self.day_first and not self.month_first:
            return "day_first"
        if self.month_first and not self.day_first:
            return "month_first"
        return otherwise

    def decimals(self) -> DecimalMark:
        """By what most numbers show; a point where none shows anything."""
        marks = self.marks or Counter[str]()
        return "comma" if marks[","] > marks["."] else "point"


def evidence_of(dates: Iterable[str], numbers: Iterable[str]) -> Evidence:
    """What these cells show."""
    found = Evidence()
    for text in dates:
        found.see_date(text)
    for text in numbers:
        found.see_number(text)
    return found


def date_of(text: str, style: Style) -> date | None:
    """The date, in the company's zone where the text says a zone itself; None for no date."""
    iso = _ISO.fullmatch(text)
    if iso is not None:
        if iso[4]:
            try:
                moment = datetime.fromisoformat(text.replace("/", "-"))
            except ValueError:
                moment = None
            if moment is not None and moment.tzinfo is not None:
                return moment.astimezone(style.zone).date()
        return _date(int(iso[1]), int(iso[2]), int(iso[3]))
    match = _OTHER.fullmatch(text)
    if match is None:
        return None
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    if year < 100:
        year += 2000
    day, month = (first, second) if style.dates == "day_first" else (second, first)
    return _date(year, month, day)


def number_of(text: str, style: Style) -> Decimal | None:
    """The number without its currency sign and thousands; None where it isn't one."""
    plain = _bare(text)
    negative = plain.startswith("-") or plain.endswith("-") or text.strip().startswith("(")
    plain = plain.strip("-+")
    mark, other = (",", ".") if style.decimals == "comma" else (".", ",")
    pattern = rf"(\d+|\d{{1,3}}(\{other}\d{{3}})+)?(\{mark}\d*)?"
    if not any(c.isdigit() for c in plain) or not re.fullmatch(pattern, plain):
        return None
    value = Decimal(plain.replace(other, "").replace(mark, "."))
    return -value if negative else value


def _bare(text: str) -> str:
    """Without currency signs, letters of a currency, spaces, apostrophes and brackets."""
    return re.sub(r"[\s' ’()$£€¥]|^[A-Z]{3}|[A-Z]{3}$", "", text.strip())


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
