"""The words that fill a template's slots.

A param is a machine's value (`2026-03-31`, `256.38 USD`, a JSON list of names), so that whoever
finds a cause needs no knowledge of time zones or grammar; here it becomes what a person reads. A
value that doesn't parse is shown as it is.

Slots are `{name}` or `{name:one|many}`: the second puts the form that fits the number after it.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Literal, cast

from contracts.ids import Entity, Provider
from contracts.money import Money, minor_units

ParamKind = Literal["text", "record", "count", "money", "date", "month", "time", "names", "words"]


@dataclass(frozen=True)
class Param:
    """What writers put into `CauseInstance.params` under this name."""

    kind: ParamKind
    meaning: str
    example: str


PARAMS: dict[str, Param] = {
    "invoice": Param("text", "the invoice's number", "1001"),
    "record": Param("record", "the record, by `record_name`", "Ann Lee"),
    "customer": Param("text", "the customer's name here", "Ann Lee"),
    "item": Param("text", "the item's name here", "Call-out"),
    "items": Param("names", "the names of all items it is about", '["Call-out", "Parts"]'),
    "org": Param("text", "the remote organisation's name", "Oak Books"),
    "account": Param("text", "the income account's name there", "Service revenue"),
    "person": Param("text", "who did it", "Joe Oak"),
    "connected_by": Param("text", "who connected the organisation", "Joe Oak"),
    "count": Param("count", "how many records wait or are meant", "3"),
    "date": Param("date", "the invoice's date, or the day it happened", "2026-03-15"),
    "month": Param("month", "any day of the month", "2026-03-15"),
    "start_date": Param("date", "the connection's start date", "2026-06-01"),
    "lock_date": Param("date", "the books are closed up to and with this day", "2026-03-31"),
    "first_open_day": Param("date", "the day after the lock date", "2026-04-01"),
    "due_date": Param("date", "the invoice's due date", "2026-03-10"),
    "time": Param("time", "when it began or will go on", "2026-06-15T14:42:00Z"),
    "checked": Param("time", "when it was looked at there", "2026-06-15T14:42:00Z"),
    "next_time": Param("time", "when we try again", "2026-06-15T14:52:00Z"),
    "email": Param("text", "the e-mail as it is here", "ann@lee"),
    "name": Param("text", "the name that is refused or taken", "Ann Lee"),
    "cleaned_name": Param("text", "the name without what isn't accepted", "Ann Lee Parts"),
    "limit": Param("count", "the provider's limit", "4000"),
    "length": Param("count", "how long it is", "24"),
    "lines": Param("count", "how many lines the invoice has", "812"),
    "line": Param("count", "the line's position, from 1", "3"),
    "description": Param("text", "the line's description", "Call-out visit"),
    "discount": Param("text", "the discount in percent", "10"),
    "survivor": Param("text", "the customer the other was merged into", "Ann Lee-Moore"),
    "remote_id": Param("text", "the record there that a link would take", "58"),
    "tax": Param("text", "the tax rate's name here", "Sales tax 8.25%"),
    "tax_there": Param("text", "the tax's name there", "GST on Income"),
    "currency": Param("text", "the invoice's currency", "EUR"),
    "currency_there": Param("text", "the currency the customer has there", "USD"),
    "total": Param("money", "the total here", "256.38 USD"),
    "total_there": Param("money", "the total there", "256.39 USD"),
    "difference": Param("money", "there less here, without its sign", "0.01 USD"),
    "tax_amount_here": Param("money", "the tax here", "21.15 USD"),
    "tax_amount_there": Param("money", "the tax there", "21.16 USD"),
    "customer_there": Param("text", "whose the other invoice is", "Bob Ray"),
    "suggested_number": Param("text", "a number that is free there", "1001-A"),
    "short_number": Param("text", "the number cut to what fits there", "2026-06-OAK-000001"),
    "fields": Param("words", "what was changed, in our words", '["the total", "the due date"]'),
    "fields_here": Param("words", "what was changed here", '["the total"]'),
    "fields_there": Param("words", "what was changed there", '["the due date"]'),
    "message": Param("text", "what the provider wrote", "Something about this is not right"),
}
"""Every param of the catalogue. Choices (`why`, `how`, …) are listed with their cause."""


NOUNS: dict[Provider, dict[str, str]] = {
    "qbo": {
        "provider": "QuickBooks",
        "noun_customer": "customer",
        "noun_customers": "customers",
        "a_noun_customer": "a customer",
        "an_inactive_customer": "an inactive customer",
        "inactive": "inactive",
        "item_inactive": "inactive",
        "made_inactive": "made inactive",
        "account_made_inactive": "made inactive or deleted",
    },
    "xero": {
        "provider": "Xero",
        "noun_customer": "contact",
        "noun_customers": "contacts",
        "a_noun_customer": "a contact",
        "an_inactive_customer": "an archived contact",
        "inactive": "archived",
        "item_inactive": "deleted",
        "made_inactive": "archived",
        "account_made_inactive": "archived or deleted",
    },
    "freshbooks": {
        "provider": "FreshBooks",
        "noun_customer": "client",
        "noun_customers": "clients",
        "a_noun_customer": "a client",
        "an_inactive_customer": "a deleted client",
        "inactive": "deleted",
        "item_inactive": "deleted",
        "made_inactive": "deleted",
        "account_made_inactive": "archived or deleted",
    },
}
"""Each provider's own nouns, for sentences about what is there."""


@dataclass(frozen=True)
class Reader:
    """Where the person who reads is in time: their zone, and their day if years may be left out."""

    zone: tzinfo = UTC
    today: date | None = None


def record_name(entity: Entity, name: str) -> str:
    """How a record is named in a sentence: invoices by their number, others by their name."""
    return f"invoice {name}" if entity == "invoice" else name


ParamValue = str | int | Decimal | date | datetime | Money | Sequence[str]


def params_of(**values: ParamValue | None) -> dict[str, str]:
    """The values as params; None is left out. Datetimes must be aware."""
    return {name: _written(value) for name, value in values.items() if value is not None}


def _written(value: ParamValue) -> str:
    match value:
        case str():
            return value
        case Money():
            return f"{value.amount} {value.currency}"
        case date():
            return value.isoformat()
        case int() | Decimal():
            return str(value)
        case _:
            return json.dumps(list(value), ensure_ascii=False)


_SLOT = re.compile(r"\{(\w+)(?::([^|}]*)\|([^}]*))?\}")
_RECORD_WORDS = ("invoice ", "customer ", "item ")


def slots_of(template: str) -> frozenset[str]:
    """The names of a template's slots."""
    return frozenset(match[1] for match in _SLOT.finditer(template))


def fill(
    template: str, look_up: Callable[[str], str | None], reader: Reader
) -> tuple[str, frozenset[str]]:
    """The template with its slots filled, and the names of the slots that nothing fills."""
    missing: set[str] = set()

    def replace(match: re.Match[str]) -> str:
        name, one, many = match[1], match[2], match[3]
        value = look_up(name)
        if value is None:
            missing.add(name)
            return ""
        param = PARAMS.get(name)
        kind = "text" if param is None else param.kind
        shown = in_words(kind, value, reader)
        if kind == "record" and _begins_sentence(template, match.start()):
            shown = _capitalised(shown)
        if one is None:
            return shown
        return f"{shown} {one if _number(kind, value) == 1 else many}"

    text = _SLOT.sub(replace, template)
    return text, frozenset(missing)


def in_words(kind: ParamKind, value: str, reader: Reader) -> str:
    """One value as a person reads it."""
    match kind:
        case "text" | "record":
            return value
        case "count":
            number = _int(value)
            return value if number is None else f"{number:,}"
        case "money":
            return _money_words(value)
        case "date":
            day = _date(value)
            return value if day is None else _day_words(day, reader)
        case "month":
            day = _date(value)
            return value if day is None else f"{day:%B} {day.year}"
        case "time":
            return _time_words(value, reader)
        case "names":
            return _joined([f'"{name}"' for name in _list(value)])
        case "words":
            return _joined(_list(value))


def _begins_sentence(template: str, position: int) -> bool:
    return position == 0 or template[:position].endswith(". ")


def _capitalised(text: str) -> str:
    return text[0].upper() + text[1:] if text.startswith(_RECORD_WORDS) else text


def _number(kind: ParamKind, value: str) -> int | None:
    return len(_list(value)) if kind in ("names", "words") else _int(value)


def _int(value: str) -> int | None:
    try:
        return int(value)
    except ValueError:
        return None


def _date(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _day_words(day: date, reader: Reader) -> str:
    same_year = reader.today is not None and reader.today.year == day.year
    return f"{day.day} {day:%B}" if same_year else f"{day.day} {day:%B} {day.year}"


def _time_words(value: str, reader: Reader) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    if moment.tzinfo is None:
        return value
    local = moment.astimezone(reader.zone)
    clock = f"{local:%H:%M}"
    if local.date() == reader.today:
        return clock
    return f"{clock} on {_day_words(local.date(), reader)}"


_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def _money_words(value: str) -> str:
    number, _, currency = value.partition(" ")
    try:
        amount = Decimal(number)
    except InvalidOperation:
        return value
    if not amount.is_finite() or amount.adjusted() > 40 or not re.fullmatch(r"[A-Z]{3}", currency):
        return value
    size = f"{abs(amount):,.{minor_units(currency)}f}"
    minus = "-" if amount < 0 else ""
    sign = _SIGNS.get(currency)
    return f"{minus}{size} {currency}" if sign is None else f"{minus}{sign}{size}"


def _list(value: str) -> list[str]:
    """A JSON list of texts; anything else is a list of one."""
    if not value.startswith("["):
        return [value]
    try:
        parsed: object = json.loads(value)
    except (ValueError, RecursionError):
        return [value]
    entries = cast("list[object]", parsed) if isinstance(parsed, list) else []
    texts = [entry for entry in entries if isinstance(entry, str)]
    return texts if texts and len(texts) == len(entries) else [value]


def _joined(texts: Sequence[str]) -> str:
    if len(texts) > 3:
        texts = [*texts[:2], f"{len(texts) - 2} more"]
    if len(texts) == 1:
        return texts[0]
    return f"{', '.join(texts[:-1])} and {texts[-1]}"
