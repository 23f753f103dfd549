"""`POST /_sim/seed`: books that are already there before anybody connects."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from freshbooks_simulator.books import (
    ACCOUNT,
    ARCHIVED,
    CLIENT,
    ITEM,
    VENDOR,
    Organisation,
    Record,
)
from freshbooks_simulator.records import clients, invoices, items, ledger, taxes
from freshbooks_simulator.wire import JsonObject, figure, plain, text


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SeedCustomer(_Given):
    """A client. Without `company_name`, a name of two words or more is a person's (first and last
    name) and any other an organisation's; with it, that is the organisation and `name` its
    person. One that isn't active is archived."""

    name: str
    email: str | None = None
    company_name: str | None = None
    phone: str | None = None
    notes: str | None = None
    active: bool = True


class SeedName(_Given):
    """A vendor."""

    name: str
    active: bool = True


class SeedItem(_Given):
    """An item, on the account of that code if one is said."""

    name: str
    sku: str | None = None
    unit_price: Decimal = Decimal(0)
    description: str | None = None
    account_code: str | None = None
    active: bool = True


class SeedAccount(_Given):
    """An account; `type` is `income` unless said (asset, liability, equity, income, expense)."""

    code: str | None = None
    name: str
    type: str = "income"
    active: bool = True


class SeedTax(_Given):
    """A tax."""

    name: str
    percent: Decimal


class SeedLine(_Given):
    """An invoice's line; `item` is an item's name."""

    item: str
    description: str | None = None
    quantity: Decimal = Decimal(1)
    unit_price: Decimal
    tax: str | None = None


class SeedInvoice(_Given):
    """An invoice, marked as sent; `customer` is a client's name."""

    customer: str
    number: str | None = None
    date: str | None = None
    due_offset_days: int = 0
    lines: list[SeedLine] = Field(min_length=1)


class Seed(_Given):
    """What `POST /_sim/seed` takes; the organisation is made if it isn't there."""

    organisation: str = Field(min_length=1)
    customers: list[SeedCustomer] = []
    vendors: list[SeedName] = []
    items: list[SeedItem] = []
    accounts: list[SeedAccount] = []
    taxes: list[SeedTax] = []
    invoices: list[SeedInvoice] = []


class SeedError(Exception):
    """The seed can't be sown; says which part and why."""


_SUB_TYPES = {
    "asset": "Current Asset",
    "liability": "Current Liability",
    "equity": "Equity",
    "income": "Income",
    "expense": "Operating Expense",
}


def sow(organisation: Organisation, seed: Seed, now: datetime) -> dict[str, list[Record]]:
    """Add what isn't there yet; the records by kind, in the seed's order.

    Raises RefusedError where the business would refuse one, SeedError for a name that isn't there.
    """
    known: dict[tuple[str, str | None], Record] = {
        (clients.name_of(each.data), text(each.data.get("email")) or None): each
        for each in organisation.all(CLIENT)
    }
    sown: dict[str, list[Record]] = {}
    sown["accounts"] = [_account(organisation, each, now) for each in seed.accounts]
    sown["taxes"] = [_tax(organisation, each, now) for each in seed.taxes]
    sown["vendors"] = [_vendor(organisation, each, now) for each in seed.vendors]
    sown["customers"] = [_customer(organisation, each, known, now) for each in seed.customers]
    sown["items"] = [_item(organisation, each, now) for each in seed.items]
    sown["invoices"] = [_invoice(organisation, each, now) for each in seed.invoices]
    return sown


def names(name: str, company_name: str | None) -> JsonObject:
    """How a client of that name is written down."""
    first, _, last = name.strip().rpartition(" ")
    person: JsonObject = {"fname": first, "lname": last}
    if company_name:
        return {"organization": company_name, **(person if company_name != name else {})}
    return person | {"organization": ""} if first else {"organization": name.strip()}


def _customer(
    organisation: Organisation,
    given: SeedCustomer,
    known: dict[tuple[str, str | None], Record],
    now: datetime,
) -> Record:
    body = names(given.name, given.company_name)
    there = known.get((clients.name_of(body), given.email))
    if there is not None:
        return there
    others = {"email": given.email, "bus_phone": given.phone, "note": given.notes}
    body |= {field: value for field, value in others.items() if value}
    record = clients.create(organisation, body, now)
    if not given.active:
        clients.update(organisation, record, {"vis_state": ARCHIVED}, now)
    known[clients.name_of(record.data), given.email] = record
    return record


def _vendor(organisation: Organisation, given: SeedName, now: datetime) -> Record:
    for each in organisation.all(VENDOR):
        if each.data.get("name") == given.name:
            return each
    data: JsonObject = {"name": given.name, "vis_state": 0 if given.active else ARCHIVED}
    return organisation.add(VENDOR, organisation.new_id(VENDOR), data, now)


def _account(organisation: Organisation, given: SeedAccount, now: datetime) -> Record:
    for each in organisation.all(ACCOUNT):
        if each.data.get("name") == given.name:
            return each
    sub_type = _SUB_TYPES.get(given.type.casefold())
    if sub_type is None:
        raise SeedError(f"accounts: type {given.type} isn't one of {', '.join(_SUB_TYPES)}")
    body: JsonObject = {
        "name": given.name,
        "number": given.code,
        "sub_type": sub_type,
        "parent_account": None,
        "state": "active" if given.active else "archived",
    }
    return ledger.create(organisation, body, now)


def _tax(organisation: Organisation, given: SeedTax, now: datetime) -> Record:
    there = taxes.named(organisation, given.name)
    if there is not None:
        return there
    body: JsonObject = {"name": given.name, "amount": plain(given.percent)}
    return taxes.create(organisation, body, now)


def _item(organisation: Organisation, given: SeedItem, now: datetime) -> Record:
    for each in organisation.holders(ITEM, given.name):
        return each
    body: JsonObject = {
        "name": given.name,
        "unit_cost": {"amount": figure(given.unit_price), "code": organisation.settings.currency},
    }
    others = {"sku": given.sku, "description": given.description}
    body |= {field: value for field, value in others.items() if value}
    account = _account_of(organisation, given.account_code)
    record = items.create(organisation, body, now)
    if account is not None:
        organisation.replace(record, record.data | {"account_uuid": account.id}, now)
    if not given.active:
        items.update(organisation, record, {"vis_state": ARCHIVED}, now)
    return record


def _account_of(organisation: Organisation, code: str | None) -> Record | None:
    if code is None:
        return None
    for each in organisation.all(ACCOUNT):
        if each.data.get("number") == code:
            return each
    raise SeedError(f"items: there is no account with code {code}")


def _invoice(organisation: Organisation, given: SeedInvoice, now: datetime) -> Record:
    owners = [
        each
        for each in organisation.all(CLIENT)
        if clients.name_of(each.data) == given.customer
        or f"{text(each.data.get('fname'))} {text(each.data.get('lname'))}" == given.customer
    ]
    if not owners:
        raise SeedError(f"invoices: there is no customer {given.customer}")
    lines: list[JsonObject] = []
    for line in given.lines:
        if not organisation.holders(ITEM, line.item):
            raise SeedError(f"invoices: there is no item {line.item}")
        lines.append(line_of(line.item, line.quantity, line.unit_price, line.description, line.tax))
    body: JsonObject = {
        "customerid": owners[0].number,
        "create_date": given.date or invoices.today(now).isoformat(),
        "due_offset_days": given.due_offset_days,
        "status": 2,
        "lines": list(lines),
    }
    if given.number:
        body["invoice_number"] = given.number
    return invoices.create(organisation, body, now)


def line_of(
    name: str,
    quantity: Decimal,
    unit_price: Decimal,
    description: str | None = None,
    tax: str | None = None,
) -> JsonObject:
    """A line as a client of the API would send it; the tax's percentage is the tax's own."""
    line: JsonObject = {
        "type": 0,
        "name": name,
        "qty": plain(quantity),
        "unit_cost": {"amount": figure(unit_price)},
    }
    if description:
        line["description"] = description
    if tax:
        line["taxName1"] = tax
    return line
