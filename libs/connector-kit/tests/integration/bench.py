"""A connector on a test's database, step by step, against `there`."""

import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from connector_kit import connections_store, grants_store
from connector_kit.asking import Asker
from connector_kit.auth import OAuthClient, Tokens
from connector_kit.checker import Checker
from connector_kit.choosing import Lot, ReadLot
from connector_kit.commands import Commands
from connector_kit.connector import Connector
from connector_kit.provider import Provider
from connector_kit.sealing import Sealer
from connector_kit.telling import Teller
from connector_kit.timing import Timing
from connector_kit.tokens import TokenKeeper, new_grant_key, seal_tokens
from connector_kit.transport import HttpTransport, http_client
from connector_kit.worker import InHand, Worker
from contracts.codec import Decoded, decode
from contracts.commands import Origin, RemoteRef, SyncCustomer, SyncInvoice, SyncItem, VoidInvoice
from contracts.connections import Organisation, OrganisationFacts
from contracts.ids import (
    CompanyId,
    ConnectionId,
    CustomerId,
    InvoiceId,
    ItemId,
    MessageId,
    RecordId,
    RemoteId,
    UserId,
)
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot
from contracts.message import Message
from contracts.topics import TOPICS
from messaging.clock import SystemClock, SystemIds
from messaging.database import PostgresDatabase, Row, Tx, open_pool
from messaging.migrations import migrate
from testkit import TestDatabase

from .plain import plain_provider
from .there import There, provider_there

SCHEMA = "connector_plain"
ids = SystemIds()
CLIENT = OAuthClient("client", "canary-client-secret", "http://127.0.0.1:8002/callback")
M = TypeVar("M", bound=Message)


class NoWaker:
    def wake(self, channel: str) -> None:
        pass


@dataclass
class AheadClock(SystemClock):
    """The machine's clocks, which a test may put ahead; the database's `clock()` goes with them."""

    ahead: timedelta = timedelta(0)
    slept: list[float] = field(default_factory=list[float])

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def elapsed(self) -> float:
        return super().elapsed() + self.ahead.total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await super().sleep(min(seconds, 0.05))


class AheadDatabase(PostgresDatabase):
    """Transactions whose `clock()` is as far ahead as the test's clock."""

    def __init__(self, pool: "asyncpg.Pool[Row]", clock: AheadClock) -> None:
        super().__init__(pool, NoWaker())
        self._clock = clock

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        async with super().transaction() as tx:
            if self._clock.ahead:
                now = self._clock.now().isoformat()
                await tx.execute("SELECT set_config('app.now', $1, true)", now)
            yield tx


@dataclass
class Bench:
    """One connector with one company's open connection, and the provider it is connected to."""

    there: There
    connector: Connector
    worker: Worker
    checker: Checker
    commands: Commands
    teller: Teller
    clock: AheadClock
    pool: "asyncpg.Pool[Row]"
    sealer: Sealer
    company: CompanyId
    connection: ConnectionId
    told: int = 0

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.clock.ahead += timedelta(**by)

    async def take(self, *messages: Message) -> None:
        async with self.connector.database.transaction() as tx:
            await self.commands.handle(tx, messages)

    async def claim(self) -> Lot:
        """The one lot that is there to be sent."""
        lots = (await self.worker.claim(16)).lots
        assert len(lots) == 1, lots
        assert isinstance(lots[0], Lot)
        return lots[0]

    async def freeze(self) -> InHand:
        ready = await self.worker.prepare(await self.claim())
        assert ready is not None
        in_hand = await self.worker.freeze(ready)
        assert in_hand is not None
        return in_hand

    async def work(self) -> int:
        """Do all that can be done now; how many lots that were."""
        done = 0
        while lots := (await self.worker.claim(16)).lots:
            for lot in lots:
                done += 1
                if isinstance(lot, ReadLot):
                    await self.worker.read_remote(lot)
                    continue
                ready = await self.worker.prepare(lot)
                in_hand = None if ready is None else await self.worker.freeze(ready)
                if in_hand is not None:
                    await self.worker.record(in_hand, await self.worker.send(in_hand))
        return done

    async def check(self) -> int:
        """Look up all that is due; how many requests that were."""
        done = 0
        while (check := await self.checker.claim()) is not None:
            done += 1
            await self.checker.record(check, await self.checker.look(check))
        return done

    async def said(self) -> list[Message]:
        """What was put into the outbox since the last call."""
        rows = await self.pool.fetch(
            "SELECT seq, topic, value FROM outbox WHERE seq > $1 ORDER BY seq", self.told
        )
        topics = {topic.name: topic for topic in TOPICS}
        messages: list[Message] = []
        for row in rows:
            decoded = decode(topics[row["topic"]], row["value"])
            assert isinstance(decoded, Decoded), decoded
            messages.append(decoded.message)
            self.told = row["seq"]
        return messages

    async def said_one(self, kind: type[M]) -> M:
        said = await self.said()
        assert len(said) == 1, said
        assert isinstance(said[0], kind)
        return said[0]

    async def states(self) -> list[str]:
        """The ledger's states, oldest first."""
        rows = await self.pool.fetch("SELECT state FROM ledger ORDER BY opened_at, position, id")
        return [row["state"] for row in rows]

    async def waiting(self) -> int:
        return int(await self.pool.fetchval("SELECT count(*) FROM lanes WHERE waiting"))

    def another_worker(self) -> Worker:
        return Worker(self.connector)

    def customer(
        self,
        name: str,
        *,
        record: UUID | None = None,
        step: int = 1,
        generation: int = 1,
        email: str | None = None,
        link: RemoteRef | None = None,
        connection: ConnectionId | None = None,
        company: CompanyId | None = None,
        click: bool = False,
    ) -> SyncCustomer:
        record = record or ids.new()
        return SyncCustomer(
            id=MessageId(ids.new()),
            occurred_at=datetime.now(UTC),
            company_id=company or self.company,
            correlation_id=ids.new(),
            provider="qbo",
            connection_id=connection or self.connection,
            epoch=1,
            record_id=RecordId(record),
            generation=generation,
            step=step,
            priority="person" if click else "automatic",
            origin=Origin(by="event"),
            link=link,
            customer=CustomerSnapshot(
                id=CustomerId(record),
                version=step,
                name=name,
                kind="business",
                email=email,
                created_at=datetime.now(UTC),
            ),
        )

    def item(self, name: str, *, record: UUID | None = None, step: int = 1) -> SyncItem:
        record = record or ids.new()
        return SyncItem(
            id=MessageId(ids.new()),
            occurred_at=datetime.now(UTC),
            company_id=self.company,
            correlation_id=ids.new(),
            provider="qbo",
            connection_id=self.connection,
            epoch=1,
            record_id=RecordId(record),
            generation=1,
            step=step,
            origin=Origin(by="event"),
            item=ItemSnapshot(
                id=ItemId(record),
                version=step,
                name=name,
                unit_price=Decimal("9.50"),
                created_at=datetime.now(UTC),
            ),
            income_account_id="79",
        )

    def invoice(
        self,
        number: str,
        *,
        record: UUID | None = None,
        step: int = 1,
        generation: int = 1,
        total: str = "100.00",
        void: bool = False,
    ) -> SyncInvoice | VoidInvoice:
        record = record or ids.new()
        snapshot = InvoiceSnapshot(
            id=InvoiceId(record),
            version=step,
            number=number,
            status="void" if void else "sent",
            customer_id=CustomerId(ids.new()),
            issue_date=date(2026, 6, 1),
            currency="USD",
            lines=(),
            subtotal=Decimal(total),
            tax=Decimal(0),
            total=Decimal(total),
        )
        common: dict[str, Any] = {
            "id": ids.new(),
            "occurred_at": datetime.now(UTC),
            "company_id": self.company,
            "correlation_id": ids.new(),
            "provider": "qbo",
            "connection_id": self.connection,
            "epoch": 1,
            "record_id": record,
            "generation": generation,
            "step": step,
            "origin": Origin(by="event"),
            "invoice": snapshot,
        }
        if void:
            return VoidInvoice(**common)
        return SyncInvoice(
            **common, customer_remote_id=RemoteId("c1"), customer_name="A customer", items={}
        )


async def open_connection(
    connector: Connector, sealer: Sealer, organisation: str, company: CompanyId, subject: str
) -> ConnectionId:
    """An open connection with its grant, as a connect leaves it."""
    connection, grant = ConnectionId(ids.new()), ids.new()
    key = new_grant_key(sealer, grant)
    tokens = seal_tokens(sealer, grant, key, Tokens("access-1", "refresh-1", 3600.0, 86_400.0))
    async with connector.database.transaction() as tx:
        await grants_store.insert(tx, grant, subject, key, tokens)
        await connections_store.insert_open(
            tx,
            connection,
            company,
            Organisation(id=RemoteId(organisation), name="Hill Plumbing"),
            OrganisationFacts(),
            grant,
            UserId(ids.new()),
            "Ann",
            opened_on=date(2026, 6, 1),
            attachment=None,
        )
    return connection


@asynccontextmanager
async def connector_on(
    database: TestDatabase, there: There, provider: Provider, *, margin: float = 30.0
) -> AsyncGenerator[tuple[Connector, Sealer, AheadClock, "asyncpg.Pool[Row]"]]:
    """A connector's parts on a migrated, empty schema."""
    pool = await open_pool(database.dsn(SCHEMA), application="test", size=20)
    client = http_client(20)
    try:
        await pool.execute(
            "TRUNCATE grants, connections, consents, offers, creates, turns, lanes, requests,"
            " ledger, budgets, slots, loads, restores, outbox, inbox RESTART IDENTITY"
        )
        await pool.execute("UPDATE weather SET failures = 0, probe_at = NULL, paused_at = NULL")
        clock = AheadClock()
        db = AheadDatabase(pool, clock)
        urls: dict[str, str] = dict.fromkeys(("api", "oauth", "authorize"), there.url)
        transport = HttpTransport(client, urls, clock)
        sealer = Sealer({"k1": b"1" * 32}, os.urandom)
        timing = Timing.of(provider, margin=margin)
        tokens = TokenKeeper(db, transport, provider, CLIENT, sealer, ids, clock)
        asker = Asker(db, transport, tokens, provider, timing, ids, clock)
        connector = Connector(
            provider, timing, "simulator", urls, db, transport, tokens, asker, ids, clock
        )
        yield connector, sealer, clock, pool
    finally:
        await client.aclose()
        await pool.close()


@asynccontextmanager
async def bench_on(database: TestDatabase, **changes: Any) -> AsyncGenerator[Bench]:
    """A connector with one open connection. `changes` are made to the provider's facts."""
    async with provider_there() as there:
        provider = plain_provider(**changes)
        async with connector_on(database, there, provider) as (connector, sealer, clock, pool):
            there.now = clock.now
            company = CompanyId(ids.new())
            connection = await open_connection(connector, sealer, "org-1", company, "org-1")
            worker = Worker(connector)
            yield Bench(
                there,
                connector,
                worker,
                Checker(connector),
                Commands(connector),
                Teller(connector),
                clock,
                pool,
                sealer,
                company,
                connection,
            )


async def migrated(new_database: Callable[[Sequence[str]], TestDatabase]) -> TestDatabase:
    database = new_database([SCHEMA])
    await migrate(database.dsn(SCHEMA), "connector_kit")
    return database


def with_timing(connector: Connector, **changes: float) -> Connector:
    return replace(connector, timing=replace(connector.timing, **changes))
