"""The facts of Xero's Accounting API 2.0, each with the page it was read in. Nothing here decides.

Times are in real seconds. What no primary source confirms says so and takes the safer value.
"""

from collections.abc import Mapping
from dataclasses import replace

from connector_kit.auth import Auth
from connector_kit.provider import (
    Concurrency,
    EntityFacts,
    Environment,
    Limit,
    Meter,
    OAuthFacts,
    Operations,
    Provider,
    Regime,
)

API = "/api.xro/2.0"
"""https://developer.xero.com/documentation/api/accounting/overview"""

SCOPES = (
    "openid",
    "offline_access",
    "accounting.contacts",
    "accounting.invoices",
    "accounting.settings",
)
"""Granular scopes, the only ones of apps made since 2 March 2026
(https://developer.xero.com/faq/granular-scopes). Writing items needs `accounting.settings` by the
OpenAPI file and `accounting.invoices` by the page of scopes: both are asked for.
`offline_access` brings a refresh token, `openid` says who consented.
"""

AUTHORIZE_PATH = "/identity/connect/authorize"
TOKEN_PATH = "/connect/token"  # noqa: S105  (a path, not a secret)
USER_PATH = "/connect/userinfo"
"""https://developer.xero.com/documentation/guides/oauth2/auth-flow/ and
https://identity.xero.com/.well-known/openid-configuration
"""
CONNECTIONS_PATH = "/connections"
"""https://developer.xero.com/documentation/guides/oauth2/tenants/"""

HOSTS: Mapping[Environment, Mapping[str, str]] = {
    "production": {
        "api": "https://api.xero.com",
        "authorize": "https://login.xero.com",
        "oauth": "https://identity.xero.com",
    },
    # Xero has no sandbox host: a demo company is an organisation like any other.
    "sandbox": {
        "api": "https://api.xero.com",
        "authorize": "https://login.xero.com",
        "oauth": "https://identity.xero.com",
    },
    "simulator": dict.fromkeys(("api", "authorize", "oauth"), "{simulator}"),
}
"""https://developer.xero.com/documentation/guides/oauth2/auth-flow/"""

_PAGES: Mapping[Environment, str] = {
    "production": "https://go.xero.com",
    "sandbox": "https://go.xero.com",
    "simulator": "{simulator}",
}


def invoice_page(environment: Environment, base_urls: Mapping[str, str]) -> str:
    """Where a person opens an invoice, up to its id; empty where the host isn't known."""
    host = _PAGES[environment].format(simulator=base_urls.get("api", ""))
    return f"{host}/AccountsReceivable/View.aspx?InvoiceID=" if host else ""


MARK_URL = "https://app.tallybridge.example/invoices"
"""What an invoice's Url begins with. Xero shows it as "Go to …"; it must be a whole http or https
address without the word "xero" (https://developer.xero.com/documentation/api/accounting/invoices).
"""

BATCH = 50
"""Elements in one request: no hard limit, about 50 are recommended.

https://developer.xero.com/documentation/guides/how-to-guides/integration-best-practices/
"""

PAGE = 1000
"""Contacts or invoices of one page, the most there is (same page as the invoices')."""

SERVER_TIMEOUT = 330.0
"""Seconds after which nothing goes on any more. No page says: a maintainer of Xero's own SDK asked
for "just over 5 minutes, say 5 and a half" so as not to race the API's time-out.

https://github.com/XeroAPI/Xero-Net/pull/209
"""

LOOKUP_LAG = 10.0
"""Seconds a list may fail to show a write. No lag is documented and none was measured: a margin."""

LIMITS: tuple[Limit | Concurrency, ...] = (
    Limit("minute", 60, 60.0, reserve=2),
    Limit("day", 5_000, 86_400.0, reserve=100),
    Concurrency("in_flight", 5, reserve=1),
)
"""Of one organisation and app: 60 calls a minute, 5,000 a day, 5 at once.

https://developer.xero.com/faq/limits
An app of the tier Starter has 1,000 a day; a day limit that is hit says so itself. Whether windows
slide or are fixed differs between pages: sliding is the stricter.
"""

APP_MINUTE = 10_000
"""Calls a minute of the whole app, whatever the organisation (same page). Not metered here: limits
are a connection's; an answer that says so is waited out."""

_CALL = (Meter("minute"), Meter("day"), Meter("in_flight"))

REGIMES: Mapping[str, Regime] = {"calls": {"write": _CALL, "read": _CALL}}
"""A call is a call, however many elements it carries."""

THROTTLED_FOR = 60.0
"""Seconds to wait after 429 without `Retry-After`, which concurrency doesn't promise."""

OAUTH = OAuthFacts(
    scopes=SCOPES,
    pkce=False,
    refresh_grace=1_800.0,
    refresh_retries=None,
    refresh_token_seconds=5_184_000.0,
    required=("accounting.contacts", "accounting.invoices", "accounting.settings"),
)
"""Access tokens live 30 minutes; a refresh token 60 days unused. Every refresh gives a new one, and
the one before may be tried again for 30 minutes if the answer was lost.

https://developer.xero.com/faq/oauth2
PKCE belongs to apps without a secret there (same page).
"""


CODES_GOOD_FOR = 30.0
"""Seconds for which the codes of items are taken as they were read: a minute's burst."""

INVOICES_AHEAD = 500
"""New invoices that one reading of their items' codes serves: ten full requests. More would only
cost memory, which holds them all meanwhile."""


def _facts(*, mark: bool) -> EntityFacts:
    return EntityFacts(
        batch=BATCH,
        mark=mark,
        unique=True,
        single_meter="write",
        batch_meter="write",
        lookup_lag=LOOKUP_LAG,
        who_by_reading=True,
    )


ENTITIES = {
    # Names are unique across active contacts; ContactNumber takes our mark.
    "customer": _facts(mark=True),
    # Codes are unique. Without a sku the code is made of our id, which is a mark.
    "item": _facts(mark=False),
    # Numbers of sales invoices are unique; Url takes our mark.
    "invoice": replace(_facts(mark=True), read_ahead=INVOICES_AHEAD, facts_good_for=CODES_GOOD_FOR),
}


def xero(operations: Operations, auth: Auth) -> Provider:
    """Xero as the kit takes it."""
    return Provider(
        name="xero",
        label="Xero",
        hosts=HOSTS,
        oauth=OAUTH,
        entities={
            "customer": ENTITIES["customer"],
            "item": ENTITIES["item"],
            "invoice": ENTITIES["invoice"],
        },
        limits=LIMITS,
        regimes=REGIMES,
        regime="calls",
        server_timeout=SERVER_TIMEOUT,
        operations=operations,
        auth=auth,
        answer_timeout=SERVER_TIMEOUT + 10.0,
        default_retry_after=THROTTLED_FOR,
        lookup_batch=50,
        prepare_batch=BATCH,
        requests_in_flight=5,
    )
