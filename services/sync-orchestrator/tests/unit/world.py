"""A little world for property tests: invoice-api, a connector, its provider, messages on the way.

Messages may arrive in any order, late and more than once. The provider holds what it was last told;
a create that is told twice would make two documents, and the world counts them.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from contracts.commands import (
    RecordCommand,
    SyncCustomer,
    SyncInvoice,
    SyncItem,
    VoidInvoice,
)
from contracts.invoicing import InvoiceSnapshot, ItemSnapshot
from contracts.sync import SyncFailed, SyncState, SyncSucceeded
from sync_orchestrator.domain.facts import Answered, Asked, Edited, Reviewed
from sync_orchestrator.domain.job import SYNCED, Job
from sync_orchestrator.domain.records import Snapshot

from .samples import BY_EVENT, BY_PERSON, Desk, customer, edited, failure, invoice, item, success

Outcome = SyncSucceeded | SyncFailed


@dataclass
class Document:
    """What the provider holds of one record."""

    remote: str
    version: int
    content: str = ""
    void: bool = False


@dataclass
class World:
    """One customer, two items, two invoices; `newest` is what invoice-api has."""

    desk: Desk = field(default_factory=Desk)
    newest: dict[UUID, Snapshot] = field(default_factory=dict[UUID, Snapshot])
    first: dict[UUID, Snapshot] = field(default_factory=dict[UUID, Snapshot])
    events: list[Snapshot] = field(default_factory=list[Snapshot])
    commands: list[RecordCommand] = field(default_factory=list[RecordCommand])
    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    provider: dict[UUID, Document] = field(default_factory=dict[UUID, Document])
    finished: dict[tuple[UUID, int], Outcome] = field(
        default_factory=dict[tuple[UUID, int], Outcome]
    )
    lane: dict[UUID, int] = field(default_factory=dict[UUID, int])
    steps_sent: dict[UUID, list[int]] = field(default_factory=dict[UUID, list[int]])
    answered: set[tuple[UUID, int]] = field(default_factory=set[tuple[UUID, int]])
    created: int = 0

    def __post_init__(self) -> None:
        ann, call_out, parts = customer(), item(), item("Parts")
        bills = (invoice(ann, call_out, parts), invoice(ann, call_out, number="1002"))
        for snapshot in (ann, call_out, parts, *bills):
            self.newest[snapshot.id] = snapshot
            self.first[snapshot.id] = snapshot
            self.events.append(snapshot)
            if isinstance(snapshot, ItemSnapshot):
                self.desk.know(snapshot)
                del self.desk.books.records["item", self.desk.key(snapshot).record_id]

    @property
    def records(self) -> list[Snapshot]:
        return sorted(self.newest.values(), key=lambda snapshot: snapshot.id)

    def job(self, record: Snapshot) -> Job | None:
        return self.desk.books.job(self.desk.key(record))

    def begin(self) -> None:
        """Everything has been told, and all but its last copies have arrived."""
        for n in range(5):
            self.deliver_event(n, again=True)
        for n in range(3):
            self.deliver_command(n, again=False, refuse=False)
            self.deliver_outcome(n, again=True)

    # --- what may happen ------------------------------------------------------------------

    def edit(self, n: int) -> None:
        record = self.records[n % len(self.records)]
        if isinstance(record, InvoiceSnapshot) and record.status == "void":
            return
        newer = edited(record)
        self.newest[record.id] = newer
        self.events.append(newer)

    def edit_back(self, n: int) -> None:
        """To the content of long ago, as a version of its own."""
        record = self.records[n % len(self.records)]
        if not (isinstance(record, InvoiceSnapshot) and record.status == "void"):
            first = self.first[record.id]
            newer = first.model_copy(update={"version": record.version + 1})
            self.newest[record.id] = newer
            self.events.append(newer)

    def lose_command(self, n: int) -> None:
        """The broker forgets one: whoever waits for its outcome asks again."""
        if self.commands:
            self.commands.pop(n % len(self.commands))

    def void(self, n: int) -> None:
        bills = [record for record in self.records if isinstance(record, InvoiceSnapshot)]
        bill = bills[n % len(bills)]
        if bill.status != "void":
            newer = bill.model_copy(update={"version": bill.version + 1, "status": "void"})
            self.newest[bill.id] = newer
            self.events.append(newer)

    def deliver_event(self, n: int, *, again: bool) -> None:
        if self.events:
            at = n % len(self.events)
            self.receive(self.events[at] if again else self.events.pop(at))

    def deliver_command(self, n: int, *, again: bool, refuse: bool) -> None:
        if self.commands:
            at = n % len(self.commands)
            self.execute(self.commands[at] if again else self.commands.pop(at), refuse=refuse)

    def deliver_outcome(self, n: int, *, again: bool) -> None:
        if self.outcomes:
            at = n % len(self.outcomes)
            self.answer(self.outcomes[at] if again else self.outcomes.pop(at))

    def click(self, n: int) -> None:
        """A click carries what is saved, with what it needs."""
        record = self.records[n % len(self.records)]
        if isinstance(record, InvoiceSnapshot):
            if record.status == "void":
                return
            for need in self.records:
                if not isinstance(need, InvoiceSnapshot):
                    self.receive(need)
        self.receive(record)
        self.desk.apply(record, Asked(BY_PERSON, "person"))
        self.collect()

    def review(self, n: int) -> None:
        record = self.records[n % len(self.records)]
        self.desk.books.now += timedelta(minutes=16)
        self.desk.apply(record, Reviewed())
        self.collect()

    # --- the parts ------------------------------------------------------------------------

    def receive(self, snapshot: Snapshot) -> None:
        """As the handler does: only what is newer counts."""
        key = self.desk.key(snapshot)
        known = self.desk.books.records.get((key.entity, key.record_id))
        if known is not None and known.snapshot.version >= snapshot.version:
            return
        self.desk.know(snapshot)
        job = self.desk.books.job(key)
        begun = job is not None and (job.link is not None or not job.is_settled)
        if begun or (job is not None and job.state is not SyncState.NOT_SYNCED):
            self.desk.apply(snapshot, Edited(automatic=not isinstance(snapshot, ItemSnapshot)))
        elif not isinstance(snapshot, ItemSnapshot) and not _is_void(snapshot):
            self.desk.apply(snapshot, Asked(BY_EVENT))
        for waiting in self.desk.books.waiting_for(key):
            self.desk.round.apply(waiting, Reviewed(), self.desk.trigger)
        self.collect()

    def answer(self, outcome: Outcome) -> None:
        record = self.newest[outcome.record_id]
        automatic = not isinstance(record, ItemSnapshot)
        self.answered.add((outcome.record_id, outcome.step))
        self.desk.apply(record, Answered(outcome, automatic))
        self.collect()

    def collect(self) -> None:
        for said in self.desk.sent():
            self.commands.append(said)
            self.steps_sent.setdefault(said.record_id, []).append(said.step)

    def execute(self, said: RecordCommand, *, refuse: bool) -> None:
        """A connector that keeps the protocol: a finished step is answered from its ledger, an
        older one ignored, and a record that has a document is never created again."""
        done = self.finished.get((said.record_id, said.step))
        if done is not None:
            self.outcomes.append(done)
            return
        if said.step < self.lane.get(said.record_id, 0):
            return
        self.lane[said.record_id] = said.step
        outcome: Outcome
        there = self.provider.get(said.record_id)
        if refuse:
            remote = None if there is None else there.remote
            outcome = failure(said, "refused_unknown", remote=remote)
        else:
            outcome = self._hold(said, there)
        self.finished[said.record_id, said.step] = outcome
        self.outcomes.append(outcome)

    def _hold(self, said: RecordCommand, there: Document | None) -> SyncSucceeded:
        version = _version(said)
        if there is None:
            self.created += 1
            there = Document(f"r{self.created}", version)
            self.provider[said.record_id] = there
        there.version = version
        there.content = _content(_told(said))
        there.void = isinstance(said, VoidInvoice)
        used = {}
        if isinstance(said, SyncInvoice):
            used = {str(said.invoice.customer_id): str(said.customer_remote_id)}
        told = success(said, there.remote, version=version, used=used)
        return told.model_copy(update={"voided": there.void})

    # --- what must hold -------------------------------------------------------------------

    def check(self) -> None:
        for job in self.desk.books.jobs():
            if job.state in SYNCED or job.state is SyncState.OUT_OF_DATE:
                assert job.link is not None, "never synced without a remote id"
            if job.outstanding is not None:
                assert job.outstanding <= job.step
            there = self.provider.get(job.record_id)
            if job.link is not None:
                assert there is not None, "linked to what isn't there"
                assert job.link.id == there.remote
            if job.state in SYNCED and there is not None:
                assert job.synced_version is not None
                assert job.synced_version <= there.version
        for steps in self.steps_sent.values():
            assert steps == sorted(steps), "steps never go back"
        for record, steps in self.steps_sent.items():
            out = {step for step in steps if (record, step) not in self.answered}
            assert len(out) <= 1, f"at most one command is out: {out}"

    def settle(self) -> None:
        """Deliver everything, try refusals again, until nothing moves."""
        for _ in range(60):
            while self.events or self.commands or self.outcomes:
                self.deliver_event(0, again=False)
                self.deliver_command(0, again=False, refuse=False)
                self.deliver_outcome(0, again=False)
            self.desk.books.now += timedelta(minutes=16)
            for record in self.records:
                job = self.job(record)
                if job is not None and job.state is SyncState.BLOCKED:
                    self.desk.apply(record, Asked(BY_PERSON, "person", again=True))
                elif job is not None and job.state is not SyncState.OUT_OF_DATE:
                    self.desk.apply(record, Reviewed())
                self.collect()
            if not (self.events or self.commands or self.outcomes):
                return
        raise AssertionError("it never comes to rest")

    def check_at_rest(self) -> None:
        for record in self.records:
            job, there = self.job(record), self.provider.get(record.id)
            if _is_void(record):
                assert job is None or job.state is SyncState.VOIDED, job
                assert there is None or there.void
                continue
            if isinstance(record, ItemSnapshot):
                assert job is None or job.state in {*SYNCED, SyncState.OUT_OF_DATE}
                continue
            assert job is not None, record
            assert job.state in SYNCED, (record, job)
            assert there is not None
            assert there.content == _content(record), "the last content wins"


def _is_void(snapshot: Snapshot) -> bool:
    return isinstance(snapshot, InvoiceSnapshot) and snapshot.status == "void"


def _told(said: RecordCommand) -> Snapshot:
    match said:
        case SyncCustomer():
            return said.customer
        case SyncItem():
            return said.item
        case SyncInvoice() | VoidInvoice():
            return said.invoice
        case _:
            raise AssertionError(said)


def _content(record: Snapshot) -> str:
    return record.model_dump_json(exclude={"version", "status"})


def _version(said: RecordCommand) -> int:
    return _told(said).version
