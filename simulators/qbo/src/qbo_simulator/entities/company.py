"""What a company says about itself: CompanyInfo and Preferences."""

from __future__ import annotations

from qbo_simulator.books import Organisation
from qbo_simulator.settings import CURRENCY_NAMES
from qbo_simulator.wire import JsonObject

_SINCE = "2026-01-05T08:00:00-08:00"
_ADDRESSES: dict[str, JsonObject] = {
    "US": {
        "Line1": "123 Sierra Way",
        "City": "San Pablo",
        "CountrySubDivisionCode": "CA",
        "PostalCode": "94806",
        "Country": "USA",
    },
    "GB": {"Line1": "1 High Street", "City": "London", "PostalCode": "SW1A 1AA"},
    "CA": {"Line1": "1 King Street", "City": "Toronto", "CountrySubDivisionCode": "ON"},
    "AU": {"Line1": "1 George Street", "City": "Sydney", "CountrySubDivisionCode": "NSW"},
}


def _stamps(version: str) -> JsonObject:
    return {
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": version,
        "MetaData": {"CreateTime": _SINCE, "LastUpdatedTime": _SINCE},
    }


def company_info(organisation: Organisation) -> JsonObject:
    """`GET /companyinfo/{realmId}`."""
    settings = organisation.settings
    lapsed = settings.company_status == "lapsed"
    return {
        "CompanyName": organisation.name,
        "LegalName": organisation.name,
        "CompanyAddr": {"Id": "1", **_ADDRESSES[settings.country]},
        "CustomerCommunicationAddr": {"Id": "1", **_ADDRESSES[settings.country]},
        "LegalAddr": {"Id": "1", **_ADDRESSES[settings.country]},
        "CompanyStartDate": "2026-01-05",
        "FiscalYearStartMonth": "January",
        "Country": settings.country,
        "Email": {"Address": "books@example.com"},
        "WebAddr": {},
        "SupportedLanguages": "en",
        "DefaultTimeZone": settings.time_zone,
        "NameValue": [
            {"Name": "NeoEnabled", "Value": "true"},
            {"Name": "IndustryType", "Value": "Plumbing, heating and air-conditioning"},
            {"Name": "SubscriptionStatus", "Value": "EXPIRED" if lapsed else "PAID"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
        ],
        **_stamps("4"),
    }


def preferences(organisation: Organisation) -> JsonObject:
    """`GET /preferences`."""
    settings = organisation.settings
    accounting: JsonObject = {
        "FirstMonthOfFiscalYear": "January",
        "UseAccountNumbers": settings.use_account_numbers,
        "TaxYearMonth": "January",
        "ClassTrackingPerTxn": False,
        "TrackDepartments": False,
        "ClassTrackingPerTxnLine": False,
        "CustomerTerminology": "Customers",
    }
    if settings.lock_date is not None:
        accounting["BookCloseDate"] = settings.lock_date.isoformat()
    uses_tax = settings.tax_mode != "none"
    taxes: JsonObject = {"UsingSalesTax": uses_tax}
    if settings.tax_mode == "ast":
        taxes["PartnerTaxEnabled"] = True
    if settings.tax_mode == "manual":
        taxes["PartnerTaxEnabled"] = False
        taxes["TaxGroupCodeRef"] = {"value": "2"}
    home: JsonObject = {"value": settings.currency}
    if settings.currency in CURRENCY_NAMES:
        home["name"] = CURRENCY_NAMES[settings.currency]
    return {
        "AccountingInfoPrefs": accounting,
        "ProductAndServicesPrefs": {
            "ForSales": True,
            "ForPurchase": True,
            "QuantityWithPriceAndRate": True,
            "QuantityOnHand": True,
        },
        "SalesFormsPrefs": {
            "CustomField": [],
            "CustomTxnNumbers": settings.custom_numbers,
            "AllowDeposit": True,
            "AllowDiscount": settings.allow_discount,
            "DefaultDiscountAccount": "86",
            "AllowEstimates": True,
            "ETransactionEnabledStatus": "NotApplicable",
            "ETransactionAttachPDF": False,
            "ETransactionPaymentEnabled": False,
            "IPNSupportEnabled": False,
            "AllowServiceDate": False,
            "AllowShipping": False,
            "DefaultTerms": {"value": "3"},
        },
        "EmailMessagesPrefs": {
            "InvoiceMessage": {
                "Subject": f"Invoice from {organisation.name}",
                "Message": "Your invoice is attached.",
            }
        },
        "VendorAndPurchasesPrefs": {"TrackingByCustomer": True, "BillableExpenseTracking": True},
        "TimeTrackingPrefs": {"UseServices": True, "WorkWeekStartDate": "Monday"},
        "TaxPrefs": taxes,
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": settings.multicurrency,
            "HomeCurrency": home,
        },
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "OtherPrefs": {"NameValue": []},
        **_stamps("6"),
    }
