"""The books in the one neutral shape all simulators answer."""

from __future__ import annotations

from decimal import Decimal

from qbo_simulator.books import Organisation, Record
from qbo_simulator.wire import Json, JsonObject, as_object, dec, money, objects, ref_value, text


def organisations(all_of_them: list[Organisation]) -> list[JsonObject]:
    """Ids and names."""
    return [{"id": each.realm, "name": each.name} for each in all_of_them]


def books(organisation: Organisation) -> JsonObject:
    """Everything in an organisation's books, deleted invoices included."""
    return {
        "organisation": {"id": organisation.realm, "name": organisation.name},
        "customers": [customer(each) for each in organisation.all("Customer")],
        "vendors": [_named(each, "DisplayName") for each in organisation.all("Vendor")],
        "employees": [_named(each, "DisplayName") for each in organisation.all("Employee")],
        "items": [item(each) for each in organisation.all("Item")],
        "accounts": [account(each) for each in organisation.all("Account")],
        "invoices": [invoice(each) for each in organisation.all("Invoice")],
        "payments": [payment(each) for each in organisation.all("Payment")],
    }


def one(record: Record) -> JsonObject:
    """A record of any kind in its neutral shape."""
    match record.kind:
        case "Customer":
            return customer(record)
        case "Item":
            return item(record)
        case "Account":
            return account(record)
        case "Invoice":
            return invoice(record)
        case "Payment":
            return payment(record)
        case "Vendor" | "Employee":
            return _named(record, "DisplayName")
        case _:
            return _named(record, "Name")


def customer(record: Record) -> JsonObject:
    """A customer."""
    data = record.data
    return {
        "id": record.id,
        "name": text(data.get("DisplayName")),
        "email": text(as_object(data.get("PrimaryEmailAddr")).get("Address")) or None,
        "active": record.active,
        "company_name": text(data.get("CompanyName")) or None,
        "phone": text(as_object(data.get("PrimaryPhone")).get("FreeFormNumber")) or None,
        "notes": text(data.get("Notes")) or None,
        "balance": money(data.get("Balance")),
        "merged_into": record.merged_into,
        "version": record.sync_token,
    }


def item(record: Record) -> JsonObject:
    """A product or service."""
    data = record.data
    return {
        "id": record.id,
        "name": text(data.get("Name")),
        "sku": text(data.get("Sku")) or None,
        "active": record.active,
        "account_id": ref_value(data.get("IncomeAccountRef")) or None,
        "description": text(data.get("Description")) or None,
        "unit_price": money(data.get("UnitPrice")),
        "type": text(data.get("Type")),
        "version": record.sync_token,
    }


def account(record: Record) -> JsonObject:
    """An account."""
    data = record.data
    kind = text(data.get("AccountType"))
    return {
        "id": record.id,
        "code": text(data.get("AcctNum")) or None,
        "name": text(data.get("Name")),
        "active": record.active,
        "type": kind.casefold(),
        "version": record.sync_token,
    }


def invoice(record: Record) -> JsonObject:
    """An invoice with its lines; a discount is a line without item and with a negative amount."""
    data = record.data
    return {
        "id": record.id,
        "number": text(data.get("DocNumber")) or None,
        "customer_id": ref_value(data.get("CustomerRef")),
        "date": text(data.get("TxnDate")),
        "due_date": text(data.get("DueDate")) or None,
        "currency": ref_value(data.get("CurrencyRef")),
        "status": status(record),
        "total": money(data.get("TotalAmt")),
        "tax": money(as_object(data.get("TxnTaxDetail")).get("TotalTax")),
        "balance": money(data.get("Balance")),
        "memo": text(data.get("PrivateNote")) or None,
        "customer_memo": text(as_object(data.get("CustomerMemo")).get("value")) or None,
        "email_status": text(data.get("EmailStatus")),
        "version": record.sync_token,
        "lines": [_line(each) for each in objects(data.get("Line")) if _shown(each)],
    }


def status(record: Record) -> str:
    """`open`, `paid`, `void` or `deleted`."""
    if record.state == "deleted":
        return "deleted"
    if record.state == "voided":
        return "void"
    total, balance = dec(record.data.get("TotalAmt")), dec(record.data.get("Balance"))
    return "paid" if total > 0 and balance == 0 else "open"


def payment(record: Record) -> JsonObject:
    """A payment of one invoice."""
    data = record.data
    linked = [
        text(each.get("TxnId"))
        for line in objects(data.get("Line"))
        for each in objects(line.get("LinkedTxn"))
    ]
    return {
        "id": record.id,
        "customer_id": ref_value(data.get("CustomerRef")),
        "invoice_id": linked[0] if linked else None,
        "amount": money(data.get("TotalAmt")),
        "date": text(data.get("TxnDate")),
    }


def _named(record: Record, field: str) -> JsonObject:
    name = text(record.data.get(field))
    return {"id": record.id, "name": name, "active": record.active, "version": record.sync_token}


def _shown(line: JsonObject) -> bool:
    return line.get("DetailType") != "SubTotalLineDetail"


def _line(line: JsonObject) -> JsonObject:
    detail = as_object(line.get("SalesItemLineDetail"))
    amount: Json = line.get("Amount", 0)
    if line.get("DetailType") == "DiscountLineDetail":
        amount = float(-dec(amount))
    return {
        "item_id": ref_value(detail.get("ItemRef")) or None,
        "description": text(line.get("Description")) or None,
        "quantity": _plain(dec(detail.get("Qty"))) if "Qty" in detail else None,
        "unit_price": money(detail.get("UnitPrice")) if "UnitPrice" in detail else None,
        "amount": money(amount),
        "account_id": ref_value(detail.get("ItemAccountRef")) or None,
        "tax_code": ref_value(detail.get("TaxCodeRef")) or None,
    }


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"
