"""One write to one entity: create, update, delete, void. Single requests and batches share it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from qbo_simulator.books import Organisation, Record
from qbo_simulator.entities import account, customer, invoice, item
from qbo_simulator.entities.checks import existing
from qbo_simulator.entities.schema import ACCOUNT, CUSTOMER, INVOICE, ITEM, Shape, read
from qbo_simulator.provider_faults import (
    company_status,
    deleted_transaction,
    not_found,
    required,
    unsupported_operation,
    unsupported_property,
)
from qbo_simulator.wire import Json, JsonObject, dec, number, ref_value, text, zone

SHAPES: dict[str, Shape] = {
    "Customer": CUSTOMER,
    "Item": ITEM,
    "Account": ACCOUNT,
    "Invoice": INVOICE,
}
READABLE = ("Customer", "Vendor", "Employee", "Item", "Account", "Invoice", "Payment", "Term")
READABLE_TAXES = ("TaxCode", "TaxRate")


@dataclass(frozen=True, slots=True)
class Options:
    """How a write was asked for."""

    operation: str = ""
    """`create`, `update`, `delete`, `void`, or empty: an Id in the body decides."""
    include: str = ""


def write(
    organisation: Organisation, kind: str, body: JsonObject, options: Options, now: datetime
) -> JsonObject:
    """Do it and return the record as the answer shows it. Raises ProviderFault."""
    settings = organisation.settings
    if settings.company_status == "lapsed":
        raise company_status(settings.lapsed_http_status)
    if kind not in SHAPES:
        raise unsupported_operation(kind)
    cleaned = read(body, SHAPES[kind], strict=settings.unknown_properties == "refuse")
    operation = options.operation or ("update" if cleaned.get("Id") else "create")
    if operation == "create":
        return _create(organisation, kind, cleaned, options, now)
    if not cleaned.get("Id"):
        raise required("Id", "Id")
    if operation == "update":
        if kind == "Invoice" and options.include == "void":
            return _void(organisation, cleaned, now)
        return _update(organisation, kind, cleaned, options, now)
    if operation == "delete":
        return _delete(organisation, kind, cleaned, now)
    if operation == "void" and kind == "Invoice":
        return _void(organisation, cleaned, now)
    raise unsupported_operation(operation)


def read_one(organisation: Organisation, kind: str, identifier: str) -> JsonObject:
    """A record as a read answers it. Raises ProviderFault 610."""
    record = organisation.get(kind, identifier)
    if record is None:
        raise not_found()
    if record.state == "deleted":
        raise deleted_transaction()
    gone = record.merged_into is not None
    if gone and organisation.settings.merged_customer == "not_found":
        raise not_found()
    return record.data


def send(organisation: Organisation, identifier: str, address: str, now: datetime) -> JsonObject:
    """Mark an invoice as e-mailed. Raises ProviderFault."""
    record = existing(organisation, "Invoice", {"Id": identifier}, version=False)
    content = invoice.content_of(record)
    if address:
        content["BillEmail"] = {"Address": address}
    if content.get("BillEmail") is None:
        raise required("BillEmail", "BillEmail")
    content["EmailStatus"] = "EmailSent"
    stamp = now.astimezone(zone(organisation.settings.time_zone)).isoformat(timespec="seconds")
    content["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": stamp}
    organisation.replace(record, content, now, record.state)
    return record.data


def pay(organisation: Organisation, record: Record, amount: Decimal, now: datetime) -> Record:
    """A customer's payment of an invoice, in full or in part; the payment's record."""
    owner = ref_value(record.data.get("CustomerRef"))
    content: JsonObject = {
        "CustomerRef": record.data.get("CustomerRef"),
        "TotalAmt": number(amount),
        "UnappliedAmt": 0,
        "ProcessPayment": False,
        "TxnDate": now.astimezone(zone(organisation.settings.time_zone)).date().isoformat(),
        "CurrencyRef": record.data.get("CurrencyRef"),
        "Line": [
            {
                "Amount": number(amount),
                "LinkedTxn": [{"TxnId": record.id, "TxnType": "Invoice"}],
            }
        ],
    }
    payment = organisation.add("Payment", content, now)
    organisation.replace(record, invoice.paid(record, payment.id, amount), now)
    organisation.owe(owner, number(-amount))
    return payment


def _create(
    organisation: Organisation, kind: str, body: JsonObject, options: Options, now: datetime
) -> JsonObject:
    match kind:
        case "Customer":
            content = customer.created(organisation, body)
        case "Item":
            content = item.created(organisation, body)
        case "Account":
            content = account.created(organisation, body)
        case _:
            content = invoice.created(organisation, body, _choice(organisation, options, now))
    record = organisation.add(kind, content, now)
    if kind == "Invoice":
        organisation.owe(ref_value(content.get("CustomerRef")), content.get("Balance"))
    return record.data


def _update(
    organisation: Organisation, kind: str, body: JsonObject, options: Options, now: datetime
) -> JsonObject:
    record = existing(organisation, kind, body)
    sparse = body.get("sparse") is True
    before = invoice.content_of(record)
    match kind:
        case "Customer":
            content = customer.updated(organisation, record, body, sparse=sparse)
        case "Item":
            content = item.updated(organisation, record, body, sparse=sparse)
        case "Account":
            content = account.updated(organisation, record, body, sparse=sparse)
        case _:
            choice = _choice(organisation, options, now)
            content = invoice.updated(organisation, record, body, choice, sparse=sparse)
    if sparse and content == before:
        return record.data
    void = record.state == "voided" and dec(content.get("TotalAmt")) == 0
    organisation.replace(record, content, now, "voided" if void else "live")
    if kind == "Invoice":
        _move_debt(organisation, before, content)
    return record.data


def _delete(organisation: Organisation, kind: str, body: JsonObject, now: datetime) -> JsonObject:
    if kind != "Invoice":
        if organisation.settings.delete_name_list == "2010":
            raise unsupported_property("operation")
        raise unsupported_operation("delete")
    record = existing(organisation, kind, body)
    invoice.check_deletable(organisation, record)
    remove(organisation, record, now)
    return {"status": "Deleted", "domain": "QBO", "Id": record.id}


def remove(organisation: Organisation, record: Record, now: datetime) -> None:
    """Delete an invoice for good."""
    owner = ref_value(record.data.get("CustomerRef"))
    organisation.owe(owner, number(-dec(record.data.get("Balance"))))
    organisation.delete(record, now)


def _void(organisation: Organisation, body: JsonObject, now: datetime) -> JsonObject:
    record = existing(organisation, "Invoice", body)
    before = invoice.content_of(record)
    content = invoice.voided(organisation, record)
    organisation.replace(record, content, now, "voided")
    _move_debt(organisation, before, content)
    return record.data


def _move_debt(organisation: Organisation, before: JsonObject, after: JsonObject) -> None:
    owed_before: Json = number(-dec(before.get("Balance")))
    organisation.owe(ref_value(before.get("CustomerRef")), owed_before)
    organisation.owe(ref_value(after.get("CustomerRef")), after.get("Balance"))


def _choice(organisation: Organisation, options: Options, now: datetime) -> invoice.Choice:
    today = now.astimezone(zone(organisation.settings.time_zone)).date()
    return invoice.Choice(today, "allowduplicatedocnum" in text(options.include))
