"""The history: every decision and every outcome, appended and never changed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.ids import CompanyId, ConnectionId, Entity, RecordId, RemoteId
from contracts.sync import CauseInstance
from messaging.database import Tx

from sync_orchestrator.domain.job import RecordKey

KEPT_DAYS = 400

_APPEND = """
insert into job_history (company_id, connection_id, entity, record_id, sync_id, at, kind, begins,
    generation, step, state, data)
select h.company_id, h.connection_id, h.entity, h.record_id, h.sync_id, h.at, h.kind, h.begins,
    h.generation, h.step, h.state, h.data::jsonb
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[],
    $7::text[], $8::boolean[], $9::int[], $10::bigint[], $11::text[], $12::text[])
    as h (company_id, connection_id, entity, record_id, sync_id, at, kind, begins, generation,
        step, state, data)
"""

_TIMELINE = """
select seq, at, kind, state, generation, step, sync_id, data from job_history
where connection_id = $1 and entity = $2 and record_id = $3 and company_id = $4
order by seq
limit $5
"""

_WAS_LINKED = """
select exists (
    select from job_history
    where connection_id = $1 and entity = $2 and record_id = $3
        and kind = 'unlinked' and data -> 'remote' ->> 'id' = $4)
"""

_LAST_LEFT = """
select generation, step, data -> 'was' as was from job_history
where connection_id = $1 and entity = $2 and record_id = $3 and kind = 'left_as_it_is'
order by seq desc
limit 1
"""

_WAS_THERE = """
select exists (
    select from job_history
    where connection_id = $1 and entity = $2 and record_id = $3
        and kind in ('linked', 'unlinked', 'link_seen', 'synced')
        and data -> 'remote' ->> 'id' = $4)
"""

_PRUNE = """
delete from job_history where seq in (
    select seq from job_history where at < clock() - make_interval(days => $1) limit $2)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. `data` is JSON text: what the event holds, who it was, the attempts."""

    company_id: CompanyId
    key: RecordKey
    sync_id: UUID | None
    at: datetime
    kind: str
    begins: bool
    generation: int
    step: int
    state: str
    data: str


@dataclass(frozen=True, slots=True)
class TimelineRow:
    at: datetime
    kind: str
    state: str
    generation: int
    step: int
    sync_id: UUID | None
    data: dict[str, object]


async def append(tx: Tx, lines: Sequence[Line]) -> None:
    """Append lines in this order."""
    if not lines:
        return
    await tx.execute(
        _APPEND,
        [line.company_id for line in lines],
        [line.key.connection_id for line in lines],
        [line.key.entity for line in lines],
        [line.key.record_id for line in lines],
        [line.sync_id for line in lines],
        [line.at for line in lines],
        [line.kind for line in lines],
        [line.begins for line in lines],
        [line.generation for line in lines],
        [line.step for line in lines],
        [line.state for line in lines],
        [line.data for line in lines],
    )


async def was_unlinked_from(tx: Tx, key: RecordKey, remote: RemoteId) -> bool:
    """Whether a person took the record's link to that one there away, as far as history goes."""
    return bool(
        await tx.fetchval(_WAS_LINKED, key.connection_id, key.entity, key.record_id, remote)
    )


async def was_linked_to(tx: Tx, key: RecordKey, remote: RemoteId) -> bool:
    """Whether the record was linked to that one there before, as far as history goes."""
    return bool(await tx.fetchval(_WAS_THERE, key.connection_id, key.entity, key.record_id, remote))


async def question_left(tx: Tx, key: RecordKey, generation: int, step: int) -> CauseInstance | None:
    """The question that the decision of this step answered by leaving the record as it is there."""
    row = await tx.fetchrow(_LAST_LEFT, key.connection_id, key.entity, key.record_id)
    if row is None or row["was"] is None or (row["generation"], row["step"]) != (generation, step):
        return None
    return CauseInstance.model_validate_json(row["was"])


async def timeline(
    tx: Tx,
    company: CompanyId,
    connection: ConnectionId,
    entity: Entity,
    record: RecordId,
    limit: int = 1000,
) -> list[TimelineRow]:
    """All that happened to a record in a connection, oldest first."""
    rows = await tx.fetch(_TIMELINE, connection, entity, record, company, limit)
    return [
        TimelineRow(
            row["at"],
            row["kind"],
            row["state"],
            row["generation"],
            row["step"],
            row["sync_id"],
            json.loads(row["data"]),
        )
        for row in rows
    ]


async def prune(tx: Tx, limit: int = 20_000) -> int:
    """Forget what is older than 400 days, so many lines at a time; how many went."""
    done = await tx.execute(_PRUNE, KEPT_DAYS, limit)
    return int(done.rsplit(" ", 1)[-1])
