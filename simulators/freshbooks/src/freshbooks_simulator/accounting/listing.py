"""Lists: pages, `search[…]`, `sort`, `include[]`: https://www.freshbooks.com/api/parameters.

A filter or a sort key that isn't known is silently ignored, as in the real API.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from freshbooks_simulator.books import CLIENT, DELETED, INVOICE, ITEM, Organisation, Record
from freshbooks_simulator.records import clients
from freshbooks_simulator.records.invoice_reads import v3_status
from freshbooks_simulator.refusals import (
    BAD_FILTER_DATE,
    BAD_FILTER_NUMBER,
    BAD_PAGE,
    BAD_PER_PAGE,
    Reason,
    RefusedError,
)
from freshbooks_simulator.wire import Json, JsonObject, amount_of, dec, eastern, exact, parse_date
from freshbooks_simulator.wire import text as text_of
from freshbooks_simulator.wire_http import Call

DEFAULT_PER_PAGE = 15
MOST_PER_PAGE = 100
_SEARCH = re.compile(r"search\[([^\]]+)\](\[\])?")

Read = Callable[[Record, datetime], str]
Form = Literal["is", "in", "like", "min", "max"]
Type = Literal["text", "number", "date"]


@dataclass(frozen=True, slots=True)
class Filter:
    """How one `search` key narrows a list."""

    form: Form
    read: Read
    type: Type = "text"

    def check(self, key: str, value: str) -> None:
        """Raises RefusedError for a value that isn't of the filter's type."""
        if self.type == "number" and exact(value) is None:
            message = f"The filter '{key}' must be a number."
            raise RefusedError(422, Reason(BAD_FILTER_NUMBER, message, key, "search", value))
        if self.type == "date" and parse_date(value[:10]) is None:
            message = f"The filter '{key}' must be a date (YYYY-MM-DD)."
            raise RefusedError(422, Reason(BAD_FILTER_DATE, message, key, "search", value))

    def keeps(self, record: Record, values: Sequence[str], now: datetime) -> bool:
        """Whether a record stays in the list."""
        found = self.read(record, now)
        if self.form == "in":
            return found.casefold() in {each.casefold() for each in values}
        value = values[-1]
        if self.form == "like":
            return value.casefold() in found.casefold()
        if self.form == "is":
            if self.type == "number":
                return dec(found) == dec(value)
            return found.casefold() == value.casefold()
        if not found:
            return False
        if self.type == "number":
            return dec(found) >= dec(value) if self.form == "min" else dec(found) < dec(value)
        # Of a date-time only the day counts.
        return found[:10] >= value[:10] if self.form == "min" else found[:10] < value[:10]


def _field(name: str) -> Read:
    return lambda record, now: text_of(record.data.get(name))


def _amount(name: str) -> Read:
    return lambda record, now: str(amount_of(record.data.get(name)))


def _identifier(record: Record, now: datetime) -> str:
    del now
    return record.id


def _updated(record: Record, now: datetime) -> str:
    del now
    return eastern(record.updated)


def _joined(*names: str) -> Read:
    return lambda record, now: " ".join(text_of(record.data.get(each)) for each in names)


def _v3(record: Record, now: datetime) -> str:
    return v3_status(record.data, now)


def _range(name: str, read: Read, kind: Type) -> dict[str, Filter]:
    return {f"{name}_min": Filter("min", read, kind), f"{name}_max": Filter("max", read, kind)}


_ADDRESS = ("p_street", "p_street2", "p_city", "p_province", "p_code", "p_country")
_PHONES = ("bus_phone", "home_phone", "mob_phone")
FILTERS: Mapping[str, Mapping[str, Filter]] = {
    CLIENT: {
        "userid": Filter("is", _identifier, "number"),
        "userids": Filter("in", _identifier),
        "email": Filter("is", _field("email")),
        "username": Filter("is", _field("username")),
        "fname_like": Filter("like", _field("fname")),
        "lname_like": Filter("like", _field("lname")),
        "organization_like": Filter("like", _field("organization")),
        "email_like": Filter("like", _field("email")),
        "note_like": Filter("like", _field("note")),
        "address_like": Filter("like", _joined(*_ADDRESS)),
        "phone_like": Filter("like", _joined(*_PHONES)),
        "user_like": Filter("like", _joined("fname", "lname", "organization", "email")),
        **_range("updated", _updated, "date"),
    },
    ITEM: {
        "itemid": Filter("is", _identifier, "number"),
        "itemids": Filter("in", _identifier),
        "sku": Filter("is", _field("sku")),
        "description": Filter("like", _field("description")),
        **_range("unit_cost", _amount("unit_cost"), "number"),
        **_range("inventory", _field("inventory"), "number"),
        **_range("qty", _field("qty"), "number"),
        **_range("updated", _updated, "date"),
    },
    INVOICE: {
        "invoiceid": Filter("is", _identifier, "number"),
        "invoiceids": Filter("in", _identifier),
        "customerid": Filter("is", _field("customerid"), "number"),
        "customerids": Filter("in", _field("customerid")),
        "v3_status": Filter("is", _v3),
        "paid": Filter("is", _amount("paid"), "number"),
        "outstanding": Filter("is", _amount("outstanding"), "number"),
        **_range("date", _field("create_date"), "date"),
        **_range("updated", _updated, "date"),
    },
}
SORTS: Mapping[str, Mapping[str, Read]] = {
    CLIENT: {
        "client_id": lambda record, now: record.id.zfill(12),
        "organization_name": _field("organization"),
        "email": _field("email"),
        "bus_phone": _field("bus_phone"),
        "fullname": _joined("fname", "lname"),
        "primarycontact": lambda record, now: clients.name_of(record.data),
        "updated": _updated,
    },
    INVOICE: {"invoice_date": _field("create_date")},
}


def includes(call: Call) -> frozenset[str]:
    """What `include[]` asks for."""
    return frozenset(value for name, value in call.pairs if name in ("include[]", "include"))


def page_of(
    organisation: Organisation,
    kind: str,
    call: Call,
    now: datetime,
) -> tuple[list[Record], JsonObject]:
    """The records of the page asked for, and the page's numbers. Raises RefusedError."""
    page, per_page = _paging(call)
    chosen = _chosen(organisation, kind, _searched(call), now)
    _sorted(chosen, kind, call.query.get("sort", ""), now)
    numbers: JsonObject = {
        "page": page,
        "pages": -(-len(chosen) // per_page),
        "per_page": per_page,
        "total": len(chosen),
    }
    start = (page - 1) * per_page
    return chosen[start : start + per_page], numbers


def _paging(call: Call) -> tuple[int, int]:
    page = _positive(call, "page", BAD_PAGE, 1, zero=1)
    per_page = _positive(call, "per_page", BAD_PER_PAGE, DEFAULT_PER_PAGE, zero=None)
    return page, min(per_page, MOST_PER_PAGE)


def _positive(call: Call, name: str, errno: int, default: int, *, zero: int | None) -> int:
    value = call.query.get(name)
    if value is None:
        return default
    if value.isascii() and value.isdigit():
        if int(value) > 0:
            return int(value)
        if zero is not None:
            return zero
    message = f"The '{name}' argument must be a positive integer."
    raise RefusedError(422, Reason(errno, message, name, "list", value))


def _searched(call: Call) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in call.pairs:
        if matched := _SEARCH.fullmatch(name):
            found.setdefault(matched[1], []).append(value)
    return found


def _chosen(
    organisation: Organisation, kind: str, searched: dict[str, list[str]], now: datetime
) -> list[Record]:
    candidates = list(organisation.all(kind))
    if kind == INVOICE and "invoice_number" in searched:
        candidates = _numbered(organisation, searched["invoice_number"][-1])
    wanted = searched.get("vis_state", [""])[-1]
    lag = organisation.settings.list_lag_seconds
    newest = now - timedelta(seconds=lag)
    chosen = [
        each
        for each in candidates
        if (str(each.vis_state) == wanted if wanted else each.vis_state != DELETED)
        and (not lag or each.created <= newest)
    ]
    for key, values in searched.items():
        narrowing = FILTERS.get(kind, {}).get(key)
        if narrowing is None:
            continue
        for value in values:
            narrowing.check(key, value)
        chosen = [each for each in chosen if narrowing.keeps(each, values, now)]
    return chosen


def _numbered(organisation: Organisation, number: str) -> list[Record]:
    settings = organisation.settings
    exactly = settings.number_case == "sensitive"
    if settings.number_search == "prefix":
        prefix = number if exactly else number.casefold()
        return [
            each
            for each in organisation.all(INVOICE)
            if _number(each, exactly=exactly).startswith(prefix)
        ]
    return [
        each
        for each in organisation.holders(INVOICE, number)
        if not exactly or _number(each, exactly=True).strip() == number.strip()
    ]


def _number(record: Record, *, exactly: bool) -> str:
    number = text_of(record.data.get("invoice_number"))
    return number if exactly else number.casefold()


def _sorted(chosen: list[Record], kind: str, asked: str, now: datetime) -> None:
    """The newest first, unless another order is asked for and known."""
    chosen.sort(key=lambda each: int(each.id), reverse=True)
    name, _, way = asked.rpartition("_")
    read = SORTS.get(kind, {}).get(name)
    if read is not None and way in ("asc", "desc"):
        chosen.sort(key=lambda each: read(each, now).casefold(), reverse=way == "desc")


def listed(plural: str, rendered: list[Json], numbers: JsonObject) -> JsonObject:
    """The body of a list."""
    return {"response": {"result": {plural: rendered, **numbers}}}
