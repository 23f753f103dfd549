"""What differs between the providers for somebody outside: words, paths, what is offered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

ALL = ("qbo", "xero", "freshbooks")


@dataclass(frozen=True)
class AtProvider:
    """One provider, as tests of the whole chain have to know it.

    `paths` are where a record of each kind is made, `many` where many invoices go, `creates` the
    method of that; addresses of the books begin with `api`, and `write_path` matches those whose
    requests may change them.
    `no_grace` are the switches under which a used refresh token is dead at once. `links`: an
    invoice there has an address that we know. `keeps_sku`: an item's sku is ours to set.
    """

    label: str
    tokens: str
    api: str
    write_path: str
    paths: Mapping[str, str]
    many: str
    creates: str = "POST"
    no_grace: Mapping[str, object] = field(default_factory=dict[str, object])
    day_header: Mapping[str, str] = field(default_factory=dict[str, str])
    batches: bool = True
    offers_accounts: bool = True
    links: bool = True
    keeps_sku: bool = True

    def writes(self, method: str, path: str) -> bool:
        """Whether such a request could change the books."""
        return method in {"POST", "PUT", "DELETE"} and bool(re.match(self.write_path, path))


AT: dict[str, AtProvider] = {
    "qbo": AtProvider(
        label="QuickBooks",
        tokens="/oauth2/v1/tokens/bearer",
        api="/v3/",
        write_path=r"/v3/.*(?<!/query)$",
        paths={"customer": "/customer", "item": "/item", "invoice": "/invoice"},
        many="/batch",
        no_grace={"rotate_every_refresh": True, "refresh_grace": 0},
    ),
    "xero": AtProvider(
        label="Xero",
        tokens="/connect/token",
        api="/api.xro/",
        write_path=r"/api\.xro/2\.0/",
        paths={"customer": "/Contacts", "item": "/Items", "invoice": "/Invoices"},
        many="/Invoices",
        creates="PUT",
        no_grace={"refresh_grace": 0},
        day_header={"X-Rate-Limit-Problem": "day"},
    ),
    "freshbooks": AtProvider(
        label="FreshBooks",
        tokens="/auth/oauth/token",
        api="/accounting/",
        write_path=r"/accounting/account/",
        paths={
            "customer": "/users/clients",
            "item": "/items/items",
            "invoice": "/invoices/invoices",
        },
        many="/invoices/invoices",
        batches=False,
        offers_accounts=False,
        links=False,
        keeps_sku=False,
    ),
}
