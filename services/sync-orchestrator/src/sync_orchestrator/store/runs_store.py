"""Runs and their records."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.commands import Origin
from contracts.ids import CompanyId, ConnectionId, Entity, Provider, RecordId
from contracts.sync import CauseInstance, RunGroup, SyncState
from messaging.database import Row, Tx

from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.runs import LATELY, Tally

_START = """
insert into runs (id, company_id, connection_id, provider, kind, about, kinds, action, started_by,
    started_at, due_at)
values ($1, $2, $3, $4, $5, $6, $7::text[], $8::jsonb, $9::jsonb, $10, $10)
on conflict do nothing
returning id
"""

_JOIN = """
update runs set due_at = $3,
    kinds = array(select distinct k from unnest(kinds || $2::text[]) as k order by k)
where connection_id = $1 and kind = 'sync_now' and finished_at is null
returning id
"""

_FIND = "select * from runs where id = $1 and company_id = $2"

_OF_CONNECTION = """
select * from runs where connection_id = $1 and (finished_at is null or finished_at >= $2)
    and kind = any($3::text[])
order by started_at desc, id desc limit 50
"""

_NEXT_DUE = """
select * from runs where finished_at is null and due_at <= clock()
order by due_at, id limit 1 for update skip locked
"""

_CANCEL = """
update runs set cancelled_at = coalesce(cancelled_at, $3), due_at = $3
where id = $1 and company_id = $2 and finished_at is null
"""

_TALLIES = """
select rr.entity, rr.taken_at is not null as taken, rr.refused is not null as refused,
    coalesce(rr.state, j.state) as state, coalesce(rr.cause_code, j.cause_code) as cause_code,
    count(*) as n, count(*) filter (where j.synced_at >= $2) as lately
from run_records rr
join runs r on r.id = rr.run_id
left join jobs j on j.connection_id = r.connection_id and j.entity = rr.entity
    and j.record_id = rr.record_id and rr.state is null
where rr.run_id = $1
group by 1, 2, 3, 4, 5
"""

_GROUPS = """
select coalesce(rr.cause_group, j.cause_group) as cause_group,
    (array_agg(coalesce(rr.cause, j.cause) order by
        (coalesce(rr.cause_code, j.cause_code) = 'prerequisite_blocked'), rr.record_id))[1]::text
        as cause,
    count(*) as n
from run_records rr
join runs r on r.id = rr.run_id
left join jobs j on j.connection_id = r.connection_id and j.entity = rr.entity
    and j.record_id = rr.record_id and rr.state is null
where rr.run_id = $1 and rr.taken_at is not null
    and coalesce(rr.cause_code, j.cause_code) = any($2::text[])
group by 1
order by count(*) desc, 1
limit 100
"""

_TO_TAKE = """
select rr.entity, rr.record_id from run_records rr
where rr.run_id = $1 and rr.taken_at is null
    and exists (select from records r where r.entity = rr.entity and r.id = rr.record_id)
order by rr.rank, rr.record_id limit $2
"""

_TAKEN = """
update run_records rr set taken_at = $4, refused = k.refused
from unnest($2::text[], $3::uuid[], $5::text[]) as k (entity, record_id, refused)
where rr.run_id = $1 and rr.entity = k.entity and rr.record_id = k.record_id
"""

_ADD = """
insert into run_records (run_id, entity, record_id, rank, taken_at)
select $1, k.entity, k.record_id,
    case k.entity when 'customer' then 0 when 'item' then 1 else 2 end, $4
from unnest($2::text[], $3::uuid[]) as k (entity, record_id)
on conflict do nothing
"""

_FREEZE = """
update run_records rr set state = coalesce(j.state, 'not_synced'), cause_code = j.cause_code,
    cause_group = j.cause_group, cause = j.cause
from run_records o
join runs r on r.id = o.run_id
left join jobs j on j.connection_id = r.connection_id and j.entity = o.entity
    and j.record_id = o.record_id
where o.run_id = $1 and o.taken_at is not null and rr.run_id = o.run_id and rr.entity = o.entity
    and rr.record_id = o.record_id
"""

_TOLD = """
update runs set told = $2::jsonb, version = version + 1, finished_at = $3, due_at = $4
where id = $1
returning version
"""

_LATER = "update runs set due_at = $2 where id = $1"

_NOT_INCLUDED = "update runs set not_included = $2::jsonb where id = $1"

_PRUNE = """
delete from runs where id in (
    select id from runs where finished_at < clock() - make_interval(days => 400) limit 500)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it is kept. `action` says what is asked of each record; None: that it be there."""

    id: UUID
    company_id: CompanyId
    connection_id: ConnectionId
    provider: Provider
    kind: str
    about: str | None
    kinds: tuple[str, ...]
    action: dict[str, object] | None
    started_by: Origin
    started_at: datetime
    cancelled_at: datetime | None = None
    finished_at: datetime | None = None
    not_included: dict[str, int]
    version: int = 1
    told: str | None = None


async def start(tx: Tx, run: Run) -> bool:
    """Keep a new run; False where a Sync Now of the connection is under way already."""
    started = await tx.fetchval(
        _START,
        run.id,
        run.company_id,
        run.connection_id,
        run.provider,
        run.kind,
        run.about,
        list(run.kinds),
        None if run.action is None else json.dumps(run.action),
        run.started_by.model_dump_json(),
        run.started_at,
    )
    return started is not None


async def join(
    tx: Tx, connection: ConnectionId, kinds: Sequence[str], now: datetime
) -> UUID | None:
    """Add kinds to the connection's Sync Now that is under way; its id, None if there is none."""
    found = await tx.fetchval(_JOIN, connection, list(kinds), now)
    return None if found is None else UUID(str(found))


async def find(tx: Tx, company: CompanyId, run_id: UUID) -> Run | None:
    row = await tx.fetchrow(_FIND, run_id, company)
    return None if row is None else _run(row)


async def of_connection(
    tx: Tx, connection: ConnectionId, since: datetime, kinds: Collection[str]
) -> list[Run]:
    """Runs of these kinds under way or over since then, the newest first; at most 50."""
    rows = await tx.fetch(_OF_CONNECTION, connection, since, list(kinds))
    return [_run(row) for row in rows]


async def next_due(tx: Tx) -> Run | None:
    """The run that has waited longest for its next step, locked; those others hold are passed."""
    row = await tx.fetchrow(_NEXT_DUE)
    return None if row is None else _run(row)


async def cancel(tx: Tx, company: CompanyId, run_id: UUID, now: datetime) -> None:
    """Take no more of its records. One that is over stays as it is."""
    await tx.execute(_CANCEL, run_id, company, now)


async def tallies(tx: Tx, run_id: UUID, now: datetime) -> list[Tally]:
    """A run's records counted by how they stand: as they are now, or ended once it is over."""
    rows = await tx.fetch(_TALLIES, run_id, now - LATELY)
    return [
        Tally(
            entity=row["entity"],
            taken=row["taken"],
            refused=row["refused"],
            state=None if row["state"] is None else SyncState(row["state"]),
            cause_code=row["cause_code"],
            count=row["n"],
            lately=row["lately"],
        )
        for row in rows
    ]


async def groups(tx: Tx, run_id: UUID, codes: Collection[str]) -> list[RunGroup]:
    """What of a run has one of these causes, by group, the largest first."""
    rows = await tx.fetch(_GROUPS, run_id, list(codes))
    return [
        RunGroup(
            group=row["cause_group"],
            cause=CauseInstance.model_validate_json(row["cause"]),
            count=row["n"],
        )
        for row in rows
    ]


async def to_take(tx: Tx, run: Run, limit: int) -> list[RecordKey]:
    """The next records to ask for: customers, items, then invoices, the older first.

    One whose snapshot hasn't come yet is left for later.
    """
    rows = await tx.fetch(_TO_TAKE, run.id, limit)
    return [RecordKey(run.connection_id, row["entity"], RecordId(row["record_id"])) for row in rows]


async def taken(
    tx: Tx, run_id: UUID, keys: Sequence[tuple[RecordKey, str | None]], now: datetime
) -> None:
    """These were asked for; the text says why one was refused at once."""
    if keys:
        await tx.execute(
            _TAKEN,
            run_id,
            [key.entity for key, _ in keys],
            [key.record_id for key, _ in keys],
            now,
            [refused for _, refused in keys],
        )


async def add(
    tx: Tx,
    run_id: UUID,
    records: Sequence[tuple[Entity, RecordId]],
    taken_at: datetime | None = None,
) -> None:
    """Records of a run; `taken_at` where they were asked for already."""
    if records:
        await tx.execute(
            _ADD, run_id, [entity for entity, _ in records], [r for _, r in records], taken_at
        )


async def freeze(tx: Tx, run_id: UUID) -> None:
    """Keep how each record of a run that is over stands now."""
    await tx.execute(_FREEZE, run_id)


async def not_included(tx: Tx, run_id: UUID, counts: dict[str, int]) -> None:
    await tx.execute(_NOT_INCLUDED, run_id, json.dumps(counts))


async def told(
    tx: Tx, run_id: UUID, told: str, finished_at: datetime | None, due_at: datetime
) -> int:
    """Remember what was told of a run; its new version."""
    version = await tx.fetchval(_TOLD, run_id, told, finished_at, due_at)
    assert isinstance(version, int)
    return version


async def look_later(tx: Tx, run_id: UUID, now: datetime, after: timedelta) -> None:
    await tx.execute(_LATER, run_id, now + after)


async def prune(tx: Tx) -> int:
    """Forget runs that ended 400 days ago, some at a time; how many went."""
    done = await tx.execute(_PRUNE)
    return int(done.rsplit(" ", 1)[-1])


def _run(row: Row) -> Run:
    return Run(
        id=row["id"],
        company_id=CompanyId(row["company_id"]),
        connection_id=ConnectionId(row["connection_id"]),
        provider=row["provider"],
        kind=row["kind"],
        about=row["about"],
        kinds=tuple(row["kinds"]),
        action=None if row["action"] is None else json.loads(row["action"]),
        started_by=Origin.model_validate_json(row["started_by"]),
        started_at=row["started_at"],
        cancelled_at=row["cancelled_at"],
        finished_at=row["finished_at"],
        not_included=json.loads(row["not_included"]),
        version=row["version"],
        told=row["told"],
    )
