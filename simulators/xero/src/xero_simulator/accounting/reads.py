"""GET of a list or of one record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xero_simulator.books import Organisation, Record
from xero_simulator.dates import read_moment
from xero_simulator.entities import account, contact_shapes, invoice, invoice_shapes, item, tax
from xero_simulator.query.selection import folded, matching, ordered
from xero_simulator.refusals import NotFoundError
from xero_simulator.wire import Json, JsonObject, flag, text
from xero_simulator.wire_http import Call

_PAGED = ("Contact", "Invoice")
_DEFAULT_PAGE, _LARGEST_PAGE = 100, 1000
_SEARCHED = {
    "Contact": (
        "Name",
        "FirstName",
        "LastName",
        "ContactNumber",
        "CompanyNumber",
        "EmailAddress",
    ),
    "Invoice": ("InvoiceNumber", "Reference"),
}


class NotModifiedError(Exception):
    """Nothing has changed since the moment the request names."""


class PreconditionError(Exception):
    """The If-Modified-Since header can't be read."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a list, and which page of how many they are where paged."""

    rows: list[Json]
    pagination: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How a read came in."""

    call: Call
    now: datetime
    app: str
    places: int


def one(organisation: Organisation, kind: str, key: str, how: Reading) -> JsonObject:
    """A record by its id, or its number or code. Raises NotFoundError."""
    day = invoice.today(organisation, how.now)
    match kind:
        case "Contact":
            record = organisation.get(kind, key)
            if record is None:
                held = organisation.holders("contact_number", key)
                record = next((each for each in held if each.active), held[0] if held else None)
            if record is not None:
                return contact_shapes.alone(organisation, record, day)
        case "Item":
            record = item.find(organisation, key)
            if record is not None:
                return item.shape(record, how.places)
        case "Invoice":
            record = invoice.find(organisation, key)
            if record is not None:
                return invoice_shapes.alone(organisation, record, how.places, day)
        case "Account":
            record = organisation.get(kind, key)
            if record is not None:
                return account.shape(record)
        case _:
            record = organisation.get(kind, key)
            if record is not None:
                return tax.shape(record)
    raise NotFoundError


def many(organisation: Organisation, kind: str, how: Reading) -> Found:
    """The list a request asks for. Raises ApiError 16, NotModifiedError, PreconditionError."""
    call = how.call
    everything = flag(call.asked("includeArchived"))
    records = matching(organisation, kind, call.asked("where"), everything=everything)
    records = _filtered(records, kind, how)
    since = call.headers.get("if-modified-since", "")
    if since:
        records = _modified(organisation, records, since)
    records = ordered(organisation, kind, records, call.asked("order"))
    summary = kind in _PAGED and flag(call.asked("summaryOnly"))
    page = call.asked("page")
    paged = kind in _PAGED and (bool(page) or summary)
    pagination: JsonObject | None = None
    if paged:
        number = max(1, _whole(page, 1))
        size = min(_LARGEST_PAGE, max(1, _whole(call.asked("pageSize"), _DEFAULT_PAGE)))
        pagination = {
            "page": number,
            "pageSize": size,
            "pageCount": -(-len(records) // size),
            "itemCount": len(records),
        }
        records = records[(number - 1) * size : number * size]
    lines = paged or bool(call.asked("Statuses"))
    day = invoice.today(organisation, how.now)
    rows: list[Json] = []
    for each in records:
        match kind:
            case "Contact":
                rows.append(
                    contact_shapes.listed(organisation, each, day, merged=paged, summary=summary)
                )
            case "Invoice":
                rows.append(
                    invoice_shapes.listed(
                        organisation, each, how.places, lines=lines, summary=summary
                    )
                )
            case "Item":
                rows.append(item.shape(each, how.places))
            case "Account":
                rows.append(account.shape(each))
            case _:
                rows.append(tax.shape(each))
    return Found(rows, pagination)


def _filtered(records: list[Record], kind: str, how: Reading) -> list[Record]:
    call = how.call
    if kind == "TaxRate" and (wanted := call.asked("TaxType")):
        return [each for each in records if each.id.casefold() == wanted.casefold()]
    if kind not in _PAGED:
        return records
    if ids := _listed(call.asked("IDs")):
        records = [each for each in records if each.id.casefold() in ids]
    if term := folded(call.asked("searchTerm").strip()):
        records = [
            each
            for each in records
            if any(term in folded(text(each.data.get(name))) for name in _SEARCHED[kind])
        ]
    if kind == "Contact":
        return records
    if numbers := _listed(call.asked("InvoiceNumbers")):
        records = [
            each for each in records if text(each.data.get("InvoiceNumber")).casefold() in numbers
        ]
    if owners := _listed(call.asked("ContactIDs")):
        records = [
            each for each in records if text(each.data.get("ContactID")).casefold() in owners
        ]
    if statuses := _listed(call.asked("Statuses")):
        records = [each for each in records if each.status.casefold() in statuses]
    if flag(call.asked("createdByMyApp")):
        records = [each for each in records if each.data.get("App") == how.app]
    return records


def _modified(organisation: Organisation, records: list[Record], since: str) -> list[Record]:
    moment = read_moment(since)
    if moment is None:
        raise PreconditionError
    moment = moment.replace(microsecond=0)
    if organisation.settings.modified_since_boundary == "inclusive":
        records = [each for each in records if each.updated >= moment]
    else:
        records = [each for each in records if each.updated.replace(microsecond=0) > moment]
    if not records and organisation.settings.modified_since_empty == "304":
        raise NotModifiedError
    return records


def _listed(value: str) -> set[str]:
    return {each.strip().casefold() for each in value.split(",") if each.strip()}


def _whole(value: str, default: int) -> int:
    try:
        return int(value)
    except ValueError:
        return default
