"""What goes over the wire: JSON values, numbers and times in the forms the API uses.

Amounts are kept as the API writes them (an int when whole, else a float that prints as it was
given) and become Decimal only to be calculated with.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import TypeAlias, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = "dict[str, Json]"

CENT = Decimal("0.01")
ZERO = Decimal(0)


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


def ref_value(value: Json) -> str:
    """The id a reference names; empty without one."""
    return text(value.get("value")) if isinstance(value, dict) else ""


def dec(value: Json) -> Decimal:
    """An amount to calculate with; zero for what isn't a number."""
    if isinstance(value, bool) or value is None:
        return ZERO
    if isinstance(value, (int, float, str)):
        try:
            return Decimal(str(value))
        except InvalidOperation:
            return ZERO
    return ZERO


def number(value: Decimal) -> int | float:
    """An amount as the API writes it: no decimals when whole."""
    return int(value) if value == value.to_integral_value() else float(value)


def cents(value: Decimal) -> Decimal:
    """Rounded to cents, halves up."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def money(value: Json) -> str:
    """An amount as `/_sim` writes it: a decimal string with two places at least."""
    amount = dec(value)
    return str(cents(amount)) if amount == cents(amount) else format(amount.normalize(), "f")


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """The time zone of that name; eight hours behind UTC where the machine doesn't know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return timezone(timedelta(hours=-8))


def stamp(moment: datetime, zone_name: str) -> str:
    """MetaData times: no fraction, the company's offset."""
    return moment.astimezone(zone(zone_name)).isoformat(timespec="seconds")


def stamp_ms(moment: datetime, zone_name: str) -> str:
    """The `time` of an answer: milliseconds, the company's offset."""
    return moment.astimezone(zone(zone_name)).isoformat(timespec="milliseconds")


def parse_date(value: str) -> date | None:
    """A calendar date in `YYYY-MM-DD` (a longer form is cut), or None."""
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def parse_moment(value: str, zone_name: str) -> datetime | None:
    """A date or date-time; without an offset it is the company's local time. None if neither."""
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone(zone_name))
