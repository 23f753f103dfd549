"""The simulator as its users meet it: over HTTP, and through the official SDK unchanged."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from freshbooks_simulator.app import Simulator
from freshbooks_simulator.app import build as build
from freshbooks_simulator.serving import config

from .sdk import Client, FreshBooksError

REDIRECT = "http://127.0.0.1:9/callback"
SCOPES = [
    "user:profile:read",
    "user:clients:read",
    "user:clients:write",
    "user:billable_items:read",
    "user:billable_items:write",
    "user:invoices:read",
    "user:invoices:write",
    "user:taxes:read",
    "user:taxes:write",
    "user:payments:read",
    "user:journal_entries:read",
    "user:journal_entries:write",
]
SHARED = os.environ.get("SHARED", "")
"""The folder with the providers' recorded bodies; tests that need it are collected if it's set."""
Body = dict[str, Any]
Error = pytest.ExceptionInfo[FreshBooksError]


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

    def change(self, kind: str, identifier: object, body: Body) -> Any:
        path = f"/_sim/records/{kind}/{identifier}"
        return self._checked(self.http.patch(path, json=body, params={"organisation": "Oak"}))

    def delete(self, kind: str, identifier: object) -> Any:
        path = f"/_sim/records/{kind}/{identifier}"
        return self._checked(self.http.delete(path, params={"organisation": "Oak"}))

    def set(self, organisation: str = "Oak", **settings: object) -> Any:
        return self.put("organisation", dict(settings), organisation=organisation)

    def fault(self, **rule: object) -> Any:
        return self.post("faults", dict(rule))

    def books(self, organisation: str = "Oak") -> Body:
        return cast(Body, self.get("books", organisation=organisation))

    def seed(self, organisation: str = "Oak", **content: object) -> Body:
        return cast(Body, self.post("seed", {"organisation": organisation, **content}))

    def pay(self, invoice: object, amount: str | None = None) -> Body:
        body = {"organisation": "Oak", "invoice_id": str(invoice)}
        return cast(Body, self.post("payments", body | ({"amount": amount} if amount else {})))

    @staticmethod
    def _checked(answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()


@dataclass
class Api:
    """One account over plain HTTP, with an access token."""

    http: httpx.Client
    account: str
    token: str

    def call(self, method: str, path: str, body: Any = None, query: str = "") -> httpx.Response:
        """`path` follows the account's unless it begins with a slash."""
        where = path if path.startswith("/") else f"/accounting/account/{self.account}/{path}"
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.http.request(method, where + query, json=body, headers=headers)

    def get(self, path: str, query: str = "") -> httpx.Response:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any, query: str = "") -> httpx.Response:
        return self.call("POST", path, body, query)

    def put(self, path: str, body: Any, query: str = "") -> httpx.Response:
        return self.call("PUT", path, body, query)


@dataclass
class Connected:
    """An organisation with consent given, through the SDK."""

    sdk: Any
    account: str
    business: int
    uuid: str
    api: Api

    def client(self, **fields: object) -> Any:
        """A client made through the SDK."""
        return self.sdk.clients.create(self.account, dict(fields) or {"organization": "Lee Ltd"})

    def item(self, **fields: object) -> Any:
        return self.sdk.items.create(self.account, dict(fields))

    def invoice(self, client: Any, **fields: object) -> Any:
        """An invoice made through the SDK, of one line, 2 × 64.10, unless said."""
        return self.sdk.invoices.create(self.account, invoice(client, **fields))


def line(name: str = "Call-out", price: str = "64.10", qty: float = 2, **more: object) -> Body:
    return {"type": 0, "name": name, "qty": qty, "unit_cost": {"amount": price}, **more}


def invoice(client: Any, **fields: object) -> Body:
    """What a client sends."""
    return {
        "customerid": client.id,
        "create_date": "2026-06-29",
        "lines": [line()],
        **fields,
    }


def agree(
    base: str,
    organisation: str,
    *,
    client_id: str = "app",
    username: str = "joe",
    scope: str = " ".join(SCOPES),
    decision: str = "approve",
    **more: str,
) -> dict[str, str]:
    """What the callback gets after the consent page."""
    fields = {
        "client_id": client_id,
        "response_type": "code",
        "scope": scope,
        "redirect_uri": REDIRECT,
        "state": "s",
        "username": username,
        "organisation": organisation,
        "decision": decision,
        **more,
    }
    with web(base) as http:
        answer = http.post("/oauth/authorize", data=fields)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(REDIRECT)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


def sdk_of(client_id: str = "app") -> Any:
    return Client(client_id=client_id, client_secret="secret", redirect_uri=REDIRECT)


@contextmanager
def connected(
    base: str,
    organisation: str = "Oak",
    *,
    client_id: str = "app",
    username: str = "joe",
    scope: str = " ".join(SCOPES),
) -> Generator[Connected]:
    """Authorise, exchange, read the three ids, all through the SDK."""
    sdk = sdk_of(client_id)
    back = agree(base, organisation, client_id=client_id, username=username, scope=scope)
    sdk.get_access_token(back["code"])
    memberships = cast(Body, sdk.current_user().data)["business_memberships"]
    businesses = [each["business"] for each in memberships]
    business = next(each for each in businesses if each["name"] == organisation)
    with web(base) as http:
        api = Api(http, business["account_id"], str(sdk.access_token))
        yield Connected(sdk, business["account_id"], business["id"], business["business_uuid"], api)


def refused(error: Error) -> tuple[int, int | None, str | None]:
    """Status, errno and field of an SDK error."""
    found: Any = error.value
    details = said(error)
    return found.status_code, found.error_code, details[0].get("field") if details else None


def said(error: Error) -> list[Body]:
    """The entries of an SDK error."""
    return cast("list[Body]", cast(Any, error.value).error_details or [])
