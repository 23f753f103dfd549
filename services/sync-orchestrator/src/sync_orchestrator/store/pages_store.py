"""What the pages ask: counts, problems, operations. Read only; always of one connection."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast
from uuid import UUID

from contracts.commands import Origin
from contracts.ids import ConnectionId, Entity, RecordId
from contracts.sync import CauseInstance
from messaging.database import Row, Tx

_COUNTS = """
select connection_id, state, count(*) as n from jobs
where connection_id = any($1::uuid[])
group by connection_id, state
"""

_TOTALS = "select provider, state, count(*) as n from jobs group by provider, state"

_GROUPS = """
select j.cause_group, count(*) as n, min(j.state_since) as since,
    (array_agg(j.cause order by (j.cause_code = 'prerequisite_blocked'), j.state_since))[1]::text
        as cause,
    array_agg(distinct j.cause -> 'params' ->> 'items')
        filter (where j.cause_code = 'item_account_unmapped') as item_lists,
    (array_agg(jsonb_build_object('entity', j.entity, 'id', j.record_id, 'name', r.name,
        'state', j.state, 'since', j.state_since) order by j.state_since, j.record_id)
    )[1:$3]::text[] as records
from jobs j
left join records r on r.entity = j.entity and r.id = j.record_id
where j.connection_id = $1 and j.cause_code = any($2::text[])
group by j.cause_group
order by min(j.state_since), j.cause_group
"""

_AMOUNTS = """
select j.cause_group, r.currency, sum(r.total) as amount
from jobs j
join records r on r.entity = j.entity and r.id = j.record_id
where j.connection_id = $1 and j.cause_code = any($2::text[]) and j.entity = 'invoice'
group by j.cause_group, r.currency
order by sum(r.total) desc
"""

_SYNCS = """
-- Which of them a page has is settled first, wherever that needs no look at how each went on: of a
-- run of thousands one row stays.
with begun as (
    select b.seq, b.sync_id, b.entity, b.record_id, b.at, b.data -> 'began' as began,
        of_run.id as run_id
    from job_history b
    -- A job bears the name of who asked last: what goes on after the run is over isn't the run's.
    left join runs of_run on of_run.id = (b.data -> 'began' ->> 'run_id')::uuid
        and (of_run.finished_at is null or b.at <= of_run.finished_at)
    where b.connection_id = $1 and b.begins and ($2::bigint is null or b.seq < $2)
        and ($4::text is null or b.entity = $4)
        and ($7::text[] is null or b.data -> 'began' ->> 'by' = any($7))
        and ($8::timestamptz is null or b.at >= $8)
        and ($9::timestamptz is null or b.at < $9)
        and ($10::uuid is null or (
            b.data -> 'began' ->> 'run_id' = $10::text and of_run.id = $10))
        -- A run has one connection: saying so again would have the wrong index walked.
        and (not $11 or of_run.id is null or b.seq = (
            select min(other.seq) from job_history other
            where other.data -> 'began' ->> 'run_id' = b.data -> 'began' ->> 'run_id'
                and other.begins))
        and ($12::uuid is null or b.data -> 'began' ->> 'user_id' = $12::text)
    order by b.seq desc
    limit case when $5::text[] is null and $6::text is null then $3::int end
)
select b.seq, b.sync_id, b.entity, b.record_id, r.name, b.at as started_at, b.began, b.run_id,
    last.state, last.at as last_at, said.cause, coalesce(tries.attempts, 0) as attempts
from begun b
left join records r on r.entity = b.entity and r.id = b.record_id
cross join lateral (
    select h.state, h.at, h.seq from job_history h
    where h.sync_id = b.sync_id and h.kind <> 'outcome' order by h.seq desc limit 1
) last
left join lateral (
    select case when h.state = last.state then coalesce(h.data -> 'cause', h.data -> 'difference')
        end as cause
    from job_history h
    where h.sync_id = b.sync_id and (h.data ? 'cause' or h.data ? 'difference')
        and h.kind <> 'outcome'
    order by h.seq desc limit 1
) said on true
left join lateral (
    select sum(jsonb_array_length(h.data -> 'attempts')) as attempts from job_history h
    where h.sync_id = b.sync_id and h.kind = 'outcome'
) tries on true
where ($5::text[] is null or last.state = any($5))
    and ($6::text is null or said.cause ->> 'code' = $6)
order by b.seq desc
limit $3
"""


@dataclass(frozen=True, slots=True)
class Group:
    """Open failures of one cause and subject. `amounts` are the invoices' totals by currency."""

    group: str
    count: int
    since: datetime | None
    cause: CauseInstance
    items: tuple[str, ...]
    records: tuple[dict[str, object], ...]
    amounts: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which operations are asked for; None: any. `since` and `until` are when they began."""

    kind: Entity | None = None
    states: list[str] | None = None
    cause: str | None = None
    by: list[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    run: UUID | None = None
    person: UUID | None = None

    @property
    def runs_as_one(self) -> bool:
        """Whether a run's operations stand as one row: not where some are looked for."""
        looked_for = (self.kind, self.states, self.cause, self.by, self.run, self.person)
        return looked_for == (None,) * 6


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: from what started it to the last that is known of it."""

    seq: int
    sync_id: UUID
    entity: Entity
    record_id: RecordId
    name: str | None
    started_at: datetime
    origin: Origin | None
    state: str
    last_at: datetime
    cause: CauseInstance | None
    attempts: int
    run_id: UUID | None


async def counts(
    tx: Tx, connections: Collection[ConnectionId]
) -> dict[ConnectionId, dict[str, int]]:
    """How many records are in each state, per connection."""
    found: dict[ConnectionId, dict[str, int]] = {connection: {} for connection in connections}
    for row in await tx.fetch(_COUNTS, list(connections)):
        found[ConnectionId(row["connection_id"])][row["state"]] = row["n"]
    return found


async def totals(tx: Tx) -> list[tuple[str, str, int]]:
    """How many records of all companies are in each state: (provider, state, how many)."""
    return [(row["provider"], row["state"], row["n"]) for row in await tx.fetch(_TOTALS)]


async def groups(
    tx: Tx, connection: ConnectionId, codes: Collection[str], records: int
) -> list[Group]:
    """Jobs with these causes by group, the oldest group first, with up to `records` of each."""
    amounts: dict[str, list[tuple[str, Decimal]]] = {}
    for row in await tx.fetch(_AMOUNTS, connection, list(codes)):
        amounts.setdefault(row["cause_group"], []).append((row["currency"], row["amount"]))
    rows = await tx.fetch(_GROUPS, connection, list(codes), records)
    return [_group(row, tuple(amounts.get(row["cause_group"], ()))) for row in rows]


async def operations(
    tx: Tx, connection: ConnectionId, before: int | None, limit: int, wanted: Wanted
) -> list[Operation]:
    """Operations, the newest first, from the one before `before`."""
    rows = await tx.fetch(
        _SYNCS,
        connection,
        before,
        limit,
        wanted.kind,
        wanted.states,
        wanted.cause,
        wanted.by,
        wanted.since,
        wanted.until,
        wanted.run,
        wanted.runs_as_one,
        wanted.person,
    )
    return [_operation(row) for row in rows]


def _group(row: Row, amounts: tuple[tuple[str, Decimal], ...]) -> Group:
    items: dict[str, None] = {}
    for names in row["item_lists"] or ():
        items.update(dict.fromkeys(cast("list[str]", json.loads(names))))
    return Group(
        group=row["cause_group"],
        count=row["n"],
        since=row["since"],
        cause=CauseInstance.model_validate_json(row["cause"]),
        items=tuple(items),
        records=tuple(json.loads(record) for record in row["records"]),
        amounts=amounts,
    )


def _operation(row: Row) -> Operation:
    began, cause = row["began"], row["cause"]
    return Operation(
        seq=row["seq"],
        sync_id=row["sync_id"],
        entity=row["entity"],
        record_id=RecordId(row["record_id"]),
        name=row["name"],
        started_at=row["started_at"],
        origin=None if began is None else Origin.model_validate_json(began),
        state=row["state"],
        last_at=row["last_at"],
        cause=None if cause is None else CauseInstance.model_validate_json(cause),
        attempts=row["attempts"],
        run_id=row["run_id"],
    )
