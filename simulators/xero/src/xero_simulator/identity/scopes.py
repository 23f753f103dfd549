"""Scopes there are, and which one an address of the Accounting API needs.

https://developer.xero.com/documentation/guides/oauth2/scopes/: apps made since 2 March 2026 have
granular scopes only; `accounting.transactions` is the broad one they replace.
"""

from __future__ import annotations

from xero_simulator.settings import Settings
from xero_simulator.wire import words

_PLAIN = words("openid profile email offline_access")
_BOTH = words(
    "accounting.contacts accounting.contacts.read accounting.settings accounting.settings.read "
    "accounting.attachments accounting.attachments.read accounting.journals.read "
    "accounting.budgets.read accounting.reports.tenninetynine.read"
)
_BROAD = words("accounting.transactions accounting.transactions.read accounting.reports.read")
_GRANULAR = words(
    "accounting.invoices accounting.invoices.read accounting.payments accounting.payments.read "
    "accounting.banktransactions accounting.banktransactions.read accounting.manualjournals "
    "accounting.manualjournals.read accounting.reports.aged.read "
    "accounting.reports.balancesheet.read accounting.reports.banksummary.read "
    "accounting.reports.budgetsummary.read accounting.reports.executivesummary.read "
    "accounting.reports.profitandloss.read accounting.reports.trialbalance.read "
    "accounting.reports.taxreports.read"
)


def offered(settings: Settings) -> frozenset[str]:
    """Every scope an app may ask for."""
    scopes = _PLAIN | _BOTH
    if settings.scopes_offered != "granular":
        scopes |= _BROAD
    if settings.scopes_offered != "broad":
        scopes |= _GRANULAR
    return scopes


def sufficient(resource: str, *, writes: bool, settings: Settings) -> frozenset[str]:
    """The scopes of which one is needed for a resource (`contacts`, `invoices`, ...)."""
    match resource:
        case "contacts":
            roots = ["accounting.contacts"]
        case "invoices":
            roots = ["accounting.invoices", "accounting.transactions"]
        case "payments":
            roots = ["accounting.payments", "accounting.transactions"]
        case "items" if not writes or settings.items_write_scope == "either":
            roots = ["accounting.settings", "accounting.invoices", "accounting.transactions"]
        case _:
            roots = ["accounting.settings"]
    if writes:
        return frozenset(roots)
    return frozenset((*roots, *(f"{each}.read" for each in roots)))
