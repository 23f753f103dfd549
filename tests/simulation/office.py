"""invoice-api's part: an office that sends, edits, renumbers, swaps and voids, and its feed.

A small stand-in for invoice-api: one table of snapshots whose rows carry the transaction of their
last change, an outbox written in the same transaction, and the feed's own paging over it. Badges
are invoice-api's own fold over what it hears.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from contracts.ids import (
    CompanyId,
    ConnectionId,
    CustomerId,
    Entity,
    InvoiceId,
    ItemId,
    MessageId,
    RecordId,
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
    RecordState,
    SyncDelayed,
    SyncFailed,
    SyncStateChanged,
    SyncSucceeded,
)
from invoice_api.sync_status.fold import Folded, fold, said
from messaging import outbox
from messaging.database import Row, Tx
from messaging.feeds import Entry, FeedPage, Position, read_page

from simulation.database import SimDatabase, SimIds
from simulation.kernel import Scheduler

TABLE = """
create table records (
    entity text not null,
    id uuid not null,
    company uuid not null,
    version int not null,
    snapshot jsonb not null,
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (entity, id)
);
create table invoice_numbers (company_id uuid primary key, next int not null)
"""
"""Numbers are given by the office itself; their table is filled for a backup only."""
_SAVE = """
insert into records (entity, id, company, version, snapshot) values ($1, $2, $3, $4, $5::jsonb)
on conflict (entity, id) do update set version = excluded.version, snapshot = excluded.snapshot,
    changed_xid = pg_current_xact_id()
"""
_PAGE = """
select entity, id, company, snapshot, changed_xid from records
where (changed_xid, id) > ($1::xid8, $2::uuid) and changed_xid < $3::xid8
order by changed_xid, id limit $4
"""
PRICES = (Decimal("100.00"), Decimal("200.00"), Decimal("300.00"))

Snapshot = CustomerSnapshot | ItemSnapshot | InvoiceSnapshot
Badge = tuple[ConnectionId, Entity, RecordId]


@dataclass
class Office:
    """One company."""

    scheduler: Scheduler
    database: SimDatabase
    ids: SimIds
    company: CompanyId
    customers: list[UUID] = field(default_factory=list[UUID])
    items: list[UUID] = field(default_factory=list[UUID])
    invoices: list[UUID] = field(default_factory=list[UUID])
    badges: dict[Badge, Folded] = field(default_factory=dict[Badge, Folded])
    heard: list[SyncStateChanged | SyncSucceeded | SyncFailed | SyncDelayed] = field(
        default_factory=list[SyncStateChanged | SyncSucceeded | SyncFailed | SyncDelayed]
    )
    numbers: int = 0
    totals: dict[UUID, list[Decimal]] = field(default_factory=dict[UUID, list[Decimal]])
    """What each edited invoice came to, one after the other."""

    # --- what people do

    async def customer(self, name: str) -> None:
        """Take in a customer."""
        snapshot = CustomerSnapshot(
            id=CustomerId(self.ids.new()),
            version=1,
            name=name,
            kind="homeowner",
            email=_email(name),
            created_at=self.scheduler.now,
        )
        self.customers.append(snapshot.id)
        await self._save(None, [snapshot])

    async def take_over(self, came_from: CameFrom, name: str) -> None:
        """Take in a customer that is in the books already."""
        snapshot = CustomerSnapshot(
            id=CustomerId(self.ids.new()),
            version=1,
            name=name,
            kind="homeowner",
            email=_email(name),
            came_from=came_from,
            created_at=self.scheduler.now,
        )
        self.customers.append(snapshot.id)
        await self._save(None, [snapshot])

    async def item(self, name: str) -> None:
        snapshot = ItemSnapshot(
            id=ItemId(self.ids.new()),
            version=1,
            name=name,
            unit_price=PRICES[0],
            created_at=self.scheduler.now,
        )
        self.items.append(snapshot.id)
        await self._save(None, [snapshot])

    async def send(self, price: Decimal | None = None) -> None:
        """Send a new invoice."""
        rng = self.scheduler.rng
        self.numbers += 1
        price = rng.choice(PRICES) if price is None else price
        customer = rng.choice(self.customers)
        item = rng.choice(self.items)
        snapshot = InvoiceSnapshot(
            id=InvoiceId(self.ids.new()),
            version=1,
            number=str(self.numbers),
            status="sent",
            customer_id=CustomerId(customer),
            issue_date=date(2026, 6, 15),
            due_date=date(2026, 7, 15),
            currency="USD",
            lines=(_line(item, price),),
            subtotal=price,
            tax=Decimal(0),
            total=price,
            sent_at=self.scheduler.now,
        )
        self.invoices.append(snapshot.id)
        await self._save(None, [snapshot])

    async def edit(self) -> None:
        """Another price for an invoice; often one that it had before."""
        async with self.database.transaction() as tx:
            invoice = self._any_sent(await self._all(tx))
            if invoice is not None:
                price = self.scheduler.rng.choice(PRICES)
                line = _line(UUID(str(invoice.lines[0].item_id)), price)
                change: dict[str, object] = {"lines": (line,), "subtotal": price, "total": price}
                await self._save(tx, [_next(invoice, change)])
                totals = self.totals.setdefault(invoice.id, [invoice.total])
                totals.append(price)

    async def renumber(self) -> str | None:
        """A new number for an invoice, and perhaps its old one for another: that, if so."""
        async with self.database.transaction() as tx:
            rows = await self._all(tx)
            invoice, other = self._any_sent(rows), self._any_sent(rows)
            if invoice is None or other is None:
                return None
            self.numbers += 1
            changed = [_next(invoice, {"number": str(self.numbers)})]
            handed_over = other.id != invoice.id and self.scheduler.rng.random() < 0.7
            if handed_over:
                changed.append(_next(other, {"number": invoice.number}))
            await self._save(tx, changed)
        return invoice.number if handed_over else None

    async def change(self, at: int, *, price: Decimal | None = None, number: str = "") -> None:
        """Another price or number for the invoice that was sent as the `at`-th, from 0."""
        async with self.database.transaction() as tx:
            rows = await self._all(tx)
            one = next(r for r in rows if r.id == self.invoices[at])
            assert isinstance(one, InvoiceSnapshot)
            change: dict[str, object] = {"number": number or one.number}
            if price is not None:
                line = _line(UUID(str(one.lines[0].item_id)), price)
                change |= {"lines": (line,), "subtotal": price, "total": price}
            await self._save(tx, [_next(one, change)])

    async def renumber_all(self, numbers: Mapping[int, str], **changes: object) -> None:
        """These numbers for invoices, by their place, at once; the changes are for all of them."""
        async with self.database.transaction() as tx:
            rows: dict[UUID, Snapshot] = {row.id: row for row in await self._all(tx)}
            changed: list[Snapshot] = []
            for at, number in numbers.items():
                one = rows[self.invoices[at]]
                assert isinstance(one, InvoiceSnapshot)
                changed.append(_next(one, {"number": number, **changes}))
            await self._save(tx, changed)

    async def swap(self) -> tuple[UUID, UUID] | None:
        """Two invoices exchange their numbers: which."""
        async with self.database.transaction() as tx:
            rows = await self._all(tx)
            one, two = self._any_sent(rows), self._any_sent(rows)
            if one is not None and two is not None and one.id != two.id:
                changed = [_next(one, {"number": two.number}), _next(two, {"number": one.number})]
                await self._save(tx, changed)
                return one.id, two.id
        return None

    async def void(self) -> None:
        async with self.database.transaction() as tx:
            invoice = self._any_sent(await self._all(tx))
            if invoice is not None:
                await self._save(tx, [_next(invoice, {"status": "void"})])

    async def void_this(self, which: UUID) -> None:
        """One that is sent; nothing else."""
        async with self.database.transaction() as tx:
            for one in await self._all(tx):
                if one.id == which and isinstance(one, InvoiceSnapshot) and one.status == "sent":
                    await self._save(tx, [_next(one, {"status": "void"})])

    async def rename(self) -> None:
        """Another name for a customer."""
        async with self.database.transaction() as tx:
            customers = [r for r in await self._all(tx) if isinstance(r, CustomerSnapshot)]
            if customers:
                one = self.scheduler.rng.choice(customers)
                stem = one.name.split(" the ")[0]
                name = f"{stem} the {self.scheduler.rng.choice(('first', 'second'))}"
                changed = one.model_copy(update={"name": name, "version": one.version + 1})
                await self._save(tx, [changed])

    # --- what is saved

    async def snapshots(self) -> list[Snapshot]:
        """All records as they are saved."""
        async with self.database.transaction() as tx:
            rows = await tx.fetch(
                "select entity, id, snapshot from records where company = $1 order by id",
                self.company,
            )
        return [_snapshot(row) for row in rows]

    # --- badges

    def hear(self, message: Message) -> None:
        """What the topics and the feed of states say of this company's records."""
        if not isinstance(message, SyncStateChanged | SyncSucceeded | SyncFailed | SyncDelayed):
            return
        if message.company_id == self.company:
            self.heard.append(message)
            key, new = subject_of(message), said(message)
            known = self.badges.get(key)
            self.badges[key] = new if known is None else fold(known, new)

    def badge(
        self, connection: ConnectionId | None, entity: Entity, record: UUID
    ) -> RecordState | None:
        """What a person sees of a record and that connection."""
        if connection is None:
            return None
        folded = self.badges.get((connection, entity, RecordId(record)))
        return None if folded is None else folded.shown()

    # --- inside

    def _any_sent(self, rows: Sequence[Snapshot]) -> InvoiceSnapshot | None:
        sent = [r for r in rows if isinstance(r, InvoiceSnapshot) and r.status == "sent"]
        return self.scheduler.rng.choice(sent) if sent else None

    async def _all(self, tx: Tx) -> list[Snapshot]:
        """Every record, locked."""
        rows = await tx.fetch(
            "select entity, id, snapshot from records where company = $1"
            " order by entity, id for update",
            self.company,
        )
        return [_snapshot(row) for row in rows]

    async def _save(self, tx: Tx | None, snapshots: Sequence[Snapshot]) -> None:
        if tx is None:
            async with self.database.transaction() as tx:
                await self._save(tx, snapshots)
            return
        for one in snapshots:
            self.scheduler.story.append(f"saved: {told(one)}")
            kept = one.model_dump_json()
            await tx.execute(_SAVE, entity_of(one), one.id, self.company, one.version, kept)
        await outbox.put(tx, [self.event(snapshot) for snapshot in snapshots])

    def event(self, snapshot: Snapshot) -> Message:
        envelope: dict[str, object] = {
            "id": MessageId(self.ids.new()),
            "occurred_at": self.scheduler.now,
            "company_id": self.company,
            "correlation_id": self.ids.new(),
        }
        first = snapshot.version == 1
        match snapshot:
            case CustomerSnapshot():
                kind = CustomerCreated if first else CustomerChanged
                return kind.model_validate({**envelope, "customer": snapshot})
            case ItemSnapshot():
                kind = ItemCreated if first else ItemChanged
                return kind.model_validate({**envelope, "item": snapshot})
            case InvoiceSnapshot():
                kind = InvoiceSent if first else InvoiceChanged
                kind = InvoiceVoided if snapshot.status == "void" else kind
                return kind.model_validate({**envelope, "invoice": snapshot})


async def read_records(
    database: SimDatabase, after: str, events: Mapping[CompanyId, Callable[[Snapshot], Message]]
) -> FeedPage:
    """The feed of all companies, as invoice-api answers it."""

    async def query(position: Position, before: int, limit: int) -> Sequence[Entry]:
        rows = await tx.fetch(_PAGE, position.xid, position.uuid, before, limit)
        return [
            (
                Position(row["changed_xid"], str(row["id"])),
                events[CompanyId(row["company"])](_snapshot(row)),
            )
            for row in rows
        ]

    async with database.transaction() as tx:
        return await read_page(tx, after, query)


def entity_of(snapshot: Snapshot) -> Entity:
    match snapshot:
        case CustomerSnapshot():
            return "customer"
        case ItemSnapshot():
            return "item"
        case InvoiceSnapshot():
            return "invoice"


def subject_of(message: SyncStateChanged | SyncSucceeded | SyncFailed | SyncDelayed) -> Badge:
    if isinstance(message, SyncStateChanged):
        state = message.state
        return (state.connection_id, state.entity, state.record_id)
    return (message.connection_id, message.entity, message.record_id)


def told(snapshot: Snapshot) -> str:
    """A snapshot in a few words, for the story."""
    who = f"{str(snapshot.id)[-4:]} v{snapshot.version}"
    if isinstance(snapshot, InvoiceSnapshot):
        return f"invoice {who} number {snapshot.number} {snapshot.status} {snapshot.total}"
    return f"{entity_of(snapshot)} {who} {snapshot.name}"


def _email(name: str) -> str:
    return f"{name.lower().replace(' ', '.')}@office.example"


def _line(item: UUID, price: Decimal) -> InvoiceLine:
    return InvoiceLine(
        position=1,
        item_id=ItemId(item),
        description="A visit",
        quantity=Decimal(1),
        unit_price=price,
        amount=price,
    )


def _next(invoice: InvoiceSnapshot, change: dict[str, object]) -> InvoiceSnapshot:
    return invoice.model_copy(update={**change, "version": invoice.version + 1})


def _snapshot(row: Row) -> Snapshot:
    match row["entity"]:
        case "customer":
            return CustomerSnapshot.model_validate_json(row["snapshot"])
        case "item":
            return ItemSnapshot.model_validate_json(row["snapshot"])
        case _:
            return InvoiceSnapshot.model_validate_json(row["snapshot"])


def moment(snapshot: Snapshot) -> datetime | None:
    return snapshot.sent_at if isinstance(snapshot, InvoiceSnapshot) else snapshot.created_at
