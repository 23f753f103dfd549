"""Outcomes of connectors: any order, any number of times."""

from collections.abc import Sequence

from contracts.ids import ConnectionId, MessageId
from contracts.message import Message
from contracts.sync import CauseInstance, SyncDelayed, SyncFailed, SyncSucceeded
from messaging import inbox
from messaging.database import Tx

from sync_orchestrator.domain.facts import Answered
from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.outcomes import TAKEN, in_the_way
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.domain.switches import edits_go_by_themselves
from sync_orchestrator.handlers.connections import ask_for_reference_data
from sync_orchestrator.handlers.history import outcome_line
from sync_orchestrator.handlers.work import REVIEWS, Tools, Work, begin
from sync_orchestrator.store import history_store, jobs_store

READER = "sync-orchestrator.outcomes"

Outcome = SyncSucceeded | SyncFailed | SyncDelayed


async def on_outcomes(tx: Tx, messages: Sequence[Message], tools: Tools) -> None:
    """Record each outcome once, and decide what it settles and what it releases.

    One for a connection or job that we don't know is dropped: the sweep asks again.
    """
    outcomes = [m for m in messages if isinstance(m, SyncSucceeded | SyncFailed | SyncDelayed)]
    if not outcomes:
        return
    work = await begin(tx, {outcome.company_id for outcome in outcomes}, tools)
    new = await inbox.first_time(tx, READER, [outcome.id for outcome in outcomes])
    fresh = await _naming_holders(tx, _once(outcomes, new))
    await work.load({key_of(outcome) for outcome in fresh})
    await _load_holders(work, fresh)
    for outcome in fresh:
        line = _decide(work, outcome)
        if line is not None:
            work.lines.append(line)
    await _learn_what_changed_there(work, fresh)
    await work.save()
    await _look_again_at_whom_they_stood_in_the_way(work, fresh)


def key_of(outcome: Outcome) -> RecordKey:
    return RecordKey(outcome.connection_id, outcome.entity, outcome.record_id)


def _decide(work: Work, outcome: Outcome) -> history_store.Line | None:
    books, key = work.books, key_of(outcome)
    job, connection = books.job(key), books.connections.get(key.connection_id)
    record = books.records.get((key.entity, key.record_id))
    if job is None or connection is None or record is None:
        return None
    if job.company_id != outcome.company_id:
        return None
    line = history_store.Line(
        company_id=job.company_id,
        key=key,
        sync_id=job.sync_id,
        at=books.now,
        kind="outcome",
        begins=False,
        generation=job.generation,
        step=job.step,
        state=job.state.value,
        data=outcome_line(outcome),
    )
    automatic = edits_go_by_themselves(record.snapshot, connection)
    trigger = Trigger(outcome.correlation_id, outcome.id)
    work.round.apply(key, Answered(outcome, automatic), trigger)
    return line


async def _look_again_at_whom_they_stood_in_the_way(
    work: Work, outcomes: Sequence[Outcome]
) -> None:
    """A record there that had another's number or name is ours, as is known by now, and may have
    given it up."""
    written = {
        (outcome.connection_id, outcome.entity, str(outcome.remote.id))
        for outcome in outcomes
        if isinstance(outcome, SyncSucceeded)
    }
    if await jobs_store.forget_taken_by(work.tx, written, TAKEN, work.books.now):
        work.tx.wake(REVIEWS)


async def _learn_what_changed_there(work: Work, outcomes: Sequence[Outcome]) -> None:
    """Have read anew what a refusal shows to be otherwise than we took it to be.

    Books that are closed for a day: up to when they are, so that what was refused says so, and
    which day is the first open one. An account that can't be used: so that it isn't offered.
    """
    asked: dict[ConnectionId, Trigger] = {}
    for outcome in outcomes:
        job = work.books.job(key_of(outcome))
        told = None if job is None or not job.refused else job.cause
        if isinstance(outcome, SyncFailed) and told is not None and _shows_a_change(told):
            trigger = Trigger(outcome.correlation_id, outcome.id)
            asked.setdefault(outcome.connection_id, trigger)
    for connection_id, trigger in asked.items():
        connection = work.books.connections.get(connection_id)
        if connection is not None and connection.is_open:
            await ask_for_reference_data(work, [connection], trigger)


def _shows_a_change(cause: CauseInstance) -> bool:
    if cause.code == "period_closed":
        return "lock_date" not in cause.params
    return cause.code in ("account_gone", "account_wrong_type")


def _once(outcomes: Sequence[Outcome], new: set[MessageId]) -> list[Outcome]:
    fresh: dict[MessageId, Outcome] = {o.id: o for o in outcomes if o.id in new}
    return list(fresh.values())


async def _naming_holders(tx: Tx, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """A refused customer name whose holder the provider doesn't name may be another one of ours."""
    unnamed = [
        outcome
        for outcome in outcomes
        if isinstance(outcome, SyncFailed)
        and outcome.cause.code == "customer_name_taken"
        and in_the_way(outcome.cause) is None
    ]
    ours = await jobs_store.linked_by_that_name(
        tx, [(outcome.connection_id, outcome.record_id) for outcome in unnamed]
    )
    named: list[Outcome] = []
    for outcome in outcomes:
        holder = ours.get((outcome.connection_id, outcome.record_id))
        if isinstance(outcome, SyncFailed) and outcome in unnamed and holder is not None:
            params = {**outcome.cause.params, "holder_remote_id": holder}
            cause = outcome.cause.model_copy(update={"params": params})
            named.append(outcome.model_copy(update={"cause": cause}))
        else:
            named.append(outcome)
    return named


async def _load_holders(work: Work, outcomes: Sequence[Outcome]) -> None:
    """Who holds a number or name which a refusal says is taken: records of ours, and who there."""
    wanted = {
        (outcome.connection_id, outcome.entity, remote)
        for outcome in outcomes
        if isinstance(outcome, SyncFailed) and (remote := in_the_way(outcome.cause)) is not None
    }
    await work.take(await jobs_store.linked_to(work.tx, wanted))
    taken = {
        key_of(outcome)
        for outcome in outcomes
        if isinstance(outcome, SyncFailed) and outcome.cause.code == "customer_name_taken"
    }
    await work.load_lookalikes(taken)
