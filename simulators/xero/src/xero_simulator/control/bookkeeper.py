"""What a bookkeeper does in the provider's own pages: change, archive, merge, void, delete.

The pages can do what the API refuses: bring back what is archived, merge contacts, undo a payment.
"""

from __future__ import annotations

from datetime import date as day_type
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from xero_simulator.books import Organisation, Record
from xero_simulator.control.seeding import account_type, item_named, sales_line
from xero_simulator.entities import account, contact, invoice, item, payment, tax
from xero_simulator.entities.invoice import Writing
from xero_simulator.wire import Json, JsonObject, as_object, dec, number, objects, text

KINDS = {
    "customer": "Contact",
    "contact": "Contact",
    "vendor": "Contact",
    "item": "Item",
    "account": "Account",
    "invoice": "Invoice",
    "payment": "Payment",
    "taxrate": "TaxRate",
}


class ChangedLine(BaseModel):
    """A line of an invoice as the bookkeeper leaves it; `item_id` is an id or a code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item_id: str | None = None
    account_id: str | None = None
    description: str | None = None
    quantity: Decimal = Decimal(1)
    unit_price: Decimal


class Changes(BaseModel):
    """What `PATCH /_sim/records/{kind}/{id}` takes; what isn't said stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = None
    active: bool | None = None
    email: str | None = None
    company_name: str | None = None
    phone: str | None = None
    notes: str | None = None
    merge_into: str | None = None
    sku: str | None = None
    description: str | None = None
    unit_price: Decimal | None = None
    account_id: str | None = None
    code: str | None = None
    type: str | None = None
    tax_type: str | None = None
    number: str | None = None
    date: day_type | None = None
    due_date: day_type | None = None
    memo: str | None = None
    """Of an invoice: its Reference."""
    customer_id: str | None = None
    status: Literal["void", "AUTHORISED", "SUBMITTED", "DRAFT", "GDPRREQUEST"] | None = None
    total: Decimal | None = None
    """Puts the difference on the first line."""
    lines: list[ChangedLine] | None = None
    fields: dict[str, JsonValue] = Field(default_factory=dict)
    """The API's own fields."""


class NotPossibleError(Exception):
    """The change makes no sense for this record; says why."""


def kind_of(kind: str) -> str | None:
    """The entity a path segment names, in the singular or the plural; None for no such kind."""
    return KINDS.get(kind.casefold().rstrip("s")) or KINDS.get(kind.casefold())


def change(organisation: Organisation, record: Record, changes: Changes, now: datetime) -> None:
    """Change a record as its own pages would. Raises InvalidError, NotPossibleError."""
    if record.deleted:
        raise NotPossibleError(f"{record.kind} {record.id} is deleted")
    match record.kind:
        case "Contact":
            _contact(organisation, record, changes, now)
        case "Item":
            _item(organisation, record, changes, now)
        case "Account":
            _account(organisation, record, changes, now)
        case "Invoice":
            _invoice(organisation, record, changes, now)
        case "TaxRate":
            data = dict(record.data) | _own(changes)
            if changes.name is not None:
                data["Name"] = changes.name
            if changes.active is not None:
                data["Status"] = "ACTIVE" if changes.active else "ARCHIVED"
            organisation.replace(record, data, now)
        case _:
            raise NotPossibleError(f"a {record.kind.casefold()} can only be deleted")


def delete(organisation: Organisation, record: Record, now: datetime) -> None:
    """Archive a contact or an account; delete an item or a payment for good; delete an invoice
    that isn't approved and void one that is. Raises InvalidError, NotPossibleError."""
    if record.deleted:
        raise NotPossibleError(f"{record.kind} {record.id} is deleted already")
    match record.kind:
        case "Payment":
            payment.take_back(organisation, record, now)
        case "Item":
            item.delete(organisation, record, now)
        case "Invoice":
            approved = record.status in ("AUTHORISED", "PAID")
            _end(organisation, record, "VOIDED" if approved else "DELETED", now)
        case _ if record.active:
            change(organisation, record, Changes(active=False), now)
        case _:
            return


def _own(changes: Changes) -> JsonObject:
    return dict(changes.fields)


def _contact(organisation: Organisation, record: Record, changes: Changes, now: datetime) -> None:
    if changes.merge_into is not None:
        _merge(organisation, record, changes.merge_into, now)
        return
    if changes.active is True and record.status != "ACTIVE":
        name = changes.name or text(record.data.get("Name"))
        if organisation.holders("contact_name", name):
            raise NotPossibleError(f"another contact in use is called {name}")
        organisation.replace(record, {**record.data, "ContactStatus": "ACTIVE"}, now)
    body = _own(changes)
    if changes.name is not None:
        body["Name"] = changes.name
    if changes.email is not None:
        body["EmailAddress"] = changes.email
    if changes.phone is not None:
        body["Phones"] = [{"PhoneType": "DEFAULT", "PhoneNumber": changes.phone}]
    if changes.code is not None:
        body["ContactNumber"] = changes.code
    if body:
        if record.status == "ACTIVE":
            contact.update(organisation, record, body, now)
        else:
            organisation.replace(record, record.data | body, now)
    if changes.status == "GDPRREQUEST" or changes.active is False:
        gone = "GDPRREQUEST" if changes.status == "GDPRREQUEST" else "ARCHIVED"
        organisation.replace(record, {**record.data, "ContactStatus": gone}, now)


def _merge(organisation: Organisation, record: Record, survivor_id: str, now: datetime) -> None:
    survivor = organisation.get("Contact", survivor_id)
    if survivor is None or survivor is record:
        raise NotPossibleError("merge_into must name another contact's id")
    for each in organisation.holders("contact", record.id):
        organisation.replace(each, {**each.data, "ContactID": survivor.id}, now)
        contact.mark_customer(organisation, survivor)
    merged: JsonObject = {"ContactStatus": "ARCHIVED", "MergedToContactID": survivor.id}
    organisation.replace(record, record.data | merged, now)


def _item(organisation: Organisation, record: Record, changes: Changes, now: datetime) -> None:
    if changes.active is False:
        item.delete(organisation, record, now)
        return
    body = _own(changes)
    sales: JsonObject = dict(as_object(body.get("SalesDetails")))
    texts = {"Name": changes.name, "Code": changes.sku, "Description": changes.description}
    body |= {field: value for field, value in texts.items() if value is not None}
    if changes.unit_price is not None:
        sales["UnitPrice"] = number(changes.unit_price)
    if changes.account_id is not None:
        found = organisation.get("Account", changes.account_id)
        if found is None:
            raise NotPossibleError(f"there is no account {changes.account_id}")
        sales["AccountCode"] = text(found.data.get("Code"))
    if sales:
        body["SalesDetails"] = sales
    item.write(organisation, {**body, "ItemID": record.id}, now, create_only=False, places=4)


def _account(organisation: Organisation, record: Record, changes: Changes, now: datetime) -> None:
    data = dict(record.data) | _own(changes)
    texts = {
        "Name": changes.name,
        "Code": changes.code,
        "Description": changes.description,
        "TaxType": changes.tax_type,
    }
    data |= {field: value for field, value in texts.items() if value is not None}
    if changes.code and any(
        each is not record for each in organisation.holders("account_code", changes.code)
    ):
        raise NotPossibleError(f"another account has the code {changes.code}")
    if changes.type is not None:
        kind = account_type(changes.type)
        if kind is None:
            raise NotPossibleError(f"{changes.type} is no type of account")
        data |= {"Type": kind, "Class": account.CLASSES[kind]}
        default = tax.default_type(organisation.settings, account.CLASSES[kind])
        data["TaxType"] = changes.tax_type or default
    if changes.active is not None:
        data["Status"] = "ACTIVE" if changes.active else "ARCHIVED"
    organisation.replace(record, data, now)


def _invoice(organisation: Organisation, record: Record, changes: Changes, now: datetime) -> None:
    if changes.status == "void":
        _end(organisation, record, "VOIDED", now)
        return
    if changes.active is not None:
        raise NotPossibleError("an invoice can't be archived: delete it, or set status to void")
    body = _own(changes)
    if changes.status is not None:
        body["Status"] = changes.status
    texts = {"InvoiceNumber": changes.number, "Reference": changes.memo}
    body |= {field: value for field, value in texts.items() if value is not None}
    if changes.date is not None:
        body["Date"] = changes.date.isoformat()
    if changes.due_date is not None:
        body["DueDate"] = changes.due_date.isoformat()
    if changes.customer_id is not None:
        body["Contact"] = {"ContactID": changes.customer_id}
    if changes.lines is not None:
        body["LineItems"] = [_line(organisation, each) for each in changes.lines]
    elif changes.total is not None and changes.total != dec(record.data.get("Total")):
        body["LineItems"] = _with_total(record, changes.total)
    body["InvoiceID"] = record.id
    invoice.write(organisation, body, Writing(now, "", 4, create_only=False))


def _end(organisation: Organisation, record: Record, status: str, now: datetime) -> None:
    body: JsonObject = {"InvoiceID": record.id, "Status": status}
    invoice.write(organisation, body, Writing(now, "", 4, create_only=False))


def _line(organisation: Organisation, given: ChangedLine) -> Json:
    found = item_named(organisation, given.item_id) if given.item_id else None
    if given.item_id and found is None:
        raise NotPossibleError(f"there is no item {given.item_id}")
    code = text(found.data.get("Code")) if found else ""
    name = text(found.data.get("Name")) if found else ""
    description = given.description or name or code or "Work"
    line = sales_line(code, given.quantity, given.unit_price, description)
    if given.account_id:
        line["AccountID"] = given.account_id
    return line


def _with_total(record: Record, total: Decimal) -> list[Json]:
    lines = [dict(each) for each in objects(record.data.get("LineItems"))]
    if not lines:
        raise NotPossibleError("the invoice has no line to put the difference on")
    first = lines[0]
    amount = dec(first.get("LineAmount")) + total - dec(record.data.get("Total"))
    for field in ("LineAmount", "DiscountRate", "DiscountAmount"):
        first.pop(field, None)
    first |= {"Quantity": 1.0, "UnitAmount": number(amount)}
    first["TaxAmount"] = number(dec(first.get("TaxAmount")))
    kept = ("LineItemID", "Quantity", "UnitAmount", "TaxAmount")
    return [
        {field: first[field] for field in kept},
        *({"LineItemID": each["LineItemID"]} for each in lines[1:]),
    ]
