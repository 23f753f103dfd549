"""Looking again: jobs whose time has come, connections without accounts, records without a job."""

from collections.abc import Sequence
from datetime import timedelta

from contracts.commands import Origin
from contracts.ids import CompanyId, ConnectionId
from messaging.database import Tx

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.domain.facts import Asked, Reviewed
from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.handlers.connections import ask_for_reference_data
from sync_orchestrator.handlers.work import Tools, Work, begin
from sync_orchestrator.store import connections_store, jobs_store, records_store

BATCH = 200
"""Invoices may have many lines: so many are decided within half a second of one core."""
ASKED_AGAIN_AFTER = timedelta(seconds=60)

BY_SWEEP = Origin(by="sweep")


async def review_due(tx: Tx, tools: Tools, limit: int = BATCH) -> int:
    """Derive again the jobs whose time has come, up to `limit`; how many there were."""
    companies = await jobs_store.due_companies(tx, limit)
    if not companies:
        return 0
    work = await begin(tx, companies, tools)
    # Read after the lock: another replica may have just looked at them.
    due = await jobs_store.due(tx, companies, work.books.now, limit)
    await work.take(due)
    for job in due:
        work.round.apply(job.key, Reviewed(), _trigger(tools))
    await work.save()
    seen = [job for one in due if (job := work.books.job(one.key)) is not None]
    await jobs_store.looked_at(tx, seen, tools.ages, work.books.now)
    return len(due)


async def refresh_missing_accounts(tx: Tx, tools: Tools, limit: int = BATCH) -> int:
    """Ask for the accounts of open connections that lack them, once a minute each."""
    lacking = await connections_store.lacking_accounts(tx, ASKED_AGAIN_AFTER, limit)
    if not lacking:
        return 0
    work = await begin(tx, {connection.company_id for connection in lacking}, tools)
    await ask_for_reference_data(work, lacking, _trigger(tools))
    await work.save()
    return len(lacking)


async def refresh_accounts(
    tx: Tx, tools: Tools, company: CompanyId, connection: ConnectionId
) -> None:
    """Have one open connection's accounts read again now."""
    work = await begin(tx, [company], tools)
    known = work.books.connections.get(connection)
    if known is not None and known.is_open:
        await ask_for_reference_data(work, [known], _trigger(tools))
        await work.save()


async def derive_missing(
    tx: Tx, companies: Sequence[CompanyId], tools: Tools, limit: int = BATCH
) -> int:
    """Start jobs for records that the switches take and no job knows; how many."""
    work = await begin(tx, companies, tools)
    found = 0
    for company in companies:
        for connection in work.books.current_connections(company):
            found += await take_missing(work, connection, BY_SWEEP, limit)
    await work.save()
    return found


async def take_missing(work: Work, connection: Connection, origin: Origin, limit: int) -> int:
    """The same for one connection, within work that is saved by the caller."""
    records = await records_store.without_a_job(work.tx, connection, limit)
    if not records:
        return 0
    work.take_records(records)
    keys = [RecordKey(connection.id, record.entity, record.id) for record in records]
    await work.load(set(keys))
    for key in keys:
        work.round.apply(key, Asked(origin), _trigger(work.tools))
    return len(records)


def _trigger(tools: Tools) -> Trigger:
    return Trigger(tools.ids.new())
