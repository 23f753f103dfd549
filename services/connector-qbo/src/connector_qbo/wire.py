"""The shapes of QuickBooks Online's API: only the fields we read or write, the rest ignored."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, cast

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
from pydantic.alias_generators import to_pascal


def _number(value: Decimal) -> int | float | str:
    """A JSON number that reads back as the same amount; text where a float couldn't hold it.

    The API takes decimals as text too: python-quickbooks sends them so with `use_decimal`
    (https://github.com/ej2/python-quickbooks).
    """
    if value == value.to_integral_value() and abs(value) < 2**53:
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else format(value, "f")


def plain(value: Decimal) -> str:
    """The amount as text to compare by: without an exponent, trailing zeros or a minus zero."""
    return format(value.normalize(), "f") if value else "0"


def _text(value: object) -> object:
    """Ids, codes and tokens are strings of digits; some answers have them as numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _decimal(value: object) -> object:
    return str(value) if isinstance(value, float) else value


Amount = Annotated[
    Decimal, BeforeValidator(_decimal), PlainSerializer(_number, return_type=int | float | str)
]
Text = Annotated[str, BeforeValidator(_text)]


class Wire(BaseModel):
    """PascalCase there, snake_case here; unknown fields are ignored."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_pascal, populate_by_name=True
    )

    def body(self) -> bytes:
        """The object as a request's body: what isn't set is left out."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()

    def fields(self) -> dict[str, object]:
        """The object as JSON values, to be put inside another body."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Ref(Wire):
    """A reference to another object; `name` is ignored on input and so never sent."""

    value: Annotated[Text, Field(alias="value")]
    name: Annotated[str | None, Field(alias="name")] = None


class MetaData(Wire):
    create_time: datetime | None = None
    last_updated_time: datetime | None = None


class EmailAddress(Wire):
    address: str | None = None


class Phone(Wire):
    free_form_number: str | None = None


class PhysicalAddress(Wire):
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    country: str | None = None
    country_sub_division_code: str | None = None
    postal_code: str | None = None


class Customer(Wire):
    """https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer"""

    id: Text | None = None
    sync_token: Text | None = None
    sparse: Annotated[bool | None, Field(alias="sparse")] = None
    meta_data: MetaData | None = None
    active: bool | None = None
    display_name: str | None = None
    company_name: str | None = None
    primary_email_addr: EmailAddress | None = None
    primary_phone: Phone | None = None
    bill_addr: PhysicalAddress | None = None
    notes: str | None = None
    currency_ref: Ref | None = None


class Item(Wire):
    """https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item"""

    id: Text | None = None
    sync_token: Text | None = None
    sparse: Annotated[bool | None, Field(alias="sparse")] = None
    meta_data: MetaData | None = None
    active: bool | None = None
    name: str | None = None
    type: str | None = None
    sku: str | None = None
    description: str | None = None
    unit_price: Amount | None = None
    income_account_ref: Ref | None = None
    fully_qualified_name: str | None = None


class SalesItemLineDetail(Wire):
    item_ref: Ref | None = None
    item_account_ref: Ref | None = None
    qty: Amount | None = None
    unit_price: Amount | None = None
    tax_code_ref: Ref | None = None
    tax_inclusive_amt: Amount | None = None


class DiscountLineDetail(Wire):
    percent_based: bool | None = None
    discount_account_ref: Ref | None = None


class Line(Wire):
    """A line of an invoice. Answers add a SubTotalLineDetail line of their own, without an id."""

    id: Text | None = None
    detail_type: str | None = None
    amount: Amount | None = None
    description: str | None = None
    sales_item_line_detail: SalesItemLineDetail | None = None
    discount_line_detail: DiscountLineDetail | None = None


class TxnTaxDetail(Wire):
    txn_tax_code_ref: Ref | None = None
    total_tax: Amount | None = None


class Memo(Wire):
    value: Annotated[str | None, Field(alias="value")] = None


class Invoice(Wire):
    """https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice"""

    id: Text | None = None
    sync_token: Text | None = None
    sparse: Annotated[bool | None, Field(alias="sparse")] = None
    meta_data: MetaData | None = None
    doc_number: str | None = None
    txn_date: date | None = None
    due_date: date | None = None
    customer_ref: Ref | None = None
    currency_ref: Ref | None = None
    line: tuple[Line, ...] | None = None
    private_note: str | None = None
    customer_memo: Memo | None = None
    email_status: str | None = None
    global_tax_calculation: str | None = None
    txn_tax_detail: TxnTaxDetail | None = None
    apply_tax_after_discount: bool | None = None
    total_amt: Amount | None = None
    status: Annotated[str | None, Field(alias="status")] = None


class Account(Wire):
    """https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/account"""

    id: Text
    name: str = ""
    fully_qualified_name: str | None = None
    acct_num: Text | None = None
    account_type: str | None = None
    account_sub_type: str | None = None
    active: bool = True


class TaxRateDetail(Wire):
    tax_rate_ref: Ref | None = None


class TaxRateList(Wire):
    tax_rate_detail: tuple[TaxRateDetail, ...] = ()


class TaxCode(Wire):
    """https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/taxcode"""

    id: Text
    name: str = ""
    active: bool = True
    hidden: bool = False
    taxable: bool | None = None
    sales_tax_rate_list: TaxRateList | None = None


class TaxRate(Wire):
    """https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/taxrate"""

    id: Text
    active: bool = True
    rate_value: Amount | None = None


class CompanyInfo(Wire):
    company_name: str | None = None
    legal_name: str | None = None
    country: str | None = None


class SalesFormsPrefs(Wire):
    custom_txn_numbers: bool | None = None


class TaxPrefs(Wire):
    using_sales_tax: bool | None = None
    partner_tax_enabled: bool | None = None


class CurrencyPrefs(Wire):
    multi_currency_enabled: bool | None = None
    home_currency: Ref | None = None


class AccountingInfoPrefs(Wire):
    book_close_date: date | None = None


class Preferences(Wire):
    sales_forms_prefs: SalesFormsPrefs = SalesFormsPrefs()
    tax_prefs: TaxPrefs = TaxPrefs()
    currency_prefs: CurrencyPrefs = CurrencyPrefs()
    accounting_info_prefs: AccountingInfoPrefs = AccountingInfoPrefs()


class FaultError(Wire):
    """One reason of a refusal. `code` decides; the texts may be localised."""

    message: str | None = None
    detail: str | None = None
    code: Annotated[Text, Field(alias="code")] = ""
    element: Annotated[str | None, Field(alias="element")] = None


class Fault(Wire):
    error: tuple[FaultError, ...] = ()
    type: Annotated[str | None, Field(alias="type")] = None


class _GatewayError(Wire):
    model_config = ConfigDict(alias_generator=None)

    message: str | None = None
    detail: str | None = None
    code: Text = ""
    element: str | None = None


class _GatewayFault(Wire):
    model_config = ConfigDict(alias_generator=None)

    error: tuple[_GatewayError, ...] = ()
    type: str | None = None


def _from_gateway(fault: _GatewayFault) -> Fault:
    errors = tuple(
        FaultError(message=e.message, detail=e.detail, code=e.code, element=e.element)
        for e in fault.error
    )
    return Fault(error=errors, type=fault.type)


class Envelope(Wire):
    """What an answer is as a whole: whether it is a fault, in either of the two envelopes.

    The gateway before the API writes lower case (401 always, others at times).
    """

    fault: Fault | None = None
    gateway: Annotated[_GatewayFault | None, Field(alias="fault")] = None

    def any_fault(self) -> Fault | None:
        return self.fault or (_from_gateway(self.gateway) if self.gateway else None)


class QueryResponse(Wire):
    """A page of rows; `max_results` counts the rows of this page (empty: all fields missing)."""

    customer: tuple[Customer, ...] = ()
    item: tuple[Item, ...] = ()
    invoice: tuple[Invoice, ...] = ()
    account: tuple[Account, ...] = ()
    tax_code: tuple[TaxCode, ...] = ()
    tax_rate: tuple[TaxRate, ...] = ()
    company_info: tuple[CompanyInfo, ...] = ()
    preferences: tuple[Preferences, ...] = ()
    max_results: Annotated[int, Field(alias="maxResults")] = 0
    total_count: Annotated[int | None, Field(alias="totalCount")] = None


class BatchItem(Wire):
    """One answer of a batch: an object, rows, or a fault."""

    b_id: Annotated[Text, Field(alias="bId")]
    fault: Fault | None = None
    customer: Customer | None = None
    item: Item | None = None
    invoice: Invoice | None = None
    query_response: QueryResponse | None = None


def _items(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    """A member's answer that can't be read keeps its bId and holds nothing; others still count."""
    try:
        return validate(value)
    except ValidationError:
        known = cast("dict[str, object]", value) if isinstance(value, dict) else {}
        return BatchItem(b_id=str(known.get("bId", "")))


class Answer(Envelope):
    """Any JSON answer: what it holds of these is set."""

    customer: Customer | None = None
    item: Item | None = None
    invoice: Invoice | None = None
    company_info: CompanyInfo | None = None
    preferences: Preferences | None = None
    query_response: QueryResponse | None = None
    batch_item_response: tuple[Annotated[BatchItem, WrapValidator(_items)], ...] | None = None
