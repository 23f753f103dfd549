"""The course of one decision: events are told one after the other, each folded at once."""

from dataclasses import dataclass, field

from contracts.causes import cause_of, record_name
from contracts.commands import Origin, Priority, RemoteRef
from contracts.providers import MADE_ACTIVE_AGAIN
from contracts.sync import CauseInstance, SyncState

from sync_orchestrator.domain.ages import is_tried_again, keeps_going, waited_too_long, went_lately
from sync_orchestrator.domain.content import content_of, is_up_to_date, void_mark
from sync_orchestrator.domain.events import (
    DatedThere,
    Event,
    HeldBack,
    Issued,
    MadeAnew,
    Removed,
    Requested,
    Stopped,
    TookTooLong,
    Unchanged,
    VoidedUnsent,
)
from sync_orchestrator.domain.evolving import evolve
from sync_orchestrator.domain.job import Job, Want
from sync_orchestrator.domain.posting import post_on
from sync_orchestrator.domain.preflight import Obstacle, obstacles
from sync_orchestrator.domain.records import plain_name
from sync_orchestrator.domain.situation import Situation

GONE_ASKS = frozenset({"customer_inactive_there", "item_unusable_there"})
"""The question that is asked instead of making something again."""

RIGHT_AWAY = frozenset({"waiting_for_record", "prerequisite_blocked"})


@dataclass(slots=True)
class Course:
    """A decision in the making; `job` is how it stands after the events told so far."""

    job: Job
    situation: Situation
    events: list[Event] = field(default_factory=list[Event])

    def tell(self, event: Event) -> None:
        self.events.append(event)
        self.job = evolve(self.job, event, self.situation.now)

    @property
    def name(self) -> str:
        """How a sentence names the record."""
        return record_name(self.job.entity, plain_name(self.situation.record))

    def request(
        self,
        want: Want,
        origin: Origin | None = None,
        priority: Priority | None = None,
        *,
        again: bool = False,
        currency: str | None = None,
    ) -> None:
        """Ask for it, as of its newest version. What a person began stays theirs meanwhile."""
        if not self.job.is_settled:
            priority = None if priority == "automatic" else priority
            origin = None if origin is not None and origin.by in ("event", "sweep") else origin
        version = self.situation.record.version
        self.tell(Requested(want, version, origin, priority, again, currency))

    def derive(self, *, again: bool = False) -> None:
        """From what is wanted and what is there: send it, or say why not.

        Only while no command is out. Says nothing if everything is as it was. A refusal stands
        while the same content would go, unless `again`.
        """
        job, situation = self.job, self.situation
        if job.outstanding is not None or job.want is None or job.ignored is not None:
            return
        if not situation.connection.is_open:
            self.hold_back()
            return
        if job.want == "void":
            self._void(again=again)
            return
        if self.awaits_a_choice() and not again:
            return
        if self._makes_anew(again=again):
            self.tell(MadeAnew())
            job = self.job
        found = obstacles(job, situation)
        if found:
            self._stop(found)
            return
        content = content_of(job, situation)
        if is_up_to_date(job, situation) and not (again or job.restored):
            self.tell(Unchanged())
            return
        if job.refused and job.sent_mark == content.mark and not again:
            return
        self._date()
        account = situation.account if job.entity == "item" else None
        self.tell(
            Issued(
                "there",
                content.version,
                content.mark,
                None if account is None else account.id,
                content.accounts if job.entity == "invoice" else (),
            )
        )

    def _date(self) -> None:
        """Keep which day it goes with, if that isn't its own: a later setting doesn't move it."""
        day, invoice = post_on(self.job, self.situation), self.situation.invoice
        if invoice is None or (day is None and self.job.post_on is None):
            return
        told = (day or invoice.issue_date, invoice.issue_date)
        if told != (self.job.post_on, self.job.post_on_for):
            self.tell(DatedThere(*told))

    def awaits_a_choice(self) -> bool:
        """It has gone there, and whether it is made again is a person's to say."""
        return self._is_asked_about() and self.asks_before_making_anew

    @property
    def may_have_gone(self) -> bool:
        """Whether it may be there though nothing here says so.

        Whoever ignores it has said what is to become of it.
        """
        job = self.job
        known = job.link is not None or job.state is SyncState.REMOVED_THERE
        forgotten = self.situation.connection.may_have_forgotten(job.record_id)
        return forgotten and not known and job.ignored is None

    def _is_asked_about(self) -> bool:
        job = self.job
        asks = job.cause is not None and job.cause.code in GONE_ASKS and not job.refused
        return job.state is SyncState.BLOCKED and asks

    @property
    def asks_before_making_anew(self) -> bool:
        """Whether a person must say that what has gone there is made again."""
        often = keeps_going(self.job, self.situation.ages, self.situation.now)
        return often or self.situation.connection.settings.gone_there == "ask"

    def _makes_anew(self, *, again: bool) -> bool:
        """Whether what has gone there is given up, where the provider doesn't make it active again.

        Not by somebody who tries again: it may be active there by now.
        """
        job = self.job
        if job.gone_link is None or job.provider in MADE_ACTIVE_AGAIN:
            return False
        if self.asks_before_making_anew:
            return False
        return job.state is SyncState.REMOVED_THERE or (self._is_asked_about() and not again)

    def ask_about_what_has_gone(self, *, looked: bool = False) -> None:
        """Stop with the question whether it is made again. `looked`: it was, just now."""
        name = plain_name(self.situation.record)
        checked = self.situation.now if looked else None
        if self.job.entity == "item":
            cause = cause_of("item_unusable_there", item=name, why="inactive", checked=checked)
        else:
            cause = cause_of("customer_inactive_there", customer=name, checked=checked)
        self.request("there")
        self.tell(Stopped(SyncState.BLOCKED, cause))

    def hold_back(self) -> None:
        """Held until the connection works again; nothing is sent."""
        cause = self.situation.connection.cause or cause_of("connection_expired")
        if self.job.state is SyncState.HELD and self.job.cause == cause:
            return
        self.tell(HeldBack(cause))

    def review(self) -> None:
        """Derive again because time has passed or something it depends on has changed."""
        ages, now = self.situation.ages, self.situation.now
        self.derive(again=is_tried_again(self.job, ages, now))
        if waited_too_long(self.job, ages, now):
            self.tell(TookTooLong(self.too_long()))

    def remove(self, cause: CauseInstance, *, voided: RemoteRef | None = None) -> None:
        """The remote record is gone. `voided` is an invoice that stays in the books, void.

        A customer or item may come back as the same record.
        """
        job = self.job
        was = voided if job.entity == "invoice" else job.link or job.gone_link
        times = went_lately(job, self.situation.ages, self.situation.now) + 1
        self.tell(Removed(cause, was, times))

    def too_long(self) -> CauseInstance:
        return cause_of(
            "taking_too_long",
            record=self.name,
            doing=self.job.state.value,
            time=self.job.state_since,
        )

    def _void(self, *, again: bool) -> None:
        job = self.job
        if job.link is None and not self.may_have_gone:
            self.tell(VoidedUnsent())
            return
        version = self.situation.record.version
        mark = void_mark(version)
        if job.refused and job.sent_mark == mark and not again:
            return
        self.tell(Issued("void", version, mark))

    def _stop(self, found: tuple[Obstacle, ...]) -> None:
        first = found[0]
        waits = first.cause.code in RIGHT_AWAY
        on = first.waiting_on or next((o.waiting_on for o in found if o.waiting_on), None)
        stopped = Stopped(
            state=SyncState.WAITING if waits else SyncState.BLOCKED,
            cause=first.cause,
            also=tuple(o.cause for o in found[1:] if not o.only_waits),
            waiting_on=on,
        )
        job = self.job
        same = (stopped.state, stopped.also, stopped.waiting_on) == (
            job.state,
            job.also,
            job.waiting_on,
        )
        waits_too_long = job.cause is not None and job.cause.code == "taking_too_long"
        if same and (job.cause == first.cause or (waits_too_long and first.only_waits)):
            return
        self.tell(stopped)
