"""The company: its name, and what its preferences decide for us.

https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/companyinfo
https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/preferences
"""

from connector_kit.exchange import Exchange
from connector_kit.provider import OrganisationRead
from contracts.connections import Organisation, OrganisationFacts
from contracts.ids import RemoteId

from connector_qbo.bodies import NotRead
from connector_qbo.errors import details_of
from connector_qbo.operations.statements import answered, get
from connector_qbo.operations.tax import MAX_LINES, MAX_TAXED_LINES, rules_of
from connector_qbo.wire import CompanyInfo, Preferences


def organisation(realm: str) -> Exchange[OrganisationRead | NotRead]:
    """Name and facts, or why they couldn't be read."""
    response = yield get(realm, f"companyinfo/{realm}")
    info = answered(response)
    if isinstance(info, NotRead):
        return info
    if info.company_info is None:
        return NotRead(refused=False, details=details_of(response, None))
    response = yield get(realm, "preferences")
    preferences = answered(response)
    if isinstance(preferences, NotRead):
        return preferences
    if preferences.preferences is None:
        return NotRead(refused=False, details=details_of(response, None))
    name = info.company_info.company_name or info.company_info.legal_name or realm
    return OrganisationRead(
        Organisation(id=RemoteId(realm), name=name),
        facts_of(info.company_info, preferences.preferences),
    )


def facts_of(info: CompanyInfo, preferences: Preferences) -> OrganisationFacts:
    """What decisions need of the company's settings.

    No preference says whether doubled invoice numbers are refused, so we never rely on it.
    """
    home = preferences.currency_prefs.home_currency
    taxes = preferences.tax_prefs
    multi_currency = preferences.currency_prefs.multi_currency_enabled or False
    return OrganisationFacts(
        home_currency=home.value if home else None,
        country=info.country,
        multi_currency=multi_currency,
        sales_tax=bool(taxes.using_sales_tax or taxes.partner_tax_enabled),
        books_closed_up_to=preferences.accounting_info_prefs.book_close_date,
        refuses_duplicate_numbers=False,
        taxes=rules_of(info.country, taxes),
        keeps_customer_currency=multi_currency,
        max_lines=MAX_LINES,
        max_taxed_lines=MAX_TAXED_LINES,
    )
