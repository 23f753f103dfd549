"""What the API takes and shows of invoices."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from contracts.ids import CustomerId, InvoiceId, ItemId, Provider, TaxRateId
from contracts.invoicing import MAX_LINES, InvoiceStatus
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from invoice_api.http.fields import CurrencyCode, DecimalText, Description, LongText, Name, Sent
from invoice_api.sync_status.schemas import BadgeShown, LinkShown

InvoiceNumber = Annotated[Name, StringConstraints(max_length=50)]

MAX_BULK = 1_000


class NewLine(Sent):
    """A line; without a price of its own it has its item's."""

    item_id: UUID | None = None
    description: Description = ""
    quantity: DecimalText = Decimal(1)
    unit_price: DecimalText | None = None
    discount_percent: DecimalText | None = None
    tax_rate_id: UUID | None = None


Lines = Annotated[tuple[NewLine, ...], Field(max_length=MAX_LINES)]


class NewInvoice(Sent):
    """A draft. Without a number it gets the next, without a date today's."""

    number: InvoiceNumber | None = None
    customer_id: UUID
    issue_date: date | None = None
    due_date: date | None = None
    currency: CurrencyCode | None = None
    memo: LongText | None = None
    prices_include_tax: bool = False
    lines: Lines = ()


class InvoiceChanges(Sent):
    """Just the fields that change; `lines` are replaced whole, null clears what may be empty."""

    number: InvoiceNumber = ""
    customer_id: UUID = UUID(int=0)
    issue_date: date = date.min
    due_date: date | None = None
    currency: CurrencyCode = ""
    memo: LongText | None = None
    prices_include_tax: bool = False
    lines: Lines = ()


class NewInvoices(Sent):
    """All or nothing."""

    invoices: Annotated[tuple[NewInvoice, ...], Field(min_length=1, max_length=MAX_BULK)]
    send: bool = False


class LineShown(BaseModel):
    position: int
    item_id: ItemId | None
    description: str
    quantity: DecimalText
    unit_price: DecimalText
    discount_percent: DecimalText
    tax_rate_id: TaxRateId | None
    tax_name: str | None
    tax_percent: DecimalText | None
    tax_amount: DecimalText
    amount: DecimalText


class InvoiceShown(BaseModel):
    id: InvoiceId
    version: int
    number: str
    status: InvoiceStatus
    customer_id: CustomerId
    customer_name: str
    issue_date: date
    due_date: date | None
    currency: str
    memo: str | None
    prices_include_tax: bool
    lines: tuple[LineShown, ...]
    subtotal: DecimalText
    tax: DecimalText
    total: DecimalText
    sent_at: AwareDatetime | None
    links: tuple[LinkShown, ...]
    sync: dict[Provider, BadgeShown]


class InvoicesShown(BaseModel):
    data: tuple[InvoiceShown, ...]
    next_cursor: str | None


class BulkShown(BaseModel):
    data: tuple[InvoiceShown, ...]
