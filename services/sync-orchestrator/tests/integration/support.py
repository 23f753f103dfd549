"""A harness around the real stores on a real database: events in, what the outbox says out."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID, uuid4

import asyncpg
from contracts.codec import Decoded, decode
from contracts.commands import RecordCommand, RemoteRef, SyncCustomer, SyncInvoice, SyncItem
from contracts.connections import (
    Account,
    AccountsListed,
    ConnectionClosed,
    ConnectionExpired,
    ConnectionOpened,
    Organisation,
    OrganisationFacts,
)
from contracts.ids import (
    CompanyId,
    ConnectionId,
    CustomerId,
    Entity,
    InvoiceId,
    ItemId,
    LoadId,
    MessageId,
    Provider,
    RecordId,
    RemoteId,
    UserId,
    uuid7,
)
from contracts.invoicing import (
    CameFrom,
    CustomerChanged,
    CustomerCreated,
    CustomerSnapshot,
    InvoiceChanged,
    InvoiceLine,
    InvoiceSent,
    InvoiceSnapshot,
    InvoiceVoided,
    ItemChanged,
    ItemCreated,
    ItemSnapshot,
)
from contracts.message import Message
from contracts.sync import (
    CauseInstance,
    RecordState,
    SyncDelayed,
    SyncFailed,
    SyncStateChanged,
    SyncSucceeded,
    Totals,
)
from contracts.topics import TOPICS
from messaging.database import PostgresDatabase, Row, Tx, open_pool
from sync_orchestrator.domain.ages import Ages
from sync_orchestrator.domain.job import Job, RecordKey
from sync_orchestrator.handlers import connections, invoicing, outcomes, reviewing
from sync_orchestrator.handlers.work import Tools
from sync_orchestrator.store import jobs_store
from testkit import TestDatabase

SCHEMA = "sync_orchestrator"
START = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
_BY_TOPIC = {topic.name: topic for topic in TOPICS}
M = TypeVar("M", bound=Message)


class SilentWaker:
    """Remembers what would have been woken."""

    def __init__(self) -> None:
        self.channels: list[str] = []

    def wake(self, channel: str) -> None:
        self.channels.append(channel)


class CountingIds:
    """UUIDv7s that only count: the same run makes the same ids."""

    def __init__(self) -> None:
        self._count = 0

    def new(self) -> UUID:
        self._count += 1
        number = self._count
        return uuid7(1_781_524_800_000 + number, lambda size: number.to_bytes(size, "big"))


@dataclass
class Office:
    """One company with what it told us, on a database of its own."""

    database: PostgresDatabase
    pool: "asyncpg.Pool[Row]"
    waker: SilentWaker
    company: CompanyId
    tools: Tools
    now: datetime = START
    connection: ConnectionId = field(default_factory=lambda: ConnectionId(uuid4()))
    provider: Provider = "qbo"
    epoch: int = 1
    sent: list[Message] = field(default_factory=list[Message])

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        """A transaction at the harness's time."""
        async with self.database.transaction() as tx:
            await tx.execute("select set_config('app.now', $1, true)", self.now.isoformat())
            yield tx

    def later(self, by: timedelta) -> None:
        self.now += by

    async def events(self, *messages: Message) -> None:
        """One batch of invoice-api's events."""
        async with self.transaction() as tx:
            await invoicing.on_events(tx, messages, self.tools)
        await self.read_outbox()

    async def outcomes(self, *messages: Message) -> None:
        async with self.transaction() as tx:
            await outcomes.on_outcomes(tx, messages, self.tools)
        await self.read_outbox()

    async def connections(self, *messages: Message) -> None:
        async with self.transaction() as tx:
            await connections.on_connection_events(tx, messages, self.tools)
        await self.read_outbox()

    async def sweep(self) -> int:
        """Look at what is due until nothing is."""
        count = 0
        while True:
            async with self.transaction() as tx:
                seen = await reviewing.review_due(tx, self.tools)
            count += seen
            if seen == 0:
                await self.read_outbox()
                return count

    async def read_outbox(self) -> None:
        rows = await self.pool.fetch("delete from outbox returning seq, topic, value")
        for row in sorted(rows, key=lambda row: row["seq"]):
            decoded = decode(_BY_TOPIC[row["topic"]], row["value"])
            assert isinstance(decoded, Decoded)
            self.sent.append(decoded.message)

    def take(self, kind: type[M]) -> list[M]:
        """What was sent of this kind since it was last taken, in order."""
        found = [message for message in self.sent if isinstance(message, kind)]
        self.sent = [message for message in self.sent if not isinstance(message, kind)]
        return found

    def commands(self) -> list[RecordCommand]:
        return self.take(RecordCommand)

    async def job(self, entity: Entity, record: UUID) -> Job | None:
        async with self.transaction() as tx:
            key = RecordKey(self.connection, entity, RecordId(record))
            return next(iter(await jobs_store.load(tx, [key])), None)

    async def state(self, entity: Entity, record: UUID) -> str | None:
        job = await self.job(entity, record)
        return None if job is None else job.state.value

    def told(self, record: UUID) -> list[RecordState]:
        """The states of a record that went out, in order."""
        return [
            message.state
            for message in self.sent
            if isinstance(message, SyncStateChanged) and message.state.record_id == record
        ]

    async def connect(
        self,
        *,
        facts: OrganisationFacts | None = None,
        accounts: Sequence[Account] = (Account(id="79", code="200", name="Service revenue"),),
        sync_customers: bool = True,
        sync_invoices: bool = True,
        start: date = date(2020, 1, 1),
    ) -> None:
        """Opened, accounts read, switches set."""
        await self.connections(self.opened(facts=facts), self.accounts(accounts))
        await self.pool.execute(
            "update connection_settings set sync_customers = $2, sync_invoices = $3,"
            " start_date = $4, customers_since = $5, invoices_since = $5 where connection_id = $1",
            self.connection,
            sync_customers,
            sync_invoices,
            start,
            self.now - timedelta(days=1),
        )
        self.sent.clear()

    async def map(self, *items: UUID, account: str = "79") -> None:
        """Map items before anything hangs on them."""
        for item in items:
            await self.pool.execute(
                "insert into account_mapping (connection_id, item_id, company_id, provider,"
                " item_name, account_id, changed_at) values ($1, $2, $3, $4, 'item', $5, $6)"
                " on conflict (connection_id, item_id) do update set account_id = $5",
                self.connection,
                item,
                self.company,
                self.provider,
                account,
                self.now,
            )

    # --- messages -------------------------------------------------------------------------

    def envelope(self) -> "Envelope":
        return Envelope(MessageId(uuid4()), self.now, self.company, uuid4())

    def opened(
        self, *, facts: OrganisationFacts | None = None, epoch: int | None = None
    ) -> ConnectionOpened:
        e = self.envelope()
        return ConnectionOpened(
            id=e.id,
            occurred_at=e.at,
            company_id=e.company,
            correlation_id=e.correlation,
            provider=self.provider,
            connection_id=self.connection,
            epoch=epoch or self.epoch,
            organisation=Organisation(id=RemoteId("9130"), name="Oak Books"),
            facts=facts or OrganisationFacts(),
            opened_by=UserId(uuid4()),
            opened_at=START - timedelta(days=1),
        )

    def expired(self, epoch: int) -> ConnectionExpired:
        e = self.envelope()
        return ConnectionExpired(
            id=e.id,
            occurred_at=e.at,
            company_id=e.company,
            correlation_id=e.correlation,
            provider=self.provider,
            connection_id=self.connection,
            epoch=epoch,
            organisation=Organisation(id=RemoteId("9130"), name="Oak Books"),
            cause=CauseInstance(code="connection_expired", params={"org": "Oak Books"}),
            opened_by=UserId(uuid4()),
            opened_at=START - timedelta(days=1),
            expired_at=self.now,
        )

    def closed(self, epoch: int) -> ConnectionClosed:
        e = self.envelope()
        return ConnectionClosed(
            id=e.id,
            occurred_at=e.at,
            company_id=e.company,
            correlation_id=e.correlation,
            provider=self.provider,
            connection_id=self.connection,
            epoch=epoch,
            organisation=Organisation(id=RemoteId("9130"), name="Oak Books"),
            opened_by=UserId(uuid4()),
            opened_at=START - timedelta(days=1),
            closed_by=UserId(uuid4()),
            closed_by_name="Joe Oak",
            closed_at=self.now,
        )

    def accounts(
        self,
        accounts: Sequence[Account],
        *,
        page: int = 0,
        pages: int = 1,
        load: UUID | None = None,
        as_of: datetime | None = None,
    ) -> AccountsListed:
        e = self.envelope()
        return AccountsListed(
            id=e.id,
            occurred_at=e.at,
            company_id=e.company,
            correlation_id=e.correlation,
            provider=self.provider,
            connection_id=self.connection,
            epoch=self.epoch,
            load_id=LoadId(load or uuid4()),
            as_of=as_of or self.now,
            page=page,
            pages=pages,
            accounts=tuple(accounts),
        )

    def customer_event(self, customer: CustomerSnapshot) -> Message:
        e = self.envelope()
        kind = CustomerCreated if customer.version == 1 else CustomerChanged
        return kind(
            id=e.id,
            occurred_at=e.at,
            company_id=e.company,
            correlation_id=e.correlation,
            customer=customer,
        )

    def item_event(self, item: ItemSnapshot) -> Message:
        e = self.envelope()
        kind = ItemCreated if item.version == 1 else ItemChanged
        return kind(
            id=e.id,
            occurred_at=e.at,
            company_id=e.company,
            correlation_id=e.correlation,
            item=item,
        )

    def invoice_event(self, invoice: InvoiceSnapshot) -> Message:
        e = self.envelope()
        kind = InvoiceSent if invoice.version == 1 else InvoiceChanged
        kind = InvoiceVoided if invoice.status == "void" else kind
        return kind(
            id=e.id,
            occurred_at=e.at,
            company_id=e.company,
            correlation_id=e.correlation,
            invoice=invoice,
        )

    def success(
        self,
        command: RecordCommand,
        remote: str,
        *,
        version: int | None = None,
        totals: Totals | None = None,
        voided: bool = False,
    ) -> SyncSucceeded:
        e = self.envelope()
        return SyncSucceeded(
            id=e.id,
            occurred_at=e.at,
            company_id=e.company,
            correlation_id=e.correlation,
            provider=command.provider,
            connection_id=command.connection_id,
            entity=entity_of(command),
            record_id=command.record_id,
            generation=command.generation,
            step=command.step,
            remote=RemoteRef(id=RemoteId(remote), version="0", number=None),
            record_version=version or version_of(command),
            totals=totals,
            voided=voided,
        )

    def failure(
        self,
        command: RecordCommand,
        code: str,
        *,
        gone: Sequence[UUID] = (),
        used: dict[str, str] | None = None,
        removed: bool = False,
        params: dict[str, str] | None = None,
    ) -> SyncFailed:
        e = self.envelope()
        return SyncFailed(
            id=e.id,
            occurred_at=e.at,
            company_id=e.company,
            correlation_id=e.correlation,
            provider=command.provider,
            connection_id=command.connection_id,
            entity=entity_of(command),
            record_id=command.record_id,
            generation=command.generation,
            step=command.step,
            cause=CauseInstance(code=code, params=params or {}),
            reference_gone=tuple(str(local) for local in gone),
            used={local: RemoteId(remote) for local, remote in (used or {}).items()},
            removed="deleted" if removed else None,
        )

    def delay(
        self, command: RecordCommand, code: str | None, until: datetime | None = None
    ) -> SyncDelayed:
        e = self.envelope()
        return SyncDelayed(
            id=e.id,
            occurred_at=e.at,
            company_id=e.company,
            correlation_id=e.correlation,
            provider=command.provider,
            connection_id=command.connection_id,
            entity=entity_of(command),
            record_id=command.record_id,
            generation=command.generation,
            step=command.step,
            why="checking",
            until=until,
            cause=None if code is None else CauseInstance(code=code),
        )


@dataclass(frozen=True)
class Envelope:
    id: MessageId
    at: datetime
    company: CompanyId
    correlation: UUID


def entity_of(command: RecordCommand) -> Entity:
    entity: Entity = getattr(command, "entity")  # noqa: B009  (each subclass has its literal)
    return entity


def version_of(command: RecordCommand) -> int:
    match command:
        case SyncCustomer():
            return command.customer.version
        case SyncItem():
            return command.item.version
        case SyncInvoice():
            return command.invoice.version
        case _:
            return 1


def customer(
    name: str = "Ann Lee",
    *,
    known_as: UUID | None = None,
    version: int = 1,
    email: str | None = "ann@lee.example",
    created_at: datetime = START,
    came_from: CameFrom | None = None,
) -> CustomerSnapshot:
    return CustomerSnapshot(
        id=CustomerId(known_as or uuid4()),
        version=version,
        name=name,
        kind="homeowner",
        email=email,
        created_at=created_at,
        came_from=came_from,
    )


def item(name: str = "Call-out", *, known_as: UUID | None = None, version: int = 1) -> ItemSnapshot:
    return ItemSnapshot(
        id=ItemId(known_as or uuid4()),
        version=version,
        name=name,
        unit_price=Decimal("128.19"),
        created_at=START,
    )


def invoice(
    customer: CustomerSnapshot,
    *items: ItemSnapshot,
    number: str = "1001",
    known_as: UUID | None = None,
    version: int = 1,
    status: str = "sent",
    dated: date = date(2026, 6, 15),
    sent_at: datetime | None = START,
    currency: str = "USD",
) -> InvoiceSnapshot:
    lines = tuple(
        InvoiceLine(
            position=position,
            item_id=item.id,
            description=item.name,
            quantity=Decimal(2),
            unit_price=item.unit_price,
            amount=Decimal("256.38"),
        )
        for position, item in enumerate(items, 1)
    )
    total = Decimal("256.38") * len(items)
    return InvoiceSnapshot.model_validate(
        {
            "id": InvoiceId(known_as or uuid4()),
            "version": version,
            "number": number,
            "status": status,
            "customer_id": customer.id,
            "issue_date": dated,
            "currency": currency,
            "lines": lines,
            "subtotal": total,
            "tax": Decimal(0),
            "total": total,
            "sent_at": sent_at,
        }
    )


@asynccontextmanager
async def office_on(database: TestDatabase) -> AsyncGenerator[Office]:
    """An office of its own company; several may share a database."""
    pool = await open_pool(database.dsn(SCHEMA), application="tests", size=5)
    waker = SilentWaker()
    try:
        yield Office(
            database=PostgresDatabase(pool, waker),
            pool=pool,
            waker=waker,
            company=CompanyId(uuid4()),
            tools=Tools(ids=CountingIds(), ages=Ages()),
        )
    finally:
        await pool.close()
