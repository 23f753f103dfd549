"""U2: lists and pages of a large company, server time: the whole answer, without a network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from contracts.connections import ConnectionOpened, Organisation
from contracts.ids import CompanyId, ConnectionId, MessageId, RemoteId, UserId
from invoice_api.app import Parts, make_app
from invoice_api.live.hub import Hub
from invoice_api.settings import Settings
from invoice_api.sync_status.projector import on_connections
from local_stack.database import create_database
from messaging.clock import SystemClock, SystemIds
from messaging.database import PostgresDatabase, open_pool
from messaging.migrations import migrate
from messaging.wake import Notifier
from pydantic import SecretStr
from testkit import running_stack

from bench import lists_store as store
from bench.goals import Asked, at_most
from bench.measuring import load, percentile, table

SIZES = {"invoices": 10_000, "customers": 5_000, "items": 4_000}
GOAL_MS = 300.0
_PASSWORD = "bench-only-password"
_SCHEMA = "invoice_api"

API = (
    "/invoices",
    "/invoices?limit=200",
    "/invoices?q=100777",
    "/invoices?q=Customer%204321",
    "/invoices?q=nothing%20like%20it",
    "/invoices?q=1125.00",
    "/invoices?sync_state=blocked&provider=qbo",
    "/invoices?sync_state=removed_there",
    "/invoices?sync_state=voided",
    "/invoices?cause=item_account_unmapped",
    "/invoices?status=draft",
    "/invoices?month=2025-03",
    "/customers",
    "/customers?q=4999",
    "/items",
    "/items?q=SKU-3999",
    "/integrations",
)
PAGES = (
    "/invoices",
    "/invoices?tab=attention",
    "/invoices?tab=progress",
    "/invoices?tab=not_synced",
    "/invoices?tab=synced&q=Customer",
    "/invoices?tab=draft",
    "/customers",
    "/items",
    "/integrations",
    "/invoices/new",
)


async def measure(state: Path, *, rounds: int) -> Sequence[Asked]:
    """Print each list's and page's median and p99; the worst beside the goal."""
    sizes = ", ".join(f"{count:,} {kind}" for kind, count in SIZES.items())
    print(f"U2 lists and pages: {sizes}; {rounds} times each; {load()}")
    with running_stack(state, only="postgres", durable=True) as stack:
        admin = stack.endpoints["database_url"]
        await create_database(admin, "tallybridge", {_SCHEMA: _PASSWORD}, dsn_of_database=admin)
        dsn = f"postgresql://{_SCHEMA}:{_PASSWORD}@{admin.rpartition('@')[2]}"
        await migrate(dsn, "invoice_api")
        settings = Settings(
            database_url=SecretStr(dsn),
            internal_key=SecretStr("5f" * 32),
            orchestrator_url="http://127.0.0.1:9",
            connector_urls={"qbo": "http://127.0.0.1:9"},
        )
        pool = await open_pool(dsn, application="bench", size=8)
        async with Notifier(dsn) as notifier, httpx.AsyncClient() as http:
            database = PostgresDatabase(pool, notifier)
            clock = SystemClock()
            parts = Parts(settings, database, clock, SystemIds(), http)
            app: Any = make_app(parts, Hub(database, clock))
            asked = await _measure(app, database, rounds)
        await pool.close()
    return asked


async def _measure(app: Any, database: PostgresDatabase, rounds: int) -> Sequence[Asked]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8000", timeout=60
    ) as web:
        body = {
            "company_name": "Lists",
            "email": "lists@bench.example",
            "password": "correct horse battery 9",
            "currency": "USD",
        }
        made = (await web.post("/api/v1/signup", json=body)).json()
        company, connection = UUID(made["company_id"]), uuid4()
        await _connect(database, company, connection)
        async with database.transaction() as tx:
            await store.fill(tx, company, connection, SIZES)
        async with database.transaction() as tx:
            await store.analyze(tx)
            ids = {kind: await store.a_record(tx, company, kind) for kind in SIZES}
        login = {"email": body["email"], "password": body["password"]}
        assert (await web.post("/api/v1/session", json=login)).status_code == 200
        paths = [f"/api/v1{path}" for path in API]
        paths += [f"/api/v1/{kind}/{one}" for kind, one in ids.items()]
        paths += [*PAGES, *(f"/{kind}/{one}" for kind, one in ids.items())]
        taken: dict[str, list[float]] = {path: [] for path in paths}
        for number in range(rounds + 1):
            for path in paths:
                begun = time.perf_counter()
                answer = await web.get(path)
                passed = (time.perf_counter() - begun) * 1000
                assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
                # The first time prepares statements and templates.
                if number:
                    taken[path].append(passed)
                await asyncio.sleep(0)
    return _print(taken)


async def _connect(database: PostgresDatabase, company: UUID, connection: UUID) -> None:
    now = SystemClock().now()
    opened = ConnectionOpened(
        id=MessageId(uuid4()),
        occurred_at=now,
        company_id=CompanyId(company),
        correlation_id=uuid4(),
        provider="qbo",
        connection_id=ConnectionId(connection),
        epoch=1,
        organisation=Organisation(id=RemoteId("913"), name="Oak Books"),
        opened_by=UserId(uuid4()),
        opened_at=now.replace(year=2020),
    )
    async with database.transaction() as tx:
        await on_connections(tx, [opened])


def _print(taken: dict[str, list[float]]) -> Sequence[Asked]:
    rows = [
        (path[:60], f"{percentile(ms, 0.5):.0f} ms", f"{percentile(ms, 0.99):.0f} ms")
        for path, ms in sorted(taken.items(), key=lambda one: -percentile(one[1], 0.99))
    ]
    print(table(("list or page", "p50", "p99"), rows))
    worst = max(percentile(ms, 0.99) for ms in taken.values())
    over = [path for path, ms in taken.items() if percentile(ms, 0.99) > GOAL_MS]
    print(f"  worst p99: {worst:.0f} ms (goal: {GOAL_MS:.0f} or less); over it: {over or 'none'}")
    return [at_most("U2 the slowest list's or page's p99", worst, GOAL_MS, " ms")]
