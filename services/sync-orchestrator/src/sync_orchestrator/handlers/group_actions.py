"""What a run asks of each record of a group: to try again, to be ignored, or a fix of its cause."""

from typing import cast

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


async def act_on(work: Work, run: Run, key: RecordKey, origin: Origin) -> str | None:
    """Do the run's action on one of its records; the code of the refusal, if it can't be now."""
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
    )
    desk = Desk(work, wish, work.books.connections[run.connection_id], key, Trigger(run.id))
    do = ACTIONS[str(run.action["action"])]
    try:
        await do(desk, cast("dict[str, object]", run.action.get("fields") or {}))
    except Refusal as refusal:
        return refusal.code
    return None
