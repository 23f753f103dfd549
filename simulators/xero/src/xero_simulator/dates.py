"""Times and dates as the API writes and reads them.

`/Date(1518685950940+0000)/` in answers; `YYYY-MM-DD`, ISO 8601 and `/Date(ms)/` in requests
(https://developer.xero.com/documentation/api/accounting/requests-and-responses).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_WIRE = re.compile(r"^/Date\((-?\d+)([+-]\d{4})?\)/$")
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}(T.*)?$")


def milliseconds(moment: datetime) -> int:
    """Since 1970, rounded down; negative before."""
    return (moment - _EPOCH) // _MS


def wire(moment: datetime) -> str:
    """`/Date(ms+0000)/`."""
    return f"/Date({milliseconds(moment)}+0000)/"


def wire_short(moment: datetime) -> str:
    """`/Date(ms)/`."""
    return f"/Date({milliseconds(moment)})/"


def midnight(day: date) -> datetime:
    """The start of that day in UTC, as which the API gives a document's date."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def wire_day(day: str) -> str:
    """The `/Date(ms+0000)/` of a `YYYY-MM-DD`."""
    return wire(midnight(date.fromisoformat(day)))


def read_wire(value: str) -> datetime | None:
    """The moment of a `/Date(ms)/`; None for anything else."""
    found = _WIRE.match(value)
    if found is None:
        return None
    try:
        return _EPOCH + _MS * int(found[1])
    except OverflowError:
        return None


def read_day(value: str) -> date | None:
    """The day of any form a request may use; None for anything else."""
    moment = read_wire(value)
    if moment is not None:
        return moment.date()
    if not _ISO.match(value):
        return None
    try:
        return datetime.fromisoformat(value).date()
    except ValueError:
        return None


def read_moment(value: str) -> datetime | None:
    """An ISO 8601 or HTTP time, UTC unless it says otherwise; None for anything else."""
    given = value.strip()
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        try:
            moment = datetime.strptime(given, "%a, %d %b %Y %H:%M:%S GMT")  # noqa: DTZ007 -- made aware below
        except ValueError:
            return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """The time zone of that name; UTC where the machine doesn't know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
