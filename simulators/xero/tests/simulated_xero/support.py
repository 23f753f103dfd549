"""The simulator as its users meet it: over HTTP, and through the official SDK unchanged."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httpx
import uvicorn
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient, Configuration
from xero_python.api_client.oauth2 import OAuth2Token
from xero_python.identity import IdentityApi
from xero_simulator.app import Simulator
from xero_simulator.app import build as build
from xero_simulator.serving import config

REDIRECT = "http://127.0.0.1:9/callback"
SCOPE = (
    "openid profile email offline_access accounting.contacts accounting.invoices "
    "accounting.settings"
)
Body = dict[str, Any]


@contextmanager
def serving(app: Simulator) -> Generator[str]:
    """Serve an app on a free port in a thread; its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = cast(int, listener.getsockname()[1])
    server = uvicorn.Server(config(app, host="127.0.0.1", port=port))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        with httpx.Client(verify=False) as probe:
            _until_ready(probe, f"http://127.0.0.1:{port}/readyz", thread)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def _until_ready(probe: httpx.Client, address: str, thread: threading.Thread) -> None:
    for _ in range(200):
        try:
            if probe.get(address).status_code == 200:
                return
        except httpx.TransportError:
            thread.join(0.02)
    raise AssertionError("the simulator didn't become ready")


class Controls:
    """`/_sim/*` of a running simulator; to be closed."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = httpx.Client(base_url=base, timeout=30, verify=False)

    def close(self) -> None:
        self.http.close()

    def post(self, path: str, body: Body | None = None) -> Any:
        return self._checked(self.http.post(f"/_sim/{path}", json=body or {}))

    def put(self, path: str, body: Body, **query: str) -> Any:
        return self._checked(self.http.put(f"/_sim/{path}", json=body, params=query))

    def get(self, path: str, **query: str) -> Any:
        return self._checked(self.http.get(f"/_sim/{path}", params=query))

    def change(self, kind: str, identifier: str, body: Body, organisation: str = "Oak") -> Any:
        path = f"/_sim/records/{kind}/{identifier}"
        where = {"organisation": organisation}
        return self._checked(self.http.patch(path, json=body, params=where))

    def delete(self, kind: str, identifier: str, organisation: str = "Oak") -> Any:
        path = f"/_sim/records/{kind}/{identifier}"
        return self._checked(self.http.delete(path, params={"organisation": organisation}))

    def set(self, organisation: str = "Oak", **settings: object) -> Any:
        return self.put("organisation", dict(settings), organisation=organisation)

    def fault(self, **rule: object) -> Any:
        return self.post("faults", dict(rule))

    def books(self, organisation: str = "Oak") -> Body:
        return cast(Body, self.get("books", organisation=organisation))

    def seed(self, organisation: str = "Oak", **content: object) -> Body:
        return cast(Body, self.post("seed", {"organisation": organisation, **content}))

    @staticmethod
    def _checked(answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()


@dataclass
class Api:
    """One organisation's API over plain HTTP, with an access token."""

    http: httpx.Client
    tenant: str
    token: str

    def headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/json",
            "xero-tenant-id": self.tenant,
        }

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        **query: str,
    ) -> httpx.Response:
        return self.http.request(
            method,
            f"/api.xro/2.0/{path}",
            json=body,
            params=query,
            headers=self.headers() | (headers or {}),
        )

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.send("GET", path, None, None, **query)

    def rows(self, path: str, **query: str) -> list[Body]:
        """The collection of a list, or what a write of it answered."""
        return collection(self.send("GET", path, None, None, **query))

    def put(self, path: str, *elements: Body, **query: str) -> list[Body]:
        return collection(self.send("PUT", path, {path: list(elements)}, None, **query))

    def post(self, path: str, *elements: Body, **query: str) -> list[Body]:
        return collection(self.send("POST", path, {path: list(elements)}, None, **query))

    def wrong(self, method: str, path: str, *elements: Body, **query: str) -> list[str]:
        """The sentences a write of one element is refused with."""
        answer = self.send(method, path, {path.split("/")[0]: list(elements)}, None, **query)
        assert answer.status_code == 400, answer.text
        found = cast(Body, answer.json())
        assert found["ErrorNumber"] == 10, found
        assert len(found["Elements"]) == 1, found
        return [each["Message"] for each in found["Elements"][0]["ValidationErrors"]]


def collection(answer: httpx.Response) -> list[Body]:
    assert answer.status_code == 200, answer.text
    found = cast(Body, answer.json())
    assert list(found)[:4] == ["Id", "Status", "ProviderName", "DateTimeUTC"]
    return cast("list[Body]", list(found.values())[-1])


@dataclass
class Sdk:
    """xero-python's clients, with nothing but their addresses changed."""

    accounting: Any
    """The SDK's own annotations say `type[empty]` of every optional argument."""
    identity: Any
    client: Any
    tenant: str
    token: Body = field(default_factory=dict[str, Any])


def authorize_fields(organisation: str, **changes: str) -> dict[str, str]:
    fields = {
        "client_id": "app",
        "response_type": "code",
        "scope": SCOPE,
        "redirect_uri": REDIRECT,
        "state": "s",
        "username": "joe",
        "organisation": organisation,
        "decision": "approve",
    }
    return {name: value for name, value in (fields | changes).items() if value}


def agree(base: str, organisation: str, **changes: str) -> dict[str, str]:
    """What the callback gets after the consent page."""
    answer = httpx.post(
        f"{base}/identity/connect/authorize",
        data=authorize_fields(organisation, **changes),
        verify=False,
    )
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(REDIRECT)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


def token_request(base: str, client_id: str = "app", **fields: str) -> httpx.Response:
    address = f"{base}/connect/token"
    return httpx.post(address, data=fields, auth=(client_id, "secret"), verify=False)


def exchange(base: str, code: str, client_id: str = "app") -> Body:
    answer = token_request(
        base, client_id, grant_type="authorization_code", code=code, redirect_uri=REDIRECT
    )
    assert answer.status_code == 200, answer.text
    return cast(Body, answer.json())


def refresh(base: str, refresh_token: str) -> httpx.Response:
    return token_request(base, grant_type="refresh_token", refresh_token=refresh_token)


def tenants(base: str, access_token: str) -> list[Body]:
    headers = {"Authorization": f"Bearer {access_token}"}
    answer = httpx.get(f"{base}/connections", headers=headers, verify=False)
    assert answer.status_code == 200, answer.text
    return cast("list[Body]", answer.json())


@contextmanager
def connected(base: str, organisation: str = "Oak", **changes: str) -> Generator[Api]:
    """Authorise, exchange, and a client of the organisation."""
    code = agree(base, organisation, **changes)["code"]
    token = exchange(base, code, changes.get("client_id", "app"))
    tenant = next(
        each["tenantId"]
        for each in tenants(base, token["access_token"])
        if each["tenantName"] == organisation
    )
    with httpx.Client(base_url=base, timeout=30, verify=False) as http:
        yield Api(http, tenant, token["access_token"])


def sdk_for(base: str, organisation: str = "Oak", **changes: str) -> Sdk:
    """The SDK after consent, holding its token as an app would."""
    token = exchange(base, agree(base, organisation, **changes)["code"])
    token["scope"] = token["scope"].split()
    held: Body = {"token": token}

    def save(new: Body) -> None:
        held["token"] = new

    client = ApiClient(
        Configuration(oauth2_token=OAuth2Token(client_id="app", client_secret="secret")),
        pool_threads=1,
        oauth2_token_getter=lambda: held["token"],
        oauth2_token_saver=save,
    )
    identity = IdentityApi(client, base_url=base)
    found = cast("list[Any]", cast(Any, identity).get_connections())
    tenant = next(str(each.tenant_id) for each in found if each.tenant_name == organisation)
    accounting = AccountingApi(client, base_url=f"{base}/api.xro/2.0")
    return Sdk(accounting, identity, client, tenant, held)


@dataclass(frozen=True)
class Stock:
    """Records to invoice with."""

    customer: str
    item: str

    def invoice(self, **more: object) -> Body:
        """An approved invoice of 2 × 10.50."""
        line: Body = {"ItemCode": self.item, "Description": "Work", "Quantity": 2}
        line["UnitAmount"] = 10.5
        body: Body = {
            "Type": "ACCREC",
            "Contact": {"ContactID": self.customer},
            "Date": "2026-09-14",
            "DueDate": "2026-09-28",
            "Status": "AUTHORISED",
            "LineItems": [line],
        }
        return body | more
