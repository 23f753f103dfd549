"""What follows when an invoice was read there: removed, altered, or as it was."""

from contracts.causes import cause_of
from contracts.sync import SyncState

from sync_orchestrator.domain.course import Course
from sync_orchestrator.domain.events import ChangedThere, LinkSeen
from sync_orchestrator.domain.facts import SeenThere
from sync_orchestrator.domain.job import SYNCED
from sync_orchestrator.domain.records import plain_name

_COMPARED = frozenset({*SYNCED, SyncState.OUT_OF_DATE, SyncState.CHANGED_THERE})


def seen_there(course: Course, fact: SeenThere) -> None:
    """Nothing while a command is out: its own answer says more. Nor of an older generation."""
    job = course.job
    if job.outstanding is not None or job.link is None or fact.generation != job.generation:
        return
    name = plain_name(course.situation.record)
    if fact.removed is not None:
        if job.state is not SyncState.VOIDED:
            today = course.situation.now.date()
            gone = cause_of("invoice_gone_there", invoice=name, how=fact.removed, date=today)
            course.remove(gone, voided=job.link if fact.removed == "voided" else None)
        return
    invoice, there = course.situation.invoice, fact.totals
    if invoice is None or there is None or job.state not in _COMPARED:
        return
    known = None if job.totals is None else job.totals.total
    if known is None and job.state is SyncState.OUT_OF_DATE:
        # What it came to there was never told, and ours has changed since: nothing to compare with.
        return
    if there.total == (invoice.total if known is None else known):
        return
    if fact.remote is not None and fact.remote.id == job.link.id:
        course.tell(LinkSeen(fact.remote, job.answered_step))
    if job.state is SyncState.OUT_OF_DATE:
        cause = cause_of("changed_on_both_sides", invoice=name, fields_there="the total")
    else:
        cause = cause_of("edited_there", invoice=name, fields="the total")
    course.tell(ChangedThere(cause, there))
