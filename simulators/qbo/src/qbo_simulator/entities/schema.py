"""The properties each entity has, and reading a request's body by them.

From the published schema (Finance.xsd, IntuitNamesTypes.xsd). A property the schema doesn't know
is refused with 2010; one it knows but nobody may write is read and ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal, TypeAlias

from qbo_simulator.provider_faults import (
    FaultError,
    ProviderFault,
    date_error,
    number_error,
    unsupported_property,
)
from qbo_simulator.wire import Json, JsonObject, number, parse_date

Scalar: TypeAlias = Literal["text", "number", "flag", "date", "any"]


@dataclass(frozen=True, slots=True)
class Shape:
    """An object's properties."""

    fields: dict[str, Field]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of objects of one shape."""

    item: Shape


Field: TypeAlias = "Scalar | Shape | ListOf"


def _of(kind: Field, names: str) -> dict[str, Field]:
    return dict.fromkeys(names.split(), kind)


REF = Shape(_of("text", "value name type"))
ADDRESS = Shape(
    _of(
        "text",
        "Id Line1 Line2 Line3 Line4 Line5 City Country CountryCode County CountrySubDivisionCode "
        "PostalCode PostalCodeSuffix Lat Long Tag Note",
    )
)
EMAIL = Shape({**_of("text", "Id Address Tag"), "Default": "flag"})
PHONE = Shape(
    {
        **_of(
            "text",
            "Id DeviceType CountryCode AreaCode ExchangeCode Extension FreeFormNumber Tag",
        ),
        "Default": "flag",
    }
)
WEB = Shape({**_of("text", "Id URI Tag"), "Default": "flag"})
CUSTOM_FIELD = Shape(
    {
        **_of("text", "DefinitionId Name Type StringValue"),
        "BooleanValue": "flag",
        "DateValue": "date",
        "NumberValue": "number",
    }
)
LINKED = Shape(_of("text", "TxnId TxnType TxnLineId"))
_ENTITY: dict[str, Field] = {
    **_of("text", "Id SyncToken domain status"),
    "sparse": "flag",
    "MetaData": "any",
    "CustomField": ListOf(CUSTOM_FIELD),
    "AttachableRef": "any",
}
_NAME: dict[str, Field] = {
    **_ENTITY,
    **_of(
        "text",
        "IntuitId Title GivenName MiddleName FamilyName Suffix FullyQualifiedName CompanyName "
        "DisplayName PrintOnCheckName UserId V4IDPseudonym ClientEntityId ClientCompanyId",
    ),
    **_of("flag", "Organization Active"),
    **_of(PHONE, "PrimaryPhone AlternatePhone Mobile Fax"),
    "PrimaryEmailAddr": EMAIL,
    "WebAddr": WEB,
    "OtherContactInfo": "any",
    "DefaultTaxCodeRef": REF,
}
CUSTOMER = Shape(
    {
        **_NAME,
        **_of("flag", "Taxable Job BillWithParent IsProject TDSEnabled IsCISContractor"),
        **_of(ADDRESS, "BillAddr ShipAddr"),
        **_of("any", "OtherAddr CCDetail JobInfo CustomerEx"),
        **_of(
            "text",
            "ContactName AltContactName Notes AcctNum PreferredDeliveryMethod ResaleNum "
            "SecondaryTaxIdentifier PrimaryTaxIdentifier TaxExemptionReasonId BusinessNumber GSTIN "
            "GSTRegistrationType Source TaxRegime",
        ),
        **_of(
            "number",
            "Level Balance BalanceWithJobs CreditLimit OverDueBalance TotalRevenue TotalExpense",
        ),
        "OpenBalanceDate": "date",
        **_of(
            REF,
            "RootCustomerRef ParentRef CustomerTypeRef SalesTermRef SalesRepRef TaxGroupCodeRef "
            "TaxRateRef PaymentMethodRef PriceLevelRef CurrencyRef ARAccountRef",
        ),
    }
)
ITEM = Shape(
    {
        **_ENTITY,
        **_of(
            "text",
            "Name Sku Description FullyQualifiedName Type PurchaseDesc ManPartNum SpecialItemType "
            "ServiceType ItemCategoryType UQCDisplayText UQCId Source ClientEntityId",
        ),
        **_of(
            "flag",
            "Active SubItem Taxable SalesTaxIncluded PercentBased PurchaseTaxIncluded "
            "TrackQtyOnHand PrintGroupedItems SpecialItem DeferredRevenue",
        ),
        **_of(
            "number",
            "Level UnitPrice RatePercent PurchaseCost AvgCost QtyOnHand QtyOnPurchaseOrder "
            "QtyOnSalesOrder ReorderPoint BuildPoint AbatementRate ReverseChargeRate",
        ),
        "InvStartDate": "date",
        **_of("any", "ItemGroupDetail ItemAssemblyDetail ItemEx CustomExtensions"),
        **_of(
            REF,
            "ParentRef PaymentMethodRef UOMSetRef IncomeAccountRef ExpenseAccountRef "
            "COGSAccountRef AssetAccountRef PrefVendorRef DepositToAccountRef SalesTaxCodeRef "
            "PurchaseTaxCodeRef TaxClassificationRef ClassRef",
        ),
    }
)
ACCOUNT = Shape(
    {
        **_ENTITY,
        **_of(
            "text",
            "Name Description FullyQualifiedName AccountAlias TxnLocationType Classification "
            "AccountType AccountSubType AcctNum AcctNumExtn BankNum FIName ClientEntityId",
        ),
        **_of("flag", "SubAccount Active TaxAccount OnlineBankingEnabled"),
        **_of("number", "OpeningBalance CurrentBalance CurrentBalanceWithSubAccounts"),
        "OpeningBalanceDate": "date",
        **_of("any", "AccountPurposes AccountEx"),
        **_of(REF, "ParentRef CurrencyRef TaxCodeRef JournalCodeRef"),
    }
)
_MARKUP = Shape(
    {
        "PercentBased": "flag",
        **_of("number", "Value Percent"),
        **_of(REF, "PriceLevelRef MarkUpIncomeAccountRef"),
    }
)
SALES_DETAIL = Shape(
    {
        **_of(
            REF,
            "ItemRef ClassRef PriceLevelRef UOMRef ItemAccountRef InventorySiteRef TaxCodeRef "
            "TaxClassificationRef",
        ),
        **_of(
            "number",
            "UnitPrice UnitCostPrice RatePercent Qty TaxInclusiveAmt DiscountRate DiscountAmt "
            "RetainageAmount",
        ),
        "MarkupInfo": _MARKUP,
        "ServiceDate": "date",
        "DeferredRevenue": "flag",
        "SalesItemLineDetailEx": "any",
    }
)
DISCOUNT_DETAIL = Shape(
    {
        "PercentBased": "flag",
        "DiscountPercent": "number",
        "ServiceDate": "date",
        **_of(REF, "DiscountRef DiscountAccountRef ClassRef TaxCodeRef"),
        **_of("any", "Discount DiscountLineDetailEx"),
    }
)
TAX_LINE = Shape(
    {
        **_of("text", "Id Description DetailType"),
        **_of("number", "LineNum Amount"),
        "TaxLineDetail": Shape(
            {
                "TaxRateRef": REF,
                "PercentBased": "flag",
                **_of(
                    "number",
                    "TaxPercent NetAmountTaxable TaxInclusiveAmount OverrideDeltaAmount",
                ),
                "ServiceDate": "date",
                "TaxLineDetailEx": "any",
            }
        ),
    }
)
TAX_DETAIL = Shape(
    {
        **_of(REF, "DefaultTaxCodeRef TxnTaxCodeRef"),
        "TotalTax": "number",
        "TaxReviewStatus": "text",
        "TaxLine": ListOf(TAX_LINE),
        "UseAutomatedSalesTax": "flag",
    }
)
LINE = Shape(
    {
        **_of("text", "Id Description DetailType"),
        **_of("number", "LineNum Amount Received CostAmount HomeCostAmount"),
        "LinkedTxn": ListOf(LINKED),
        "SalesItemLineDetail": SALES_DETAIL,
        "DiscountLineDetail": DISCOUNT_DETAIL,
        "DescriptionLineDetail": Shape(
            {"ServiceDate": "date", "TaxCodeRef": REF, "DescriptionLineDetailEx": "any"}
        ),
        # pyqb writes the second spelling
        **_of("any", "SubTotalLineDetail SubtotalLineDetail GroupLineDetail LineEx"),
        **_of("any", "CustomField CustomExtensions"),
        "ProjectRef": REF,
    }
)
INVOICE = Shape(
    {
        **_ENTITY,
        **_of(
            "text",
            "DocNumber TxnSubType PrivateNote TxnStatus TxnSource TaxFormType TaxFormNum "
            "TransactionLocationType PONumber FOB TrackingNum GlobalTaxCalculation PrintStatus "
            "EmailStatus PaymentRefNum PaymentType GovtTxnRefIdentifier EInvoiceStatus InvoiceLink "
            "Exportation invoiceStatus callToAction PaymentDetailsMessage InvoiceLinkSecurityCode "
            "ScheduledPaymentId FinancingProductType SubscriptionPaymentsSetting V4IDPseudonym",
        ),
        **_of("date", "TxnDate DueDate ShipDate InvoiceLinkExpiryDate"),
        **_of(
            "number",
            "ExchangeRate TotalAmt HomeTotalAmt Balance HomeBalance Deposit DiscountRate "
            "DiscountAmt TotalCostAmount HomeTotalCostAmount CfdiUse LessCIS",
        ),
        **_of(
            "flag",
            "AutoDocNumber FreeFormAddress ApplyTaxAfterDiscount ShippingTaxIncludedInTotalTax "
            "FinanceCharge AllowIPNPayment AllowOnlinePayment AllowOnlineCreditCardPayment "
            "AllowOnlineACHPayment AllowOnlinePayPalPayment AllowOnlineAffirmPayment "
            "AutoPayEligible SchedulePayEligible GratuityEnabled",
        ),
        **_of(
            REF,
            "CustomerRef DepartmentRef CurrencyRef RecurDataRef ProjectRef RemitToRef ClassRef "
            "SalesTermRef SalesRepRef ShipMethodRef TemplateRef ARAccountRef PaymentMethodRef "
            "DepositToAccountRef TaxExemptionRef CustomerMemo",
        ),
        **_of(ADDRESS, "BillAddr ShipAddr ShipFromAddr"),
        **_of(EMAIL, "BillEmail BillEmailCc BillEmailBcc"),
        "TxnTaxDetail": TAX_DETAIL,
        "LinkedTxn": ListOf(LINKED),
        "Line": ListOf(LINE),
        **_of(
            "any",
            "Tag TxnApprovalInfo RecurringInfo CheckPayment CreditCardPayment DeliveryInfo "
            "ECloudStatusTimeStamp GlobalInfo invoiceStatusLog InvoiceEx ConvenienceFeeDetail "
            "EnabledSurchargeInfo TxnRetainageDetail",
        ),
    }
)


def read(body: JsonObject, shape: Shape, *, strict: bool) -> JsonObject:
    """The body by its shape: what is null is left out, what is `""` or an empty object is None
    (the client clears it), numbers and flags sent as strings are numbers and flags.

    Raises ProviderFault: 2010 for a property or a type the schema doesn't know (unless not
    `strict`: then left out), 2060 and 2090 for what isn't a number or a date, all at once.
    """
    errors: list[FaultError] = []
    cleaned = _object(body, shape, strict, errors)
    if errors:
        raise ProviderFault(*errors)
    return cleaned


def _object(body: JsonObject, shape: Shape, strict: bool, errors: list[FaultError]) -> JsonObject:
    cleaned: JsonObject = {}
    fields = shape.fields
    for name, value in body.items():
        kind = fields.get(name)
        if kind is None:
            if strict:
                raise unsupported_property(name)
        elif value is not None:
            cleaned[name] = value if kind == "any" else _field(name, value, kind, strict, errors)
    return cleaned


def _field(name: str, value: Json, kind: Field, strict: bool, errors: list[FaultError]) -> Json:
    if value == "":
        return None
    if isinstance(kind, Shape):
        if not isinstance(value, dict):
            raise _wrong_type(name, value)
        inner = _object(value, kind, strict, errors)
        return {key: each for key, each in inner.items() if each is not None} or None
    if isinstance(kind, ListOf):
        if not isinstance(value, list):
            raise _wrong_type(name, value)
        return [_list_item(name, each, kind.item, strict, errors) for each in value]
    if isinstance(value, (dict, list)):
        raise _wrong_type(name, value)
    if kind == "text":
        return value if isinstance(value, str) else str(value)
    if kind == "number":
        return _number(name, value, errors)
    if kind == "flag":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    found = parse_date(str(value))
    if found is None:
        errors.append(date_error(name, str(value)))
        return None
    return found.isoformat()


def _list_item(
    name: str, value: Json, shape: Shape, strict: bool, errors: list[FaultError]
) -> JsonObject:
    if not isinstance(value, dict):
        raise _wrong_type(name, value)
    inner = _object(value, shape, strict, errors)
    return {key: each for key, each in inner.items() if each is not None}


def _number(name: str, value: Json, errors: list[FaultError]) -> Json:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    try:
        amount = Decimal(str(value))
        if amount.is_finite():
            return number(amount)
    except InvalidOperation:
        pass
    errors.append(number_error(name, str(value)))
    return None


def _wrong_type(name: str, value: Json) -> ProviderFault:
    got = "START_ARRAY" if isinstance(value, list) else "START_OBJECT"
    if not isinstance(value, (dict, list)):
        got = "VALUE_STRING"
    return unsupported_property(f"Can not deserialize instance of {name} out of {got} token")
