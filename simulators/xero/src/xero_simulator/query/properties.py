"""Which properties a `where` or an `order` may name, and what a record holds under them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from xero_simulator.books import Organisation, Record
from xero_simulator.query.parser import Scalar
from xero_simulator.refusals import bad_query
from xero_simulator.wire import decimal, text, words

_TEXT = {
    "Contact": words(
        "ContactID ContactNumber AccountNumber ContactStatus Name FirstName LastName EmailAddress "
        "CompanyNumber TaxNumber BankAccountDetails DefaultCurrency MergedToContactID Website "
        "AccountsReceivableTaxType AccountsPayableTaxType"
    ),
    "Item": words("ItemID Code Name Description PurchaseDescription InventoryAssetAccountCode"),
    "Account": words(
        "AccountID Code Name Status Type TaxType Class Description SystemAccount BankAccountType "
        "BankAccountNumber CurrencyCode"
    ),
    "TaxRate": words("Name TaxType ReportTaxType Status"),
    "Invoice": words(
        "InvoiceID InvoiceNumber Reference Type Status CurrencyCode LineAmountTypes Url "
        "BrandingThemeID Contact.ContactID Contact.Name Contact.ContactNumber "
        "Contact.ContactStatus Contact.EmailAddress"
    ),
}
_NUMBER = {
    "Invoice": words("AmountDue AmountPaid SubTotal TotalTax Total CurrencyRate TotalDiscount"),
    "Item": words("SalesDetails.UnitPrice PurchaseDetails.UnitPrice"),
    "TaxRate": words("DisplayTaxRate EffectiveRate"),
}
_FLAG = {
    "Contact": words("IsCustomer IsSupplier"),
    "Item": words("IsSold IsPurchased IsTrackedAsInventory"),
    "Account": words("EnablePaymentsToAccount ShowInExpenseClaims"),
    "TaxRate": words(
        "CanApplyToAssets CanApplyToEquity CanApplyToExpenses CanApplyToLiabilities "
        "CanApplyToRevenue"
    ),
    "Invoice": words("SentToContact"),
}
_DATE = {"Invoice": words("Date DueDate ExpectedPaymentDate PlannedPaymentDate FullyPaidOnDate")}
_NONE: frozenset[str] = frozenset()


class Properties:
    """The properties of one kind; names are found in upper and lower case alike."""

    def __init__(self, organisation: Organisation, kind: str) -> None:
        self._organisation = organisation
        self.kind = kind
        self._types: dict[str, tuple[str, str]] = {}
        for names, of_type in ((_TEXT, "text"), (_NUMBER, "number"), (_FLAG, "flag")):
            self._types |= {each.casefold(): (each, of_type) for each in names.get(kind, _NONE)}
        dates = _DATE.get(kind, _NONE)
        self._types |= {each.casefold(): (each, "date") for each in dates}
        self._types["updateddateutc"] = ("UpdatedDateUTC", "date")

    def named(self, path: tuple[str, ...]) -> tuple[str, str]:
        """Its own name and its type (`text`, `number`, `flag`, `date`). Raises ApiError 16."""
        found = self._types.get(".".join(path).casefold())
        if found is None:
            told = f"No property or field '{path[-1]}' exists in type '{self.kind}'"
            raise bad_query(told)
        return found

    def value(self, record: Record, name: str) -> Scalar:
        """What the record holds under a name that `named` gave."""
        if name == "UpdatedDateUTC":
            return record.updated.replace(microsecond=record.updated.microsecond // 1000 * 1000)
        if name == f"{self.kind}ID":
            return record.id
        first, _, rest = name.partition(".")
        if rest and first == "Contact":
            return self._of_contact(record, rest)
        held = record.data.get(first)
        if rest:
            held = held.get(rest) if isinstance(held, dict) else None
        of_type = self._types[name.casefold()][1]
        if of_type == "flag":
            return held is True
        if held is None:
            return None
        if of_type == "number":
            if name == "AmountDue" and record.status in ("VOIDED", "DELETED"):
                return Decimal(0)
            return decimal(held)
        if of_type == "date":
            return datetime.fromisoformat(text(held)).replace(tzinfo=UTC)
        return text(held)

    def _of_contact(self, record: Record, name: str) -> Scalar:
        identifier = text(record.data.get("ContactID"))
        if name == "ContactID":
            return identifier
        contact = self._organisation.get("Contact", identifier)
        held = contact.data.get(name) if contact else None
        return None if held is None else text(held)
