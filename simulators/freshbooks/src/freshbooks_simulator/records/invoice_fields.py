"""Which fields of an invoice can be written, and what is refused about them."""

from __future__ import annotations

import re

from freshbooks_simulator.books import INVOICE, Organisation, Record
from freshbooks_simulator.records.fields import Reader
from freshbooks_simulator.refusals import (
    BAD_CHARACTER,
    INVALID,
    NOT_A_NUMBER,
    READ_ONLY,
    REQUIRED,
    Reason,
    RefusedError,
    by_switch,
)
from freshbooks_simulator.wire import Json, JsonObject, exact, text, words

DISPUTED, DRAFT, SENT, VIEWED, PAID = 0, 1, 2, 3, 4
_BAD_NEW_STATUS = 8008

_TEXTS = words(
    "notes terms po_number language discount_description address city province code country "
    "street street2 organization fname lname vat_name vat_number template return_uri"
)
_FLAGS = words("auto_bill show_attachments")
_DAYS = words("create_date fulfillment_date generation_date")
_AS_SENT = words("deposit_amount deposit_percentage parent presentation attachments")
_ALPHANUMERIC = re.compile(r"[A-Za-z0-9-]+")
_LAST_DIGITS = re.compile(r"(\d+)(?!.*\d)")


def refuse_read_only(body: JsonObject) -> None:
    """due_date is worked out from due_offset_days; sending it is refused. Raises RefusedError."""
    if "due_date" in body:
        message = "Write access denied to field due_date"
        value = text(body["due_date"])
        raise RefusedError(403, Reason(READ_ONLY, message, "due_date", INVOICE, value))


def read(organisation: Organisation, body: JsonObject, *, new: bool) -> JsonObject:
    """The fields of a body but its lines; what isn't known is dropped. Raises RefusedError."""
    settings = organisation.settings
    reader = Reader(INVOICE, body, settings)
    if new:
        reader.required("customerid")
        if settings.create_date == "required":
            reader.required("create_date")
    given: JsonObject = {}
    for field in sorted(_TEXTS & body.keys()):
        given[field] = reader.text(field)
    for field in sorted(_FLAGS & body.keys()):
        given[field] = reader.boolean(field) or False
    for field in sorted(_DAYS & body.keys()):
        if (day := reader.day(field)) is not None or field != "create_date":
            given[field] = day
    for field in sorted(_AS_SENT & body.keys()):
        given[field] = body[field]
    if (customer := reader.whole("customerid")) is not None:
        given["customerid"] = customer
    if currency := reader.currency("currency_code"):
        given["currency_code"] = currency
    if (discount := reader.percent("discount_value")) is not None:
        given["discount_value"] = discount
    _due_offset(reader, given)
    _status(reader, given, new=new)
    _number(reader, given)
    reader.done()
    return given


def number_given(organisation: Organisation) -> str:
    """The number the business gives by itself: the last used one and one more."""
    number = organisation.last_number or "0000000"
    while True:
        found = _LAST_DIGITS.search(number)
        if found is None:
            number += "1"
        else:
            counted = str(int(found[1]) + 1).zfill(len(found[1]))
            number = number[: found.start()] + counted + number[found.end() :]
        if not organisation.holders(INVOICE, number):
            return number


def number_free(organisation: Organisation, number: str, record: Record | None) -> None:
    """Active, archived and deleted invoices hold their numbers. Raises RefusedError."""
    settings = organisation.settings
    if not settings.refuse_duplicate_numbers:
        return
    for held in organisation.holders(INVOICE, number):
        same = text(held.data.get("invoice_number")).strip() == number.strip()
        if held is not record and (same or settings.number_case == "insensitive"):
            message = "Invoice number already exists."
            raise by_switch(settings.duplicate_number, message, "invoice_number", INVOICE, number)


def _due_offset(reader: Reader, given: JsonObject) -> None:
    days = reader.whole("due_offset_days")
    if days is None:
        return
    switch = reader.settings.negative_due_offset
    if days < 0 and switch != "accept":
        message = "due_offset_days must not be negative."
        reader.wrong(int(switch.partition("-")[2]), "due_offset_days", message, days)
    elif abs(days) > 36_500:
        reader.wrong(INVALID, "due_offset_days", "due_offset_days is out of range.", days)
    else:
        given["due_offset_days"] = days


def _status(reader: Reader, given: JsonObject, *, new: bool) -> None:
    sent: Json = reader.body.get("status")
    if sent is None:
        return
    value = exact(sent)
    if value is None:
        reader.wrong(NOT_A_NUMBER, "status", "The field 'status' must be a number.", sent)
    elif new and value not in (DRAFT, SENT, VIEWED):
        message = "Status must be one of 'draft', 'sent' or 'viewed'."
        reader.wrong(_BAD_NEW_STATUS, "status", message, sent)
    elif value not in (DISPUTED, DRAFT, SENT, VIEWED):
        message = "Status must be one of 'draft', 'sent', 'viewed' or 'disputed'."
        reader.wrong(INVALID, "status", message, sent)
    else:
        given["status"] = int(value)


def _number(reader: Reader, given: JsonObject) -> None:
    if reader.body.get("invoice_number") in (None, ""):
        return
    number = reader.text("invoice_number", limit=reader.settings.number_limit)
    if number is None:
        return
    if not number.strip():
        reader.wrong(REQUIRED, "invoice_number", "The field 'invoice_number' must not be blank.")
    elif reader.settings.number_charset == "alphanumeric" and not _ALPHANUMERIC.fullmatch(number):
        message = "The field 'invoice_number' has an invalid character."
        reader.wrong(BAD_CHARACTER, "invoice_number", message, number)
    else:
        given["invoice_number"] = number
