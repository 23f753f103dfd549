"""The organisation: its name, and what its settings decide for us.

https://developer.xero.com/documentation/api/accounting/organisation
"""

from connector_kit.exchange import Exchange
from connector_kit.provider import OrganisationRead
from contracts.connections import Organisation, OrganisationFacts
from contracts.ids import RemoteId

from connector_xero import wire
from connector_xero.bodies import NotRead, details_of
from connector_xero.operations.queries import answered, get
from connector_xero.operations.tax import RULES


def organisation(tenant: RemoteId) -> Exchange[OrganisationRead | NotRead]:
    """Name and facts, or why they couldn't be read. Calls name a tenant, so that is its id."""
    response = yield get(tenant, "Organisation")
    answer = answered(response)
    if isinstance(answer, NotRead):
        return answer
    if not answer.organisations:
        return NotRead(refused=False, details=details_of(response))
    row = answer.organisations[0]
    return OrganisationRead(
        Organisation(id=tenant, name=row.name or row.legal_name or tenant), facts_of(row)
    )


def facts_of(row: wire.Organisation) -> OrganisationFacts:
    """What decisions need. Which currencies it takes isn't said here: an invoice's answer tells."""
    locks = [day for day in (row.period_lock_date, row.end_of_year_lock_date) if day]
    currency = row.base_currency or ""
    return OrganisationFacts(
        home_currency=currency if len(currency) == 3 and currency.isupper() else None,
        country=row.country_code,
        multi_currency=True,
        sales_tax=bool(row.pays_tax),
        books_closed_up_to=max(locks, default=None),
        refuses_duplicate_numbers=True,
        taxes=RULES,
        due_date="required",
    )
