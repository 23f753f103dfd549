"""What the API takes and shows of customers."""

from typing import Any

from contracts.ids import CustomerId, Provider
from contracts.invoicing import Address, CustomerKind
from pydantic import AwareDatetime, BaseModel

from invoice_api.http.fields import CurrencyCode, Email, Name, Sent, ShortText
from invoice_api.sync_status.schemas import BadgeShown, LinkShown


class AddressSent(Sent):
    line1: ShortText | None = None
    line2: ShortText | None = None
    city: ShortText | None = None
    region: ShortText | None = None
    postal_code: ShortText | None = None
    country: ShortText | None = None


class NewCustomer(Sent):
    """`currency` is what a new one is kept in where the provider keeps each customer in one."""

    name: Name
    kind: CustomerKind = "homeowner"
    email: Email | None = None
    phone: ShortText | None = None
    company_name: ShortText | None = None
    address: AddressSent | None = None
    currency: CurrencyCode | None = None


class CustomerChanges(Sent):
    """Just the fields that change; null clears one that may be empty."""

    name: Name = ""
    kind: CustomerKind = "homeowner"
    email: Email | None = None
    phone: ShortText | None = None
    company_name: ShortText | None = None
    address: AddressSent | None = None
    currency: CurrencyCode | None = None

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class CustomerShown(BaseModel):
    id: CustomerId
    version: int
    name: str
    kind: CustomerKind
    email: str | None
    phone: str | None
    company_name: str | None
    address: Address | None
    currency: str | None
    created_at: AwareDatetime
    links: tuple[LinkShown, ...]
    sync: dict[Provider, BadgeShown]


class CustomersShown(BaseModel):
    data: tuple[CustomerShown, ...]
    next_cursor: str | None
