"""Jobs and their links."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.causes import group_of
from contracts.commands import Origin, RemoteRef
from contracts.ids import CompanyId, ConnectionId, RecordId, RemoteId
from contracts.sync import CauseInstance, SyncState, Totals, WaitingOn
from messaging.database import Row, Tx
from pydantic import TypeAdapter

from sync_orchestrator.domain.ages import Ages, next_review
from sync_orchestrator.domain.job import Ignored, Job, RecordKey

_CAUSES = TypeAdapter(tuple[CauseInstance, ...])
_IGNORED = TypeAdapter(Ignored)


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: str
    value: Callable[[Job], object]


def _json(model: CauseInstance | Origin | Totals | WaitingOn | None) -> str | None:
    return None if model is None else model.model_dump_json()


_COLUMNS = (
    _Column("connection_id", "uuid", lambda j: j.connection_id),
    _Column("entity", "text", lambda j: j.entity),
    _Column("record_id", "uuid", lambda j: j.record_id),
    _Column("company_id", "uuid", lambda j: j.company_id),
    _Column("provider", "text", lambda j: j.provider),
    _Column("generation", "int", lambda j: j.generation),
    _Column("step", "bigint", lambda j: j.step),
    _Column("state", "text", lambda j: j.state.value),
    _Column("cause", "jsonb", lambda j: _json(j.cause)),
    _Column("cause_code", "text", lambda j: None if j.cause is None else j.cause.code),
    _Column(
        "cause_group",
        "text",
        lambda j: None if j.cause is None else group_of(j.cause, j.record_id),
    ),
    _Column("also", "jsonb", lambda j: _CAUSES.dump_json(j.also).decode() if j.also else None),
    _Column("waiting_on", "jsonb", lambda j: _json(j.waiting_on)),
    _Column(
        "waiting_entity", "text", lambda j: None if j.waiting_on is None else j.waiting_on.entity
    ),
    _Column(
        "waiting_id", "uuid", lambda j: None if j.waiting_on is None else j.waiting_on.record_id
    ),
    _Column("held_by", "text", lambda j: j.held_by),
    _Column("until", "timestamptz", lambda j: j.until),
    _Column("want", "text", lambda j: j.want),
    _Column("wanted_version", "bigint", lambda j: j.wanted_version),
    _Column("origin", "jsonb", lambda j: _json(j.origin)),
    _Column("priority", "text", lambda j: j.priority),
    _Column("outstanding", "bigint", lambda j: j.outstanding),
    _Column("outstanding_want", "text", lambda j: j.outstanding_want),
    _Column("sent_version", "bigint", lambda j: j.sent_version),
    _Column("sent_mark", "text", lambda j: j.sent_mark),
    _Column("sent_account", "text", lambda j: j.sent_account),
    _Column("refused", "boolean", lambda j: j.refused),
    _Column("dirty", "boolean", lambda j: j.dirty),
    _Column("answered_step", "bigint", lambda j: j.answered_step),
    _Column("synced_version", "bigint", lambda j: j.synced_version),
    _Column("synced_mark", "text", lambda j: j.synced_mark),
    _Column("account_there", "text", lambda j: j.account_there),
    _Column("totals", "jsonb", lambda j: _json(j.totals)),
    _Column("synced_at", "timestamptz", lambda j: j.synced_at),
    _Column("named_there", "text", lambda j: j.named_there),
    _Column("without_email", "boolean", lambda j: j.without_email),
    _Column(
        "ignored",
        "jsonb",
        lambda j: None if j.ignored is None else _IGNORED.dump_json(j.ignored).decode(),
    ),
    _Column("again_for", "text", lambda j: j.again_for),
    _Column("remade_at", "timestamptz", lambda j: j.remade_at),
    _Column("asked_at", "timestamptz", lambda j: j.asked_at),
    _Column("state_since", "timestamptz", lambda j: j.state_since),
    _Column("changed_at", "timestamptz", lambda j: j.changed_at),
    _Column("sync_id", "uuid", lambda j: j.sync_id),
)
_KEY = ("connection_id", "entity", "record_id")


def _save_sql() -> str:
    names = [column.name for column in _COLUMNS]
    arrays = [
        f"${n}::{'text' if column.type == 'jsonb' else column.type}[]"
        for n, column in enumerate(_COLUMNS, 1)
    ]
    shown = [f"n.{c.name}::jsonb" if c.type == "jsonb" else f"n.{c.name}" for c in _COLUMNS]
    changes = [f"{name} = excluded.{name}" for name in names if name not in _KEY]
    return (
        f"insert into jobs ({', '.join(names)}, review_at)\n"
        f"select {', '.join(shown)}, n.review_at\n"
        f"from unnest({', '.join(arrays)}, ${len(_COLUMNS) + 1}::timestamptz[])\n"
        f"    as n ({', '.join(names)}, review_at)\n"
        f"on conflict ({', '.join(_KEY)}) do update set {', '.join(changes)},\n"
        "    review_at = excluded.review_at, changed_xid = pg_current_xact_id()"
    )


_SAVE = _save_sql()

_JOBS = """
select j.*, l.remote_id as link_id, l.version as link_version, l.number as link_number,
    l.url as link_url
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

_SAVE_LINKS = """
insert into links as l (connection_id, entity, record_id, remote_id, version, number, url,
    generation, linked_at)
select n.*, $9 from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[],
    $7::text[], $8::int[])
    as n (connection_id, entity, record_id, remote_id, version, number, url, generation)
on conflict (connection_id, entity, record_id) do update set
    remote_id = excluded.remote_id, version = excluded.version, number = excluded.number,
    url = excluded.url, generation = excluded.generation,
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
    return [_job(row) for row in await tx.fetch(_LOAD, *_arrays(keys))] if keys else []


async def waiting_for(tx: Tx, keys: Collection[RecordKey], limit: int) -> list[Job]:
    """Jobs that wait for one of these records, those first that have waited longest."""
    if not keys:
        return []
    return [_job(row) for row in await tx.fetch(_WAITING_FOR, *_arrays(keys), limit)]


async def linked_to(tx: Tx, remote: Collection[tuple[ConnectionId, str, str]]) -> list[Job]:
    """Jobs linked to one of these remote records, given as (connection, entity, remote id)."""
    if not remote:
        return []
    wanted = list(remote)
    rows = await tx.fetch(
        _LINKED_TO, [c for c, _, _ in wanted], [e for _, e, _ in wanted], [r for _, _, r in wanted]
    )
    return [_job(row) for row in rows]


async def with_cause(
    tx: Tx, connection: ConnectionId, codes: Sequence[str], limit: int
) -> list[Job]:
    """A connection's jobs with one of these causes, the oldest first."""
    rows = await tx.fetch(_WITH_CAUSE, connection, list(codes), limit)
    return [_job(row) for row in rows]


async def in_group(tx: Tx, connection: ConnectionId, group: str, limit: int) -> list[Job]:
    """A connection's jobs in one group of problems, the oldest first."""
    return [_job(row) for row in await tx.fetch(_BY_GROUP, connection, group, limit)]


async def due_companies(tx: Tx, limit: int) -> list[CompanyId]:
    """Companies of the first `limit` jobs whose time for a look has come. Locks nothing."""
    return [CompanyId(row["company_id"]) for row in await tx.fetch(_DUE_COMPANIES, limit)]


async def due(tx: Tx, companies: Sequence[CompanyId], now: datetime, limit: int) -> list[Job]:
    """These companies' jobs whose time for a look has come; the most overdue first."""
    return [_job(row) for row in await tx.fetch(_DUE, list(companies), now, limit)]


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


async def review_waiting_now(
    tx: Tx, keys: Collection[RecordKey], apart_from: Collection[RecordKey], now: datetime
) -> int:
    """Have the sweep look at jobs that wait for these records, but those; how many there are."""
    if not keys:
        return 0
    rows = await tx.fetch(_REVIEW_WAITING_NOW, *_arrays(keys), now, *_arrays(apart_from))
    return len(rows)


async def save(tx: Tx, jobs: Sequence[Job], ages: Ages, now: datetime) -> None:
    """Write these jobs whole, with the time at which each must be looked at again."""
    if not jobs:
        return
    columns = [[column.value(job) for job in jobs] for column in _COLUMNS]
    await tx.execute(_SAVE, *columns, [next_review(job, ages, now) for job in jobs])


async def looked_at(tx: Tx, jobs: Sequence[Job], ages: Ages, now: datetime) -> None:
    """These jobs were looked at and stay as they are; set when to look again."""
    if jobs:
        due = [next_review(job, ages, now) for job in jobs]
        await tx.execute(_LOOKED_AT, *_arrays([job.key for job in jobs]), due)


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


def _job(row: Row) -> Job:
    def parsed(name: str, model: type[CauseInstance] | type[Origin] | type[Totals]) -> object:
        return None if row[name] is None else model.model_validate_json(row[name])

    cause, origin, totals = (
        parsed("cause", CauseInstance),
        parsed("origin", Origin),
        parsed("totals", Totals),
    )
    assert cause is None or isinstance(cause, CauseInstance)
    assert origin is None or isinstance(origin, Origin)
    assert totals is None or isinstance(totals, Totals)
    waiting_on, ignored, link = row["waiting_on"], row["ignored"], row["link_id"]
    return Job(
        company_id=CompanyId(row["company_id"]),
        provider=row["provider"],
        connection_id=ConnectionId(row["connection_id"]),
        entity=row["entity"],
        record_id=RecordId(row["record_id"]),
        generation=row["generation"],
        step=row["step"],
        state=SyncState(row["state"]),
        cause=cause,
        also=() if row["also"] is None else _CAUSES.validate_json(row["also"]),
        waiting_on=None if waiting_on is None else WaitingOn.model_validate_json(waiting_on),
        held_by=row["held_by"],
        until=row["until"],
        want=row["want"],
        wanted_version=row["wanted_version"],
        origin=origin,
        priority=row["priority"],
        outstanding=row["outstanding"],
        outstanding_want=row["outstanding_want"],
        sent_version=row["sent_version"],
        sent_mark=row["sent_mark"],
        sent_account=row["sent_account"],
        refused=row["refused"],
        dirty=row["dirty"],
        link=None
        if link is None
        else RemoteRef(
            id=RemoteId(link),
            version=row["link_version"],
            number=row["link_number"],
            url=row["link_url"],
        ),
        answered_step=row["answered_step"],
        synced_version=row["synced_version"],
        synced_mark=row["synced_mark"],
        account_there=row["account_there"],
        totals=totals,
        synced_at=row["synced_at"],
        named_there=row["named_there"],
        without_email=row["without_email"],
        ignored=None if ignored is None else _IGNORED.validate_json(ignored),
        again_for=row["again_for"],
        remade_at=row["remade_at"],
        asked_at=row["asked_at"],
        state_since=row["state_since"],
        changed_at=row["changed_at"],
        sync_id=row["sync_id"],
    )
