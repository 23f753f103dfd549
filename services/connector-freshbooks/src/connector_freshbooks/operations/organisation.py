"""The organisation, from users/me: the only answer that holds all three ids of a business.

`account_id` is the organisation's id: every record stands under it. `business_uuid` is needed for
ledger accounts only and read when they are; `business_id` (projects, time) is never used.
https://www.freshbooks.com/api/me_endpoint
"""

import re

from connector_kit.auth import ConnectRefused, OrganisationOffered
from connector_kit.exchange import Exchange
from connector_kit.provider import OrganisationRead
from contracts.connections import Organisation, OrganisationFacts, TaxRules
from contracts.ids import RemoteId

from connector_freshbooks.bodies import NotRead, Unreadable, read_as
from connector_freshbooks.errors import details_of
from connector_freshbooks.operations.lines import DECIMALS
from connector_freshbooks.operations.reads import get, refusal_of
from connector_freshbooks.provider import ME_PATH
from connector_freshbooks.wire import Business, Me, MeAnswer

_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAY_CONNECT = frozenset({"owner", "admin", "business_partner", "business_manager"})
"""Roles that see all clients and invoices of a business."""

_UUID = re.compile(r"[0-9A-Fa-f-]{8,64}")


def me() -> Exchange[Me | NotRead]:
    """Who consented, and their businesses."""
    response = yield get(ME_PATH)
    refused = refusal_of(response)
    if refused is not None:
        return refused
    try:
        return read_as(MeAnswer, response.body).response
    except Unreadable:
        return NotRead(refused=False, details=details_of(response, None))


def account_of(business: Business) -> str | None:
    """The account id, if there is one that may stand in a path."""
    account = business.account_id or ""
    return account if _ACCOUNT.fullmatch(account) else None


def business_of(account: str) -> Exchange[Business | NotRead]:
    """The business with this account id."""
    found = yield from me()
    if isinstance(found, NotRead):
        return found
    for membership in found.business_memberships:
        if account_of(membership.business) == account:
            return membership.business
    return NotRead(refused=True, details=details_of(None, None))


def organisation(account: str, *, accounts: bool) -> Exchange[OrganisationRead | NotRead]:
    """Name and facts, or why they couldn't be read. `accounts`: whether items are given one."""
    business = yield from business_of(account)
    if isinstance(business, NotRead):
        return business
    return read_of(business, account, accounts=accounts)


def organisations(*, accounts: bool) -> Exchange[list[OrganisationOffered] | ConnectRefused]:
    """The businesses whose records this person may keep. One without an account is none."""
    found = yield from me()
    if isinstance(found, NotRead):
        return ConnectRefused("permission_missing" if found.refused else "provider_down")
    subject = found.identity_id or found.id
    offered: list[OrganisationOffered] = []
    for membership in found.business_memberships:
        account = account_of(membership.business)
        if account is None or subject is None or membership.role not in _MAY_CONNECT:
            continue
        read = read_of(membership.business, account, accounts=accounts)
        offered.append(OrganisationOffered(read.organisation, read.facts, subject))
    return offered or ConnectRefused("no_organisation")


def read_of(business: Business, account: str, *, accounts: bool) -> OrganisationRead:
    """What decisions need. No page says the home currency; an invoice may be in any."""
    return OrganisationRead(
        Organisation(id=RemoteId(account), name=business.name or account),
        OrganisationFacts(
            country=business.billing_country_code,
            multi_currency=True,
            refuses_duplicate_numbers=True,
            taxes=TaxRules(
                matching="none", rounding="rate", included_prices=False, decimals=DECIMALS
            ),
            due_date="not_before",
            offers_accounts=accounts and bool(business.advanced_accounting_enabled),
        ),
    )


def ledger_path(business: Business) -> str | None:
    """Where its ledger accounts are."""
    uuid = business.business_uuid or ""
    if not _UUID.fullmatch(uuid):
        return None
    return f"/accounting/businesses/{uuid}/ledger_accounts/accounts"
