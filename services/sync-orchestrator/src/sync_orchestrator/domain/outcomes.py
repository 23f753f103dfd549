"""What follows from an outcome.

An outcome of an older generation changes nothing. One of this generation gives the link, whatever
else it says; only the outcome of the step that is out decides the state.
"""

from typing import cast

from contracts.causes import CAUSES, HeldBy, cause_of, state_of
from contracts.commands import RemoteRef
from contracts.ids import RemoteId
from contracts.providers import SUPPLIERS_KEEP_NAMES
from contracts.sync import (
    CauseInstance,
    Subject,
    SyncDelayed,
    SyncFailed,
    SyncState,
    SyncSucceeded,
)

from sync_orchestrator.domain.ages import went_lately
from sync_orchestrator.domain.choices import BY_EVENT, changed_here, learn_rounding
from sync_orchestrator.domain.content import (
    content_of,
    in_the_books,
    is_up_to_date,
    rounding_of,
)
from sync_orchestrator.domain.course import Course
from sync_orchestrator.domain.events import (
    Delayed,
    Freed,
    GoesAgain,
    HolderAhead,
    Linked,
    LinkSeen,
    MadeAnew,
    OutOfDate,
    Refused,
    Synced,
    VoidedThere,
    VoidedUnsent,
)
from sync_orchestrator.domain.facts import Answered
from sync_orchestrator.domain.job import SYNCED
from sync_orchestrator.domain.preflight import difference_between
from sync_orchestrator.domain.records import is_void, plain_name
from sync_orchestrator.domain.taxing import equalising

TAKEN = frozenset({"invoice_number_taken", "customer_name_taken", "item_name_taken"})
"""Causes that say another record there has the number or name."""


def in_the_way(cause: CauseInstance) -> str | None:
    """The remote id of the record that has it, if the connector knows."""
    if cause.code not in {*TAKEN, "customer_merged_there"}:
        return None
    return cause.params.get("holder_remote_id") or cause.params.get("remote_id")


_STATE_WHY = {
    "checking": SyncState.CHECKING,
    "quota": SyncState.QUEUED,
    "provider": SyncState.HELD,
    "connection": SyncState.HELD,
}


def answered(course: Course, fact: Answered) -> tuple[tuple[str, str | None], ...]:
    """Tell what follows; the records that were found gone, as (local id, remote id used)."""
    outcome = fact.outcome
    if outcome.generation != course.job.generation:
        return ()
    remote = _remote_of(outcome)
    removed = None if isinstance(outcome, SyncDelayed) else outcome.removed
    if remote is not None and removed is None:
        gone = course.job.gone_link
        if isinstance(outcome, SyncSucceeded) or gone is None or gone.id != remote.id:
            _see_link(course, remote, outcome.step)
    if removed is not None:
        if outcome.step >= course.job.answered_step:
            _removed(course, removed, remote)
        return ()
    if outcome.step != course.job.outstanding:
        if isinstance(outcome, SyncSucceeded) and _was_taken_for_failed(course, outcome):
            _came_late(course, outcome, automatic=fact.automatic)
        return ()
    match outcome:
        case SyncDelayed():
            _delayed(course, outcome)
            return ()
        case SyncSucceeded():
            _succeeded(course, outcome, automatic=fact.automatic)
            return ()
        case SyncFailed():
            return _failed(course, outcome)


def _was_taken_for_failed(course: Course, outcome: SyncSucceeded) -> bool:
    """Whether the step that we were told had failed was executed after all.

    A command that was set apart because it couldn't be read may come once more, whole: a copy that
    was late, or one that an operator replays. What is there is what that step said, not what we
    knew before it.
    """
    job = course.job
    if job.outstanding is not None or outcome.step != job.answered_step or job.ignored is not None:
        return False
    return job.refused or (job.sent_mark is not None and job.sent_mark != job.synced_mark)


def _came_late(course: Course, outcome: SyncSucceeded, *, automatic: bool) -> None:
    """Take it as it is; what is wanted by now goes again."""
    if not is_void(course.situation.record) or outcome.voided:
        _succeeded(course, outcome, automatic=automatic)
        return
    course.tell(
        Synced(
            step=outcome.step,
            remote=_written(course.job.link or outcome.remote, outcome),
            version=outcome.record_version,
            at=outcome.occurred_at,
            totals=outcome.totals,
            difference=None,
        )
    )
    course.request("void", BY_EVENT)
    course.derive()


def _written(link: RemoteRef, outcome: SyncSucceeded) -> RemoteRef:
    """The link, with what it holds now: what it held before we wrote it is past."""
    held = outcome.remote.held if outcome.remote.id == link.id else None
    return link.model_copy(update={"held": held})


def _remote_of(outcome: SyncSucceeded | SyncFailed | SyncDelayed) -> RemoteRef | None:
    if isinstance(outcome, SyncSucceeded):
        return outcome.remote
    if outcome.remote is not None:
        # What was read before a write that failed isn't what we left there.
        return outcome.remote.model_copy(update={"held": None})
    own = outcome.used.get("self")
    return None if own is None else RemoteRef(id=own)


def _see_link(course: Course, remote: RemoteRef, step: int) -> None:
    """The link, from whatever outcome names it; an older step never overwrites a newer one's."""
    link = course.job.link
    if link == remote or (link is not None and step < course.job.answered_step):
        return
    if link is not None and link.id == remote.id:
        remote = RemoteRef(
            id=remote.id,
            version=remote.version or link.version,
            number=remote.number or link.number,
            url=remote.url or link.url,
            currency=remote.currency or link.currency,
            held=remote.held or link.held,
        )
        if link == remote:
            return
    course.tell(LinkSeen(remote, step))


def _removed(course: Course, how: str, remote: RemoteRef | None) -> None:
    job = course.job
    void_here = job.want == "void"
    if void_here and job.link is None and remote is None and how == "voided":
        course.tell(VoidedThere(job.outstanding or job.answered_step))
        return
    had_gone = job.link is None and job.gone_link is not None
    if job.entity == "invoice":
        invoice = plain_name(course.situation.record)
        today = course.situation.now.date()
        gone = cause_of("invoice_gone_there", invoice=invoice, how=how, date=today)
        course.remove(gone, voided=(job.link or remote) if how == "voided" else None)
    else:
        course.remove(cause_of("record_deleted_there", record=course.name))
    if void_here:
        course.tell(VoidedUnsent())
    elif had_gone and course.asks_before_making_anew:
        course.ask_about_what_has_gone(looked=True)
    elif had_gone:
        course.tell(MadeAnew())
        course.request("there")
        course.derive()


def _delayed(course: Course, outcome: SyncDelayed) -> None:
    state, held_by = _STATE_WHY[outcome.why], _held_by(outcome.why)
    if outcome.cause is not None:
        state = state_of(outcome.cause.code) or state
        row = CAUSES.get(outcome.cause.code)
        held_by = None if row is None else row.held_by
    if state is SyncState.HELD and held_by is None:
        held_by = "provider"
    if state not in (SyncState.CHECKING, SyncState.QUEUED, SyncState.HELD):
        state = _STATE_WHY[outcome.why]
    cause = outcome.cause
    if held_by == "connection" and not course.situation.connection.is_open:
        cause = course.situation.connection.cause or cause  # ours names who closed it
    course.tell(
        Delayed(
            step=outcome.step,
            state=state,
            until=outcome.until,
            cause=cause,
            held_by=held_by if state is SyncState.HELD else None,
        )
    )


def _held_by(why: str) -> HeldBy | None:
    return cast("HeldBy", why) if why in ("provider", "connection") else None


def _succeeded(course: Course, outcome: SyncSucceeded, *, automatic: bool) -> None:
    before = course.job
    if outcome.voided or before.outstanding_want == "void":
        course.tell(VoidedThere(outcome.step))
        return
    link = _written(course.job.link or outcome.remote, outcome)
    difference = _difference(course, outcome)
    course.tell(
        Synced(
            step=outcome.step,
            remote=link,
            version=outcome.record_version,
            at=outcome.occurred_at,
            totals=outcome.totals,
            difference=difference,
        )
    )
    if course.job.want == "void":
        course.derive()
        return
    # What was out at a restore may be older than what stands there: a click meanwhile is a click.
    doubted = before.restored and before.dirty
    if is_up_to_date(course.job, course.situation) and not doubted:
        _equalise(course, difference)
        return
    relied_on_moved = outcome.record_version >= course.situation.record.version
    if before.dirty or automatic or relied_on_moved:
        course.request("there", before.origin if before.dirty else BY_EVENT)
        course.derive()
    else:
        course.tell(OutOfDate(changed_here(course)))


def _difference(course: Course, outcome: SyncSucceeded) -> CauseInstance | None:
    """Why the provider's totals aren't ours, if we still know what ours were."""
    invoice, totals = course.situation.invoice, outcome.totals
    if invoice is None or totals is None or invoice.version != outcome.record_version:
        return None
    return difference_between(invoice, totals, course.situation)


def _equalise(course: Course, difference: CauseInstance | None) -> bool:
    """Send it once more with a rounding line, by what the answer said; once for each content."""
    invoice, totals = course.situation.invoice, course.job.totals
    connection = course.situation.connection
    account, there = connection.settings.rounding_account_id, connection.rounding_account
    if difference is None or difference.code != "rounding_difference" or account is None:
        return False
    if there is not None and not there.usable:
        return False
    if invoice is None or totals is None or course.job.rounding_for == in_the_books(invoice):
        return False
    if not equalising(invoice, totals.total, course.situation.connection.facts.taxes):
        return False
    learn_rounding(course, invoice, totals)
    course.request("there", course.job.origin)
    course.derive()
    return True


def _failed(course: Course, outcome: SyncFailed) -> tuple[tuple[str, str | None], ...]:
    job, situation = course.job, course.situation
    if job.want == "void" and job.outstanding_want != "void":
        # What it relied on may have gone, all of it or some: who needs it next finds out.
        course.tell(Freed(outcome.step))
        course.derive()
        return ()
    left = _only_the_account_is_left(course, outcome) if outcome.reference_gone else None
    if left is None and outcome.reference_gone and (gone := _gone(course, outcome)) is not None:
        return gone
    if job.outstanding_want != "void" and content_of(job, situation).mark != job.sent_mark:
        # What was refused isn't what would go now.
        course.tell(Freed(outcome.step))
        course.derive()
        return ()
    if outcome.cause.code in TAKEN and _held_by_ours(course, outcome):
        return ()
    if outcome.cause.code == "customer_merged_there" and _follows_the_survivor(course, outcome):
        return ()
    cause = left or _who_has_the_name(course, outcome.cause)
    state = state_of(cause.code)
    if state is None or state in {*SYNCED, SyncState.NOT_SYNCED, SyncState.QUEUED}:
        state = SyncState.BLOCKED
    row = CAUSES.get(cause.code)
    course.tell(
        Refused(
            step=outcome.step,
            state=state,
            cause=cause,
            held_by=None if row is None else row.held_by,
        )
    )
    return ()


def _who_has_the_name(course: Course, cause: CauseInstance) -> CauseInstance:
    """Who has a customer's name there, where it may be a supplier or an employee.

    Only a customer of the list there is one to be linked; an id that the refusal names may be
    anybody's.
    """
    situation = course.situation
    listed = situation.connection.customers_as_of is not None
    shared = course.job.provider in SUPPLIERS_KEEP_NAMES
    if cause.code != "customer_name_taken" or "kind" in cause.params or not (listed and shared):
        return cause
    params = {name: value for name, value in cause.params.items() if name != "remote_id"}
    link = course.job.link
    others = (one for one in situation.lookalikes if link is None or one.remote_id != link.id)
    one = next((alike for alike in others if alike.same_name), None)
    if one is None:
        return cause.model_copy(update={"params": {**params, "kind": "other"}})
    kind = "customer" if one.active else "inactive_customer"
    more = {"kind": kind, "remote_id": str(one.remote_id)}
    return cause.model_copy(update={"params": {**params, **more}})


def _only_the_account_is_left(course: Course, outcome: SyncFailed) -> CauseInstance | None:
    """The account of its rounding line, where all else that may have gone was made again just now.

    A provider may say only that something it refers to has gone.
    """
    situation, account = course.situation, course.situation.connection.rounding_account
    if account is None or not rounding_of(course.job, situation):
        return None
    named = [n for n in situation.needs if str(n.record_id) in outcome.reference_gone]
    made_again = all(
        need.job is not None and went_lately(need.job, situation.ages, situation.now)
        for need in named
    )
    if not made_again:
        return None
    subject = Subject(id=account.id, name=account.name or account.id)
    details = outcome.cause.details
    return cause_of("account_gone", subject=subject, details=details, account=account.name)


def _gone(course: Course, outcome: SyncFailed) -> tuple[tuple[str, str | None], ...] | None:
    """What it relied on isn't there any more: made again, then this goes again.

    None if nothing of it is or was linked: then going again would only be refused again.
    """
    needs = {str(need.record_id): need for need in course.situation.needs}
    named = [needs[local] for local in outcome.reference_gone if local in needs]
    ours = [need for need in named if str(need.record_id) in outcome.used or need.link is not None]
    if not ours:
        return None
    out = next((n for n in ours if n.job is not None and n.job.outstanding is not None), None)
    if out is not None:
        subject = Subject(id=str(out.record_id), name=out.name)
        cause = cause_of("waiting_for_record", subject=subject, record=out.name)
        course.tell(HolderAhead(outcome.step, cause, out.waiting_on))
    else:
        course.tell(Freed(outcome.step))
    return tuple((str(need.record_id), outcome.used.get(str(need.record_id))) for need in ours)


def _follows_the_survivor(course: Course, outcome: SyncFailed) -> bool:
    """Merged there: linked to who it was merged into, unless that is another record of ours."""
    survivor = outcome.cause.params.get("remote_id")
    if survivor is None or course.situation.holder is not None:
        return False
    course.tell(Freed(outcome.step))
    mark = content_of(course.job, course.situation).mark
    remote = RemoteRef(id=RemoteId(survivor))
    course.tell(Linked(remote, course.situation.record.version, mark, relinked=True))
    return True


_GOES_BY_ITSELF = frozenset({SyncState.HELD, SyncState.QUEUED, SyncState.CHECKING})
"""A record that is so will be what it is here without anybody. One that waits may wait for us."""


def _held_by_ours(course: Course, outcome: SyncFailed) -> bool:
    """Our own number or name in the way: wait for the record that has it, or go again.

    Once for each time the holder has moved; what remains after that is a cause for a person.
    """
    job, holder = course.job, course.situation.holder
    if holder is None or holder.job is None or holder.record is None:
        return False
    ours, theirs = plain_name(course.situation.record), plain_name(holder.record)
    gives_it_up = ours != theirs and holder.job.state in _GOES_BY_ITSELF
    if holder.job.outstanding is not None or gives_it_up:
        course.tell(HolderAhead(outcome.step, outcome.cause, holder.waiting_on))
        return True
    if job.entity == "customer" and ours == theirs and job.named_there is None:
        named = f"{ours} (2)"
        course.tell(GoesAgain(outcome.step, f"{holder.record_id}:named", named))
        course.derive(again=True)
        return True
    after = f"{holder.record_id}:{holder.job.answered_step}"
    moved_on = holder.job.state in SYNCED and ours != theirs
    if not moved_on or job.again_for == after:
        return False
    course.tell(GoesAgain(outcome.step, after))
    course.derive(again=True)
    return True
