"""The facts of QuickBooks Online, each with the page it was read in. Nothing here decides.

Times are in real seconds. What no primary source confirms says so and takes the safer value.
"""

from collections.abc import Mapping

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

MINOR_VERSION = "75"
"""Values 1 to 74 have been read as 75 since 2025-08-01.

https://blogs.intuit.com/2025/01/21/changes-to-our-accounting-api-that-may-impact-your-application
"""

SCOPES = ("com.intuit.quickbooks.accounting",)
"""https://developer.intuit.com/app/developer/qbo/docs/learn/scopes"""

AUTHORIZE_PATH = "/connect/oauth2"
TOKEN_PATH = "/oauth2/v1/tokens/bearer"  # noqa: S105  (a path, not a secret)
REVOKE_PATH = "/v2/oauth2/tokens/revoke"
"""https://developer.intuit.com/.well-known/openid_configuration/ and
https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0
"""

_OAUTH_HOSTS = {
    "authorize": "https://appcenter.intuit.com",
    "oauth": "https://oauth.platform.intuit.com",
    "revoke": "https://developer.api.intuit.com",
}

HOSTS: Mapping[Environment, Mapping[str, str]] = {
    "production": {"api": "https://quickbooks.api.intuit.com", **_OAUTH_HOSTS},
    "sandbox": {"api": "https://sandbox-quickbooks.api.intuit.com", **_OAUTH_HOSTS},
    "simulator": dict.fromkeys(("api", *_OAUTH_HOSTS), "{simulator}"),
}
"""https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features"""

_PAGES: Mapping[Environment, str] = {
    "production": "https://app.qbo.intuit.com",
    "sandbox": "https://sandbox.qbo.intuit.com",
    "simulator": "{simulator}",
}


def invoice_page(environment: Environment, base_urls: Mapping[str, str]) -> str:
    """Where a person opens an invoice, up to its id; empty where the host isn't known."""
    host = _PAGES[environment].format(simulator=base_urls.get("api", ""))
    return f"{host}/app/invoice?txnId=" if host else ""


BATCH = 30
"""Objects in one batch: the recommended most, on the page of limits. Another page says 10
(https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/batch).
"""

QUERY_PAGE = 1000
"""Rows of one query.

https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries
"""

SERVER_TIMEOUT = 120.0
"""Seconds after which the API gives a request up.

https://developer.intuit.com/app/developer/qbo/docs/learn/limits-and-throttles
"""

THROTTLED_FOR = 60.0
"""Seconds to wait after 429 without `Retry-After`, which may never be sent (same page)."""

LOOKUP_LAG = 10.0
"""Seconds a query may fail to see a write. No lag is documented and none was measured: a margin."""

LIMITS: tuple[Limit | Concurrency, ...] = (
    Limit("requests", 500, 60.0, reserve=20),
    Limit("batches", 40, 60.0),
    Limit("burst", 10, 1.0, reserve=1),
    Concurrency("in_flight", 10, reserve=1),
)
"""500 requests a minute and realm; 40 batches a minute, realm and app; 10 a second, realm and app.

https://developer.intuit.com/app/developer/qbo/docs/learn/limits-and-throttles
A text of 2016 says "10 concurrent" where today's says "10 a second": both are kept
(https://blogs.intuit.com/2016/08/08/idg-concurrent-api-use-changes-coming-soon).
Clicks go as single POSTs, which spend no batch; the 20 kept for them are what 16 batches of 30
leave of 500.
"""

_SINGLE = (Meter("requests"), Meter("burst"), Meter("in_flight"))
_BATCH = (Meter("batches"), *_SINGLE)
_BATCH_ITEMS = (
    Meter("batches"),
    Meter("requests", per="unit"),
    Meter("burst"),
    Meter("in_flight"),
)

REGIMES: Mapping[str, Regime] = {
    "batch_is_one_request": {"single": _SINGLE, "read": _SINGLE, "batch": _BATCH},
    "items_count_as_requests": {"single": _SINGLE, "read": _SINGLE, "batch": _BATCH_ITEMS},
}
"""How a batch spends the 500 a minute. Sources disagree, so the stricter is the default.

One request: "500 requests per minute per realmId, including batch requests", in the text of 2016.
Each item: a tutorial beside one of Intuit's samples, which nothing else bears out.
"""

REFRESH_TOKEN_SECONDS = 8_726_400.0
"""101 days, rolling; the value itself changes about once a day.

https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/faq
"""

OAUTH = OAuthFacts(
    scopes=SCOPES,
    pkce=False,
    refresh_grace=86_400.0,
    refresh_retries=1,
    refresh_token_seconds=REFRESH_TOKEN_SECONDS,
)
"""PKCE isn't offered. Older pages give the previous refresh token 24 more hours, newer ones none:
so after a refresh without an answer the old one is tried again once, soon; only the provider's own
`invalid_grant` ends a grant."""

ENTITIES = {
    # Names are unique across customers, vendors and employees; Notes takes our mark.
    "customer": EntityFacts(
        batch=BATCH,
        mark=True,
        unique=True,
        single_meter="single",
        batch_meter="batch",
        lookup_lag=LOOKUP_LAG,
        silent_merges=True,
    ),
    # An item has no note that only we would write; its name is unique among items.
    "item": EntityFacts(
        batch=BATCH,
        mark=False,
        unique=True,
        single_meter="single",
        batch_meter="batch",
        lookup_lag=LOOKUP_LAG,
    ),
    # DocNumber is unique only where the company asks for it; PrivateNote takes our mark.
    "invoice": EntityFacts(
        batch=BATCH,
        mark=True,
        unique=False,
        single_meter="single",
        batch_meter="batch",
        lookup_lag=LOOKUP_LAG,
    ),
}


def qbo(operations: Operations, auth: Auth) -> Provider:
    """QuickBooks Online as the kit takes it."""
    return Provider(
        name="qbo",
        label="QuickBooks",
        hosts=HOSTS,
        oauth=OAUTH,
        entities={
            "customer": ENTITIES["customer"],
            "item": ENTITIES["item"],
            "invoice": ENTITIES["invoice"],
        },
        limits=LIMITS,
        regimes=REGIMES,
        regime="items_count_as_requests",
        server_timeout=SERVER_TIMEOUT,
        operations=operations,
        auth=auth,
        answer_timeout=SERVER_TIMEOUT + 10.0,
        default_retry_after=THROTTLED_FOR,
        prepare_batch=QUERY_PAGE,
    )
