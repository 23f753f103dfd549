"""Runs under way: batch by batch, each a transaction of its own, so that nobody waits for long.

Nothing of a run is in memory. A process that dies leaves a run as far as its last commit, and the
next look goes on from there; two replicas never take the same batch.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from contracts.causes import SHOWN_AS_PROBLEMS
from contracts.commands import Origin
from contracts.ids import CompanyId, Entity, MessageId, Provider, RecordId
from contracts.sync import RunChanged, RunProgress, SyncState
from messaging import outbox
from messaging.database import Tx, whole_company

from sync_orchestrator.domain.facts import Asked
from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.domain.runs import Progress, eta_of, is_over, progress_of, room_for
from sync_orchestrator.handlers import verifying
from sync_orchestrator.handlers.group_actions import act_on
from sync_orchestrator.handlers.places import read_current
from sync_orchestrator.handlers.refusals import (
    FieldProblem,
    Refusal,
    because_of,
    invalid,
    not_found,
)
from sync_orchestrator.handlers.work import REVIEWS, Tools, begin
from sync_orchestrator.store import companies_store, runs_store, sync_now_store
from sync_orchestrator.store.runs_store import Run

BATCH = 100
"""Records that one transaction asks for: it holds the company's lock so long."""

LOOK_AGAIN = timedelta(seconds=1)
AFTER_A_DEFECT = timedelta(minutes=1)

ENTITIES: dict[str, Entity] = {"customers": "customer", "items": "item", "invoices": "invoice"}


async def start_sync_now(
    tx: Tx,
    tools: Tools,
    company: CompanyId,
    provider: Provider,
    kinds: Sequence[str],
    origin: Origin,
    told: Sequence[RecordId] = (),
) -> tuple[RunProgress, bool]:
    """Sync all of these kinds that aren't there yet or have changed here; whether it joined one.

    `told` are invoices whose first event is on its way: they belong to the run too.

    Raises:
        Refusal: 409 never connected or disconnected, 422 no kind.
    """
    if not kinds:
        raise invalid(FieldProblem("customers", "choose customers, items or invoices"))
    connection = await read_current(tx, company, provider)
    if connection.status == "closed" and connection.cause is not None:
        raise because_of(connection.cause, provider)
    now = await companies_store.now(tx)
    run = Run(
        id=tools.ids.new(),
        company_id=company,
        connection_id=connection.id,
        provider=provider,
        kind="sync_now",
        about=None,
        kinds=tuple(kinds),
        action=None,
        started_by=origin,
        started_at=now,
        not_included={},
    )
    run_id, joined = await _started_or_joined(tx, run)
    entities: list[Entity] = [ENTITIES[kind] for kind in kinds]
    await sync_now_store.take(tx, connection, entities, run_id)
    if "invoice" in entities:
        await runs_store.add(tx, run_id, [("invoice", invoice) for invoice in told])
    kept = await runs_store.find(tx, company, run_id)
    assert kept is not None, "it was started or joined in this transaction"
    all_kinds: list[Entity] = [ENTITIES[kind] for kind in kept.kinds]
    counts = await sync_now_store.counts(tx, connection, all_kinds)
    await runs_store.not_included(tx, run_id, _left_out(counts))
    tx.wake(REVIEWS)
    return await show(tx, company, run_id), joined


async def _started_or_joined(tx: Tx, run: Run) -> tuple[UUID, bool]:
    """The run that takes these kinds, and whether it was under way already.

    The one under way may end while its row is waited for; then there is none to join any more.
    """
    while True:
        if await runs_store.start(tx, run):
            return run.id, False
        under_way = await runs_store.join(tx, run.connection_id, run.kinds, run.started_at)
        if under_way is not None:
            return under_way, True


def _left_out(counts: dict[Entity, dict[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for standings in counts.values():
        for reason in sync_now_store.LEFT_OUT:
            if standings.get(reason):
                found[reason] = found.get(reason, 0) + standings[reason]
    return found


async def count_sync_now(
    tx: Tx, company: CompanyId, provider: Provider
) -> dict[str, dict[str, object]]:
    """What a Sync Now would take of each kind, and what it leaves out and why.

    Raises:
        Refusal: 409 never connected.
    """
    connection = await read_current(tx, company, provider)
    async with whole_company(tx):
        counts = await sync_now_store.counts(tx, connection, list(ENTITIES.values()))
    return {
        kind: {
            **{standing: counts[entity].get(standing, 0) for standing in sync_now_store.TAKEN},
            "there": counts[entity].get("there", 0),
            "not_included": {
                reason: counts[entity][reason]
                for reason in sync_now_store.LEFT_OUT
                if counts[entity].get(reason)
            },
        }
        for kind, entity in ENTITIES.items()
    }


async def show(tx: Tx, company: CompanyId, run_id: UUID) -> RunProgress:
    """A run as it stands now.

    Raises:
        Refusal: 404 no such run of this company.
    """
    run = await runs_store.find(tx, company, run_id)
    if run is None:
        raise not_found("run")
    now = await companies_store.now(tx)
    return await _shown(tx, run, await _progress(tx, run, now), now)


async def show_all(tx: Tx, company: CompanyId, ids: Collection[UUID]) -> Mapping[UUID, RunProgress]:
    """Runs as they stand now, by id; those that aren't kept any more are left out."""
    found = [await runs_store.find(tx, company, one) for one in sorted(ids)]
    now = await companies_store.now(tx)
    return {
        run.id: await _shown(tx, run, await _progress(tx, run, now), now)
        for run in found
        if run is not None
    }


async def cancel(tx: Tx, company: CompanyId, run_id: UUID) -> RunProgress:
    """Ask for no more of its records; what is in flight finishes. Over already: nothing changes.

    Raises:
        Refusal: 404 no such run of this company.
    """
    await runs_store.cancel(tx, company, run_id, await companies_store.now(tx))
    tx.wake(REVIEWS)
    return await show(tx, company, run_id)


async def step(tx: Tx, tools: Tools, batch: int = BATCH) -> bool:
    """Take a run's next batch, or end it; False if no run is due."""
    run = await runs_store.next_due(tx)
    if run is None:
        return False
    now = await companies_store.now(tx)
    progress = await _progress(tx, run, now)
    more = False
    if run.cancelled_at is None and progress.untaken and run.kind == "verify":
        await verifying.go_on(tx, tools, run, now)
        progress = await _progress(tx, run, now)
    elif run.cancelled_at is None and progress.untaken:
        room = min(batch, room_for(progress))
        more = room > 0 and await _take(tx, tools, run, room) >= room
        progress = await _progress(tx, run, now)
    over = is_over(progress, cancelled=run.cancelled_at is not None)
    await _tell(tx, tools, run, progress, now, over=over, at_once=more)
    return True


async def begin_at_once(tx: Tx, tools: Tools, run: Run) -> None:
    """A new run's first batch, in the transaction that started it.

    Raises:
        Refusal: a fix that none of its records takes, as the first of them says it.
    """
    await _take(tx, tools, run, BATCH, or_refuse=run.kind == "fix")
    progress = await _progress(tx, run, run.started_at)
    over = is_over(progress, cancelled=False)
    await _tell(tx, tools, run, progress, run.started_at, over=over, at_once=not over)
    tx.wake(REVIEWS)


async def set_one_apart(tx: Tx, error: str) -> None:
    """The first record of the run that is due breaks its batch: it is counted as failed."""
    run = await runs_store.next_due(tx)
    if run is None:
        return
    now = await companies_store.now(tx)
    first = await runs_store.to_take(tx, run, 1)
    await runs_store.taken(tx, run.id, [(key, error) for key in first], now)
    if not first:
        await runs_store.look_later(tx, run.id, now, AFTER_A_DEFECT)


async def _take(tx: Tx, tools: Tools, run: Run, limit: int, *, or_refuse: bool = False) -> int:
    """Ask for the next records; how many there were."""
    work = await begin(tx, [run.company_id], tools)
    keys = await runs_store.to_take(tx, run, limit)
    if not keys:
        return 0
    await work.load(set(keys))
    by = "run" if run.kind == "sync_now" else "fix"
    origin = run.started_by.model_copy(update={"by": by, "run_id": run.id})
    taken: list[tuple[RecordKey, str | None]] = []
    refusals: list[Refusal] = []
    held = (key for key in keys if (job := work.books.job(key)) and job.state is SyncState.HELD)
    first_held = next(held, None)
    for key in keys:
        refused: Refusal | None = None
        if run.action is None:
            work.round.apply(key, Asked(origin), Trigger(run.id))
        else:
            refused = await act_on(work, run, key, origin, leads=key == first_held)
        taken.append((key, None if refused is None else refused.code))
        refusals += [] if refused is None else [refused]
    if or_refuse and len(refusals) == len(keys):
        raise refusals[0]
    await runs_store.taken(tx, run.id, taken, work.books.now)
    await work.save()
    return len(keys)


async def _progress(tx: Tx, run: Run, now: datetime) -> Progress:
    return progress_of(await runs_store.tallies(tx, run.id, now), run.kind)


async def _tell(
    tx: Tx,
    tools: Tools,
    run: Run,
    progress: Progress,
    now: datetime,
    *,
    over: bool,
    at_once: bool,
) -> None:
    """Say how far it is, if that is news, and when to look again."""
    if over:
        await runs_store.freeze(tx, run.id)
    shown = await _shown(tx, run, progress, now, finished_at=now if over else None)
    said = shown.model_copy(update={"version": 0, "eta": None}).model_dump_json()
    due = now if at_once else now + LOOK_AGAIN
    if run.told is not None and json.loads(run.told) == json.loads(said):
        await runs_store.look_later(tx, run.id, now, due - now)
        return
    version = await runs_store.told(tx, run.id, said, now if over else None, due)
    message = RunChanged(
        id=MessageId(tools.ids.new()),
        occurred_at=now,
        company_id=run.company_id,
        correlation_id=run.id,
        run=shown.model_copy(update={"version": version}),
    )
    await outbox.put(tx, [message])


async def _shown(
    tx: Tx, run: Run, progress: Progress, now: datetime, finished_at: datetime | None = None
) -> RunProgress:
    finished = run.finished_at or finished_at
    cancelled = run.cancelled_at is not None
    if finished is not None:
        state = "stopped" if cancelled and progress.left else "done"
    else:
        state = "stopping" if cancelled else "running"
    return RunProgress(
        id=run.id,
        kind=run.kind,
        version=run.version,
        state=state,
        provider=run.provider,
        connection_id=run.connection_id,
        about=run.about,
        started_by=run.started_by,
        started_at=run.started_at,
        finished_at=finished,
        total=progress.total,
        done=progress.done,
        failed=progress.failed,
        eta=None if finished is not None else eta_of(progress, run.started_at, now),
        by_state=progress.by_state,
        kinds=progress.kinds,
        not_included=run.not_included,
        groups=tuple(await runs_store.groups(tx, run.id, SHOWN_AS_PROBLEMS)),
    )
