"""One round of decisions: facts are carried through all jobs they touch, until nothing moves.

An invoice asks for what it needs; what a record becomes is told to those that wait for it. Nothing
is read or written here: the books hold all that was loaded, the round what has to be saved.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from contracts.commands import Origin
from contracts.ids import Entity, RecordId, RemoteId
from contracts.sync import SyncFailed, SyncState

from sync_orchestrator.domain.books import Books
from sync_orchestrator.domain.deciding import Decision, decide
from sync_orchestrator.domain.events import (
    Event,
    IgnoreBegan,
    Issued,
    LinkSeen,
    Reissued,
    Requested,
)
from sync_orchestrator.domain.facts import Answered, Asked, Fact, RemoteGone, Reviewed, SeenThere
from sync_orchestrator.domain.job import FINAL, Job, RecordKey
from sync_orchestrator.domain.outcomes import in_the_way
from sync_orchestrator.domain.preflight import may_bring_its_customer, obstacles
from sync_orchestrator.domain.situation import Need, Situation


@dataclass(frozen=True, slots=True)
class Trigger:
    """What started a chain of decisions: ids for the messages that follow, and by whom."""

    correlation_id: UUID
    causation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """A line of a job's history. `begins` is set on the first line of an operation."""

    key: RecordKey
    sync_id: UUID
    job: Job
    """The job after `event`."""
    event: Event
    begins: bool
    trigger: Trigger
    began: Origin | None = None
    """Who or what began the operation, on its first line."""


@dataclass(slots=True)
class Round:
    """Apply facts with `apply`, then read what has to be saved.

    Attributes:
        changed: jobs that are not as they were loaded, with the trigger of their last decision.
        to_send: jobs whose command goes out (again), with the trigger.
        history: what happened, in order.
        touched: records that others may wait for, in jobs that were not loaded.
    """

    books: Books
    new_id: Callable[[], UUID]
    changed: dict[RecordKey, Trigger] = field(default_factory=dict[RecordKey, Trigger])
    to_send: dict[RecordKey, Trigger] = field(default_factory=dict[RecordKey, Trigger])
    history: list[Happened] = field(default_factory=list[Happened])
    touched: set[RecordKey] = field(default_factory=set[RecordKey])
    _queue: deque[tuple[RecordKey, Fact, Trigger]] = field(
        default_factory=deque[tuple[RecordKey, Fact, Trigger]]
    )

    def apply(self, key: RecordKey, fact: Fact, trigger: Trigger) -> Decision | None:
        """Decide the fact and all that follows from it.

        The decision on the fact itself; None if its connection or record isn't known, or there is
        no job and the fact alone makes none.
        """
        decision = self._decide(key, fact, trigger)
        while self._queue:
            self._decide(*self._queue.popleft())
        return decision

    def _decide(self, key: RecordKey, fact: Fact, trigger: Trigger) -> Decision | None:
        situation = self.books.situation(key, _in_the_way(fact))
        if situation is None:
            return None
        before = self.books.job(key)
        if before is None and isinstance(fact, Answered | Reviewed | RemoteGone | SeenThere):
            return None
        decision = decide(before or self.books.new_job(key), fact, situation)
        if decision.events:
            self._record(key, before, decision, trigger)
        for local, used in decision.gone:
            self._queue.extend(self._gone(key, local, used, trigger))
        if key.entity == "invoice" and not decision.refusal:
            self._ask_for_needs(key, decision.job, situation, trigger)
        if decision.gone:
            self._queue.append((key, Reviewed(), trigger))
        return decision

    def _record(
        self, key: RecordKey, before: Job | None, decision: Decision, trigger: Trigger
    ) -> None:
        job = decision.job
        began = _began(decision.events) if _begins(before, decision) else None
        sync_id = self.new_id() if began or job.sync_id is None else job.sync_id
        job = _with_sync(job, sync_id)
        for event in decision.events:
            first = began is not None
            self.history.append(Happened(key, sync_id, job, event, first, trigger, began))
            began = None
        self.books.put(job)
        self.changed[key] = trigger
        if any(isinstance(event, Issued | Reissued) for event in decision.events):
            self.to_send[key] = trigger
        if before is None or _shows(before) != _shows(job):
            self.touched.add(key)
            for waiting in self.books.waiting_for(key):
                self._queue.append((waiting, Reviewed(), trigger))

    def _gone(
        self, key: RecordKey, local: str, used: str | None, trigger: Trigger
    ) -> Iterable[tuple[RecordKey, Fact, Trigger]]:
        record_id = RecordId(UUID(local))
        for entity in _NEEDED:
            need = RecordKey(key.connection_id, entity, record_id)
            if self.books.job(need) is not None:
                yield need, RemoteGone(None if used is None else RemoteId(used)), trigger

    def _ask_for_needs(
        self, key: RecordKey, job: Job, situation: Situation, trigger: Trigger
    ) -> None:
        """Ask for what the invoice needs; if that moved anything, look at the invoice again."""
        moved = False
        for need in to_ask_for(job, situation):
            asked = Asked(
                job.origin or Origin(by="event"),
                job.priority,
                currency=_currency_for(need, situation),
            )
            need_key = RecordKey(key.connection_id, need.entity, need.record_id)
            decision = self._decide(need_key, asked, trigger)
            moved = moved or (decision is not None and bool(decision.events))
        if moved:
            self._queue.append((key, Reviewed(), trigger))


def _begins(before: Job | None, decision: Decision) -> bool:
    """Whether what was decided is a new operation, and not more of the one under way.

    What somebody has to mend ends one: that it moves on, or is asked for, begins the next.
    """
    if before is None or before.sync_id is None or before.state in FINAL:
        return any(not isinstance(event, LinkSeen) for event in decision.events)
    if any(isinstance(event, Requested) and event.again for event in decision.events):
        return True
    if before.state is not SyncState.BLOCKED:
        return False
    asked_for = any(
        isinstance(event, Requested)
        and event.origin is not None
        and event.origin.by not in ("event", "sweep")
        for event in decision.events
    )
    return asked_for or decision.job.state is not SyncState.BLOCKED


def _began(events: Iterable[Event]) -> Origin:
    """Whoever asked for what is decided. The job still bears the name of who asked last; what
    follows from an edit or a review is nobody's."""
    for event in events:
        if isinstance(event, IgnoreBegan):
            return Origin(by="person", name=event.by)
        origin = getattr(event, "origin", None)
        if isinstance(origin, Origin):
            return origin
    return Origin(by="event")


_NEEDED: tuple[Entity, ...] = ("customer", "item")


def to_ask_for(job: Job, situation: Situation) -> tuple[Need, ...]:
    """The records an invoice takes along now.

    Nothing, while something on the invoice itself must be mended first. A click also lends its
    priority to what is on its way already.
    """
    if job.want != "there" or job.ignored is not None or not situation.connection.is_open:
        return ()
    is_out = job.outstanding is not None
    if not is_out and any(obstacle.is_own for obstacle in obstacles(job, situation)):
        return ()
    return tuple(need for need in situation.needs if _is_asked_for(job, need, situation))


def _currency_for(need: Need, situation: Situation) -> str | None:
    """What a new customer is kept in, where that can't be changed later."""
    invoice = situation.invoice
    keeps = situation.connection.facts.keeps_customer_currency
    return invoice.currency if keeps and invoice and need.entity == "customer" else None


def _is_asked_for(job: Job, need: Need, situation: Situation) -> bool:
    theirs = need.job
    if need.record is None:
        return False
    if situation.is_satisfied(need):
        goes_along = need.entity == "item" or may_bring_its_customer(job, situation)
        return theirs is not None and theirs.state is SyncState.OUT_OF_DATE and goes_along
    if theirs is None or theirs.is_settled:
        return theirs is None or theirs.ignored is None
    return job.priority == "person" and theirs.priority == "automatic"


def _with_sync(job: Job, sync_id: UUID) -> Job:
    return job if job.sync_id == sync_id else replace(job, sync_id=sync_id)


def _shows(job: Job) -> object:
    """What those that wait for a record go by."""
    return (
        job.state,
        None if job.link is None else job.link.id,
        job.cause,
        job.account_there,
        job.outstanding is None,
    )


def _in_the_way(fact: Fact) -> str | None:
    if not isinstance(fact, Answered) or not isinstance(fact.outcome, SyncFailed):
        return None
    return in_the_way(fact.outcome.cause)
