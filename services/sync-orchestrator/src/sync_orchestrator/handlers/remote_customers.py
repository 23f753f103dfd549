"""Customers at the provider: loads of them, and what is kept of each page."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from contracts.commands import ListRemoteCustomers, Origin
from contracts.connections import RemoteCustomersListed
from contracts.ids import CompanyId, ConnectionId, LoadId, MessageId, Provider
from contracts.sync import RunChanged, RunCounts, RunProgress
from messaging.database import Tx

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.domain.customer_kinds import CustomerThere, features_of, suggest
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.handlers.places import current_of
from sync_orchestrator.handlers.refusals import because_of
from sync_orchestrator.handlers.work import REVIEWS, Tools, Work, begin
from sync_orchestrator.store import (
    connections_store,
    customer_loads_store,
    jobs_store,
    kind_corrections_store,
    remote_customers_store,
)
from sync_orchestrator.store.customer_loads_store import CustomerLoad

OVERLAP = timedelta(minutes=10)
"""Providers' clocks aren't ours, and some tell only days: so much is read twice."""

WHOLE_AGAIN_AFTER = timedelta(days=7)
"""What was merged or erased there shows only in a whole list."""

STUCK_AFTER = timedelta(minutes=1)
GIVEN_UP_AFTER = timedelta(minutes=15)
STALE_AFTER = timedelta(hours=6)

HELD_BY_THE_LIST = ("waiting_for_record", "customer_lookalikes", "customer_name_taken")


async def load(
    tx: Tx, tools: Tools, company: CompanyId, provider: Provider, origin: Origin
) -> tuple[CustomerLoad, bool]:
    """Have the customers there read; a load that is under way is joined (True).

    One that was interrupted goes on. Where the list is known, what has changed since is read, and
    once a week the whole.

    Raises:
        Refusal: 409 never connected, or not connected now.
    """
    work = await begin(tx, [company], tools)
    connection = current_of(work, company, provider)
    if not connection.is_open and connection.cause is not None:
        raise because_of(connection.cause, provider)
    latest = await customer_loads_store.latest_load(tx, connection.id)
    if latest is not None and latest.state == "running":
        return latest, True
    begun = await _go_on_or_begin(work, connection, latest, origin)
    await work.save()
    return begun, False


async def _go_on_or_begin(
    work: Work, connection: Connection, latest: CustomerLoad | None, origin: Origin
) -> CustomerLoad:
    """An interrupted load goes on where it was: nothing that came is read or counted again."""
    trigger = Trigger(work.tools.ids.new())
    if latest is None or latest.state != "interrupted":
        return await begin_load(work, connection, trigger, origin)
    if not await customer_loads_store.go_on(work.tx, latest.id, work.books.now, origin):
        return await begin_load(work, connection, trigger, origin)
    _ask(
        work,
        latest.id,
        connection.id,
        connection.company_id,
        connection.provider,
        trigger,
        connection.epoch,
        latest.changed_since,
    )
    found = await customer_loads_store.find_load(work.tx, connection.company_id, latest.id)
    assert found is not None
    _tell(work, found)
    return found


async def begin_load(
    work: Work, connection: Connection, trigger: Trigger, origin: Origin
) -> CustomerLoad:
    """Ask the connector for it, within work that the caller saves."""
    load_id = LoadId(work.tools.ids.new())
    since = _changed_since(connection, work.books.now)
    await customer_loads_store.begin_load(
        work.tx,
        load_id,
        connection.id,
        connection.company_id,
        work.books.now,
        began_by=origin.by,
        changed_since=since,
        origin=origin,
    )
    _ask(
        work,
        load_id,
        connection.id,
        connection.company_id,
        connection.provider,
        trigger,
        connection.epoch,
        since,
    )
    found = await customer_loads_store.find_load(work.tx, connection.company_id, load_id)
    assert found is not None
    _tell(work, found)
    return found


async def ask_stuck_loads_again(tx: Tx, tools: Tools, limit: int) -> int:
    """A load from which nothing has come for a minute: its command may have been lost.

    After a quarter of an hour it is given up for now, with what it brought kept, until somebody
    has it go on or its next page comes.
    """
    stuck = await customer_loads_store.stuck_loads(tx, STUCK_AFTER, limit)
    if not stuck:
        return 0
    work = await begin(tx, {one.load.company_id for one in stuck}, tools)
    for one in stuck:
        if work.books.now - one.load.moved_at > GIVEN_UP_AFTER:
            await customer_loads_store.end_load(tx, one.load.id, "interrupted", work.books.now)
            await _tell_of(work, one.load.company_id, one.load.id)
            continue
        _ask(
            work,
            one.load.id,
            one.load.connection_id,
            one.load.company_id,
            one.load.provider,
            Trigger(tools.ids.new()),
            one.epoch,
            one.load.changed_since,
        )
    await customer_loads_store.asked_again(tx, [one.load.id for one in stuck])
    await work.save()
    return len(stuck)


async def refresh_lists(tx: Tx, tools: Tools, limit: int) -> int:
    """Have the list of customers read where we lack it, or where it is old and a switch is on.

    A load that was interrupted goes on by itself a quarter of an hour later.
    """
    lacking = await connections_store.lacking_customers(
        tx, STALE_AFTER, STUCK_AFTER, GIVEN_UP_AFTER, limit
    )
    if not lacking:
        return 0
    work = await begin(tx, {company for _, company in lacking}, tools)
    for connection_id, _ in lacking:
        latest = await customer_loads_store.latest_load(tx, connection_id)
        if latest is not None and latest.state == "running":
            continue  # somebody asked while we waited for the company
        connection = work.books.connections[connection_id]
        await _go_on_or_begin(work, connection, latest, Origin(by="sweep"))
    await work.save()
    return len(lacking)


async def take_pages(work: Work, pages: Sequence[RemoteCustomersListed]) -> None:
    """Keep what was listed; once a list is whole, look again at what waited for it or asked."""
    for page in pages:
        known = work.books.connections.get(page.connection_id)
        if known is not None and known.company_id == page.company_id:
            await _take(work, page)


async def _take(work: Work, page: RemoteCustomersListed) -> None:
    tx, now = work.tx, work.books.now
    await customer_loads_store.begin_load(
        tx,
        page.load_id,
        page.connection_id,
        page.company_id,
        now,
        began_by=None,
        changed_since=page.changed_since,
    )
    whole = await customer_loads_store.take_page(tx, page, now)
    if whole is None:
        return
    if page.customers:
        corrections = await kind_corrections_store.corrections(tx, page.company_id)
        there = [CustomerThere(c.name, c.company_name, c.email) for c in page.customers]
        await remote_customers_store.save_page(
            tx,
            page,
            [suggest(one, corrections) for one in there],
            ["\n".join(features_of(one)) for one in there],
        )
    if not whole:
        await _tell_of(work, page.company_id, page.load_id)
        return
    if page.changed_since is None:
        await remote_customers_store.forget_unseen(tx, page.connection_id, page.as_of)
    await remote_customers_store.listed(tx, page.connection_id, page.as_of)
    await customer_loads_store.end_load(tx, page.load_id, "done", now)
    await _tell_of(work, page.company_id, page.load_id)
    work.books.connections.update(
        {c.id: c for c in await connections_store.by_id(tx, [page.connection_id])}
    )
    await jobs_store.review_causes_now(tx, page.connection_id, HELD_BY_THE_LIST, now)
    tx.wake(REVIEWS)


async def show(tx: Tx, company: CompanyId, run_id: UUID) -> RunProgress | None:
    """A load as the run it is; None if there is no such load of this company."""
    found = await customer_loads_store.find_load(tx, company, run_id)
    return None if found is None else progress_of(found)


async def cancel(tx: Tx, company: CompanyId, run_id: UUID, now: datetime) -> RunProgress | None:
    """Take no more of its pages: what was listed stays. None if there is no such load."""
    if await customer_loads_store.find_load(tx, company, run_id) is None:
        return None
    await customer_loads_store.end_load(tx, LoadId(run_id), "cancelled", now)
    return await show(tx, company, run_id)


def progress_of(load: CustomerLoad) -> RunProgress:
    """How many so far, of about how many, and about until when."""
    over = load.state != "running"
    # Of one that was cut short it is still told of how many it has read so many.
    total = load.loaded if load.state == "done" else max(load.loaded, load.total or 0)
    eta: datetime | None = None
    if not over and load.loaded and total > load.loaded:
        took = load.moved_at - load.began_at
        eta = load.moved_at + took / load.loaded * (total - load.loaded)
    return RunProgress(
        id=load.id,
        kind="load_customers",
        version=load.version,
        state=_RUN_STATES[load.state],
        provider=load.provider,
        connection_id=load.connection_id,
        about="interrupted" if load.state == "interrupted" else None,
        started_by=load.started_by,
        started_at=load.began_at,
        finished_at=load.ended_at,
        total=total,
        done=load.loaded,
        failed=0,
        eta=eta,
        kinds={"customers": RunCounts(total=total, done=load.loaded)},
    )


_RUN_STATES: dict[str, Literal["running", "stopped", "done"]] = {
    "running": "running",
    "done": "done",
    "interrupted": "stopped",
    "cancelled": "stopped",
}


async def _tell_of(work: Work, company: CompanyId, load: LoadId) -> None:
    found = await customer_loads_store.find_load(work.tx, company, load)
    if found is not None:
        _tell(work, found)


def _tell(work: Work, load: CustomerLoad) -> None:
    work.messages.append(
        RunChanged(
            id=MessageId(work.tools.ids.new()),
            occurred_at=work.books.now,
            company_id=load.company_id,
            correlation_id=load.id,
            run=progress_of(load),
        )
    )


def _changed_since(connection: Connection, now: datetime) -> datetime | None:
    known = connection.customers_as_of
    if known is None or now - known > WHOLE_AGAIN_AFTER:
        return None
    return known - OVERLAP


def _ask(
    work: Work,
    load: LoadId,
    connection: ConnectionId,
    company: CompanyId,
    provider: Provider,
    trigger: Trigger,
    epoch: int,
    changed_since: datetime | None,
) -> None:
    work.messages.append(
        ListRemoteCustomers(
            id=MessageId(work.tools.ids.new()),
            occurred_at=work.books.now,
            company_id=company,
            correlation_id=trigger.correlation_id,
            causation_id=trigger.causation_id,
            provider=provider,
            connection_id=connection,
            epoch=epoch,
            load_id=load,
            changed_since=changed_since,
        )
    )
