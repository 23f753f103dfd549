"""The books in the one neutral shape all simulators answer."""

from __future__ import annotations

from collections.abc import Iterable

from freshbooks_simulator.books import (
    ACCOUNT,
    CLIENT,
    DELETED,
    INVOICE,
    ITEM,
    PAYMENT,
    TAX,
    VENDOR,
    Organisation,
    Record,
)
from freshbooks_simulator.records import clients, items
from freshbooks_simulator.wire import (
    Json,
    JsonObject,
    amount_of,
    dec,
    eastern_precise,
    figure,
    objects,
    text,
)


def organisations(all_of_them: Iterable[Organisation]) -> list[Json]:
    """Ids and names."""
    return [identity(each) for each in all_of_them]


def identity(organisation: Organisation) -> JsonObject:
    """The id here is the account id; the business's other two ids beside it."""
    return {
        "id": organisation.account_id,
        "name": organisation.name,
        "business_id": organisation.ids.business_id,
        "business_uuid": organisation.ids.business_uuid,
    }


def books(organisation: Organisation) -> JsonObject:
    """Everything in an organisation's books, deleted records included."""

    def every(kind: str) -> list[Json]:
        return [one(organisation, each) for each in organisation.all(kind)]

    return {
        "organisation": identity(organisation),
        "customers": every(CLIENT),
        "vendors": every(VENDOR),
        "items": every(ITEM),
        "accounts": every(ACCOUNT),
        "taxes": every(TAX),
        "invoices": every(INVOICE),
        "payments": every(PAYMENT),
    }


def one(organisation: Organisation, record: Record) -> JsonObject:
    """A record of any kind in its neutral shape."""
    data = record.data
    shape: JsonObject = {"id": record.id}
    match record.kind:
        case "client":
            shape |= _customer(data)
        case "item":
            shape |= _item(data)
        case "account":
            shape |= {"code": text(data.get("number")) or None, "name": text(data.get("name"))}
            shape |= {"type": text(data.get("type")), "state": text(data.get("state"))}
        case "invoice":
            shape |= _invoice(organisation, record)
        case "payment":
            shape |= {
                "customer_id": text(data.get("clientid")),
                "invoice_id": text(data.get("invoiceid")),
                "amount": figure(amount_of(data.get("amount"))),
                "date": text(data.get("date")),
            }
        case "tax":
            shape |= {"name": text(data.get("name")), "percent": text(data.get("amount"))}
        case _:
            shape |= {"name": text(data.get("name"))}
    if record.kind not in (INVOICE, PAYMENT):
        shape["active"] = record.active
    if record.kind not in (ACCOUNT, TAX):
        shape["vis_state"] = record.vis_state
    return shape | {"version": eastern_precise(record.updated)}


def status(record: Record) -> str:
    """`open`, `paid` or `deleted`; nothing can be void."""
    if record.vis_state == DELETED:
        return "deleted"
    total, left = amount_of(record.data.get("amount")), amount_of(record.data.get("outstanding"))
    return "paid" if total > 0 and left <= 0 else "open"


def _customer(data: JsonObject) -> JsonObject:
    person = f"{text(data.get('fname'))} {text(data.get('lname'))}".strip()
    return {
        "name": clients.name_of(data),
        "email": text(data.get("email")) or None,
        "company_name": text(data.get("organization")) or None,
        "person": person or None,
        "phone": text(data.get("bus_phone")) or text(data.get("mob_phone")) or None,
        "notes": text(data.get("note")) or None,
    }


def _item(data: JsonObject) -> JsonObject:
    return {
        "name": text(data.get("name")),
        "sku": text(data.get("sku")) or None,
        "account_id": text(data.get("account_uuid")) or None,
        "description": text(data.get("description")) or None,
        "unit_price": figure(amount_of(data.get("unit_cost"))),
    }


def _invoice(organisation: Organisation, record: Record) -> JsonObject:
    data = record.data
    lines: list[Json] = [_line(organisation, each) for each in objects(data.get("lines"))]
    discount = amount_of(data.get("discount_total"))
    if discount:
        lines.append(_discount(data, figure(discount)))
    sent = data.get("status")
    return {
        "number": text(data.get("invoice_number")) or None,
        "customer_id": text(data.get("customerid")),
        "date": text(data.get("create_date")),
        "due_date": text(data.get("due_date")) or None,
        "currency": text(data.get("currency_code")),
        "status": status(record),
        "total": figure(amount_of(data.get("amount"))),
        "tax": figure(dec(data.get("_tax"))),
        "balance": figure(amount_of(data.get("outstanding"))),
        "memo": text(data.get("notes")) or None,
        "sent": isinstance(sent, int) and sent != 1,
        "emails": data.get("_emails") or [],
        "lines": lines,
    }


def _line(organisation: Organisation, line: JsonObject) -> JsonObject:
    """A line carries a name only; the item of that name says the account."""
    item = items.named(organisation, text(line.get("name")))
    account = text(item.data.get("account_uuid")) if item is not None else ""
    return {
        "item_id": item.id if item is not None else None,
        "name": text(line.get("name")) or None,
        "description": text(line.get("description")) or None,
        "quantity": text(line.get("qty")),
        "unit_price": figure(amount_of(line.get("unit_cost"))),
        "amount": figure(amount_of(line.get("amount"))),
        "account_id": account or None,
        "taxes": [
            {"name": text(line.get(f"taxName{which}")), "percent": line.get(f"taxAmount{which}")}
            for which in ("1", "2")
            if line.get(f"taxName{which}") or dec(line.get(f"taxAmount{which}"))
        ],
    }


def _discount(data: JsonObject, amount: str) -> JsonObject:
    return {
        "item_id": None,
        "name": None,
        "description": text(data.get("discount_description")) or "Discount",
        "quantity": None,
        "unit_price": None,
        "amount": amount,
        "account_id": None,
        "taxes": [],
    }
