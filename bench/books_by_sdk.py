"""A provider's books, read with its official SDK: what our own code says doesn't count."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

REDIRECT = "http://127.0.0.1:9/callback"
_PAGE = 1_000
_FRESHBOOKS_PAGE = 100
"""More is silently capped there."""


@dataclass(frozen=True)
class LineThere:
    """`item` is how the provider's lines name it: an id, a code, or a name, each unique there."""

    item: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True)
class InvoiceThere:
    """An invoice as the SDK shows it."""

    number: str
    customer: str
    date: str
    total: Decimal
    lines: tuple[LineThere, ...]


Reader = Callable[[str, str, str], list[InvoiceThere]]
"""The simulator's address, a user there, the organisation's name; its invoices."""


def read_qbo(base: str, user: str, organisation: str) -> list[InvoiceThere]:
    """With python-quickbooks and intuit-oauth, by a consent of its own."""
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    from intuitlib.client import AuthClient
    from intuitlib.enums import Scopes
    from quickbooks import QuickBooks
    from quickbooks.objects.customer import Customer
    from quickbooks.objects.invoice import Invoice

    auth: Any = AuthClient(
        "app",
        "secret",
        REDIRECT,
        environment=f"{base}/.well-known/openid_sandbox_configuration/",
    )
    code, realm = _agree(auth.get_authorization_url([Scopes.ACCOUNTING]), user, organisation)
    auth.get_bearer_token(code, realm_id=realm)
    # Nothing but the address is changed.
    QuickBooks.api_url_v3 = QuickBooks.sandbox_api_url_v3 = f"{base}/v3"
    client: Any = QuickBooks(auth_client=auth, company_id=realm, minorversion=75)

    def everything(kind: Any) -> list[Any]:
        found: list[Any] = []
        while True:
            page = kind.query(
                f"SELECT * FROM {kind.qbo_object_name} STARTPOSITION {len(found) + 1}"
                f" MAXRESULTS {_PAGE}",
                qb=client,
            )
            found.extend(page)
            if len(page) < _PAGE:
                return found

    names = {one.Id: one.DisplayName for one in everything(Customer)}
    return [
        InvoiceThere(
            one.DocNumber,
            names[one.CustomerRef.value],
            one.TxnDate,
            Decimal(str(one.TotalAmt)),
            tuple(
                LineThere(
                    line.SalesItemLineDetail.ItemRef.value,
                    Decimal(str(line.SalesItemLineDetail.Qty)),
                    Decimal(str(line.SalesItemLineDetail.UnitPrice)),
                    Decimal(str(line.Amount)),
                )
                for line in one.Line
                if line.DetailType == "SalesItemLineDetail"
            ),
        )
        for one in everything(Invoice)
    ]


def read_xero(base: str, user: str, organisation: str) -> list[InvoiceThere]:
    """With xero-python, by a consent of its own; a page of invoices brings their lines."""
    from xero_python.accounting import AccountingApi
    from xero_python.api_client import ApiClient, Configuration
    from xero_python.api_client.oauth2 import OAuth2Token
    from xero_python.identity import IdentityApi

    asked = {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": REDIRECT,
        "scope": "openid offline_access accounting.contacts accounting.invoices",
        "state": "s",
    }
    code, _ = _agree(f"{base}/identity/connect/authorize?{urlencode(asked)}", user, organisation)
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    answer = httpx.post(f"{base}/connect/token", data=given, auth=("app", "secret"), timeout=15)
    answer.raise_for_status()
    token: dict[str, Any] = answer.json()
    token["scope"] = token["scope"].split()
    client = ApiClient(
        Configuration(oauth2_token=OAuth2Token(client_id="app", client_secret="secret")),
        pool_threads=1,
        oauth2_token_getter=lambda: token,
        oauth2_token_saver=token.update,
    )
    # Nothing but the address is changed. The SDK's annotations say `type[empty]` of what is
    # optional, so these are Any.
    identity: Any = IdentityApi(client, base_url=base)
    tenant = next(
        str(one.tenant_id) for one in identity.get_connections() if one.tenant_name == organisation
    )
    accounting: Any = AccountingApi(client, base_url=f"{base}/api.xro/2.0")
    found: list[InvoiceThere] = []
    for page in itertools.count(1):
        rows: list[Any] = accounting.get_invoices(tenant, page=page, page_size=_PAGE).invoices
        found += [
            InvoiceThere(
                one.invoice_number,
                one.contact.name,
                one.date.isoformat(),
                Decimal(str(one.total)),
                tuple(
                    LineThere(
                        line.item_code,
                        Decimal(str(line.quantity)),
                        Decimal(str(line.unit_amount)),
                        Decimal(str(line.line_amount)),
                    )
                    for line in one.line_items
                ),
            )
            for one in rows
        ]
        if len(rows) < _PAGE:
            break
    return found


def read_freshbooks(base: str, user: str, organisation: str) -> list[InvoiceThere]:
    """With freshbooks-sdk, by a consent of its own."""
    os.environ["FRESHBOOKS_API_URL"] = os.environ["FRESHBOOKS_AUTH_URL"] = base
    from freshbooks.builders.includes import IncludesBuilder
    from freshbooks.builders.paginator import PaginateBuilder
    from freshbooks.client import Client

    # Its types leave much unknown (what a record holds, what a builder returns).
    client: Any = Client(client_id="app", client_secret="secret", redirect_uri=REDIRECT)
    scopes = ["user:profile:read", "user:clients:read", "user:invoices:read"]
    code, _ = _agree(client.get_auth_request_url(scopes), user, organisation)
    client.get_access_token(code)
    businesses = [one["business"] for one in client.current_user().data["business_memberships"]]
    account = next(one["account_id"] for one in businesses if one["name"] == organisation)

    def everything(of: Any, *more: Any) -> list[Any]:
        found: list[Any] = []
        for page in itertools.count(1):
            rows = of.list(account, [PaginateBuilder(page, _FRESHBOOKS_PAGE), *more])
            found.extend(rows)
            if page >= rows.pages.pages:
                break
        return found

    including: Any = IncludesBuilder()
    names = {
        one.id: one.organization or f"{one.fname} {one.lname}".strip()
        for one in everything(client.clients)
    }
    return [
        InvoiceThere(
            one.invoice_number,
            names[one.customerid],
            str(one.create_date),
            Decimal(one.amount.amount),
            tuple(
                LineThere(
                    line.name,
                    Decimal(line.qty),
                    Decimal(line.unit_cost.amount),
                    Decimal(line.amount.amount),
                )
                for line in one.lines
            ),
        )
        for one in everything(client.invoices, including.include("lines"))
    ]


READERS: dict[str, Reader] = {
    "qbo": read_qbo,
    "xero": read_xero,
    "freshbooks": read_freshbooks,
}


def _agree(authorize_url: str, user: str, organisation: str) -> tuple[str, str]:
    """Agrees on the provider's page; the code, and the organisation's id where it says one."""
    fields = {key: value[0] for key, value in parse_qs(urlsplit(authorize_url).query).items()}
    with httpx.Client(timeout=15) as browser:
        answer = browser.post(
            authorize_url,
            data={**fields, "username": user, "organisation": organisation, "decision": "approve"},
        )
    back = parse_qs(urlsplit(str(answer.headers["location"])).query)
    return back["code"][0], back.get("realmId", [""])[0]
