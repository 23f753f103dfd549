"""Facts that invoice-api owns: whole snapshots of customers, items and invoices.

A snapshot's `version` is raised by invoice-api with every change of that record and by nobody else;
a reader that has seen a higher one ignores the lower.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from contracts.ids import ConnectionId, CustomerId, InvoiceId, ItemId, RemoteId, TaxRateId, UserId
from contracts.message import Message, Part
from contracts.money import Currency, Number

CustomerKind = Literal["business", "homeowner"]
InvoiceStatus = Literal["draft", "pending", "sent", "paid", "void"]

MAX_LINES = 2_000
MAX_DESCRIPTION = 1_000


class Address(Part):
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


class CameFrom(Part):
    """The record at a provider that an import made this customer of."""

    connection_id: ConnectionId
    remote_id: RemoteId
    remote_version: str | None = None


class CustomerSnapshot(Part):
    """`currency` is what a new customer is kept in at a provider that keeps each in one; None: in
    that of the invoice that asked for the customer, else in the organisation's own."""

    id: CustomerId
    version: int
    name: str
    kind: CustomerKind
    email: str | None = None
    phone: str | None = None
    company_name: str | None = None
    address: Address | None = None
    came_from: CameFrom | None = None
    currency: Currency | None = None
    created_at: AwareDatetime


class ItemSnapshot(Part):
    id: ItemId
    version: int
    name: str
    sku: str | None = None
    description: str | None = None
    unit_price: Number
    created_at: AwareDatetime


class InvoiceLine(Part):
    """One line. `amount` is quantity × unit price less discount, rounded to the currency.

    `tax_name` and `tax_percent` are the tax rate's as they were when the line was priced, so that a
    snapshot is whole; `tax_amount` is the line's tax by `contracts.taxes.line_tax`, within `amount`
    where the invoice's prices include tax.
    """

    position: int
    item_id: ItemId | None
    description: Annotated[str, Field(max_length=MAX_DESCRIPTION)] = ""
    quantity: Number
    unit_price: Number
    discount_percent: Number = Decimal(0)
    tax_rate_id: TaxRateId | None = None
    tax_name: str | None = None
    tax_percent: Number | None = None
    tax_amount: Number = Decimal(0)
    amount: Number


class InvoiceSnapshot(Part):
    id: InvoiceId
    version: int
    number: str
    status: InvoiceStatus
    customer_id: CustomerId
    issue_date: date
    due_date: date | None = None
    currency: Currency
    memo: str | None = None
    prices_include_tax: bool = False
    lines: tuple[InvoiceLine, ...]
    subtotal: Number
    tax: Number
    total: Number
    sent_at: AwareDatetime | None = None
    sent_by: UserId | None = None


class CustomerCreated(Message):
    type: Literal["invoicing.customer_created.v1"] = "invoicing.customer_created.v1"
    customer: CustomerSnapshot


class CustomerChanged(Message):
    type: Literal["invoicing.customer_changed.v1"] = "invoicing.customer_changed.v1"
    customer: CustomerSnapshot


class ItemCreated(Message):
    type: Literal["invoicing.item_created.v1"] = "invoicing.item_created.v1"
    item: ItemSnapshot


class ItemChanged(Message):
    type: Literal["invoicing.item_changed.v1"] = "invoicing.item_changed.v1"
    item: ItemSnapshot


class InvoiceSent(Message):
    type: Literal["invoicing.invoice_sent.v1"] = "invoicing.invoice_sent.v1"
    invoice: InvoiceSnapshot


class InvoiceChanged(Message):
    type: Literal["invoicing.invoice_changed.v1"] = "invoicing.invoice_changed.v1"
    invoice: InvoiceSnapshot


class InvoiceVoided(Message):
    type: Literal["invoicing.invoice_voided.v1"] = "invoicing.invoice_voided.v1"
    invoice: InvoiceSnapshot


InvoicingEvent = Annotated[
    CustomerCreated
    | CustomerChanged
    | ItemCreated
    | ItemChanged
    | InvoiceSent
    | InvoiceChanged
    | InvoiceVoided,
    Field(discriminator="type"),
]
