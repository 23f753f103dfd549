"""One transaction's work: the companies are locked, the books loaded, a round decided and saved.

    work = await begin(tx, companies, tools)
    await work.load(keys)
    work.round.apply(key, fact, trigger)
    await work.save()

`save` writes jobs, links, history and messages set-wise, each in one statement.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from contracts.ids import CompanyId, ConnectionId, Entity, Ids, ItemId, RecordId
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot
from contracts.message import Message
from messaging import outbox
from messaging.database import Tx

from sync_orchestrator.domain.ages import Ages
from sync_orchestrator.domain.books import Books
from sync_orchestrator.domain.job import Job, RecordKey
from sync_orchestrator.domain.likeness import email_key, name_key
from sync_orchestrator.domain.messages import Envelope, command, record_state, state_changed
from sync_orchestrator.domain.no_item import needs_one, no_item_key
from sync_orchestrator.domain.records import Record, items_of
from sync_orchestrator.domain.round import Round
from sync_orchestrator.handlers.history import line_of
from sync_orchestrator.store import (
    companies_store,
    connections_store,
    history_store,
    jobs_store,
    mapping_store,
    records_store,
    remote_customers_store,
    tax_store,
)

REVIEWS = "reviews"
"""The sweep that looks at due jobs listens here."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What handlers are given. `at_once` bounds how many waiting jobs one transaction takes on:
    the others are marked and the sweep, woken by the commit, takes them batch by batch. So a person
    is answered, and the company's lock free, after a moment however much a fix releases."""

    ids: Ids
    ages: Ages = field(default_factory=Ages)
    at_once: int = 200


@dataclass(slots=True)
class Work:
    """An open transaction with its companies locked. Make one with `begin`."""

    tx: Tx
    tools: Tools
    books: Books
    round: Round
    messages: list[Message] = field(default_factory=list[Message])
    lines: list[history_store.Line] = field(default_factory=list[history_store.Line])
    """What the history says before what the round adds to it."""

    _loaded: dict[RecordKey, Job] = field(default_factory=dict[RecordKey, Job])
    _followed: set[RecordKey] = field(default_factory=set[RecordKey])
    _asked_for: set[RecordKey] = field(default_factory=set[RecordKey])
    """Keys whose job is in the books if there is one."""

    async def load(self, keys: Collection[RecordKey], *, followed: bool = True) -> None:
        """Load these jobs, those that wait for them (if `followed`), and all these need."""
        wanted = set(keys)
        # With what invoices among them need, by one question.
        await self._load_records({(key.entity, key.record_id) for key in wanted})
        jobs = await self._load_jobs(wanted | self._needs(wanted))
        if followed:
            waiting = await jobs_store.waiting_for(self.tx, wanted, self.tools.at_once)
            if len(waiting) < self.tools.at_once:
                self._followed |= wanted
            jobs += waiting
        await self.take(jobs, wanted)

    async def take(self, jobs: Iterable[Job], keys: Collection[RecordKey] = ()) -> None:
        """Put these jobs into the books, with their records and all that invoices among them need.

        `keys` are looked up as well where there is no job yet.
        """
        keys = set(keys)
        for job in jobs:
            keys.add(job.key)
            self._put(job)
        await self._load_records({(key.entity, key.record_id) for key in keys})
        needs = self._needs(keys)
        await self._load_records({(need.entity, need.record_id) for need in needs})
        for job in await self._load_jobs(needs):
            self._put(job)
        customers = {key for key in keys | needs if key.entity == "customer"}
        await self.load_lookalikes(key for key in customers if self._could_be_added(key))
        items = {key for key in keys | needs if key.entity == "item"}
        await self.load_accounts(items)
        there = {key.connection_id for key in keys if key.entity == "invoice"}
        await self.load_taxes(there - self.books.taxes.keys())

    async def load_taxes(self, connections: Collection[ConnectionId]) -> None:
        """(Re)read which taxes local rates are matched to in these connections."""
        if connections:
            self.books.taxes.update(await tax_store.load(self.tx, connections))

    async def load_accounts(self, items: Collection[RecordKey]) -> None:
        """(Re)read which accounts these items are mapped to."""
        wanted = {(key.connection_id, ItemId(key.record_id)) for key in items}
        for pair in wanted:
            self.books.accounts.pop(pair, None)
        self.books.accounts.update(await mapping_store.load(self.tx, wanted))

    def _could_be_added(self, customer: RecordKey) -> bool:
        job = self.books.job(customer)
        return job is None or (job.link is None and not job.none_of_those)

    async def load_lookalikes(self, customers: Iterable[RecordKey]) -> None:
        """Who there looks like these customers, where the list there is known."""
        wanted: list[tuple[ConnectionId, RecordId, str | None, str | None]] = []
        for key in customers:
            job, known = self.books.job(key), self.books.records.get(("customer", key.record_id))
            there = self.books.connections.get(key.connection_id)
            if known is None or there is None or there.customers_as_of is None:
                continue
            snapshot = known.snapshot
            assert isinstance(snapshot, CustomerSnapshot)
            name = snapshot.name if job is None else job.named_there or snapshot.name
            keys = (name_key(name), email_key(snapshot.email))
            wanted.append((key.connection_id, key.record_id, *keys))
        found = await remote_customers_store.lookalikes(self.tx, wanted)
        for connection, record, _, _ in wanted:
            key = RecordKey(connection, "customer", record)
            self.books.lookalikes[key] = found.get((connection, record), ())

    def take_records(self, records: Iterable[Record]) -> None:
        """Records whose newest snapshot is in hand: they need not be read."""
        for record in records:
            self.books.records[record.entity, record.id] = record

    async def save(self) -> None:
        """Write what the round changed, and put what it says into the outbox."""
        now, tools = self.books.now, self.tools
        jobs = [job for key in self.round.changed if (job := self.books.job(key)) is not None]
        await jobs_store.save(self.tx, jobs, tools.ages, now)
        await jobs_store.save_links(self.tx, [job for job in jobs if self._link_moved(job)], now)
        await history_store.append(
            self.tx, [*self.lines, *(line_of(one, now) for one in self.round.history)]
        )
        await self._wake_others()
        for job in jobs:
            self._tell(job)
        await outbox.put(self.tx, self.messages)

    def _tell(self, job: Job) -> None:
        key = job.key
        if key in self.round.to_send:
            envelope = Envelope(self.tools.ids.new(), self.books.now, self.round.to_send[key])
            situation = self.books.situation(key)
            said = None if situation is None else command(job, situation, envelope)
            if said is not None:
                self.messages.append(said)
        before = self._loaded.get(key)
        if before is None or _shown(before) != _shown(job):
            envelope = Envelope(self.tools.ids.new(), self.books.now, self.round.changed[key])
            self.messages.append(state_changed(job, envelope))

    async def _wake_others(self) -> None:
        """The sweep looks at jobs that wait for what has moved and weren't loaded."""
        moved = self.round.touched - self._followed
        marked = await jobs_store.review_waiting_now(
            self.tx, moved, self._loaded.keys(), self.books.now
        )
        if marked:
            self.tx.wake(REVIEWS)

    async def _load_jobs(self, keys: set[RecordKey]) -> list[Job]:
        """Those of these jobs that exist and were neither asked for nor loaded before."""
        missing = {key for key in keys - self._asked_for if self.books.job(key) is None}
        self._asked_for |= keys
        return await jobs_store.load(self.tx, missing)

    def _put(self, job: Job) -> None:
        if job.key not in self._loaded:
            self._loaded[job.key] = job
            self.books.put(job)

    def _link_moved(self, job: Job) -> bool:
        before = self._loaded.get(job.key)
        return job.link != (None if before is None else before.link)

    async def _load_records(self, keys: set[tuple[Entity, RecordId]]) -> None:
        missing = [key for key in keys if key not in self.books.records]
        self.take_records(await records_store.load(self.tx, missing))

    def _needs(self, keys: Iterable[RecordKey]) -> set[RecordKey]:
        needs: set[RecordKey] = set()
        for key in keys:
            record = self.books.records.get((key.entity, key.record_id))
            if record is None or not isinstance(record.snapshot, InvoiceSnapshot):
                continue
            invoice, there = record.snapshot, key.connection_id
            needs.add(RecordKey(there, "customer", RecordId(invoice.customer_id)))
            needs.update(RecordKey(there, "item", RecordId(item)) for item in items_of(invoice))
            connection = self.books.connections.get(there)
            if connection is not None and needs_one(connection, invoice):
                needs.add(no_item_key(connection))
        return needs


async def begin(tx: Tx, companies: Collection[CompanyId], tools: Tools) -> Work:
    """Lock these companies and load their connections."""
    now = await companies_store.lock(tx, companies)
    books = Books(now=now, ages=tools.ages)
    for connection in await connections_store.of_companies(tx, companies):
        books.connections[connection.id] = connection
    return Work(tx, tools, books, Round(books, tools.ids.new))


def _shown(job: Job) -> object:
    """What a reader is shown; when it changed is no change."""
    return record_state(replace(job, changed_at=None, state_since=None))
