"""A provider's books, read with its official SDK: what our own code says doesn't count."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

REDIRECT = "http://127.0.0.1:9/callback"
_PAGE = 1_000


@dataclass(frozen=True)
class LineThere:
    """`item` is the provider's own id of it."""

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


READERS: dict[str, Reader] = {"qbo": read_qbo}


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
