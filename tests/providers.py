"""What differs between the providers for somebody outside: words, paths, what is offered."""

import re
from dataclasses import dataclass

ALL = ("qbo", "xero", "freshbooks")


@dataclass(frozen=True)
class AtProvider:
    """One provider, as tests of the whole chain have to know it.

    `write_path` matches addresses whose POST or PUT may change the books. `refresh_grace` says
    whether a refresh token works once more after its answer was lost. `links`: an invoice there
    has an address that we know. `keeps_sku`: an item's sku is ours to set.
    """

    label: str
    tokens: str
    write_path: str
    consent_path: str
    offers_accounts: bool = True
    refresh_grace: bool = True
    links: bool = True
    keeps_sku: bool = True

    def writes(self, method: str, path: str) -> bool:
        return method in {"POST", "PUT", "DELETE"} and bool(re.match(self.write_path, path))


AT: dict[str, AtProvider] = {
    "qbo": AtProvider(
        label="QuickBooks",
        tokens="/oauth2/v1/tokens/bearer",
        write_path=r"/v3/.*(?<!/query)$",
        consent_path="/connect/oauth2",
    ),
    "xero": AtProvider(
        label="Xero",
        tokens="/connect/token",
        write_path=r"/api\.xro/2\.0/",
        consent_path="/identity/connect/authorize",
    ),
    "freshbooks": AtProvider(
        label="FreshBooks",
        tokens="/auth/oauth/token",
        write_path=r"/accounting/account/",
        consent_path="/oauth/authorize",
        offers_accounts=False,
        refresh_grace=False,
        links=False,
        keeps_sku=False,
    ),
}
