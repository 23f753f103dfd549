"""What follows when an invoice was read there: removed, altered, or as it was."""

import json
from collections.abc import Sequence
from typing import cast

from contracts.causes import cause_of
from contracts.commands import RemoteRef
from contracts.sync import CauseInstance, SyncState, Totals

from sync_orchestrator.domain.altered import THE_TOTAL, altered_fields, joined
from sync_orchestrator.domain.course import Course
from sync_orchestrator.domain.events import ChangedThere, LinkSeen, Unchanged
from sync_orchestrator.domain.facts import SeenThere
from sync_orchestrator.domain.job import SYNCED
from sync_orchestrator.domain.records import plain_name

_COMPARED = frozenset({*SYNCED, SyncState.OUT_OF_DATE, SyncState.CHANGED_THERE})


def seen_there(course: Course, fact: SeenThere) -> None:
    """Nothing while a command is out: its own answer says more. Nor of an older generation, nor
    where it was written since it was asked for: nobody knows which of the two came first."""
    job = course.job
    if job.outstanding is not None or job.link is None or fact.generation != job.generation:
        return
    if fact.step is not None and fact.step != job.answered_step:
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
    altered = list(altered_fields(job, fact.remote, course.situation))
    if _comes_to_something_else(course, there):
        altered.append(THE_TOTAL)
    if altered:
        if fact.remote is not None and fact.remote.id == job.link.id:
            course.tell(LinkSeen(fact.remote, job.answered_step))
        cause = _cause(course, altered)
        course.tell(Unchanged() if cause is None else ChangedThere(cause, there))
    else:
        _learn(course, job.link, fact.remote, there)


def _comes_to_something_else(course: Course, there: Totals) -> bool:
    job, invoice = course.job, course.situation.invoice
    if job.totals is not None:
        return there.total != job.totals.total
    if invoice is None or job.state is SyncState.OUT_OF_DATE:
        # What it came to there was never told, and ours has changed since: nothing to compare with.
        return False
    return there.total != invoice.total


def _cause(course: Course, altered: Sequence[str]) -> CauseInstance | None:
    """What was told before and isn't decided yet stays told; None if all of it was put back."""
    job, name = course.job, plain_name(course.situation.record)
    before = job.cause if job.state is SyncState.CHANGED_THERE else None
    if job.state is SyncState.OUT_OF_DATE or _is_of_both(before):
        fields = joined(_told(before, "fields_there"), altered)
        here = _told(before, "fields_here") or None
        return cause_of(
            "changed_on_both_sides", invoice=name, fields_here=here, fields_there=fields
        )
    fields = joined(_told(before, "fields"), altered)
    return cause_of("edited_there", invoice=name, fields=fields) if fields else None


def _is_of_both(cause: CauseInstance | None) -> bool:
    return cause is not None and cause.code == "changed_on_both_sides"


def _told(cause: CauseInstance | None, param: str) -> list[str]:
    text = None if cause is None else cause.params.get(param)
    if not text:
        return []
    return cast("list[str]", json.loads(text)) if text.startswith("[") else [text]


def _learn(course: Course, link: RemoteRef, seen: RemoteRef | None, there: Totals) -> None:
    """What wasn't known of it until now. The version stays: nobody has looked at this one."""
    held = link.held
    if held is None and seen is not None and seen.id == link.id:
        held = seen.held
    if held != link.held or course.job.totals is None:
        known = link.model_copy(update={"held": held})
        course.tell(LinkSeen(known, course.job.answered_step, there))
