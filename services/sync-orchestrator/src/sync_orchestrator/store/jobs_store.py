"""Jobs and their links."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from contracts.causes import HeldBy
from contracts.ids import CompanyId, ConnectionId, RecordId, RemoteId
from contracts.sync import SyncState
from messaging.database import Tx

from sync_orchestrator.domain.ages import Ages, next_review
from sync_orchestrator.domain.job import Job, RecordKey
from sync_orchestrator.store.job_row_store import COLUMNS, SAVE_JOBS, job_of

_JOBS = """
select j.*, l.remote_id as link_id, l.version as link_version, l.number as link_number,
    l.url as link_url, l.currency as link_currency, l.held as link_held
from jobs j
left join links l on l.connection_id = j.connection_id and l.entity = j.entity
    and l.record_id = j.record_id
"""

_LOAD = f"""
{
    _JOBS.replace(
        "from jobs j",
        '''from unnest($1::uuid[], $2::text[], $3::uuid[])
    as k (connection_id, entity, record_id)
join jobs j on j.connection_id = k.connection_id and j.entity = k.entity
    and j.record_id = k.record_id''',
    )
}
"""

_WAITING_FOR = f"""
{
    _JOBS.replace(
        "from jobs j",
        '''from unnest($1::uuid[], $2::text[], $3::uuid[])
    as k (connection_id, entity, record_id)
join jobs j on j.connection_id = k.connection_id and j.waiting_entity = k.entity
    and j.waiting_id = k.record_id''',
    )
}
order by j.state_since, j.record_id
limit $4
"""

_LINKED_TO = f"""
{
    _JOBS.replace(
        "from jobs j",
        '''from unnest($1::uuid[], $2::text[], $3::text[])
    as k (connection_id, entity, remote_id)
join links h on h.connection_id = k.connection_id and h.entity = k.entity
    and h.remote_id = k.remote_id
join jobs j on j.connection_id = h.connection_id and j.entity = h.entity
    and j.record_id = h.record_id''',
    )
}
"""

_LINKED_BY_NAME = """
select distinct on (k.connection_id, k.record_id) k.connection_id, k.record_id, l.remote_id
from unnest($1::uuid[], $2::uuid[]) as k (connection_id, record_id)
join records me on me.entity = 'customer' and me.id = k.record_id
join records o on o.company_id = me.company_id and o.entity = 'customer' and o.id <> me.id
    and o.name_key = me.name_key and o.name = me.name
join links l on l.connection_id = k.connection_id and l.entity = 'customer' and l.record_id = o.id
order by k.connection_id, k.record_id, l.linked_at
"""

_WITH_CAUSE = f"""
{_JOBS}
where j.connection_id = $1 and j.cause_code = any($2::text[])
order by j.state_since, j.record_id
limit $3
"""

_BY_GROUP = f"""
{_JOBS}
where j.connection_id = $1 and j.cause_code is not null and j.cause_group = $2
order by j.state_since, j.record_id
limit $3
"""

_DUE_COMPANIES = """
select distinct company_id from (
    select company_id from jobs where review_at <= clock() order by review_at limit $1
) as due
"""

_DUE = f"""
{_JOBS}
where j.company_id = any($1::uuid[]) and j.review_at <= $2
order by j.review_at, j.record_id
limit $3
"""

_REVIEW_NOW = """
update jobs set review_at = $3
where connection_id = $1 and state = any($2::text[]) and review_at is distinct from $3
"""

_REVIEW_WITH_CAUSE_NOW = """
update jobs set review_at = $3
where connection_id = $1 and cause_code = any($2::text[]) and review_at is distinct from $3
"""

_FORGET_REFUSALS = """
update jobs set refused = false, review_at = $4
where connection_id = $1 and refused
    and (cause_code = any($2::text[]) or held_by = any($3::text[]))
"""

_FORGET_TAKEN_BY = """
update jobs j set refused = false, review_at = $5
from unnest($1::uuid[], $2::text[], $3::text[]) as k (connection_id, entity, remote_id)
where j.connection_id = k.connection_id and j.entity = k.entity and j.refused
    and j.cause_code = any($4::text[])
    and coalesce(j.cause -> 'params' ->> 'holder_remote_id', j.cause -> 'params' ->> 'remote_id')
        = k.remote_id
returning 1
"""

_REVIEW_WAITING_NOW = """
update jobs j set review_at = $4
from unnest($1::uuid[], $2::text[], $3::uuid[]) as k (connection_id, entity, record_id)
where j.connection_id = k.connection_id and j.waiting_entity = k.entity
    and j.waiting_id = k.record_id
    and (j.connection_id, j.entity, j.record_id) not in (
        select * from unnest($5::uuid[], $6::text[], $7::uuid[]))
returning 1
"""

_LOOKED_AT = """
update jobs j set review_at = k.review_at
from unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[])
    as k (connection_id, entity, record_id, review_at)
where j.connection_id = k.connection_id and j.entity = k.entity and j.record_id = k.record_id
"""

_POSTPONE_FIRST = """
update jobs set review_at = clock() + interval '1 hour'
where (connection_id, entity, record_id) = (
    select connection_id, entity, record_id from jobs where review_at <= clock()
    order by review_at, record_id limit 1)
returning connection_id, entity, record_id
"""

_SAVE_LINKS = """
insert into links as l (connection_id, entity, record_id, remote_id, version, number, url,
    currency, held, generation, linked_at)
select n.*, $11 from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[],
    $7::text[], $8::text[], $9::text[], $10::int[])
    as n (connection_id, entity, record_id, remote_id, version, number, url, currency, held,
        generation)
on conflict (connection_id, entity, record_id) do update set
    remote_id = excluded.remote_id, version = excluded.version, number = excluded.number,
    url = excluded.url, currency = excluded.currency, held = excluded.held,
    generation = excluded.generation,
    linked_at = case when l.remote_id = excluded.remote_id then l.linked_at
        else excluded.linked_at end
"""

_DROP_LINKS = """
delete from links l
using unnest($1::uuid[], $2::text[], $3::uuid[]) as n (connection_id, entity, record_id)
where l.connection_id = n.connection_id and l.entity = n.entity and l.record_id = n.record_id
"""


async def load(tx: Tx, keys: Collection[RecordKey]) -> list[Job]:
    """Those of these jobs that exist, each with its link; in no order."""
    return [job_of(row) for row in await tx.fetch(_LOAD, *_arrays(keys))] if keys else []


async def waiting_for(tx: Tx, keys: Collection[RecordKey], limit: int) -> list[Job]:
    """Jobs that wait for one of these records, those first that have waited longest."""
    if not keys:
        return []
    return [job_of(row) for row in await tx.fetch(_WAITING_FOR, *_arrays(keys), limit)]


async def linked_to(tx: Tx, remote: Collection[tuple[ConnectionId, str, str]]) -> list[Job]:
    """Jobs linked to one of these remote records, given as (connection, entity, remote id)."""
    if not remote:
        return []
    wanted = list(remote)
    rows = await tx.fetch(
        _LINKED_TO, [c for c, _, _ in wanted], [e for _, e, _ in wanted], [r for _, _, r in wanted]
    )
    return [job_of(row) for row in rows]


async def forget_taken_by(
    tx: Tx, remote: Collection[tuple[ConnectionId, str, str]], codes: Collection[str], at: datetime
) -> bool:
    """What was refused because one of these records there was in the way is looked at again."""
    if not remote:
        return False
    wanted = list(remote)
    columns = ([c for c, _, _ in wanted], [e for _, e, _ in wanted], [r for _, _, r in wanted])
    return bool(await tx.fetch(_FORGET_TAKEN_BY, *columns, list(codes), at))


async def linked_by_that_name(
    tx: Tx, customers: Collection[tuple[ConnectionId, RecordId]]
) -> dict[tuple[ConnectionId, RecordId], RemoteId]:
    """For each of these customers, what another of the company's with its name is linked to."""
    if not customers:
        return {}
    wanted = list(customers)
    rows = await tx.fetch(_LINKED_BY_NAME, [c for c, _ in wanted], [r for _, r in wanted])
    return {
        (ConnectionId(row["connection_id"]), RecordId(row["record_id"])): RemoteId(row["remote_id"])
        for row in rows
    }


async def with_cause(
    tx: Tx, connection: ConnectionId, codes: Sequence[str], limit: int
) -> list[Job]:
    """A connection's jobs with one of these causes, the oldest first."""
    rows = await tx.fetch(_WITH_CAUSE, connection, list(codes), limit)
    return [job_of(row) for row in rows]


async def in_group(tx: Tx, connection: ConnectionId, group: str, limit: int) -> list[Job]:
    """A connection's jobs in one group of problems, the oldest first."""
    return [job_of(row) for row in await tx.fetch(_BY_GROUP, connection, group, limit)]


async def due_companies(tx: Tx, limit: int) -> list[CompanyId]:
    """Companies of the first `limit` jobs whose time for a look has come. Locks nothing."""
    return [CompanyId(row["company_id"]) for row in await tx.fetch(_DUE_COMPANIES, limit)]


async def due(tx: Tx, companies: Sequence[CompanyId], now: datetime, limit: int) -> list[Job]:
    """These companies' jobs whose time for a look has come; the most overdue first."""
    return [job_of(row) for row in await tx.fetch(_DUE, list(companies), now, limit)]


async def review_states_now(
    tx: Tx, connection: ConnectionId, states: Sequence[SyncState], now: datetime
) -> None:
    """Have the sweep look at this connection's jobs in these states, at once."""
    await tx.execute(_REVIEW_NOW, connection, [state.value for state in states], now)


async def review_causes_now(
    tx: Tx, connection: ConnectionId, codes: Sequence[str], now: datetime
) -> None:
    """Have the sweep look at this connection's jobs with these causes, at once."""
    await tx.execute(_REVIEW_WITH_CAUSE_NOW, connection, list(codes), now)


async def forget_refusals(
    tx: Tx,
    connection: ConnectionId,
    now: datetime,
    *,
    codes: Sequence[str] = (),
    held_by: Sequence[HeldBy] = (),
) -> None:
    """Refusals with one of these causes, or holds of these kinds, no longer stand.

    What made the provider refuse may be mended: the sweep sends the same content once more.
    """
    await tx.execute(_FORGET_REFUSALS, connection, list(codes), list(held_by), now)


async def review_waiting_now(
    tx: Tx, keys: Collection[RecordKey], apart_from: Collection[RecordKey], now: datetime
) -> int:
    """Have the sweep look at jobs that wait for these records, but those; how many there are."""
    if not keys:
        return 0
    rows = await tx.fetch(_REVIEW_WAITING_NOW, *_arrays(keys), now, *_arrays(apart_from))
    return len(rows)


async def save(tx: Tx, jobs: Sequence[Job], ages: Ages, now: datetime) -> None:
    """Write these jobs whole, with the time at which each must be looked at again.

    One that is due now stays due.
    """
    if not jobs:
        return
    columns = [[column.value(job) for job in jobs] for column in COLUMNS]
    await tx.execute(SAVE_JOBS, *columns, [next_review(job, ages, now) for job in jobs], now)


async def looked_at(tx: Tx, jobs: Sequence[Job], ages: Ages, now: datetime) -> None:
    """These jobs were looked at; set when to look again."""
    if jobs:
        due = [next_review(job, ages, now) for job in jobs]
        await tx.execute(_LOOKED_AT, *_arrays([job.key for job in jobs]), due)


async def postpone_first_due(tx: Tx) -> RecordKey | None:
    """Look at the most overdue job an hour later instead; which it is."""
    row = await tx.fetchrow(_POSTPONE_FIRST)
    if row is None:
        return None
    return RecordKey(ConnectionId(row["connection_id"]), row["entity"], RecordId(row["record_id"]))


async def save_links(tx: Tx, jobs: Sequence[Job], now: datetime) -> None:
    """Write the links of these jobs as they are now: one that is gone is deleted."""
    linked = [(job, job.link) for job in jobs if job.link is not None]
    if linked:
        await tx.execute(
            _SAVE_LINKS,
            *_arrays([job.key for job, _ in linked]),
            [link.id for _, link in linked],
            [link.version for _, link in linked],
            [link.number for _, link in linked],
            [link.url for _, link in linked],
            [link.currency for _, link in linked],
            [link.held for _, link in linked],
            [job.generation for job, _ in linked],
            now,
        )
    gone = [job.key for job in jobs if job.link is None]
    if gone:
        await tx.execute(_DROP_LINKS, *_arrays(gone))


def _arrays(keys: Iterable[RecordKey]) -> tuple[list[ConnectionId], list[str], list[RecordId]]:
    keys = list(keys)
    return (
        [key.connection_id for key in keys],
        [key.entity for key in keys],
        [key.record_id for key in keys],
    )
