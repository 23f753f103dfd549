"""Invoices: numbers, contacts, the status machine, and what payments and lock dates forbid.

https://developer.xero.com/documentation/api/accounting/invoices
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from xero_simulator.books import Organisation, Record
from xero_simulator.dates import read_day, zone
from xero_simulator.entities import contact, invoice_contact, invoice_lines
from xero_simulator.entities.fields import numbers, one_of
from xero_simulator.entities.invoice_lines import Heading
from xero_simulator.refusals import (
    DUE_DATE_MISSING,
    EDIT_REFUSED,
    LINES_MISSING,
    NEGATIVE_TOTAL,
    NOT_CREATABLE,
    NOT_MODIFIABLE,
    NUMBER_INVALID,
    NUMBER_TAKEN,
    PLAN_LIMIT,
    TOTAL_MISMATCH,
    UNKNOWN_DOCUMENT,
    URL_INVALID,
    VOID_REFUSED,
    InvalidError,
    NotFoundError,
    bad_date,
    locked,
    not_subscribed,
    too_long,
)
from xero_simulator.wire import (
    Json,
    JsonObject,
    as_object,
    cents,
    dec,
    decimal,
    flag,
    number,
    objects,
    text,
    web_address,
)

TYPES = ("ACCREC", "ACCPAY")
STATUSES = ("DRAFT", "SUBMITTED", "DELETED", "AUTHORISED", "PAID", "VOIDED")
DEAD = ("VOIDED", "DELETED")
_APPROVED = ("SUBMITTED", "AUTHORISED")
_AMOUNTS = ("Exclusive", "Inclusive", "NoTax")
_NEXT = {
    "DRAFT": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "SUBMITTED": ("SUBMITTED", "AUTHORISED", "DRAFT", "DELETED"),
    "AUTHORISED": ("AUTHORISED", "VOIDED"),
}
_DATES = ("Date", "DueDate", "ExpectedPaymentDate", "PlannedPaymentDate")
_LONGEST = 255
# What a payment freezes, of the invoice and of each line.
_FROZEN = ("Type", "Date", "CurrencyCode", "CurrencyRate", "LineAmountTypes", "Total", "TotalTax")
_FROZEN_LINE = ("Quantity", "UnitAmount", "TaxType", "LineAmount", "TaxAmount", "ItemCode")


@dataclass(frozen=True, slots=True)
class Writing:
    """How a write came in."""

    now: datetime
    app: str
    places: int
    create_only: bool


@dataclass(frozen=True, slots=True)
class Written:
    """What a write left."""

    record: Record
    warnings: list[str] = field(default_factory=list[str])


def check_types(body: JsonObject, path: str) -> None:
    """Raises ApiError for what can't be read at all."""
    one_of(body, "Type", TYPES, "InvoiceType", path)
    one_of(body, "Status", STATUSES, "InvoiceStatus", path)
    one_of(body, "LineAmountTypes", _AMOUNTS, "LineAmountType", path)
    for each in _DATES:
        if text(body.get(each)) and read_day(text(body[each])) is None:
            raise bad_date(text(body[each]))
    numbers(body, ("CurrencyRate", "SubTotal", "TotalTax", "Total"), path)
    for index, line in enumerate(objects(body.get("LineItems"))):
        numbers(line, invoice_lines.NUMBERS, f"{path}.LineItems[{index}]")


def find(organisation: Organisation, key: str) -> Record | None:
    """An invoice by its id or its number; one that stands comes before a dead one."""
    found = organisation.get("Invoice", key)
    if found is not None:
        return found
    held = organisation.holders("invoice_number", key)
    alive = [each for each in held if each.status not in DEAD]
    return (alive or held or [None])[0]


def identify(organisation: Organisation, body: JsonObject) -> Record | None:
    """The invoice that a POST means, by InvoiceID, else InvoiceNumber. Raises NotFoundError or
    InvalidError for an InvoiceID that isn't there."""
    if identifier := text(body.get("InvoiceID")):
        found = organisation.get("Invoice", identifier)
        if found is None:
            if organisation.settings.unknown_id == "not_found":
                raise NotFoundError
            raise InvalidError(UNKNOWN_DOCUMENT)
        return found
    value = text(body.get("InvoiceNumber"))
    if not value or body.get("Type") == "ACCPAY":
        return None
    held = organisation.holders("invoice_number", value)
    alive = [each for each in held if each.status not in DEAD]
    if held and not alive and organisation.settings.reuse_dead_number == "allow":
        return None
    return (alive or held or [None])[0]


def write(organisation: Organisation, body: JsonObject, how: Writing) -> Written:
    """What a PUT or a POST of one invoice does. Raises InvalidError, NotFoundError."""
    record = None if how.create_only else identify(organisation, body)
    if record is None:
        return _create(organisation, body, how)
    return _update(organisation, record, body, how)


def today(organisation: Organisation, now: datetime) -> date:
    """By the organisation's own calendar."""
    return now.astimezone(zone(organisation.settings.time_zone)).date()


def _create(organisation: Organisation, body: JsonObject, how: Writing) -> Written:
    wrong: list[str] = []
    kind = text(body.get("Type"))
    if not kind:
        wrong.append("Invoice type must be specified")
    status = text(body.get("Status")) or "DRAFT"
    if status not in ("DRAFT", *_APPROVED):
        wrong.append(NOT_CREATABLE)
    owner = invoice_contact.resolve(organisation, body, wrong, new=True)
    sent = objects(body.get("LineItems"))
    if not sent:
        wrong.append(LINES_MISSING)
    data: JsonObject = {
        "Type": kind,
        "Status": status,
        "LineAmountTypes": text(body.get("LineAmountTypes")) or "Exclusive",
        "Date": today(organisation, how.now).isoformat(),
        "CurrencyCode": organisation.settings.currency,
        "CurrencyRate": 1.0,
        "SentToContact": False,
        "AmountPaid": 0.0,
        "Payments": [],
        "App": how.app,
    }
    _header(organisation, None, data, body, wrong)
    heading = _lines(organisation, data, sent, [], how, approving=status in _APPROVED)
    wrong += heading.wrong
    _final(organisation, data, body, wrong, approving=status == "AUTHORISED", now=how.now)
    if wrong:
        raise InvalidError(*wrong)
    if not text(data.get("InvoiceNumber")) and kind == "ACCREC":
        data["InvoiceNumber"] = organisation.next_number()
    holder = invoice_contact.settle(organisation, owner, as_object(body.get("Contact")), how.now)
    data["ContactID"] = holder.id
    record = organisation.add("Invoice", organisation.new_id(), data, how.now)
    contact.mark_customer(organisation, holder, supplier=kind == "ACCPAY")
    return Written(record, heading.warnings)


def _update(organisation: Organisation, record: Record, body: JsonObject, how: Writing) -> Written:
    now_status = "AUTHORISED" if record.status == "PAID" else record.status
    status = text(body.get("Status")) or now_status
    if status == "PAID" and record.status == "PAID":
        status = now_status
    if record.status in DEAD or status not in _NEXT.get(now_status, ()):
        raise InvalidError(NOT_MODIFIABLE)
    paid = dec(record.data.get("AmountPaid")) > 0
    if status in DEAD:
        if paid:
            raise InvalidError(VOID_REFUSED)
        _check_lock(organisation, text(record.data.get("Date")), now_status)
        organisation.replace(record, record.data | {"Status": status}, how.now)
        return Written(record)
    wrong: list[str] = []
    _check_lock(organisation, text(record.data.get("Date")), now_status)
    data = dict(record.data) | {"Status": status}
    _header(organisation, record, data, body, wrong)
    if text(body.get("LineAmountTypes")):
        data["LineAmountTypes"] = text(body.get("LineAmountTypes"))
    owner = organisation.get("Contact", text(data.get("ContactID")))
    if "Contact" in body:
        owner = invoice_contact.resolve(organisation, body, wrong, new=False)
    sent = objects(body.get("LineItems"))
    if "LineItems" in body and not sent:
        wrong.append(LINES_MISSING)
    amounts_change = data["LineAmountTypes"] != record.data["LineAmountTypes"]
    warnings: list[str] = []
    # Lines that nothing touches stay as they are, even where an account has gone since.
    if "LineItems" in body or status != now_status or amounts_change:
        before = objects(record.data.get("LineItems"))
        if "LineItems" not in body:
            sent = [{"LineItemID": each.get("LineItemID")} for each in before]
        approving = status in _APPROVED
        heading = _lines(organisation, data, sent, before, how, approving=approving)
        wrong += heading.wrong
        warnings = heading.warnings
    fresh = status == "AUTHORISED" and now_status != "AUTHORISED"
    _final(organisation, data, body, wrong, approving=fresh, now=how.now)
    if paid and _frozen(record.data) != _frozen(data):
        raise InvalidError(EDIT_REFUSED)
    if wrong:
        raise InvalidError(*wrong)
    holder = invoice_contact.settle(organisation, owner, as_object(body.get("Contact")), how.now)
    data["ContactID"] = holder.id
    if record.status == "PAID":
        data["Status"] = "PAID"
    if data != record.data:
        organisation.replace(record, data, how.now)
    contact.mark_customer(organisation, holder, supplier=data["Type"] == "ACCPAY")
    return Written(record, warnings)


def _lines(
    organisation: Organisation,
    data: JsonObject,
    sent: list[JsonObject],
    before: list[JsonObject],
    how: Writing,
    *,
    approving: bool,
) -> Heading:
    amounts = text(data.get("LineAmountTypes"))
    # A price kept with four decimals isn't rounded by a later request that doesn't touch it.
    places = 4 if how.places == 4 or not any("UnitAmount" in each for each in sent) else 2
    heading = Heading(organisation, text(data.get("Type")), amounts, approving, places)
    lines = invoice_lines.resolve(heading, sent, before)
    totals = invoice_lines.add_up(lines, amounts)
    data |= {
        "LineItems": list[Json](lines),
        "SubTotal": number(totals.sub),
        "TotalTax": number(totals.tax),
        "Total": number(totals.total),
        "TotalDiscount": number(totals.discount),
        "AmountDue": number(totals.total - dec(data.get("AmountPaid"))),
    }
    return heading


def _header(
    organisation: Organisation,
    record: Record | None,
    data: JsonObject,
    body: JsonObject,
    wrong: list[str],
) -> None:
    """Takes over the fields that were sent, and notes what is wrong with them."""
    settings = organisation.settings
    for each in _DATES:
        if text(body.get(each)):
            day = read_day(text(body[each]))
            data[each] = day.isoformat() if day else ""
    value = text(body.get("InvoiceNumber"))
    if value and value != text(record.data.get("InvoiceNumber") if record else ""):
        printable = value.isascii() and value.isprintable()
        if len(value) > _LONGEST or not printable:
            wrong.append(NUMBER_INVALID)
        held = organisation.holders("invoice_number", value) if data["Type"] == "ACCREC" else []
        if settings.reuse_dead_number == "allow":
            held = [each for each in held if each.status not in DEAD]
        if settings.refuse_duplicate_numbers and any(each is not record for each in held):
            wrong.append(NUMBER_TAKEN)
        data["InvoiceNumber"] = value
    if "Reference" in body:
        reference = text(body.get("Reference"))
        if len(reference) > _LONGEST:
            if settings.over_length == "truncate":
                reference = reference[:_LONGEST]
            else:
                wrong.append(too_long("Reference", _LONGEST))
        data["Reference"] = reference
    if "Url" in body:
        url = text(body.get("Url"))
        bad = url != "" and web_address(url) is None
        if bad or (settings.url_with_xero == "refuse" and "xero" in url.casefold()):
            wrong.append(URL_INVALID)
        data["Url"] = url
    currency = text(body.get("CurrencyCode"))
    if currency:
        if currency not in settings.subscribed:
            wrong.append(not_subscribed(currency))
        data["CurrencyCode"] = currency
    if dec(body.get("CurrencyRate")) > 0 and data["CurrencyCode"] != settings.currency:
        data["CurrencyRate"] = number(dec(body.get("CurrencyRate")))
    if text(body.get("BrandingThemeID")):
        data["BrandingThemeID"] = text(body.get("BrandingThemeID"))
    if "SentToContact" in body and data["Status"] == "AUTHORISED":
        data["SentToContact"] = flag(body.get("SentToContact"))
    for each in ("Reference", "Url"):
        if data.get(each) == "":
            data.pop(each)


def _final(
    organisation: Organisation,
    data: JsonObject,
    body: JsonObject,
    wrong: list[str],
    *,
    approving: bool,
    now: datetime,
) -> None:
    """What holds for the invoice as a whole."""
    settings = organisation.settings
    status = text(data.get("Status"))
    if status in _APPROVED and not text(data.get("DueDate")):
        wrong.append(DUE_DATE_MISSING)
    told = decimal(body.get("Total"))
    refuses = settings.total_mismatch == "refuse" and "LineItems" in body
    if refuses and told is not None and cents(told) != dec(data.get("Total")):
        wrong.append(TOTAL_MISMATCH)
    if status in _APPROVED and settings.negative_total == "refuse" and dec(data.get("Total")) < 0:
        wrong.append(NEGATIVE_TOTAL)
    try:
        _check_lock(organisation, text(data.get("Date")), status)
    except InvalidError as refused:
        wrong += refused.messages
    if approving and not wrong:
        month = today(organisation, now).isoformat()[:7]
        if settings.plan_limit is not None:
            approved = sum(
                1
                for each in organisation.all("Invoice")
                if text(each.data.get("ApprovedOn")).startswith(month)
            )
            if approved >= settings.plan_limit:
                wrong.append(PLAN_LIMIT)
        data["ApprovedOn"] = today(organisation, now).isoformat()


def _check_lock(organisation: Organisation, day: str, status: str) -> None:
    settings = organisation.settings
    if status == "DRAFT" and not settings.lock_drafts:
        return
    for lock in (settings.lock_date, settings.end_of_year_lock_date):
        if lock is not None and day and day <= lock.isoformat():
            raise InvalidError(locked(lock))


def _frozen(data: JsonObject) -> list[Json]:
    lines = objects(data.get("LineItems"))
    frozen: list[Json] = [data.get(each) for each in _FROZEN]
    for line in lines:
        frozen += [line.get(each) for each in _FROZEN_LINE]
    return frozen
