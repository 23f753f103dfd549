"""The books in the one neutral shape all simulators answer."""

from __future__ import annotations

from xero_simulator.books import Organisation, Record
from xero_simulator.entities import account as accounts
from xero_simulator.entities import payment as payments
from xero_simulator.wire import Json, JsonObject, as_object, dec, money, objects, plain, text


def organisations(all_of_them: list[Organisation]) -> list[JsonObject]:
    """Ids and names."""
    return [{"id": each.tenant, "name": each.name} for each in all_of_them]


def books(organisation: Organisation) -> JsonObject:
    """Everything in an organisation's books, archived, voided and deleted records included."""
    contacts = list(organisation.all("Contact"))
    items = organisation.all("Item", deleted=True)
    return {
        "organisation": {"id": organisation.tenant, "name": organisation.name},
        "customers": [customer(organisation, each) for each in contacts if is_customer(each)],
        "vendors": [customer(organisation, each) for each in contacts if not is_customer(each)],
        "items": [item(organisation, each) for each in items],
        "accounts": [account(each) for each in organisation.all("Account")],
        "invoices": [invoice(organisation, each) for each in organisation.all("Invoice")],
        "payments": [payment(each) for each in organisation.all("Payment")],
    }


def one(organisation: Organisation, record: Record) -> JsonObject:
    """A record of any kind in its neutral shape."""
    match record.kind:
        case "Contact":
            return customer(organisation, record)
        case "Item":
            return item(organisation, record)
        case "Account":
            return account(record)
        case "Invoice":
            return invoice(organisation, record)
        case "Payment":
            return payment(record)
        case _:
            return {
                "id": record.id,
                "name": text(record.data.get("Name")),
                "active": record.active,
                "percent": plain(dec(record.data.get("EffectiveRate"))),
            }


def is_customer(record: Record) -> bool:
    """Anybody but those who are suppliers only."""
    return record.data.get("IsCustomer") is True or record.data.get("IsSupplier") is not True


def customer(organisation: Organisation, record: Record) -> JsonObject:
    """A contact."""
    data = record.data
    phones = {text(each.get("PhoneType")): each for each in objects(data.get("Phones"))}
    phone = phones.get("DEFAULT") or phones.get("MOBILE") or {}
    owed = sum(
        dec(each.data.get("AmountDue"))
        for each in organisation.holders("contact", record.id)
        if each.status == "AUTHORISED"
    )
    return {
        "id": record.id,
        "name": text(data.get("Name")),
        "email": text(data.get("EmailAddress")) or None,
        "active": record.active,
        "number": text(data.get("ContactNumber")) or None,
        "phone": text(phone.get("PhoneNumber")) or None,
        "balance": money(float(owed)),
        "merged_into": text(data.get("MergedToContactID")) or None,
    }


def item(organisation: Organisation, record: Record) -> JsonObject:
    """An item; one that was deleted isn't active."""
    data = record.data
    sales = as_object(data.get("SalesDetails"))
    code = text(sales.get("AccountCode"))
    found = accounts.by_code(organisation, code) if code else None
    return {
        "id": record.id,
        "name": text(data.get("Name")) or text(data.get("Code")),
        "sku": text(data.get("Code")),
        "active": record.active,
        "account_id": found.id if found else None,
        "description": text(data.get("Description")) or None,
        "unit_price": money(sales.get("UnitPrice")),
    }


def account(record: Record) -> JsonObject:
    """An account."""
    kind = text(record.data.get("Type"))
    return {
        "id": record.id,
        "code": text(record.data.get("Code")) or None,
        "name": text(record.data.get("Name")),
        "active": record.active,
        "type": "income" if kind == "REVENUE" else kind.casefold(),
        "tax_type": text(record.data.get("TaxType")) or None,
    }


def invoice(organisation: Organisation, record: Record) -> JsonObject:
    """An invoice with its lines."""
    data = record.data
    dead = record.status in ("VOIDED", "DELETED")
    return {
        "id": record.id,
        "number": text(data.get("InvoiceNumber")) or None,
        "customer_id": text(data.get("ContactID")),
        "date": text(data.get("Date")),
        "due_date": text(data.get("DueDate")) or None,
        "currency": text(data.get("CurrencyCode")),
        "status": status(record),
        "total": money(data.get("Total")),
        "tax": money(data.get("TotalTax")),
        "balance": money(0 if dead else data.get("AmountDue")),
        "state": record.status,
        "type": text(data.get("Type")),
        "reference": text(data.get("Reference")) or None,
        "url": text(data.get("Url")) or None,
        "payments": [each.id for each in payments.of(organisation, data)],
        "lines": [_line(each) for each in objects(data.get("LineItems"))],
    }


def status(record: Record) -> str:
    """`open` (drafts too), `paid`, `void` or `deleted`."""
    return {"PAID": "paid", "VOIDED": "void", "DELETED": "deleted"}.get(record.status, "open")


def payment(record: Record) -> JsonObject:
    """A payment of one invoice."""
    data = record.data
    return {
        "id": record.id,
        "invoice_id": text(data.get("InvoiceID")),
        "amount": money(data.get("Amount")),
        "date": text(data.get("Date")),
    }


def _line(line: JsonObject) -> JsonObject:
    quantity: Json = plain(dec(line.get("Quantity"))) if "Quantity" in line else None
    return {
        "item_id": text(line.get("ItemID")) or None,
        "description": text(line.get("Description")) or None,
        "quantity": quantity,
        "unit_price": money(line.get("UnitAmount")) if "UnitAmount" in line else None,
        "amount": money(line.get("LineAmount")),
        "account_id": text(line.get("AccountID")) or None,
        "tax": money(line.get("TaxAmount")),
        "tax_code": text(line.get("TaxType")) or None,
    }
