"""The facts of FreshBooks, each with the page it was read in. Nothing here decides.

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

AUTHORIZE_PATH = "/oauth/authorize"
TOKEN_PATH = "/auth/oauth/token"  # noqa: S105  (a path, not a secret)
REVOKE_PATH = "/auth/oauth/revoke"
ME_PATH = "/auth/api/v1/users/me"
"""https://www.freshbooks.com/api/authentication and
https://github.com/amcintosh/freshbooks-python-sdk (client.py)"""

SCOPES = (
    "user:profile:read",
    "user:clients:read",
    "user:clients:write",
    "user:billable_items:read",
    "user:billable_items:write",
    "user:invoices:read",
    "user:invoices:write",
    "user:journal_entries:read",
)
"""https://www.freshbooks.com/api/scopes. One scope that isn't enabled on the app refuses the whole
consent. Which one guards ledger accounts is unconfirmed; the journal entries page names this one.
"""

_REAL = {
    "api": "https://api.freshbooks.com",
    "oauth": "https://api.freshbooks.com",
    "authorize": "https://auth.freshbooks.com",
}
HOSTS: Mapping[Environment, Mapping[str, str]] = {
    "production": _REAL,
    "sandbox": _REAL,
    "simulator": dict.fromkeys(_REAL, "{simulator}"),
}
"""FreshBooks has no sandbox of its own, only trial accounts on the same hosts.

https://www.freshbooks.com/api/authentication
"""

PER_PAGE = 100
"""More is silently capped. https://www.freshbooks.com/api/parameters"""

PAGES = 1_000
"""Pages read of one list before it counts as unreadable."""

SERVER_TIMEOUT = 120.0
"""Seconds after which a request is given up there: not published; the SDK itself waits 30
(https://github.com/amcintosh/freshbooks-python-sdk), so this is ample."""

THROTTLED_FOR = 60.0
"""Seconds to wait after 429 without `Retry-After`: the window seen in recorded headers."""

LOOKUP_LAG = 10.0
"""Seconds a list may fail to show a write. No lag is documented and none was measured: a margin."""

LIMITS: tuple[Limit | Concurrency, ...] = (
    Limit("requests", 600, 60.0, reserve=5),
    Limit("posts", 250, 60.0, reserve=5),
    Concurrency("writes", 2),
)
"""Not published. 600 a minute, and 250 for POST under /accounting, are what `x-ratelimit-limit`
said in recorded answers of June 2026 (https://github.com/NangoHQ/integration-templates,
integrations/freshbooks). Whether a POST counts in both is unknown, so it does here. Writes at the
same time can get 409 (https://www.freshbooks.com/api/errors): at most two."""

REGIMES: Mapping[str, Regime] = {
    "observed": {
        "read": (Meter("requests"),),
        "post": (Meter("posts"), Meter("requests"), Meter("writes")),
        "put": (Meter("requests"), Meter("writes")),
    }
}

OAUTH = OAuthFacts(
    scopes=SCOPES,
    pkce=True,
    refresh_grace=0.0,
    refresh_retries=0,
    # The first lets us in at all; without the last, accounts aren't offered, and that is all.
    required=SCOPES[1:-1],
)
"""A refresh token is good once, at once: a refresh without an answer may have used it up
(https://www.freshbooks.com/api/authentication). It never ends by itself."""

ITEM_NAME_LIMIT = 255
ORGANIZATION_LIMIT = 255
"""Unconfirmed; longer is refused with errno 1017."""

NUMBER_LIMIT = 20
"""Characters of an invoice number, by one integrator
(https://github.com/MMC-CONVERT2505/Excel-to-Freshbooks)."""


ITEMS_GOOD_FOR = 120.0
"""Seconds for which the names of all items are taken as they were read. FreshBooks refuses a name
that somebody took meanwhile (https://github.com/MMC-CONVERT2505/Excel-to-Freshbooks)."""

ITEMS_AHEAD = 500
"""New items that one reading of all names serves: two minutes' worth of POSTs."""


def _one_a_request(*, mark: bool, unique: bool) -> EntityFacts:
    """There are no batches: https://github.com/amcintosh/freshbooks-python-sdk has none."""
    return EntityFacts(
        batch=1,
        mark=mark,
        unique=unique,
        single_meter="post",
        batch_meter="post",
        lookup_lag=LOOKUP_LAG,
        # Where it refuses a taken name or number, it names nobody.
        who_by_reading=unique,
    )


def freshbooks(operations: Operations, auth: Auth) -> Provider:
    """FreshBooks as the kit takes it."""
    return Provider(
        name="freshbooks",
        label="FreshBooks",
        hosts=HOSTS,
        oauth=OAUTH,
        entities={
            # Names and e-mails aren't unique; `note` takes our mark.
            "customer": _one_a_request(mark=True, unique=False),
            # Names are unique, those of deleted items too; `sku`, shown nowhere, takes our mark.
            "item": replace(
                _one_a_request(mark=True, unique=True),
                read_ahead=ITEMS_AHEAD,
                facts_good_for=ITEMS_GOOD_FOR,
            ),
            # Numbers are unique, those of deleted invoices too; no field is only ours.
            "invoice": _one_a_request(mark=False, unique=True),
        },
        limits=LIMITS,
        regimes=REGIMES,
        regime="observed",
        server_timeout=SERVER_TIMEOUT,
        operations=operations,
        auth=auth,
        answer_timeout=SERVER_TIMEOUT + 10.0,
        default_retry_after=THROTTLED_FOR,
        # Looked up one by one: a list answers for one number, one mark.
        lookup_batch=10,
    )
