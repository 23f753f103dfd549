"""What requests may say: names in any case, lengths, enumerations."""

from __future__ import annotations

from collections.abc import Iterable

from xero_simulator.refusals import bad_data, bad_enum, too_long
from xero_simulator.settings import Settings
from xero_simulator.wire import Json, JsonObject, decimal, text, words

_LARGEST_NUMBER = 10**11

_NAMES = words(
    "Contacts Contact ContactID ContactNumber AccountNumber ContactStatus Name FirstName LastName "
    "EmailAddress CompanyNumber TaxNumber BankAccountDetails DefaultCurrency Website Discount "
    "AccountsReceivableTaxType AccountsPayableTaxType SalesDefaultAccountCode "
    "PurchasesDefaultAccountCode Addresses AddressType AddressLine1 AddressLine2 AddressLine3 "
    "AddressLine4 City Region PostalCode Country AttentionTo Phones PhoneType PhoneNumber "
    "PhoneAreaCode PhoneCountryCode ContactPersons IncludeInEmails IsSupplier IsCustomer "
    "PaymentTerms Bills Sales Day Type XeroNetworkKey "
    "Items Item ItemID Code Description PurchaseDescription IsSold IsPurchased SalesDetails "
    "PurchaseDetails UnitPrice AccountCode COGSAccountCode TaxType IsTrackedAsInventory "
    "InventoryAssetAccountCode QuantityOnHand TotalCostPool "
    "Invoices Invoice InvoiceID InvoiceNumber Reference BrandingThemeID Url CurrencyCode "
    "CurrencyRate Status SentToContact ExpectedPaymentDate PlannedPaymentDate Date DueDate "
    "LineAmountTypes LineItems LineItemID Quantity UnitAmount ItemCode AccountID TaxAmount "
    "LineAmount DiscountRate DiscountAmount Tracking TrackingCategoryID TrackingOptionID Option "
    "SubTotal TotalTax Total "
    "Accounts Account SystemAccount EnablePaymentsToAccount ShowInExpenseClaims BankAccountNumber "
    "TaxRates TaxRate TaxComponents Rate IsCompound IsNonRecoverable ReportTaxType"
)
_CANONICAL = {each.casefold(): each for each in _NAMES}


def canonical(value: Json) -> Json:
    """The same with every known name in its own case; what is null is left out."""
    if isinstance(value, dict):
        return {
            _CANONICAL.get(name.casefold(), name): canonical(each)
            for name, each in value.items()
            if each is not None
        }
    if isinstance(value, list):
        return [canonical(each) for each in value if each is not None]
    return value


def one_of(body: JsonObject, field: str, allowed: Iterable[str], kind: str, path: str) -> None:
    """Raises ApiError unless the field is absent, empty or one of `allowed`."""
    value = body.get(field)
    if value is not None and value != "" and text(value) not in allowed:
        raise bad_enum(text(value), kind, f"{path}.{field}")


def numbers(body: JsonObject, fields: Iterable[str], path: str) -> None:
    """Raises ApiError unless each field is absent or a number of a size amounts may have."""
    for field in fields:
        if field not in body:
            continue
        found = decimal(body[field])
        if found is not None and abs(found) > _LARGEST_NUMBER:
            told = "Value was either too large or too small for a Decimal."
            raise bad_data(f"{told} Path '{path}.{field}'.")
        if found is None:
            told = f"Could not convert string to decimal: {text(body[field])}."
            raise bad_data(f"{told} Path '{path}.{field}'.")


def fitted(
    body: JsonObject, lengths: dict[str, int], settings: Settings, wrong: list[str]
) -> JsonObject:
    """The text fields that were sent, cut or complained about where they are too long."""
    found: JsonObject = {}
    for field, limit in lengths.items():
        if field not in body:
            continue
        value = text(body[field])
        if len(value) > limit:
            if settings.over_length == "truncate":
                value = value[:limit]
            else:
                wrong.append(too_long(field, limit))
        found[field] = value
    return found
