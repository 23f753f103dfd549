"""`/Organisation`: facts about the organisation."""

from __future__ import annotations

import hashlib

from xero_simulator.books import Organisation
from xero_simulator.dates import midnight, wire, wire_short
from xero_simulator.wire import JsonObject

_ZONES = {
    "America/New_York": "EASTERNSTANDARDTIME",
    "America/Chicago": "CENTRALSTANDARDTIME",
    "America/Los_Angeles": "PACIFICSTANDARDTIME",
    "Europe/London": "GMTSTANDARDTIME",
    "Pacific/Auckland": "NEWZEALANDSTANDARDTIME",
    "Australia/Sydney": "AUSEASTERNSTANDARDTIME",
}


def organisation(of: Organisation) -> JsonObject:
    """The one element of the answer; OrganisationID is the tenant's id."""
    settings = of.settings
    version = "UK" if settings.country == "GB" else settings.country
    body: JsonObject = {
        "Name": of.name,
        "LegalName": of.name,
        "PaysTax": settings.tax_mode != "none",
        "Version": version,
        "OrganisationType": "COMPANY",
        "BaseCurrency": settings.currency,
        "CountryCode": settings.country,
        "IsDemoCompany": False,
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": 12 if settings.country == "US" else 3,
        "SalesTaxBasis": "ACCRUALS" if settings.country == "US" else "PAYMENTS",
        "SalesTaxPeriod": "QUARTERLY" if settings.country == "US" else "TWOMONTHS",
        "DefaultSalesTax": "Remember previous",
        "DefaultPurchasesTax": "Remember previous",
    }
    if settings.lock_date is not None:
        body["PeriodLockDate"] = wire(midnight(settings.lock_date))
    if settings.end_of_year_lock_date is not None:
        body["EndOfYearLockDate"] = wire(midnight(settings.end_of_year_lock_date))
    body |= {
        "CreatedDateUTC": wire_short(of.created),
        "OrganisationEntityType": "COMPANY",
        "Timezone": _ZONES.get(settings.time_zone, "UTC"),
        "ShortCode": "!" + hashlib.sha256(of.tenant.encode()).hexdigest()[:5],
        "OrganisationID": of.tenant,
        "Edition": "BUSINESS",
        "Class": "PREMIUM",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }
    return body
