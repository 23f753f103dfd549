"""`POST /_sim/seed`: books that are already there before anybody connects."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from qbo_simulator.books import Organisation, Record
from qbo_simulator.company.operations import Options, write
from qbo_simulator.entities.account import TYPES
from qbo_simulator.entities.checks import DELETED
from qbo_simulator.wire import JsonObject, number, text


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SeedCustomer(_Given):
    """A customer; one whose name is taken by a customer already is left as it is."""

    name: str
    email: str | None = None
    company_name: str | None = None
    phone: str | None = None
    active: bool = True


class SeedName(_Given):
    """A vendor or an employee."""

    name: str
    active: bool = True


class SeedItem(_Given):
    """A service, on the account of that code, else on the first income account."""

    name: str
    sku: str | None = None
    unit_price: Decimal = Decimal(0)
    description: str | None = None
    account_code: str | None = None
    taxable: bool = False
    active: bool = True


class SeedAccount(_Given):
    """An account; `type` is `income` unless said (any AccountType, upper and lower case alike)."""

    code: str | None = None
    name: str
    type: str = "income"
    active: bool = True


class SeedLine(_Given):
    """An invoice's line; `item` is an item's name."""

    item: str
    description: str | None = None
    quantity: Decimal = Decimal(1)
    unit_price: Decimal


class SeedInvoice(_Given):
    """An invoice; `customer` is a customer's name."""

    customer: str
    number: str | None = None
    date: str | None = None
    due_date: str | None = None
    lines: list[SeedLine] = Field(min_length=1)


class Seed(_Given):
    """What `POST /_sim/seed` takes; the organisation is made if it isn't there."""

    organisation: str = Field(min_length=1)
    customers: list[SeedCustomer] = []
    vendors: list[SeedName] = []
    employees: list[SeedName] = []
    items: list[SeedItem] = []
    accounts: list[SeedAccount] = []
    invoices: list[SeedInvoice] = []


class SeedError(Exception):
    """The seed can't be sown; says which part and why."""


def sow(organisation: Organisation, seed: Seed, now: datetime) -> dict[str, list[Record]]:
    """Add what isn't there yet; the records by kind, in the seed's order.

    Raises ProviderFault where the company would refuse one, SeedError for a name that isn't
    there.
    """
    sown: dict[str, list[Record]] = {}
    sown["accounts"] = [_account(organisation, each, now) for each in seed.accounts]
    for kind, names in (("Vendor", seed.vendors), ("Employee", seed.employees)):
        sown[f"{kind.lower()}s"] = [_name(organisation, kind, each, now) for each in names]
    sown["customers"] = [_customer(organisation, each, now) for each in seed.customers]
    sown["items"] = [_item(organisation, each, now) for each in seed.items]
    sown["invoices"] = [_invoice(organisation, each, now) for each in seed.invoices]
    return sown


def _create(organisation: Organisation, kind: str, body: JsonObject, now: datetime) -> Record:
    data = write(organisation, kind, body, Options("create"), now)
    record = organisation.get(kind, text(data.get("Id")))
    if record is None:
        raise SeedError(f"{kind} {text(data.get('Id'))} isn't there after it was made")
    return record


def _deactivate(organisation: Organisation, record: Record, now: datetime) -> None:
    change: JsonObject = {
        "Id": record.id,
        "SyncToken": record.sync_token,
        "sparse": True,
        "Active": False,
    }
    write(organisation, record.kind, change, Options("update"), now)


def _held_as(name: str, *, active: bool) -> str:
    return name if active else name + DELETED


def _account(organisation: Organisation, given: SeedAccount, now: datetime) -> Record:
    for held in organisation.holders("Account", _held_as(given.name, active=given.active)):
        return held
    kinds = {each.casefold(): each for each in TYPES}
    kind = kinds.get(given.type.casefold())
    if kind is None:
        raise SeedError(f"accounts: type {given.type} isn't one of {', '.join(kinds)}")
    body: JsonObject = {"Name": given.name, "AccountType": kind}
    if given.code:
        body["AcctNum"] = given.code
    record = _create(organisation, "Account", body, now)
    if not given.active:
        _deactivate(organisation, record, now)
    return record


def _name(organisation: Organisation, kind: str, given: SeedName, now: datetime) -> Record:
    named = _held_as(given.name, active=given.active)
    for held in organisation.holders("name", named):
        if held.kind == kind:
            return held
    content: JsonObject = {
        "DisplayName": named,
        "PrintOnCheckName": given.name,
        "Active": given.active,
        "Balance": 0,
    }
    return organisation.add(kind, content, now)


def _customer(organisation: Organisation, given: SeedCustomer, now: datetime) -> Record:
    for held in organisation.holders("name", _held_as(given.name, active=given.active)):
        if held.kind == "Customer":
            return held
    body: JsonObject = {"DisplayName": given.name}
    if given.email:
        body["PrimaryEmailAddr"] = {"Address": given.email}
    if given.company_name:
        body["CompanyName"] = given.company_name
    if given.phone:
        body["PrimaryPhone"] = {"FreeFormNumber": given.phone}
    record = _create(organisation, "Customer", body, now)
    if not given.active:
        _deactivate(organisation, record, now)
    return record


def _income_account(organisation: Organisation, code: str | None) -> str:
    for record in organisation.all("Account"):
        income = record.data.get("AccountType") == "Income" and record.active
        if (code is None and income) or (code and record.data.get("AcctNum") == code):
            return record.id
    raise SeedError(f"items: there is no account with code {code}")


def _item(organisation: Organisation, given: SeedItem, now: datetime) -> Record:
    for held in organisation.holders("Item", _held_as(given.name, active=given.active)):
        return held
    body: JsonObject = {
        "Name": given.name,
        "Type": "Service",
        "UnitPrice": number(given.unit_price),
        "Taxable": given.taxable,
        "IncomeAccountRef": {"value": _income_account(organisation, given.account_code)},
    }
    if given.sku:
        body["Sku"] = given.sku
    if given.description:
        body["Description"] = given.description
    record = _create(organisation, "Item", body, now)
    if not given.active:
        _deactivate(organisation, record, now)
    return record


def _invoice(organisation: Organisation, given: SeedInvoice, now: datetime) -> Record:
    owners = [
        each for each in organisation.holders("name", given.customer) if each.kind == "Customer"
    ]
    if not owners:
        raise SeedError(f"invoices: there is no customer {given.customer}")
    lines: list[JsonObject] = []
    for line in given.lines:
        items = organisation.holders("Item", line.item)
        if not items:
            raise SeedError(f"invoices: there is no item {line.item}")
        lines.append(sales_line(items[0].id, line.quantity, line.unit_price, line.description))
    body: JsonObject = {"CustomerRef": {"value": owners[0].id}, "Line": list(lines)}
    fields = (("DocNumber", given.number), ("TxnDate", given.date), ("DueDate", given.due_date))
    body |= {name: value for name, value in fields if value}
    return _create(organisation, "Invoice", body, now)


def sales_line(
    item_id: str, quantity: Decimal, unit_price: Decimal, description: str | None
) -> JsonObject:
    """A line as a client of the API would send it."""
    amount = (quantity * unit_price).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
    line: JsonObject = {
        "DetailType": "SalesItemLineDetail",
        "Amount": number(amount),
        "SalesItemLineDetail": {
            "ItemRef": {"value": item_id},
            "Qty": number(quantity),
            "UnitPrice": number(unit_price),
        },
    }
    if description:
        line["Description"] = description
    return line
