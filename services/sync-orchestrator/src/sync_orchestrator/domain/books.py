"""What one transaction has loaded, in memory, so that decisions need no further question."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.ids import CompanyId, ConnectionId, Entity, ItemId, Provider, RecordId, no_item_id
from contracts.invoicing import InvoiceSnapshot

from sync_orchestrator.domain.ages import Ages
from sync_orchestrator.domain.connection import Connection, MappedAccount, MappedTax, current
from sync_orchestrator.domain.job import Job, RecordKey
from sync_orchestrator.domain.likeness import Lookalike, who_it_could_be
from sync_orchestrator.domain.no_item import is_no_item, needs_one
from sync_orchestrator.domain.records import Record, items_of, plain_name
from sync_orchestrator.domain.situation import Need, Situation


@dataclass(slots=True)
class Books:
    """Mutable only through `put`; whoever loads it holds the lock of its companies."""

    now: datetime
    ages: Ages
    connections: dict[ConnectionId, Connection] = field(
        default_factory=dict[ConnectionId, Connection]
    )
    records: dict[tuple[Entity, RecordId], Record] = field(
        default_factory=dict[tuple[Entity, RecordId], Record]
    )
    accounts: dict[tuple[ConnectionId, ItemId], MappedAccount] = field(
        default_factory=dict[tuple[ConnectionId, ItemId], MappedAccount]
    )
    lookalikes: dict[RecordKey, tuple[Lookalike, ...]] = field(
        default_factory=dict[RecordKey, tuple[Lookalike, ...]]
    )
    taxes: dict[ConnectionId, Mapping[str, MappedTax]] = field(
        default_factory=dict[ConnectionId, Mapping[str, MappedTax]]
    )
    _jobs: dict[RecordKey, Job] = field(default_factory=dict[RecordKey, Job])
    _waiting: dict[RecordKey, set[RecordKey]] = field(
        default_factory=lambda: defaultdict[RecordKey, set[RecordKey]](set)
    )
    _holders: dict[tuple[ConnectionId, Entity, str], set[RecordKey]] = field(
        default_factory=lambda: defaultdict[tuple[ConnectionId, Entity, str], set[RecordKey]](set)
    )

    def job(self, key: RecordKey) -> Job | None:
        return self._jobs.get(key)

    def jobs(self) -> Iterable[Job]:
        return tuple(self._jobs.values())

    def put(self, job: Job) -> None:
        """The job as it is now; whoever waits for what is found by `waiting_for`."""
        key = job.key
        before = self._jobs.get(key)
        if before is not None:
            if before.waiting_on is not None:
                self._waiting[_waits_for(before)].discard(key)
            if before.link is not None:
                self._holders[key.connection_id, key.entity, before.link.id].discard(key)
        self._jobs[key] = job
        if job.waiting_on is not None:
            self._waiting[_waits_for(job)].add(key)
        if job.link is not None:
            self._holders[key.connection_id, key.entity, job.link.id].add(key)

    def waiting_for(self, key: RecordKey) -> tuple[RecordKey, ...]:
        """The loaded jobs that wait for this record, in a stable order."""
        return tuple(sorted(self._waiting.get(key, ()), key=lambda k: (k.entity, k.record_id)))

    def current_connections(self, company: CompanyId) -> tuple[Connection, ...]:
        """A company's newest connection to each provider."""
        by_provider: dict[Provider, list[Connection]] = {}
        for connection in self.connections.values():
            if connection.company_id == company:
                by_provider.setdefault(connection.provider, []).append(connection)
        newest = (current(tuple(found)) for found in by_provider.values())
        return tuple(c for c in newest if c is not None)

    def new_job(self, key: RecordKey) -> Job:
        """A job of which nothing is known yet. Its connection must be loaded."""
        connection = self.connections[key.connection_id]
        return Job(
            company_id=connection.company_id,
            provider=connection.provider,
            connection_id=key.connection_id,
            entity=key.entity,
            record_id=key.record_id,
            step=connection.first_step,
        )

    def situation(self, key: RecordKey, remote_id: str | None = None) -> Situation | None:
        """What a decision about this job can see; None while connection or record is unknown.

        `remote_id` is a remote record that a refusal says is in the way.
        """
        connection = self.connections.get(key.connection_id)
        record = self.records.get((key.entity, key.record_id))
        if connection is None or record is None:
            return None
        snapshot = record.snapshot
        customer, items = None, ()
        if isinstance(snapshot, InvoiceSnapshot):
            customer = self._need(
                RecordKey(connection.id, "customer", RecordId(snapshot.customer_id)),
                "its customer",
            )
            items = self._items(connection, snapshot)
        return Situation(
            connection=connection,
            record=snapshot,
            now=self.now,
            ages=self.ages,
            account=self._account(key),
            customer=customer,
            items=items,
            holder=None if remote_id is None else self._holder(key, remote_id),
            lookalikes=self._lookalikes(key),
            taxes=self.taxes.get(connection.id, {}),
        )

    def _items(self, connection: Connection, invoice: InvoiceSnapshot) -> tuple[Need, ...]:
        described = {line.item_id: line.description for line in reversed(invoice.lines)}
        items = items_of(invoice)
        if needs_one(connection, invoice):
            items = (*items, no_item_id(connection.id))
        return tuple(
            self._need(
                RecordKey(connection.id, "item", RecordId(item_id)),
                described.get(item_id) or "an item",
            )
            for item_id in items
        )

    def _account(self, key: RecordKey) -> MappedAccount | None:
        """An item's; that of the one for lines without is a setting."""
        if is_no_item(key):
            connection = self.connections.get(key.connection_id)
            return None if connection is None else connection.no_item_account
        if key.entity != "item":
            return None
        return self.accounts.get((key.connection_id, ItemId(key.record_id)))

    def _need(self, key: RecordKey, name: str) -> Need:
        record = self.records.get((key.entity, key.record_id))
        return Need(
            entity=key.entity,
            record_id=key.record_id,
            name=name if record is None else plain_name(record.snapshot),
            record=None if record is None else record.snapshot,
            job=self._jobs.get(key),
            account=self._account(key),
            lookalikes=self._lookalikes(key),
        )

    def _lookalikes(self, key: RecordKey) -> tuple[Lookalike, ...]:
        """Those that are linked to nobody else, as links are by now."""
        found = self.lookalikes.get(key, ())
        ours = [self._holders.get((key.connection_id, "customer", one.remote_id)) for one in found]
        return who_it_could_be(
            (one for one, held in zip(found, ours, strict=True) if not held or key in held),
            key.record_id,
        )

    def _holder(self, key: RecordKey, remote_id: str) -> Need | None:
        holders = self._holders.get((key.connection_id, key.entity, remote_id), set())
        other = next((k for k in sorted(holders, key=lambda k: k.record_id) if k != key), None)
        return None if other is None else self._need(other, "another record")


def _waits_for(job: Job) -> RecordKey:
    assert job.waiting_on is not None
    return RecordKey(job.connection_id, job.waiting_on.entity, job.waiting_on.record_id)
