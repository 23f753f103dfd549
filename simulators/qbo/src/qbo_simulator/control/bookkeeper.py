"""What a bookkeeper does in the provider's own pages: change, deactivate, merge, void, delete."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from qbo_simulator.books import Organisation, Record
from qbo_simulator.company.operations import Options, remove, write
from qbo_simulator.control.seeding import sales_line
from qbo_simulator.entities.checks import free_deleted_name, without_deleted
from qbo_simulator.entities.invoice import content_of
from qbo_simulator.wire import Json, JsonObject, as_object, dec, number, objects, ref_value, text

KINDS = {
    "customer": "Customer",
    "vendor": "Vendor",
    "employee": "Employee",
    "item": "Item",
    "account": "Account",
    "invoice": "Invoice",
    "payment": "Payment",
    "taxcode": "TaxCode",
    "term": "Term",
}


class ChangedLine(BaseModel):
    """A line of an invoice as the bookkeeper leaves it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item_id: str
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
    number: str | None = None
    date: str | None = None
    due_date: str | None = None
    memo: str | None = None
    customer_id: str | None = None
    status: Literal["void"] | None = None
    total: Decimal | None = None
    """Puts the difference on the first line."""
    lines: list[ChangedLine] | None = None
    fields: dict[str, JsonValue] = Field(default_factory=dict)
    """The API's own fields, as in a sparse update."""


class NotPossibleError(Exception):
    """The change makes no sense for this record; says why."""


def kind_of(kind: str) -> str | None:
    """The entity a path segment names, in the singular or the plural; None for no such kind."""
    return KINDS.get(kind.casefold().rstrip("s")) or KINDS.get(kind.casefold())


def change(organisation: Organisation, record: Record, changes: Changes, now: datetime) -> None:
    """Change a record as its own pages would. Raises ProviderFault, NotPossibleError."""
    if record.state == "deleted":
        raise NotPossibleError(f"{record.kind} {record.id} is deleted")
    if changes.merge_into is not None:
        _merge(organisation, record, changes.merge_into, now)
        return
    if changes.status == "void":
        _write(organisation, record, {}, now, operation="void")
        return
    body = _body(record, changes)
    if record.kind == "Customer" and body.get("Active") is False:
        # The pages write a credit memo over what is open, where the API refuses.
        organisation.owe(record.id, number(-dec(record.data.get("Balance"))))
    if record.kind in ("Customer", "Item", "Account", "Invoice"):
        _write(organisation, record, body, now)
        return
    content = content_of(record)
    if body.get("Active") is False and record.active and "DisplayName" in content:
        content["DisplayName"] = free_deleted_name(
            organisation, "name", text(content["DisplayName"])
        )
    organisation.replace(record, content | body, now)


def delete(organisation: Organisation, record: Record, now: datetime) -> None:
    """Delete an invoice or payment for good; make anything else inactive. Raises ProviderFault."""
    if record.state == "deleted":
        raise NotPossibleError(f"{record.kind} {record.id} is deleted already")
    if record.kind == "Payment":
        _unpay(organisation, record, now)
    elif record.kind == "Invoice":
        remove(organisation, record, now)
    elif record.active:
        change(organisation, record, Changes(active=False), now)


def _write(
    organisation: Organisation,
    record: Record,
    body: JsonObject,
    now: datetime,
    operation: str = "update",
) -> None:
    whole: JsonObject = {**body, "Id": record.id, "SyncToken": record.sync_token, "sparse": True}
    write(organisation, record.kind, whole, Options(operation, "allowduplicatedocnum"), now)


def _body(record: Record, changes: Changes) -> JsonObject:
    body: JsonObject = {}
    named = "DisplayName" if record.kind in ("Customer", "Vendor", "Employee") else "Name"
    texts = {
        named: changes.name,
        "CompanyName": changes.company_name,
        "Notes": changes.notes,
        "Sku": changes.sku,
        "Description": changes.description,
        "AcctNum": changes.code,
        "AccountType": changes.type,
        "DocNumber": changes.number,
        "TxnDate": changes.date,
        "DueDate": changes.due_date,
        "PrivateNote": changes.memo,
    }
    body |= {name: value for name, value in texts.items() if value is not None}
    if changes.active is not None:
        body["Active"] = changes.active
    if changes.active and not record.active and changes.name is None:
        body[named] = without_deleted(text(record.data.get(named)))
    if changes.email is not None:
        body["PrimaryEmailAddr"] = {"Address": changes.email}
    if changes.phone is not None:
        body["PrimaryPhone"] = {"FreeFormNumber": changes.phone}
    if changes.unit_price is not None:
        body["UnitPrice"] = number(changes.unit_price)
    if changes.account_id is not None:
        body["IncomeAccountRef"] = {"value": changes.account_id}
    if changes.customer_id is not None:
        body["CustomerRef"] = {"value": changes.customer_id}
    if changes.lines is not None:
        body["Line"] = [
            sales_line(each.item_id, each.quantity, each.unit_price, each.description)
            for each in changes.lines
        ]
    elif changes.total is not None:
        body["Line"] = _with_total(record, changes.total)
        taxed = as_object(record.data.get("TxnTaxDetail"))
        body["TxnTaxDetail"] = {"TotalTax": taxed.get("TotalTax", 0)}
    body |= changes.fields
    if record.kind in ("Invoice", "Payment") and "Active" in body:
        raise NotPossibleError(
            "a transaction can't be made inactive: delete it, or set status to void"
        )
    return body


def _with_total(record: Record, total: Decimal) -> list[Json]:
    if record.kind != "Invoice":
        raise NotPossibleError(f"a {record.kind.casefold()} has no total")
    lines = [dict(each) for each in objects(record.data.get("Line"))]
    sales = [each for each in lines if each.get("DetailType") == "SalesItemLineDetail"]
    if not sales:
        raise NotPossibleError("the invoice has no line to put the difference on")
    amount = dec(sales[0].get("Amount")) + total - dec(record.data.get("TotalAmt"))
    detail = as_object(sales[0].get("SalesItemLineDetail"))
    sales[0]["Amount"] = number(amount)
    sales[0]["SalesItemLineDetail"] = detail | {"Qty": 1, "UnitPrice": number(amount)}
    for line in sales:
        as_object(line["SalesItemLineDetail"]).pop("TaxInclusiveAmt", None)
    return list(lines)


def _merge(organisation: Organisation, record: Record, survivor_id: str, now: datetime) -> None:
    survivor = organisation.get("Customer", survivor_id)
    if record.kind != "Customer" or survivor is None or survivor is record:
        raise NotPossibleError("merge_into must name another customer's id")
    for invoice in list(organisation.all("Invoice")):
        if ref_value(invoice.data.get("CustomerRef")) != record.id or invoice.state == "deleted":
            continue
        owed = invoice.data.get("Balance")
        content = content_of(invoice)
        name = text(survivor.data.get("DisplayName"))
        content["CustomerRef"] = {"value": survivor.id, "name": name}
        organisation.replace(invoice, content, now, invoice.state)
        organisation.owe(record.id, number(-dec(owed)))
        organisation.owe(survivor.id, owed)
    if record.active:
        _write(organisation, record, {"Active": False}, now)
    organisation.mark_merged(record, survivor.id)


def _unpay(organisation: Organisation, payment: Record, now: datetime) -> None:
    amount = dec(payment.data.get("TotalAmt"))
    for invoice in list(organisation.all("Invoice")):
        linked = objects(invoice.data.get("LinkedTxn"))
        left = [each for each in linked if text(each.get("TxnId")) != payment.id]
        if len(left) < len(linked) and invoice.state == "live":
            content = content_of(invoice)
            content["LinkedTxn"] = list(left)
            content["Balance"] = number(dec(content.get("Balance")) + amount)
            organisation.replace(invoice, content, now)
            organisation.owe(ref_value(content.get("CustomerRef")), number(amount))
    organisation.delete(payment, now)
