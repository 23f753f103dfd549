"""Amounts, dates and times as a person reads them: in the company's currency and time zone."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from invoice_api.sums import money as money


def quantity(value: Decimal | str) -> str:
    """Without zeros that say nothing: `2`, `0.333`."""
    text = f"{Decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def day(value: date) -> str:
    """`14 Jun 2026`."""
    return f"{value.day} {value:%b %Y}"


def month(value: date) -> str:
    """`June 2026`, of any day in it."""
    return f"{value:%B %Y}"


def moment(value: datetime, zone: ZoneInfo, now: datetime) -> str:
    """`today 10:42`, `yesterday 10:42`, else `14 Jun 2026 10:42`, in the company's zone."""
    there, today = value.astimezone(zone), now.astimezone(zone).date()
    match (today - there.date()).days:
        case 0:
            name = "today"
        case 1:
            name = "yesterday"
        case _:
            name = day(there.date())
    return f"{name} {there:%H:%M}"


def group_key(group: str) -> str:
    """A group of problems as a part of an element's id."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in group)


def words(name: str) -> str:
    """A field's name as a label: `due_date` → `Due date`."""
    return name.replace("_", " ").capitalize().replace("Email", "E-mail")


def input_type(name: str) -> str:
    """What kind of input a fix's field is."""
    if name.endswith("date"):
        return "date"
    return "email" if name == "email" else "text"
