"""Runs by their id, whoever runs them.

Our own are rows of `runs`, which the room that works on one saves with `store.save_runs` as it goes
on and whose `cancel_asked` it heeds. The orchestrator's are asked for there, and shown as last told
while it is away.
"""

from uuid import UUID

from contracts.causes import Reader
from contracts.sync import RunProgress
from messaging.clock import Clock
from messaging.database import Database

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import Problem, not_found
from invoice_api.peers.orchestrator import Orchestrator, PeerAnswer, principal_of
from invoice_api.runs import store
from invoice_api.runs.schemas import RunGroupShown, RunShown, RunsShown, RunTold, StartedBy
from invoice_api.runs.store import StoredRun
from invoice_api.sync_status.badge import cause_shown
from invoice_api.sync_status.service import viewer_of

SHOWN = 50


async def find_run(
    database: Database, orchestrator: Orchestrator, clock: Clock, caller: Caller, run_id: UUID
) -> RunShown:
    """A run of the company as it stands now. 404."""
    async with database.transaction() as tx:
        known = await store.find_run(tx, caller.company.id, run_id)
    if known is not None and _needs_no_asking(known):
        return run_shown(known.progress, caller, clock)
    try:
        answer = await orchestrator.get(principal_of(caller), f"/runs/{run_id}")
    except Problem as problem:
        if problem.code != "orchestrator_away":
            raise
        if known is None:  # every run that anybody was answered with is known here
            raise not_found("run") from None
        return run_shown(known.progress, caller, clock)
    return await remember(database, clock, caller, answer)


async def cancel_run(
    database: Database, orchestrator: Orchestrator, clock: Clock, caller: Caller, run_id: UUID
) -> RunShown:
    """Nothing more of it is begun; what is in flight finishes. 404."""
    async with database.transaction() as tx:
        await store.ask_to_cancel(tx, caller.company.id, run_id)
        known = await store.find_run(tx, caller.company.id, run_id)
    if known is not None and known.owner == "invoice-api":
        return run_shown(known.progress, caller, clock)
    try:
        answer = await orchestrator.post(principal_of(caller), f"/runs/{run_id}/cancel", "{}")
    except Problem as problem:
        if known is None and problem.code == "orchestrator_away":
            raise not_found("run") from None
        raise
    return await remember(database, clock, caller, answer)


async def list_runs(database: Database, clock: Clock, caller: Caller) -> RunsShown:
    """The newest runs, those under way first."""
    async with database.transaction() as tx:
        found = await store.recent_runs(tx, caller.company.id, SHOWN)
    return RunsShown(data=tuple(run_shown(one.progress, caller, clock) for one in found))


async def remember(
    database: Database, clock: Clock, caller: Caller, answer: PeerAnswer
) -> RunShown:
    """The run that the orchestrator answered with, kept as last told."""
    told = RunTold.model_validate_json(answer.text)
    async with database.transaction() as tx:
        await store.save_runs(tx, "sync-orchestrator", [(caller.company.id, told.run)])
    return run_shown(told.run, caller, clock)


def run_shown(run: RunProgress, caller: Caller, clock: Clock) -> RunShown:
    """A run in words, for this caller."""
    reader = viewer_of(caller, clock).reader
    return RunShown(
        id=run.id,
        kind=run.kind,
        state=run.state,
        provider=run.provider,
        about=run.about,
        started_by=StartedBy(by=run.started_by.by, name=run.started_by.name),
        started_at=run.started_at,
        finished_at=run.finished_at,
        total=run.total,
        done=run.done,
        failed=run.failed,
        left=run.left,
        eta=run.eta,
        by_state=run.by_state,
        kinds=run.kinds,
        not_included=run.not_included,
        groups=_groups(run, reader),
        can_cancel=caller.may_act and run.state == "running",
    )


def _groups(run: RunProgress, reader: Reader) -> tuple[RunGroupShown, ...]:
    if run.provider is None:
        return ()
    shown: list[RunGroupShown] = []
    for group in run.groups:
        cause = cause_shown(
            group.cause.because or group.cause,
            run.provider,
            record_id=None,
            reader=reader,
            known={"count": str(group.count)},
        ).model_copy(update={"group": group.group})
        shown.append(
            RunGroupShown(
                group=group.group,
                count=group.count,
                title=cause.title,
                sentence=cause.sentence,
                cause=cause,
            )
        )
    return tuple(shown)


def _needs_no_asking(known: StoredRun) -> bool:
    """Ours, or over: then it stands as it was last said."""
    return known.owner == "invoice-api" or known.progress.finished_at is not None
