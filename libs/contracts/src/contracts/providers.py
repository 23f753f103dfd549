"""What decisions and pages have to know of each provider, as data: a new one adds its row here.

What differs between organisations of one provider is in `OrganisationFacts`, said by its connector.
"""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.ids import Provider

MADE_ACTIVE_AGAIN: frozenset[Provider] = frozenset({"qbo", "freshbooks"})
"""Where a customer or item that has gone is made active again; elsewhere it is made anew."""

UNIQUE_NAMES: frozenset[Provider] = frozenset({"qbo", "xero"})
"""Where no two customers may have one name."""

INACTIVE_KEEP_NAMES: frozenset[Provider] = frozenset({"qbo"})
"""Where an inactive customer keeps its name to itself."""

SUPPLIERS_KEEP_NAMES: frozenset[Provider] = frozenset({"qbo"})
"""Where a supplier or an employee keeps a name to itself, and is no customer to be linked."""

LINES_NEED_AN_ITEM: frozenset[Provider] = frozenset({"qbo"})
"""Where no line goes without an item: those that have none here are booked on one made for them."""

LINES_CARRY_NO_ITEM: frozenset[Provider] = frozenset({"freshbooks"})
"""Where a line has neither an item's id nor an account: it says its item's name there, and one
without an item goes as it is."""

NEED_A_DUE_DATE: frozenset[Provider] = frozenset({"xero"})
"""Where no invoice goes without a due date, whatever the organisation."""

CHOOSE_THE_ACCOUNT_THEMSELVES: frozenset[Provider] = frozenset({"freshbooks"})
"""Where income goes to an account of the provider's choice, unless an organisation offers more."""

STATUS_PAGES: Mapping[Provider, str] = MappingProxyType(
    {
        "qbo": "https://status.developer.intuit.com/",
        "xero": "https://status.xero.com/",
        "freshbooks": "https://status.freshbooks.com/",
    }
)
"""Where each says how it is."""

APP_PAGES: Mapping[Provider, str] = MappingProxyType(
    {
        "qbo": "https://app.qbo.intuit.com/",
        "xero": "https://go.xero.com/",
        "freshbooks": "https://my.freshbooks.com/",
    }
)
"""Where people work in each: for what has no address of its own that we know."""
