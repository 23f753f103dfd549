"""Invoices: https://www.freshbooks.com/api/invoices. Numbers stay taken by deleted invoices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from freshbooks_simulator.books import (
    ACTIVE,
    CLIENT,
    DELETED,
    INVOICE,
    Organisation,
    Record,
    new_uuid,
)
from freshbooks_simulator.records import invoice_lines, taxes
from freshbooks_simulator.records.fields import vis_state
from freshbooks_simulator.records.invoice_fields import (
    DRAFT,
    PAID,
    SENT,
    number_free,
    number_given,
    read,
    refuse_read_only,
)
from freshbooks_simulator.refusals import REQUIRED, Reason, RefusedError, by_switch
from freshbooks_simulator.wire import (
    EASTERN,
    ZERO,
    Json,
    JsonObject,
    amount_of,
    dec,
    money,
    objects,
    text,
)

_ACTIONS = ("action_email", "action_mark_as_sent")


def create(organisation: Organisation, body: JsonObject, now: datetime) -> Record:
    """A new invoice. Raises RefusedError."""
    settings = organisation.settings
    refuse_read_only(body)
    given = read(organisation, body, new=True)
    client = _client(organisation, text(given.get("customerid")))
    currency = text(given.get("currency_code")) or text(client.data.get("currency_code"))
    lines = invoice_lines.read(organisation, body, currency, now)
    if "invoice_number" not in given:
        given["invoice_number"] = number_given(organisation)
    number_free(organisation, text(given["invoice_number"]), None)
    given.setdefault("create_date", today(now).isoformat())
    blank: JsonObject = {
        "status": DRAFT,
        "vis_state": ACTIVE,
        "discount_value": "0",
        "due_offset_days": 0,
        "language": client.data.get("language"),
        **_copied(client),
        "paid": money(ZERO, currency),
        "date_paid": None,
        "fulfillment_date": None,
        "uuid": new_uuid(),
    }
    data = blank | given | {"currency_code": currency}
    if data["status"] == SENT:
        data["fulfillment_date"] = data["create_date"]
    data = _priced(organisation, data, lines)
    record = Record(INVOICE, organisation.new_id(INVOICE), data, now, now)
    if settings.action_on_create == "honoured":
        data = _acted(organisation, record, body, now) or data
    record = organisation.add(INVOICE, record.id, data, now)
    organisation.last_number = text(data["invoice_number"])
    _keep_unknown_taxes(organisation, lines, now)
    invoice_lines.take_stock(organisation, lines, -1, now)
    organisation.touch(client, now)
    return record


def update(organisation: Organisation, record: Record, body: JsonObject, now: datetime) -> None:
    """Change an invoice. The first phase that is present wins (visibility, actions, fields); what
    belongs to a later one is silently dropped. Raises RefusedError."""
    if "ext_vis_state" in body:
        data = record.data
    elif "vis_state" in body:
        _may_be_hidden(organisation, record, vis_state(INVOICE, body["vis_state"]))
        data = record.data | {"vis_state": vis_state(INVOICE, body["vis_state"])}
    else:
        data = _acted(organisation, record, body, now)
        if data is None:
            data = _edited(organisation, record, body, now)
    organisation.replace(record, data, now)
    client = organisation.get(CLIENT, text(data.get("customerid")))
    if client is not None:
        organisation.touch(client, now)


def delete(organisation: Organisation, record: Record, now: datetime) -> None:
    """Hide an invoice; its number stays taken. Raises RefusedError."""
    update(organisation, record, {"vis_state": DELETED}, now)


def paid(organisation: Organisation, record: Record, now: datetime) -> None:
    """Work out what is paid from the payments there are."""
    payments = organisation.payments_of(record.id)
    total = sum((amount_of(each.data.get("amount")) for each in payments), ZERO)
    code = text(record.data.get("currency_code"))
    data = dict(record.data)
    data["paid"] = money(total, code)
    left = amount_of(data.get("amount")) - total
    data["outstanding"] = money(left, code)
    full = bool(payments) and left <= 0
    data["date_paid"] = payments[-1].data.get("date") if full else None
    if full:
        data["status"] = PAID
    elif record.data.get("status") in (PAID, DRAFT):
        data["status"] = SENT
    organisation.replace(record, data, now)


def today(now: datetime) -> date:
    """The day it is where FreshBooks keeps its time."""
    return now.astimezone(EASTERN).date()


def _client(organisation: Organisation, identifier: str) -> Record:
    settings = organisation.settings
    client = organisation.get(CLIENT, identifier)
    if client is None:
        message = "Client not found."
        raise by_switch(settings.unknown_customer, message, "customerid", INVOICE, identifier)
    if client.vis_state == DELETED and settings.deleted_customer != "accept":
        message = "Client is deleted."
        if settings.deleted_customer.endswith("1012"):
            message = "Client not found."
        raise by_switch(settings.deleted_customer, message, "customerid", INVOICE, identifier)
    return client


def _copied(client: Record) -> JsonObject:
    """What an invoice takes over from its client."""
    data = client.data
    return {
        "customerid": client.number,
        "fname": data.get("fname"),
        "lname": data.get("lname"),
        "organization": data.get("organization"),
        "street": data.get("p_street"),
        "street2": data.get("p_street2"),
        "city": data.get("p_city"),
        "province": data.get("p_province"),
        "code": data.get("p_code"),
        "country": data.get("p_country"),
        "vat_name": data.get("vat_name"),
        "vat_number": data.get("vat_number"),
    }


def _priced(
    organisation: Organisation, data: JsonObject, lines: Sequence[JsonObject]
) -> JsonObject:
    settings = organisation.settings
    code = text(data.get("currency_code"))
    found = invoice_lines.totals(lines, dec(data.get("discount_value")), settings)
    if found.total < 0 and settings.negative_total != "accept":
        message = "The invoice's total must not be negative."
        raise by_switch(settings.negative_total, message, "amount", INVOICE, str(found.total))
    due = date.fromisoformat(text(data.get("create_date")))
    due += timedelta(days=int(dec(data.get("due_offset_days"))))
    kept: list[Json] = list(lines)
    worked_out: JsonObject = {
        "lines": kept,
        "amount": money(found.total, code),
        "discount_total": money(-found.discount, code),
        "outstanding": money(found.total - amount_of(data.get("paid")), code),
        "due_date": due.isoformat(),
        "description": text(lines[0].get("description")) if lines else "",
        "_tax": str(found.tax),
    }
    return data | worked_out


def _acted(
    organisation: Organisation, record: Record, body: JsonObject, now: datetime
) -> JsonObject | None:
    """The invoice after its actions; None if the body holds none."""
    if not any(body.get(each) for each in _ACTIONS):
        return None
    data = dict(record.data)
    if body.get("action_email"):
        client = organisation.get(CLIENT, text(data.get("customerid")))
        given = body.get("email_recipients")
        to = [text(each) for each in given] if isinstance(given, list) else []
        to = to or ([text(client.data.get("email"))] if client else [])
        if not any(to):
            message = "The field 'email_recipients' is required."
            raise RefusedError(422, Reason(REQUIRED, message, "email_recipients", INVOICE, None))
        sent = data.get("_emails")
        data["_emails"] = [*(sent if isinstance(sent, list) else []), *to]
    if data.get("status") == DRAFT:
        data["status"] = SENT
    data["fulfillment_date"] = data.get("fulfillment_date") or today(now).isoformat()
    return data


def _edited(
    organisation: Organisation, record: Record, body: JsonObject, now: datetime
) -> JsonObject:
    settings = organisation.settings
    refuse_read_only(body)
    given = read(organisation, body, new=False)
    if amount_of(record.data.get("paid")) and settings.edit_paid != "accept":
        message = "An invoice with payments can't be changed."
        raise by_switch(settings.edit_paid, message, "paid", INVOICE, record.id)
    data = record.data | given
    if "customerid" in given and given["customerid"] != record.data.get("customerid"):
        client = _client(organisation, text(given["customerid"]))
        data = record.data | _copied(client) | given
    if "invoice_number" in given:
        number_free(organisation, text(given["invoice_number"]), record)
    currency = text(data.get("currency_code"))
    before = objects(record.data.get("lines"))
    lines = before
    if body.get("lines") is not None or settings.put_without_lines == "clear":
        lines = invoice_lines.read(organisation, body, currency, now, before)
    elif currency != text(record.data.get("currency_code")):
        lines = invoice_lines.with_currency(before, currency)
    data["paid"] = money(amount_of(data.get("paid")), currency)
    data = _priced(organisation, data, lines)
    if data["status"] == PAID and amount_of(data.get("outstanding")) > 0:
        data["status"] = SENT
    if lines is not before:
        _keep_unknown_taxes(organisation, lines, now)
        invoice_lines.take_stock(organisation, before, 1, now)
        invoice_lines.take_stock(organisation, lines, -1, now)
    if data["status"] == SENT and not data.get("fulfillment_date"):
        data["fulfillment_date"] = data["create_date"]
    return data


def _may_be_hidden(organisation: Organisation, record: Record, wanted: int) -> None:
    settings = organisation.settings
    if wanted != DELETED or settings.delete_paid == "accept":
        return
    if amount_of(record.data.get("paid")):
        message = "An invoice with payments can't be deleted."
        raise by_switch(settings.delete_paid, message, "vis_state", INVOICE, record.id)


def _keep_unknown_taxes(
    organisation: Organisation, lines: Sequence[JsonObject], now: datetime
) -> None:
    if organisation.settings.unknown_tax != "create":
        return
    for line in lines:
        for which in ("1", "2"):
            name = text(line.get(f"taxName{which}"))
            if name and taxes.named(organisation, name) is None:
                body: JsonObject = {"name": name, "amount": line.get(f"taxAmount{which}")}
                taxes.create(organisation, body, now)
