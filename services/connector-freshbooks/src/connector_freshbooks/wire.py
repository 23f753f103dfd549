"""The shapes of FreshBooks' API: only the fields we read or write, the rest ignored."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

EASTERN = ZoneInfo("America/New_York")
"""Times of the accounting API are US/Eastern, but a client's `signup_date` is UTC.

https://github.com/amcintosh/freshbooks-python-sdk (models.py)
"""

DELETED = 1
"""`vis_state`: 0 active, 1 deleted, 2 archived, which still counts and can be used.

https://www.freshbooks.com/api/active_deleted
"""


def _text(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


Text = Annotated[str, BeforeValidator(_text)]


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Amount(Wire):
    """Money: the amount is text, with any number of decimals."""

    amount: Text | None = None
    code: str | None = None

    @property
    def number(self) -> Decimal | None:
        try:
            return Decimal(self.amount) if self.amount else None
        except InvalidOperation:
            return None


class Record(Wire):
    """What every record of the accounting API has."""

    id: Text
    vis_state: int = 0
    updated: str | None = None


class Client(Record):
    """https://www.freshbooks.com/api/clients"""

    organization: str | None = None
    fname: str | None = None
    lname: str | None = None
    email: str | None = None
    bus_phone: str | None = None
    note: str | None = None
    p_street: str | None = None
    p_street2: str | None = None
    p_city: str | None = None
    p_province: str | None = None
    p_code: str | None = None
    p_country: str | None = None
    currency_code: str | None = None
    signup_date: str | None = None


class Item(Record):
    """https://www.freshbooks.com/api/items; the account's keys are unconfirmed (see `item.py`)."""

    name: str | None = None
    description: str | None = None
    sku: str | None = None
    unit_cost: Amount | None = None
    account_uuid: str | None = None
    income_account_id: Text | None = None


class Line(Wire):
    """A line of an invoice: it names its item by name only. A tax's amount is its percent; a second
    one is never sent, and read so that one put there by hand is seen."""

    model_config = ConfigDict(populate_by_name=True)

    name: str | None = None
    description: str | None = None
    qty: Text | None = None
    unit_cost: Amount | None = None
    amount: Amount | None = None
    tax_name: Annotated[str | None, Field(alias="taxName1")] = None
    tax_percent: Annotated[Text | None, Field(alias="taxAmount1")] = None
    second_tax_name: Annotated[str | None, Field(alias="taxName2")] = None
    second_tax_percent: Annotated[Text | None, Field(alias="taxAmount2")] = None


class Invoice(Record):
    """https://www.freshbooks.com/api/invoices; `lines` only where they are included."""

    invoice_number: Text | None = None
    customerid: Text | None = None
    create_date: date | None = None
    due_date: date | None = None
    currency_code: str | None = None
    notes: str | None = None
    amount: Amount | None = None
    paid: Amount | None = None
    current_organization: str | None = None
    created_at: str | None = None
    version: str | None = None
    lines: tuple[Line, ...] | None = None


class Result(Wire):
    """`response.result`: one record, or a page of them."""

    client: Client | None = None
    item: Item | None = None
    invoice: Invoice | None = None
    clients: tuple[Client, ...] | None = None
    items: tuple[Item, ...] | None = None
    invoices: tuple[Invoice, ...] | None = None
    page: int | None = None
    pages: int | None = None
    total: int | None = None


class LedgerAccount(Wire):
    """https://www.freshbooks.com/api/chart-of-accounts"""

    uuid: str
    name: str = ""
    number: Text | None = None
    type: str | None = None
    parent_account: str | None = None
    state: str | None = None


class LedgerAccounts(Wire):
    data: tuple[LedgerAccount, ...]


class Business(Wire):
    """A business and its three ids; a client-only identity has one without `account_id`."""

    id: Text | None = None
    business_uuid: str | None = None
    account_id: str | None = None
    name: str | None = None
    advanced_accounting_enabled: bool | None = None
    billing_country_code: str | None = None


class Membership(Wire):
    role: str | None = None
    business: Business = Business()


class Me(Wire):
    """https://www.freshbooks.com/api/me_endpoint"""

    identity_id: Text | None = None
    id: Text | None = None
    business_memberships: tuple[Membership, ...] = ()


class MeAnswer(Wire):
    response: Me


class Reason(Wire):
    """One reason of a refusal. `errno` decides; texts only where an errno says several things."""

    errno: Text = ""
    field: str | None = None
    message: str | None = None
    object: str | None = None
    value: Text | None = None


def body(kind: str, fields: Mapping[str, object]) -> bytes:
    """The fields as a request's body, in their order."""
    return json.dumps({kind: fields}, ensure_ascii=False, separators=(",", ":")).encode()


def plain(value: Decimal) -> str:
    """The amount as text to compare by: without an exponent, trailing zeros or a minus zero."""
    return format(value.normalize(), "f") if value else "0"


def eastern(stamp: str | None) -> datetime | None:
    """A time of the accounting API; None where it can't be read."""
    return _stamped(stamp, EASTERN)


def universal(stamp: str | None) -> datetime | None:
    """A client's `signup_date`."""
    return _stamped(stamp, UTC)


def _stamped(stamp: str | None, zone: tzinfo) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp or "").replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None
