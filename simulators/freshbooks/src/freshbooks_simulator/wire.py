"""What goes over the wire: JSON values, amounts and times in the forms the API uses.

Amounts are strings with two decimals and a currency; times are "YYYY-MM-DD HH:MM:SS" in US/Eastern
except a client's signup_date, which is UTC (freshbooks-sdk 1.3.0, models.py).
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TypeAlias, cast
from zoneinfo import ZoneInfo

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = "dict[str, Json]"

CENT = Decimal("0.01")
ZERO = Decimal(0)
EASTERN = ZoneInfo("America/New_York")


class UnreadableError(ValueError):
    """The body isn't JSON in UTF-8."""


def _no_constant(name: str) -> float:
    raise UnreadableError(f"{name} isn't a number in JSON")


def parse(body: bytes) -> Json:
    """The JSON value in `body`; raises UnreadableError."""
    try:
        return cast(Json, json.loads(body.decode("utf-8"), parse_constant=_no_constant))
    except ValueError as error:
        raise UnreadableError(str(error)) from error


def dumps(value: Json) -> bytes:
    """JSON as it is sent: UTF-8, no spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def as_object(value: Json) -> JsonObject:
    """The object itself, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> list[Json]:
    """The list itself, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def objects(value: Json) -> list[JsonObject]:
    """The objects of a list; what isn't an object is left out."""
    return [each for each in as_list(value) if isinstance(each, dict)]


def words(listed: str) -> frozenset[str]:
    """The words of a text, for tables of names."""
    return frozenset(listed.split())


def text(value: Json) -> str:
    """A string as it is; empty for what isn't there; digits for a number."""
    if value is None or isinstance(value, (dict, list)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def exact(value: Json) -> Decimal | None:
    """A number, or the number a string holds; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def dec(value: Json) -> Decimal:
    """An amount to calculate with; zero for what isn't a number."""
    return exact(value) or ZERO


def amount_of(value: Json) -> Decimal:
    """The amount of a money object; zero without one."""
    return dec(as_object(value).get("amount"))


def cents(value: Decimal, *, even: bool = False) -> Decimal:
    """Rounded to cents, halves up (to the even neighbour if `even`)."""
    return value.quantize(CENT, rounding=ROUND_HALF_EVEN if even else ROUND_HALF_UP)


def figure(value: Decimal) -> str:
    """An amount as a decimal string with two places at least."""
    return str(cents(value)) if value == cents(value) else plain(value)


def plain(value: Decimal) -> str:
    """A quantity or a percentage: no more places than it needs."""
    return format(value.normalize(), "f") if value else "0"


def money(value: Decimal, code: str) -> JsonObject:
    """A money object."""
    return {"amount": figure(value), "code": code}


def eastern(moment: datetime) -> str:
    """An accounting time: US/Eastern, no offset written."""
    return moment.astimezone(EASTERN).strftime("%Y-%m-%d %H:%M:%S")


def eastern_precise(moment: datetime) -> str:
    """An invoice's `version`: the same with microseconds."""
    return moment.astimezone(EASTERN).strftime("%Y-%m-%d %H:%M:%S.%f")


def utc_spaced(moment: datetime) -> str:
    """A client's signup_date: UTC, no offset written."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def zulu(moment: datetime) -> str:
    """RFC 3339 to the microsecond, as ledger accounts have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_date(value: str) -> date | None:
    """A calendar date written `YYYY-MM-DD`, or None."""
    try:
        return date.fromisoformat(value) if len(value) == 10 else None
    except ValueError:
        return None
