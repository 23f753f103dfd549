"""What each event makes of a job.

Every decision raises the step; so that a reader which keeps the greatest (generation, step, rank)
never keeps an older one. Exceptions are events that decide nothing: a link that an outcome named, a
wish that waits for one, the same step going out again unchanged, and a delay that the connector has
told under the same step itself.
"""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from contracts.causes import group_of
from contracts.sync import SyncState

from sync_orchestrator.domain.events import (
    ChangedThere,
    DatedThere,
    Delayed,
    EmailWaived,
    Event,
    Freed,
    GoesAgain,
    HeldBack,
    HolderAhead,
    IgnoreBegan,
    IgnoreEnded,
    Issued,
    LeftAsItIs,
    Linked,
    LinkSeen,
    MadeAnew,
    Named,
    NotEligible,
    NotLeftAsItIs,
    OurTaxChosen,
    OutOfDate,
    Refused,
    Reissued,
    Removed,
    Replaced,
    Requested,
    RoundingLearned,
    Stopped,
    Synced,
    ToldApart,
    TookTooLong,
    Unchanged,
    Unlinked,
    VoidedThere,
    VoidedUnsent,
)
from sync_orchestrator.domain.job import UNKNOWN_MARK, Ignored, Job


def evolve(job: Job, event: Event, at: datetime) -> Job:
    """The job after the event. Pure; `at` is the deciding transaction's time."""
    match event:
        case (
            Requested()
            | Issued()
            | Reissued()
            | Replaced()
            | Stopped()
            | HeldBack()
            | TookTooLong()
            | NotEligible()
        ):
            return _before_an_outcome(job, event, at)
        case (
            LinkSeen()
            | Synced()
            | Refused()
            | Freed()
            | HolderAhead()
            | GoesAgain()
            | Delayed()
            | Removed()
            | MadeAnew()
            | VoidedThere()
            | VoidedUnsent()
            | OutOfDate()
            | ChangedThere()
            | Unchanged()
        ):
            return _after_an_outcome(job, event, at)
        case (
            IgnoreBegan()
            | IgnoreEnded()
            | EmailWaived()
            | Named()
            | LeftAsItIs()
            | NotLeftAsItIs()
            | Linked()
            | Unlinked()
            | ToldApart()
            | OurTaxChosen()
            | RoundingLearned()
            | DatedThere()
        ):
            return _by_a_person(job, event, at)
        case _:
            assert_never(event)


def _in_state(job: Job, state: SyncState, at: datetime) -> Job:
    """The next step, in this state, with nothing left of the last state's explanation."""
    return replace(
        job,
        step=job.step + 1,
        state=state,
        state_since=at if state is not job.state else job.state_since or at,
        changed_at=at,
        cause=None,
        also=(),
        waiting_on=None,
        held_by=None,
        until=None,
    )


def _before_an_outcome(
    job: Job,
    event: Requested
    | Issued
    | Reissued
    | Replaced
    | Stopped
    | HeldBack
    | TookTooLong
    | NotEligible,
    at: datetime,
) -> Job:
    match event:
        case Requested():
            return replace(
                job,
                want=event.want,
                wanted_version=event.version,
                origin=event.origin or job.origin,
                priority=event.priority or job.priority,
                refused=job.refused and not event.again,
                currency=event.currency or job.currency,
            )
        case Issued():
            return replace(
                _in_state(job, SyncState.QUEUED, at),
                # A voided invoice stays void there: what goes now is another one.
                gone_link=None if job.entity == "invoice" else job.gone_link,
                outstanding=job.step + 1,
                outstanding_want=event.want,
                wanted_version=event.version,
                sent_version=event.version,
                sent_mark=event.mark,
                sent_account=event.account,
                refused=False,
                dirty=False,
                asked_at=at,
                synced_mark=UNKNOWN_MARK if job.restored else job.synced_mark,
                restored=False,
            )
        case Reissued():
            again = replace(job, priority=event.priority, asked_at=at)
            if event.dirty:
                # The connector may have the first content of this step or this one. Whatever its
                # outcome, what is wanted then goes again under a step of its own.
                again = replace(again, dirty=True, sent_mark=UNKNOWN_MARK, sent_account=None)
            return _in_state(again, SyncState.QUEUED, at) if event.resumed else again
        case Replaced():
            return replace(
                job,
                want=event.want,
                wanted_version=event.version,
                dirty=True,
                origin=event.origin or job.origin,
                priority=event.priority or job.priority,
            )
        case Stopped():
            return replace(
                _in_state(job, event.state, at),
                cause=event.cause,
                also=event.also,
                waiting_on=event.waiting_on,
                refused=False,
            )
        case HeldBack():
            return replace(
                _in_state(job, SyncState.HELD, at), cause=event.cause, held_by="connection"
            )
        case TookTooLong():
            return replace(job, step=job.step + 1, cause=event.cause, changed_at=at)
        case NotEligible():
            return replace(_in_state(job, SyncState.NOT_ELIGIBLE, at), cause=event.cause, want=None)


def _after_an_outcome(
    job: Job,
    event: LinkSeen
    | Synced
    | Refused
    | Freed
    | HolderAhead
    | GoesAgain
    | Delayed
    | Removed
    | MadeAnew
    | VoidedThere
    | VoidedUnsent
    | OutOfDate
    | ChangedThere
    | Unchanged,
    at: datetime,
) -> Job:
    match event:
        case LinkSeen():
            return replace(
                job,
                link=event.remote,
                answered_step=max(job.answered_step, event.step),
                totals=job.totals or event.totals,
            )
        case Synced():
            return _synced(job, event, at)
        case Refused():
            return replace(
                _closed(_in_state(job, event.state, at), event.step),
                cause=event.cause,
                held_by=event.held_by,
                refused=True,
            )
        case Freed():
            return _closed(_in_state(job, SyncState.QUEUED, at), event.step)
        case HolderAhead():
            return replace(
                _closed(_in_state(job, SyncState.WAITING, at), event.step),
                cause=event.cause,
                waiting_on=event.waiting_on,
            )
        case GoesAgain():
            return replace(
                _closed(_in_state(job, SyncState.QUEUED, at), event.step),
                again_for=event.after,
                named_there=event.named or job.named_there,
            )
        case Delayed():
            told_already = job.step == event.step
            later = _in_state(job, event.state, at)
            return replace(
                later,
                step=job.step if told_already else later.step,
                cause=event.cause,
                until=event.until,
                held_by=event.held_by,
            )
        case Removed():
            return replace(
                _in_state(job, SyncState.REMOVED_THERE, at),
                generation=job.generation + 1,
                cause=event.cause,
                link=None,
                gone_link=event.was,
                want=None,
                outstanding=None,
                dirty=False,
                refused=False,
                sent_mark=None,
                synced_version=None,
                synced_mark=None,
                account_there=None,
                restored=False,
                totals=None,
                synced_at=None,
                remade_at=at if event.times == 1 else job.remade_at,
                remade=event.times,
            )
        case MadeAnew():
            return replace(job, step=job.step + 1, gone_link=None)
        case VoidedThere():
            return replace(
                _closed(_in_state(job, SyncState.VOIDED, at), event.step),
                want=None,
                synced_version=job.sent_version,
            )
        case VoidedUnsent():
            void = _in_state(job, SyncState.VOIDED, at)
            return replace(void, want=None, ignored=None, link=job.link or job.gone_link)
        case OutOfDate():
            return replace(_in_state(job, SyncState.OUT_OF_DATE, at), cause=event.cause, want=None)
        case ChangedThere():
            return replace(
                _in_state(job, SyncState.CHANGED_THERE, at),
                cause=event.cause,
                totals=event.totals,
                want=None,
            )
        case Unchanged():
            return replace(_in_state(job, SyncState.SYNCED, at), want=None)


def _synced(job: Job, event: Synced, at: datetime) -> Job:
    differs = event.difference is not None
    state = SyncState.SYNCED_WITH_DIFFERENCE if differs else SyncState.SYNCED
    return replace(
        _closed(_in_state(job, state, at), event.step),
        cause=event.difference,
        link=event.remote,
        gone_link=None,
        want="void" if job.want == "void" else None,
        synced_version=event.version,
        synced_mark=job.sent_mark,
        synced_at=event.at,
        totals=event.totals,
        again_for=None,
        priority="automatic",
        account_there=job.sent_account,
    )


def _closed(job: Job, step: int) -> Job:
    """No command is out any more."""
    return replace(job, outstanding=None, dirty=False, answered_step=max(job.answered_step, step))


def _by_a_person(
    job: Job,
    event: IgnoreBegan
    | IgnoreEnded
    | EmailWaived
    | Named
    | LeftAsItIs
    | NotLeftAsItIs
    | Linked
    | Unlinked
    | ToldApart
    | OurTaxChosen
    | RoundingLearned
    | DatedThere,
    at: datetime,
) -> Job:
    match event:
        case IgnoreBegan():
            group = None if job.cause is None else group_of(job.cause, job.record_id)
            return replace(
                _in_state(job, SyncState.IGNORED, at),
                ignored=Ignored(event.by, event.why, at, group),
            )
        case IgnoreEnded():
            return replace(
                _in_state(job, event.state, at),
                ignored=None,
                origin=event.origin,
                refused=False,
                cause=event.cause,
            )
        case EmailWaived():
            return replace(job, step=job.step + 1, without_email=True, origin=event.origin)
        case Named():
            return replace(
                job,
                step=job.step + 1,
                named_there=event.name,
                origin=event.origin,
                refused=False,
                gone_link=None if event.anew else job.gone_link,
                none_of_those=job.none_of_those or event.anew,
            )
        case ToldApart():
            return replace(
                job, step=job.step + 1, none_of_those=True, origin=event.origin, refused=False
            )
        case Unlinked():
            return replace(
                _in_state(job, SyncState.NOT_SYNCED, at),
                generation=job.generation + 1,
                link=None,
                gone_link=None,
                want=None,
                refused=False,
                sent_mark=None,
                synced_version=None,
                synced_mark=None,
                account_there=None,
                restored=False,
                totals=None,
                synced_at=None,
                none_of_those=False,
                # A name there belongs to the item there, whoever gave it; a number is ours.
                named_there=None if job.entity == "item" else job.named_there,
                origin=event.origin,
            )
        case OurTaxChosen():
            return replace(job, step=job.step + 1, our_tax=True, origin=event.origin, refused=False)
        case RoundingLearned():
            return replace(job, step=job.step + 1, rounding=event.amount, rounding_for=event.told)
        case DatedThere():
            return replace(
                job,
                step=job.step + 1,
                post_on=event.day,
                post_on_for=event.instead_of,
                origin=event.origin or job.origin,
                refused=False,
            )
        case LeftAsItIs():
            return replace(
                _in_state(job, SyncState.SYNCED, at), want=None, refused=False, origin=event.origin
            )
        case NotLeftAsItIs():
            refused = event.state is SyncState.BLOCKED
            return replace(
                _in_state(job, event.state, at),
                cause=event.cause,
                origin=event.origin,
                want="there" if refused else None,
                refused=refused,
            )
        case Linked():
            return replace(
                _in_state(job, SyncState.SYNCED, at),
                generation=job.generation + 1 if event.relinked else job.generation,
                link=event.remote,
                gone_link=None,
                want=None,
                refused=False,
                synced_version=event.version,
                synced_mark=event.mark,
                account_there=event.account,
                named_there=job.named_there if event.named is None else event.named or None,
                restored=False,
                totals=event.totals,
                synced_at=at,
                origin=event.origin or job.origin,
            )
