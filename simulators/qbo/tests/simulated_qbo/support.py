"""The simulator as its users meet it: over HTTP, and through the official SDKs unchanged."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httpx
import uvicorn
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from qbo_simulator.app import Simulator
from qbo_simulator.app import build as build
from qbo_simulator.serving import config
from quickbooks import QuickBooks

REDIRECT = "http://127.0.0.1:9/callback"
ACCOUNTING = "com.intuit.quickbooks.accounting"
Body = dict[str, Any]


def web(base: str = "") -> httpx.Client:
    """An HTTP client; without loading the certificates that plain HTTP doesn't need."""
    return httpx.Client(base_url=base, timeout=30, verify=False, trust_env=False)


@contextmanager
def serving(app: Simulator) -> Generator[str]:
    """Serve an app on a free port in a thread; its address."""
    # Said to be TCP, so that asyncio turns off the delay of small writes.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    port = cast(int, listener.getsockname()[1])
    server = uvicorn.Server(config(app, host="127.0.0.1", port=port))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        with web() as probe:
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
    """`/_sim/*` of a running simulator."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = web(base)

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
    realm: str
    token: str

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}

    def post(self, entity: str, body: Body, **query: str) -> httpx.Response:
        path = f"/v3/company/{self.realm}/{entity}"
        return self.http.post(path, json=body, params=query, headers=self.headers())

    def get(self, path: str, **query: str) -> httpx.Response:
        path = f"/v3/company/{self.realm}/{path}"
        return self.http.get(path, params=query, headers=self.headers())

    def create(self, entity: str, body: Body, **query: str) -> Body:
        answer = self.post(entity, body, **query)
        assert answer.status_code == 200, answer.text
        found = cast(Body, answer.json())
        return cast(Body, next(value for name, value in found.items() if name != "time"))

    def query(self, statement: str) -> Body:
        answer = self.get("query", query=statement)
        assert answer.status_code == 200, answer.text
        return cast(Body, answer.json()["QueryResponse"])

    def error(self, entity: str, body: Body, **query: str) -> Body:
        """The one error a write is refused with."""
        answer = self.post(entity, body, **query)
        assert answer.status_code == 400, answer.text
        fault = cast(Body, answer.json()["Fault"])
        assert len(fault["Error"]) == 1, fault
        return cast(Body, fault["Error"][0])


@dataclass
class Connected:
    """An organisation with consent given, through the SDK."""

    auth: AuthClient
    client: QuickBooks
    api: Api
    code: str


@dataclass(frozen=True)
class Stock:
    """Ids of records to invoice with."""

    customer: str
    item: str
    income: str

    def invoice(self, **more: object) -> Body:
        """An invoice of one line, 2 × 128.19."""
        line = sale(self.item, 2, 128.19)
        return {"CustomerRef": {"value": self.customer}, "Line": [line], **more}


def discovery(base: str) -> str:
    return f"{base}/.well-known/openid_sandbox_configuration/"


def held(auth: Any, name: str) -> str:
    """A token (`access_token`, `refresh_token`, `id_token`) as the SDK holds it."""
    return str(getattr(auth, name))


def agree(
    base: str,
    organisation: str,
    *,
    client_id: str = "app",
    scope: str = ACCOUNTING,
    decision: str = "approve",
    state: str = "s",
) -> dict[str, str]:
    """What the callback gets after the consent page."""
    fields = {
        "client_id": client_id,
        "response_type": "code",
        "scope": scope,
        "redirect_uri": REDIRECT,
        "state": state,
        "username": "joe",
        "organisation": organisation,
        "decision": decision,
    }
    with web(base) as http:
        answer = http.post("/connect/oauth2", data=fields)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(REDIRECT)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


@contextmanager
def auth_client(base: str, client_id: str = "app") -> Generator[AuthClient]:
    auth = AuthClient(client_id, "secret", REDIRECT, discovery(base))
    try:
        yield auth
    finally:
        auth.close()


@contextmanager
def connected(base: str, organisation: str = "Oak", client_id: str = "app") -> Generator[Connected]:
    """Authorise, exchange, and the SDK's client for the organisation."""
    with auth_client(base, client_id) as auth, web(base) as http:
        assert auth.get_authorization_url([Scopes.ACCOUNTING]).startswith(f"{base}/connect/oauth2?")
        back = agree(base, organisation, client_id=client_id)
        auth.get_bearer_token(back["code"], realm_id=back["realmId"])
        client = QuickBooks(auth_client=auth, company_id=back["realmId"], minorversion=75)
        assert client.session is not None
        api = Api(http, back["realmId"], held(auth, "access_token"))
        try:
            yield Connected(auth, client, api, back["code"])
        finally:
            client.session.close()


def sale(item: str, quantity: float = 1, price: float = 100, **more: object) -> Body:
    """A sales line as a client sends it."""
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": round(quantity * price, 2),
        "SalesItemLineDetail": {
            "ItemRef": {"value": item},
            "Qty": quantity,
            "UnitPrice": price,
            **more,
        },
    }
