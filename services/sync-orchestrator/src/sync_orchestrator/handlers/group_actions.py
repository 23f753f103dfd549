"""What a run asks of each record of a group: to try again, to be ignored, or a fix of its cause."""

from typing import cast

from contracts.causes import group_of
from contracts.commands import Origin

from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.handlers.actions import ACTIONS
from sync_orchestrator.handlers.people import Desk, Wish
from sync_orchestrator.handlers.refusals import Refusal
from sync_orchestrator.handlers.work import Work
from sync_orchestrator.store.runs_store import Run

VERBS = {"retry": "retry", "ignore": "ignore", "unignore": "stop_ignoring"}
"""The action behind each word of a group's address but `fix`, which names its own."""


async def act_on(
    work: Work, run: Run, key: RecordKey, origin: Origin, *, leads: bool = False
) -> Refusal | None:
    """Do the run's action on one of its records; the refusal, if it can't be now.

    The one that `leads` goes as a click does.

    A fix is for what is still in the group: what another record's fix released has moved on, and
    the same button would mean something else on it.
    """
    assert run.action is not None, "a run without an action asks for its records to be there"
    record = work.books.records[key.entity, key.record_id]
    wish = Wish(
        company=run.company_id,
        provider=run.provider,
        entity=key.entity,
        record_id=key.record_id,
        record=record.snapshot,
        user=origin.user_id,
        user_name=origin.name,
        run_id=run.id,
        leads=leads,
    )
    desk = Desk(work, wish, work.books.connections[run.connection_id], key, Trigger(run.id))
    if run.kind == "fix" and not _is_in(run.about, desk):
        return None
    do = ACTIONS[str(run.action["action"])]
    try:
        await do(desk, cast("dict[str, object]", run.action.get("fields") or {}))
    except Refusal as refusal:
        return refusal
    return None


def _is_in(group: str | None, desk: Desk) -> bool:
    job = desk.job
    cause = None if job is None else job.cause
    return cause is not None and group_of(cause, desk.key.record_id) == group
