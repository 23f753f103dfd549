"""The shapes of Xero's Accounting API: only the fields we read or write, the rest ignored."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

ZERO_ID = "00000000-0000-0000-0000-000000000000"
"""The id of an element that wasn't created."""

_WORDS = {"id": "ID", "utc": "UTC"}
_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _name(field: str) -> str:
    return "".join(_WORDS.get(word, word.capitalize()) for word in field.split("_"))


def _number(value: Decimal) -> int | float | str:
    """A JSON number that reads back as the same amount; text where a float couldn't hold it."""
    if value == value.to_integral_value() and abs(value) < 2**53:
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else format(value, "f")


def plain(value: Decimal) -> str:
    """The amount as text to compare by: without an exponent, trailing zeros or a minus zero."""
    return format(value.normalize(), "f") if value else "0"


def _decimal(value: object) -> object:
    return str(value) if isinstance(value, float) else value


def _instant(value: object) -> object:
    """`/Date(ms)/`, with or without a zone; the milliseconds are UTC and may be negative.

    https://developer.xero.com/documentation/api/accounting/requests-and-responses
    """
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    return _EPOCH + timedelta(milliseconds=int(found[1])) if found else value


def _day(value: object) -> object:
    """Dates of documents are midnight UTC of the organisation's day."""
    instant = _instant(value)
    if isinstance(instant, datetime):
        return instant.date()
    return instant[:10] if isinstance(instant, str) else instant


Amount = Annotated[
    Decimal, BeforeValidator(_decimal), PlainSerializer(_number, return_type=int | float | str)
]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Day = Annotated[date, BeforeValidator(_day)]


class Wire(BaseModel):
    """PascalCase there (with ID and UTC), snake_case here; unknown fields are ignored."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=_name, populate_by_name=True
    )

    def fields(self) -> dict[str, object]:
        """The object as JSON values: what isn't set is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Message(Wire):
    message: str = ""


class Element(Wire):
    """What every element of an answer may say of itself.

    `validation_errors` may also stand on a line of it.
    """

    status_attribute_string: str | None = None
    has_validation_errors: bool | None = None
    has_errors: bool | None = None
    validation_errors: tuple[Message, ...] | None = None

    def failed(self) -> bool:
        """Whether it says that it wasn't saved."""
        return bool(
            self.validation_errors
            or self.has_validation_errors
            or self.has_errors
            or self.status_attribute_string == "ERROR"
        )

    def messages(self) -> tuple[str, ...]:
        """All it says, its own first."""
        return tuple(each.message for each in self.validation_errors or ())


class Phone(Wire):
    phone_type: str
    phone_number: str | None = None


class Address(Wire):
    address_type: str
    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


class Contact(Element):
    """https://developer.xero.com/documentation/api/accounting/contacts"""

    contact_id: str | None = None
    contact_number: str | None = None
    contact_status: str | None = None
    name: str | None = None
    email_address: str | None = None
    phones: tuple[Phone, ...] | None = None
    addresses: tuple[Address, ...] | None = None
    default_currency: str | None = None
    is_customer: bool | None = None
    is_supplier: bool | None = None
    merged_to_contact_id: str | None = None
    updated_date_utc: Instant | None = None


class SalesDetails(Wire):
    unit_price: Amount | None = None
    account_code: str | None = None


class Item(Element):
    """https://developer.xero.com/documentation/api/accounting/items"""

    item_id: str | None = None
    code: str | None = None
    name: str | None = None
    description: str | None = None
    is_sold: bool | None = None
    is_purchased: bool | None = None
    sales_details: SalesDetails | None = None
    updated_date_utc: Instant | None = None


class LineItemItem(Wire):
    item_id: str | None = None


class LineItem(Wire):
    item_code: str | None = None
    description: str | None = None
    quantity: Amount | None = None
    unit_amount: Amount | None = None
    discount_rate: Amount | None = None
    account_code: str | None = None
    account_id: str | None = None
    tax_type: str | None = None
    line_amount: Amount | None = None
    item: LineItemItem | None = None
    validation_errors: tuple[Message, ...] | None = None


class Invoice(Element):
    """https://developer.xero.com/documentation/api/accounting/invoices"""

    type: str | None = None
    invoice_id: str | None = None
    invoice_number: str | None = None
    status: str | None = None
    contact: Contact | None = None
    date: Day | None = None
    due_date: Day | None = None
    currency_code: str | None = None
    reference: str | None = None
    url: str | None = None
    line_amount_types: str | None = None
    line_items: tuple[LineItem, ...] | None = None
    total: Amount | None = None
    total_tax: Amount | None = None
    amount_paid: Amount | None = None
    amount_credited: Amount | None = None
    updated_date_utc: Instant | None = None

    def messages(self) -> tuple[str, ...]:
        lines = (line.validation_errors or () for line in self.line_items or ())
        return (*super().messages(), *(each.message for errors in lines for each in errors))


class RefusedElement(Element):
    """An element of a 400, of whatever kind."""

    contact_number: str | None = None
    code: str | None = None
    invoice_number: str | None = None


class Account(Wire):
    """https://developer.xero.com/documentation/api/accounting/accounts"""

    account_id: str
    code: str | None = None
    name: str = ""
    type: str | None = None
    class_: Annotated[str | None, Field(alias="Class")] = None
    status: str | None = None
    system_account: str | None = None


class TaxRate(Wire):
    """https://developer.xero.com/documentation/api/accounting/taxrates"""

    name: str = ""
    tax_type: str | None = None
    status: str | None = None
    can_apply_to_revenue: bool | None = None
    effective_rate: Amount | None = None


class Organisation(Wire):
    """https://developer.xero.com/documentation/api/accounting/organisation"""

    name: str | None = None
    legal_name: str | None = None
    base_currency: str | None = None
    country_code: str | None = None
    pays_tax: bool | None = None
    period_lock_date: Day | None = None
    end_of_year_lock_date: Day | None = None


class Pagination(Wire):
    page_count: Annotated[int, Field(alias="pageCount")] = 1
    item_count: Annotated[int | None, Field(alias="itemCount")] = None


def _alone(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    """An element that can't be read holds nothing; its neighbours still count."""
    try:
        return validate(value)
    except ValidationError:
        return validate({})


class Answer(Wire):
    """Any JSON answer: what it holds of these is set."""

    contacts: tuple[Annotated[Contact, WrapValidator(_alone)], ...] | None = None
    items: tuple[Annotated[Item, WrapValidator(_alone)], ...] | None = None
    invoices: tuple[Annotated[Invoice, WrapValidator(_alone)], ...] | None = None
    accounts: tuple[Account, ...] | None = None
    tax_rates: tuple[TaxRate, ...] | None = None
    organisations: tuple[Organisation, ...] | None = None
    pagination: Annotated[Pagination | None, Field(alias="pagination")] = None
    elements: tuple[Annotated[RefusedElement, WrapValidator(_alone)], ...] | None = None
    error_number: int | None = None
    type: str | None = None
    message: str | None = None


class Connection(BaseModel):
    """One organisation that the person who consented has connected to our app.

    https://developer.xero.com/documentation/guides/oauth2/tenants/
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    tenant_id: Annotated[str, Field(alias="tenantId")]
    tenant_type: Annotated[str, Field(alias="tenantType")] = "ORGANISATION"
    tenant_name: Annotated[str | None, Field(alias="tenantName")] = None
    updated: Annotated[str, Field(alias="updatedDateUtc")] = ""
