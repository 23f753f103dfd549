"""`POST /_sim/seed`: books that are already there before anybody connects."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from xero_simulator.books import Organisation, Record
from xero_simulator.entities import account, contact, invoice, item
from xero_simulator.entities.invoice import Writing
from xero_simulator.wire import JsonObject, number, text


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SeedCustomer(_Given):
    """A contact; one whose name is taken is left as it is. There is no room for a company's name
    beside a contact's own, so `company_name` is ignored."""

    name: str
    email: str | None = None
    company_name: str | None = None
    phone: str | None = None
    number: str | None = None
    active: bool = True


class SeedName(_Given):
    """A contact that is a supplier."""

    name: str
    active: bool = True


class SeedItem(_Given):
    """An item, on the account of that code, else on the first income account; its code is the
    sku, else made of the name."""

    name: str
    sku: str | None = None
    unit_price: Decimal = Decimal(0)
    description: str | None = None
    account_code: str | None = None
    active: bool = True


class SeedAccount(_Given):
    """An account; `type` is `income` unless said (any account Type, upper and lower case alike)."""

    code: str | None = None
    name: str
    type: str = "income"
    active: bool = True
    tax_type: str | None = None


class SeedLine(_Given):
    """An invoice's line; `item` is an item's name or code."""

    item: str
    description: str | None = None
    quantity: Decimal = Decimal(1)
    unit_price: Decimal


class SeedInvoice(_Given):
    """An invoice; `customer` is a contact's name."""

    customer: str
    number: str | None = None
    date: str | None = None
    due_date: str | None = None
    status: Literal["DRAFT", "SUBMITTED", "AUTHORISED"] = "AUTHORISED"
    lines: list[SeedLine] = Field(min_length=1)


class Seed(_Given):
    """What `POST /_sim/seed` takes; the organisation is made if it isn't there."""

    organisation: str = Field(min_length=1)
    customers: list[SeedCustomer] = []
    vendors: list[SeedName] = []
    items: list[SeedItem] = []
    accounts: list[SeedAccount] = []
    invoices: list[SeedInvoice] = []


class SeedError(Exception):
    """The seed can't be sown; says which part and why."""


def sow(organisation: Organisation, seed: Seed, now: datetime) -> dict[str, list[Record]]:
    """Add what isn't there yet; the records by kind, in the seed's order.

    Raises InvalidError where the organisation would refuse one, SeedError for a name that isn't
    there.
    """
    return {
        "accounts": [_account(organisation, each, now) for each in seed.accounts],
        "vendors": [_vendor(organisation, each, now) for each in seed.vendors],
        "customers": [_customer(organisation, each, now) for each in seed.customers],
        "items": [_item(organisation, each, now) for each in seed.items],
        "invoices": [_invoice(organisation, each, now) for each in seed.invoices],
    }


def account_type(given: str) -> str | None:
    """The Type a neutral word or a Type in any case stands for."""
    kind = {"INCOME": "REVENUE", "OTHER INCOME": "OTHERINCOME"}.get(given.upper(), given.upper())
    return kind if kind in account.CLASSES else None


def sales_line(
    code: str, quantity: Decimal, unit_price: Decimal, description: str | None
) -> JsonObject:
    """A line as a client of the API would send it."""
    line: JsonObject = {
        "ItemCode": code,
        "Quantity": number(quantity),
        "UnitAmount": number(unit_price),
    }
    if description:
        line["Description"] = description
    return line


def _archive(organisation: Organisation, record: Record, field: str, now: datetime) -> None:
    organisation.replace(record, {**record.data, field: "ARCHIVED"}, now)


def _account(organisation: Organisation, given: SeedAccount, now: datetime) -> Record:
    for each in organisation.all("Account"):
        if text(each.data.get("Name")).casefold() == given.name.casefold():
            return each
    kind = account_type(given.type)
    if kind is None:
        known = ", ".join(("income", *account.CLASSES))
        raise SeedError(f"accounts: type {given.type} isn't one of {known}")
    body: JsonObject = {"Name": given.name, "Type": kind}
    if given.code:
        body["Code"] = given.code
    if given.tax_type:
        body["TaxType"] = given.tax_type
    record = account.add(organisation, body, now)
    if not given.active:
        _archive(organisation, record, "Status", now)
    return record


def _vendor(organisation: Organisation, given: SeedName, now: datetime) -> Record:
    record = _contact(organisation, {"Name": given.name}, now, active=given.active)
    contact.mark_customer(organisation, record, supplier=True)
    return record


def _customer(organisation: Organisation, given: SeedCustomer, now: datetime) -> Record:
    body: JsonObject = {"Name": given.name}
    if given.email:
        body["EmailAddress"] = given.email
    if given.number:
        body["ContactNumber"] = given.number
    if given.phone:
        body["Phones"] = [{"PhoneType": "DEFAULT", "PhoneNumber": given.phone}]
    return _contact(organisation, body, now, active=given.active)


def _contact(
    organisation: Organisation, body: JsonObject, now: datetime, *, active: bool
) -> Record:
    name = text(body.get("Name"))
    if active and (held := organisation.holders("contact_name", name)):
        return held[0]
    record = contact.create(organisation, body, now)
    if not active:
        _archive(organisation, record, "ContactStatus", now)
    return record


def _item(organisation: Organisation, given: SeedItem, now: datetime) -> Record:
    code = given.sku or given.name[:30]
    if held := organisation.holders("item_code", code):
        return held[0]
    body: JsonObject = {
        "Code": code,
        "Name": given.name,
        "IsPurchased": False,
        "SalesDetails": {
            "UnitPrice": number(given.unit_price),
            "AccountCode": _income(organisation, given.account_code),
        },
    }
    if given.description:
        body["Description"] = given.description
    record = item.write(organisation, body, now, create_only=True, places=4)
    if not given.active:
        organisation.delete(record, now)
    return record


def _income(organisation: Organisation, code: str | None) -> str:
    if code is not None:
        if account.by_code(organisation, code) is None:
            raise SeedError(f"items: there is no account {code}")
        return code
    for each in organisation.all("Account"):
        if each.active and each.data.get("Class") == "REVENUE" and text(each.data.get("Code")):
            return text(each.data.get("Code"))
    raise SeedError("items: there is no income account")


def _invoice(organisation: Organisation, given: SeedInvoice, now: datetime) -> Record:
    owners = organisation.holders("contact_name", given.customer)
    if not owners:
        raise SeedError(f"invoices: there is no customer {given.customer}")
    lines: list[JsonObject] = []
    for line in given.lines:
        found = item_named(organisation, line.item)
        if found is None:
            raise SeedError(f"invoices: there is no item {line.item}")
        code = text(found.data.get("Code"))
        description = line.description or text(found.data.get("Name")) or code
        lines.append(sales_line(code, line.quantity, line.unit_price, description))
    day = invoice.today(organisation, now).isoformat()
    body: JsonObject = {
        "Type": "ACCREC",
        "Status": given.status,
        "Contact": {"ContactID": owners[0].id},
        "LineItems": list(lines),
        "Date": given.date or day,
        "DueDate": given.due_date or given.date or day,
    }
    if given.number:
        body["InvoiceNumber"] = given.number
    how = Writing(now, "", 4, create_only=True)
    return invoice.write(organisation, body, how).record


def item_named(organisation: Organisation, key: str) -> Record | None:
    """An item by its id, its code or its name."""
    found = item.find(organisation, key)
    if found is not None:
        return found
    folded = key.casefold()
    named = (
        each
        for each in organisation.all("Item")
        if text(each.data.get("Name")).casefold() == folded
    )
    return next(named, None)
