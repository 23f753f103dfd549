"""Which records a Sync Now takes, and what it leaves out: one statement whatever their number."""

from collections.abc import Collection
from uuid import UUID

from contracts.ids import Entity, RecordId
from messaging.database import Tx

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.domain.job import RecordKey

_STANDING = """
select r.entity, r.id, r.dated, l.remote_id is not null as linked, j.state, j.cause_code,
    case
        when j.state = 'ignored' then 'ignored'
        when j.state = 'removed_there' then 'removed_there'
        when j.state = 'changed_there' then 'changed_there'
        when r.entity = 'invoice' and l.remote_id is null and r.dated < $4
            and coalesce(j.state, 'not_synced') in ('not_synced', 'not_eligible')
            then 'before_start_date'
        when j.state in ('synced', 'synced_with_difference', 'voided') then 'there'
        when r.entity = 'invoice' and r.status not in ('pending', 'sent', 'paid') then 'void'
        when j.state = 'out_of_date' then 'changed'
        when j.state = 'blocked' or j.cause_code = 'prerequisite_blocked' then 'need_attention'
        when j.state in ('waiting', 'held', 'queued', 'checking') then 'under_way'
        else 'to_send'
    end as standing
from records r
left join jobs j on j.connection_id = $2 and j.entity = r.entity and j.record_id = r.id
left join links l on l.connection_id = $2 and l.entity = r.entity and l.record_id = r.id
where r.company_id = $1 and r.entity = any($3::text[]) and not r.made_here
"""

TAKEN = ("to_send", "changed", "need_attention", "under_way")
LEFT_OUT = ("ignored", "removed_there", "changed_there", "before_start_date")

_COUNT = """
with s as (STANDING) select entity, standing, count(*) as n from s group by 1, 2
""".replace("STANDING", _STANDING)

_TO_SEND = """
with s as (STANDING) select id from s where standing = 'to_send' order by id limit $5
""".replace("STANDING", _STANDING)

_TAKE = """
with s as (STANDING)
insert into run_records (run_id, entity, record_id, rank)
select $5, s.entity, s.id, case s.entity when 'customer' then 0 when 'item' then 1 else 2 end
from s where s.standing = any($6::text[])
on conflict do nothing
""".replace("STANDING", _STANDING)


async def counts(
    tx: Tx, connection: Connection, entities: Collection[Entity]
) -> dict[Entity, dict[str, int]]:
    """How many of each kind stand how: `TAKEN`, `LEFT_OUT`, "there" or "void"."""
    rows = await tx.fetch(
        _COUNT,
        connection.company_id,
        connection.id,
        list(entities),
        connection.settings.start_date,
    )
    found: dict[Entity, dict[str, int]] = {entity: {} for entity in entities}
    for row in rows:
        found[row["entity"]][row["standing"]] = row["n"]
    return found


async def to_send(tx: Tx, connection: Connection, entity: Entity, limit: int) -> list[RecordKey]:
    """Records of a kind that were never there and may go, some of them."""
    rows = await tx.fetch(
        _TO_SEND,
        connection.company_id,
        connection.id,
        [entity],
        connection.settings.start_date,
        limit,
    )
    return [RecordKey(connection.id, entity, RecordId(row["id"])) for row in rows]


async def take(tx: Tx, connection: Connection, entities: Collection[Entity], run_id: UUID) -> None:
    """Put what isn't there yet or has changed here into the run; what is in it already stays."""
    await tx.execute(
        _TAKE,
        connection.company_id,
        connection.id,
        list(entities),
        connection.settings.start_date,
        run_id,
        list(TAKEN),
    )
