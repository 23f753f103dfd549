"""A running invoice-api on a database of its own, without its neighbours."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from invoice_api.app import Parts, make_app
from invoice_api.live.hub import Hub
from invoice_api.settings import Settings
from messaging.clock import SystemClock, SystemIds
from messaging.database import PostgresDatabase, open_pool
from messaging.migrations import migrate
from messaging.wake import Notifier
from pydantic import SecretStr
from testkit.databases import TestDatabase

KEY = "5f" * 32


@dataclass
class Service:
    """The service's parts, and clients of it."""

    dsn: str
    parts: Parts
    hub: Hub
    app: Any
    numbers: int = 0

    def client(self, api_key: str | None = None) -> httpx.AsyncClient:
        headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://127.0.0.1:8000/api/v1",
            headers=headers,
        )

    async def sign_up(self, **fields: str) -> dict[str, Any]:
        """A new company; the answer, with the e-mail used."""
        self.numbers += 1
        email = fields.get("email", f"joe{self.numbers}@oak.example")
        body = {
            "company_name": "Oak Plumbing",
            "password": "correct horse battery 9",
            "time_zone": "America/New_York",
            "currency": "USD",
            **fields,
            "email": email,
        }
        async with self.client() as web:
            answer = await web.post("/signup", json=body)
        assert answer.status_code == 201, answer.text
        return {**answer.json(), "email": email}

    async def company(self) -> httpx.AsyncClient:
        """A client of a company of its own."""
        return self.client((await self.sign_up())["api_key"])


@pytest.fixture(scope="session")
async def service(
    new_database: Callable[[Sequence[str]], TestDatabase],
) -> AsyncGenerator[Service]:
    dsn = new_database(["invoice_api"]).dsn("invoice_api")
    await migrate(dsn, "invoice_api")
    settings = Settings(
        database_url=SecretStr(dsn),
        internal_key=SecretStr(KEY),
        orchestrator_url="http://127.0.0.1:9",
        connector_urls={"qbo": "http://127.0.0.1:9"},
    )
    pool = await open_pool(dsn, application="tests", size=8)
    async with Notifier(dsn) as notifier, httpx.AsyncClient() as http:
        clock = SystemClock()
        database = PostgresDatabase(pool, notifier)
        parts = Parts(settings, database, clock, SystemIds(), http)
        hub = Hub(database, clock)
        yield Service(dsn, parts, hub, make_app(parts, hub))
    await pool.close()
