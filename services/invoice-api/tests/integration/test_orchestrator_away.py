"""The orchestrator may be away, slow or wrong: lists stand, the rest says so and soon."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest
from contracts.connections import ConnectionOpened, Organisation
from contracts.ids import CompanyId, ConnectionId, MessageId, RemoteId, UserId
from invoice_api.app import Parts, make_app
from invoice_api.integrations.catching_up import read_missing_settings
from invoice_api.peers.orchestrator import Orchestrator
from invoice_api.sync_status.projector import on_connections
from messaging.internal import InternalClient

Service = Any
Json = dict[str, Any]

CALLS: list[tuple[str, str, Json | None]] = [
    ("GET", "/integrations/qbo/settings", None),
    ("PUT", "/integrations/qbo/settings", {"sync_customers": True}),
    ("GET", "/integrations/qbo/accounts", None),
    ("GET", "/integrations/qbo/account-mapping", None),
    ("PUT", "/integrations/qbo/account-mapping", {"items": []}),
    ("POST", "/integrations/qbo/account-mapping/apply-to-unmapped", {"account_id": "79"}),
    ("GET", "/integrations/qbo/syncs", None),
    ("GET", "/integrations/qbo/causes", None),
    ("POST", "/integrations/qbo/sync", {"invoices": True}),
    ("GET", "/integrations/qbo/sync/dry-run", None),
    ("GET", "/integrations/qbo/ignored", None),
    ("GET", "/integrations/qbo/match?month=2026-06", None),
    ("POST", "/integrations/qbo/match/verify?month=2026-06", {}),
    ("GET", "/integrations/qbo/settings/dry-run?sync_invoices=true", None),
    ("POST", "/integrations/qbo/causes/account_gone.79/retry", {}),
    ("GET", "/customers/{customer}/stops?provider=qbo", None),
    ("POST", "/invoices/{invoice}/sync", {"provider": "qbo"}),
    ("POST", "/customers/{customer}/sync", {"provider": "qbo"}),
    ("POST", "/invoices/{invoice}/actions/retry", {"provider": "qbo"}),
    ("GET", "/invoices/{invoice}/preflight?provider=qbo", None),
    ("GET", "/invoices/{invoice}/timeline?provider=qbo", None),
]


@asynccontextmanager
async def neighbour(answer: bytes | None) -> AsyncGenerator[str]:
    """An HTTP server that always says the same, or nothing at all."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
                await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"


def said(status: str, body: str) -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body.encode())}\r\nConnection: close\r\n\r\n{body}"
    ).encode()


class Company:
    """A connected company with one sent invoice, behind a service of its own."""

    def __init__(self, service: Service, signed_up: Json) -> None:
        self.service = service
        self.key = signed_up["api_key"]
        self.company_id = signed_up["company_id"]
        self.names: dict[str, str] = {}

    def client(self, orchestrator_url: str, http: httpx.AsyncClient) -> httpx.AsyncClient:
        parts: Parts = self.service.parts
        settings = parts.settings.model_copy(update={"orchestrator_url": orchestrator_url})
        app = make_app(Parts(settings, parts.database, parts.clock, parts.ids, http))
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://127.0.0.1:8000/api/v1",
            headers={"Authorization": f"Bearer {self.key}"},
        )

    async def prepare(self) -> None:
        parts = self.service.parts
        now = parts.clock.now()
        opened = ConnectionOpened(
            id=MessageId(parts.ids.new()),
            occurred_at=now,
            company_id=CompanyId(UUID(self.company_id)),
            correlation_id=parts.ids.new(),
            provider="qbo",
            connection_id=ConnectionId(parts.ids.new()),
            epoch=1,
            organisation=Organisation(id=RemoteId("913"), name="Oak Books"),
            opened_by=UserId(parts.ids.new()),
            opened_at=now.replace(year=2020),
        )
        async with parts.database.transaction() as tx:
            await on_connections(tx, [opened])
        async with self.service.client(self.key) as web:
            customer = (await web.post("/customers", json={"name": "Ann Lee"})).json()["id"]
            body = {"customer_id": customer, "lines": [{"unit_price": "5.00"}]}
            invoice = (await web.post("/invoices", json=body)).json()["id"]
            await web.post(f"/invoices/{invoice}/send")
        self.names = {"customer": customer, "invoice": invoice}


@pytest.fixture
async def company(service: Service) -> Company:
    company = Company(service, await service.sign_up())
    await company.prepare()
    return company


@pytest.mark.parametrize(
    "answer",
    [
        said("500 Internal Server Error", '{"code": "boom", "detail": "secret stack"}'),
        said("503 Service Unavailable", "upstream went away"),
        said("401 Unauthorized", '{"code": "not_signed"}'),
        said("418 Teapot", "short and stout"),
        b"garbage\r\n\r\n",
        b"",
    ],
)
async def test_whatever_is_wrong_there_people_are_told_to_try_again(
    company: Company, answer: bytes
) -> None:
    async with (
        neighbour(answer) as url,
        httpx.AsyncClient() as http,
        company.client(url, http) as web,
    ):
        for method, path, body in CALLS:
            refused = await web.request(method, path.format(**company.names), json=body)
            problem = refused.json()
            assert (refused.status_code, problem["code"]) == (503, "orchestrator_away"), path
            assert refused.headers["content-type"] == "application/problem+json"
            assert int(refused.headers["retry-after"]) > 0
            assert "secret" not in refused.text


async def test_nobody_listening_is_told_at_once(company: Company) -> None:
    async with company.service.client(company.key) as web:
        for method, path, body in CALLS:
            refused = await web.request(method, path.format(**company.names), json=body)
            assert (refused.status_code, refused.json()["code"]) == (503, "orchestrator_away")


async def test_a_neighbour_that_never_answers_costs_five_seconds(company: Company) -> None:
    async with (
        neighbour(None) as url,
        httpx.AsyncClient() as http,
        company.client(url, http) as web,
    ):
        began = time.monotonic()
        method, path, body = CALLS[8]
        refused = await web.request(method, path.format(**company.names), json=body)
        assert (refused.status_code, refused.json()["code"]) == (503, "orchestrator_away")
        assert time.monotonic() - began < 7


async def test_lists_badges_and_integrations_stand_meanwhile(company: Company) -> None:
    async with company.service.client(company.key) as web:
        rows = (await web.get("/integrations")).json()["data"]
        assert [row["status"] for row in rows] == ["connected", "not_connected", "not_connected"]
        assert rows[0]["organisation"]["name"] == "Oak Books"
        [invoice] = (await web.get("/invoices")).json()["data"]
        assert invoice["sync"]["qbo"]["actions"] == ["sync"]


async def test_the_orchestrator_s_own_refusals_come_through(company: Company) -> None:
    body = (
        '{"type": "x", "title": "No such account", "status": 422, "code": "invalid",'
        ' "detail": "choose another", "errors": [{"field": "account_id", "message": "gone"}]}'
    )
    async with (
        neighbour(said("422 Unprocessable", body)) as url,
        httpx.AsyncClient() as http,
        company.client(url, http) as web,
    ):
        path = "/integrations/qbo/account-mapping/apply-to-unmapped"
        refused = await web.post(path, json={"account_id": "79"})
        assert refused.status_code == 422
        assert refused.json() == {
            "type": "urn:tallybridge:problem:invalid",
            "title": "No such account",
            "status": 422,
            "code": "invalid",
            "detail": "choose another",
            "errors": [{"field": "account_id", "message": "gone"}],
        }
        item = await web.post("/items", json={"name": "Pipe", "income_accounts": {"qbo": "79"}})
        assert (item.status_code, item.json()["errors"]) == (
            422,
            [{"field": "income_accounts.qbo", "message": "gone"}],
        )
        assert (await web.get("/items")).json()["data"] == []


async def test_connecting_and_disconnecting_without_a_connector(company: Company) -> None:
    async with company.service.client(company.key) as web:
        again = await web.post("/integrations/qbo/connect")
        assert (again.status_code, again.json()["code"]) == (409, "connected_already")
        away = await web.post("/integrations/qbo/disconnect")
        assert (away.status_code, away.json()["code"]) == (503, "connector_away")
    other = await company.service.company()
    started = await other.post("/integrations/qbo/connect", json={})
    assert started.status_code == 200
    assert "/connect?ticket=" in started.json()["authorize_url"]
    for action in ("disconnect", "reconnect"):
        refused = await other.post(f"/integrations/qbo/{action}")
        assert (refused.status_code, refused.json()["code"]) == (409, "not_connected")


async def test_settings_nobody_has_looked_at_are_asked_for(company: Company) -> None:
    parts: Parts = company.service.parts
    settings = '{"sync_customers": true, "sync_invoices": true, "start_date": "2099-01-01"}'

    async def badge() -> Json:
        async with company.service.client(company.key) as web:
            found = await web.get(f"/invoices/{company.names['invoice']}")
        return found.json()["sync"]["qbo"]

    async with httpx.AsyncClient() as http:

        def orchestrator(url: str) -> Orchestrator:
            return Orchestrator(InternalClient(url, parts.settings.key, parts.clock, http))

        away = orchestrator("http://127.0.0.1:9")
        assert await read_missing_settings(parts.database, away) == 0
        assert (await badge())["state"] == "not_synced"
        async with neighbour(said("200 OK", settings)) as url:
            assert await read_missing_settings(parts.database, orchestrator(url)) > 0
        assert (await badge())["cause"]["code"] == "before_start_date"
