"""How invoices look in lists, alone, after a write, and when refused."""

from __future__ import annotations

from datetime import UTC, date
from decimal import Decimal
from uuid import UUID, uuid5

from xero_simulator.books import Organisation, Record
from xero_simulator.dates import read_day, wire, wire_day
from xero_simulator.entities import contact_shapes, payment
from xero_simulator.entities.invoice import DEAD, STATUSES
from xero_simulator.entities.invoice_lines import item_shape
from xero_simulator.refusals import ZERO_ID, errors
from xero_simulator.wire import (
    Json,
    JsonObject,
    as_object,
    dec,
    decimal,
    number,
    objects,
    rounded,
    text,
)

_THEMES = UUID("1f0b7a52-6d0e-4a55-8d3c-1a9f6c1f2b10")
_LINE_TEXTS = ("ItemCode", "Description")
_ECHOED_LINE = (
    "LineItemID",
    "ItemCode",
    "Description",
    "Quantity",
    "UnitAmount",
    "LineAmount",
    "AccountCode",
    "AccountID",
    "TaxType",
    "TaxAmount",
    "DiscountRate",
    "DiscountAmount",
)


def written(organisation: Organisation, record: Record, places: int) -> JsonObject:
    """After a write: the whole contact, lines with room for errors."""
    owner = organisation.get("Contact", text(record.data.get("ContactID")))
    whole = contact_shapes.written(organisation, owner) if owner else {}
    lines = _lines(organisation, record, places, errors_too=True)
    body = _shape(organisation, record, whole, lines, fresh=True)
    for each in ("CreditNotes", "AmountCredited", "HasAttachments", "InvoiceAddresses"):
        body.pop(each)
    if not body["Payments"]:
        body.pop("Payments")
    return body


def alone(organisation: Organisation, record: Record, places: int, today: date) -> JsonObject:
    """Read by its id or number."""
    owner = organisation.get("Contact", text(record.data.get("ContactID")))
    whole = contact_shapes.alone(organisation, owner, today) if owner else {}
    lines = _lines(organisation, record, places, errors_too=True)
    return _shape(organisation, record, whole, lines, fresh=False)


def listed(
    organisation: Organisation, record: Record, places: int, *, lines: bool, summary: bool = False
) -> JsonObject:
    """In a list: a slim contact, and lines only where `lines`."""
    identifier = text(record.data.get("ContactID"))
    slim = contact_shapes.slim(organisation.get("Contact", identifier), identifier)
    shown = _lines(organisation, record, places, errors_too=False) if lines else []
    body = _shape(organisation, record, slim, shown, fresh=False)
    if summary:
        for each in ("LineItems", "Payments", "CreditNotes", "Prepayments", "Overpayments"):
            body.pop(each)
    return body


def refused(
    organisation: Organisation, record: Record | None, body: JsonObject, messages: list[str]
) -> JsonObject:
    """What was sent, over what there is, with what is wrong about it."""
    given = as_object(body.get("Contact"))
    identifier = text(given.get("ContactID"))
    data = record.data if record else {}
    slim = contact_shapes.slim(None, identifier or text(data.get("ContactID")) or ZERO_ID)
    if text(given.get("Name")):
        slim["Name"] = text(given.get("Name"))
    echo: JsonObject = {
        "Type": text(data.get("Type")) or text(body.get("Type")) or "ACCREC",
        "InvoiceID": record.id if record else ZERO_ID,
    }
    for each in ("InvoiceNumber", "Reference", "Url"):
        if text(body.get(each)):
            echo[each] = text(body[each])
    echo |= {
        "Payments": [],
        "CreditNotes": [],
        "Prepayments": [],
        "Overpayments": [],
        "IsDiscounted": False,
        "InvoiceAddresses": [],
        "HasErrors": True,
        "InvoicePaymentServices": [],
        "Contact": {**slim, "ValidationErrors": []},
    }
    for each in ("Date", "DueDate"):
        day = read_day(text(body.get(each))) or read_day(text(data.get(each)))
        if day is not None:
            echo |= _day(each, day.isoformat())
    status = text(body.get("Status")) or text(data.get("Status")) or "DRAFT"
    echo["Status"] = status if status in STATUSES else "DRAFT"
    amounts = text(body.get("LineAmountTypes")) or text(data.get("LineAmountTypes"))
    echo["LineAmountTypes"] = amounts or "Exclusive"
    if record is not None and "LineItems" not in body:
        echo["LineItems"] = list[Json](_lines(organisation, record, 2, errors_too=False))
        echo |= {each: data.get(each) for each in ("SubTotal", "TotalTax", "Total")}
    else:
        rows = [_echoed(each) for each in objects(body.get("LineItems"))]
        echo["LineItems"] = list[Json](rows)
        echo |= {each: number(dec(body.get(each))) for each in ("SubTotal", "TotalTax", "Total")}
    currency = text(body.get("CurrencyCode")) or text(data.get("CurrencyCode"))
    echo["CurrencyCode"] = currency or organisation.settings.currency
    echo["ValidationErrors"] = errors(messages)
    return echo


def _echoed(line: JsonObject) -> JsonObject:
    shown: JsonObject = {}
    for each in _ECHOED_LINE:
        if each in line:
            amount = decimal(line[each]) if not isinstance(line[each], str) else None
            shown[each] = text(line[each]) if amount is None else number(amount)
    return shown | {"Tracking": [], "ValidationErrors": []}


def _shape(
    organisation: Organisation,
    record: Record,
    owner: JsonObject,
    lines: list[JsonObject],
    *,
    fresh: bool,
) -> JsonObject:
    data = record.data
    body: JsonObject = {"Type": data.get("Type"), "InvoiceID": record.id}
    for each in ("InvoiceNumber", "Reference", "Url"):
        if each in data:
            body[each] = data[each]
    gone = record.status in DEAD and not fresh
    body |= {
        "Payments": [payment.shape(each) for each in payment.of(organisation, data)],
        "CreditNotes": [],
        "Prepayments": [],
        "Overpayments": [],
        "AmountDue": 0.0 if gone else data.get("AmountDue"),
        "AmountPaid": data.get("AmountPaid"),
        "AmountCredited": 0.0,
        "SentToContact": data.get("SentToContact"),
        "CurrencyRate": data.get("CurrencyRate"),
    }
    discount = dec(data.get("TotalDiscount"))
    if discount:
        body["TotalDiscount"] = number(discount)
    body |= {
        "IsDiscounted": discount != 0,
        "HasAttachments": False,
        "InvoiceAddresses": [],
        "HasErrors": False,
        "InvoicePaymentServices": [],
        "UpdatedDateUTCString": record.updated.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Contact": owner,
    }
    for each in ("Date", "DueDate"):
        if text(data.get(each)):
            body |= _day(each, text(data[each]))
    for each in ("ExpectedPaymentDate", "PlannedPaymentDate", "FullyPaidOnDate"):
        if text(data.get(each)):
            body[each] = wire_day(text(data[each]))
    theme = text(data.get("BrandingThemeID")) or str(uuid5(_THEMES, organisation.tenant))
    body |= {
        "BrandingThemeID": theme,
        "Status": record.status,
        "LineAmountTypes": data.get("LineAmountTypes"),
        "LineItems": list[Json](lines),
        "SubTotal": data.get("SubTotal"),
        "TotalTax": data.get("TotalTax"),
        "Total": data.get("Total"),
        "UpdatedDateUTC": wire(record.updated),
        "CurrencyCode": data.get("CurrencyCode"),
    }
    return body


def _day(name: str, day: str) -> JsonObject:
    return {f"{name}String": f"{day}T00:00:00", name: wire_day(day)}


def _lines(
    organisation: Organisation, record: Record, places: int, *, errors_too: bool
) -> list[JsonObject]:
    return [
        _line(organisation, each, places, errors_too=errors_too)
        for each in objects(record.data.get("LineItems"))
    ]


def _line(
    organisation: Organisation, line: JsonObject, places: int, *, errors_too: bool
) -> JsonObject:
    shown: JsonObject = {each: line[each] for each in _LINE_TEXTS if each in line}
    if "UnitAmount" in line:
        shown["UnitAmount"] = number(rounded(Decimal(str(line["UnitAmount"])), places))
    for each in ("TaxType", "TaxAmount", "LineAmount", "DiscountRate", "DiscountAmount"):
        if each in line:
            shown[each] = line[each]
    if "AccountCode" in line:
        shown["AccountCode"] = line["AccountCode"]
    shown |= item_shape(organisation, line)
    shown["Tracking"] = line.get("Tracking", [])
    if "Quantity" in line:
        shown["Quantity"] = line["Quantity"]
    for each in ("LineItemID", "AccountID"):
        if each in line:
            shown[each] = line[each]
    if errors_too:
        shown["ValidationErrors"] = []
    return shown
