"""Groups of problems and of what is ignored: their members, and what ignoring would stop."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from contracts.ids import CompanyId, ConnectionId, Entity, ItemId, RecordId
from contracts.sync import CauseInstance
from messaging.database import Row, Tx

from sync_orchestrator.store.runs_store import Run

_CAUSE = """
select cause from jobs
where connection_id = $1 and cause_code is not null and cause_group = $2
order by (cause_code = 'prerequisite_blocked'), state_since, record_id limit 1
"""

_MEMBERS = """
select entity, record_id from jobs
where connection_id = $1 and cause_group = $2 and cause_code = any($3::text[])
    and ($4::uuid[] is null or record_id = any($4::uuid[]))
"""

_RANK = "case entity when 'customer' then 0 when 'item' then 1 else 2 end"

_TAKE = """
insert into run_records (run_id, entity, record_id, rank)
select $5, entity, record_id, RANK from (MEMBERS) as m
on conflict do nothing
""".replace("MEMBERS", _MEMBERS).replace("RANK", _RANK)

_TAKE_IGNORED = """
insert into run_records (run_id, entity, record_id, rank)
select $4, entity, record_id, RANK from jobs
where connection_id = $1 and state = 'ignored'
    and case when $3::uuid[] is null then ignored ->> 'group' = $2
        else record_id = any($3::uuid[]) end
on conflict do nothing
""".replace("RANK", _RANK)

_AMONG = """(
    $3::uuid[] is null or ITEM = any($3::uuid[])
    or exists (select from records v
        cross join lateral jsonb_array_elements(v.snapshot -> 'lines') as line
        where v.entity = 'invoice' and v.id = any($3::uuid[])
            and (line ->> 'item_id')::uuid = ITEM)
)"""
"""Whether an item is one of these records, or on one of them."""

_ON_ACCOUNT = """
select item_id, item_name from account_mapping
where connection_id = $1 and account_id = $2 and AMONG
""".replace("AMONG", _AMONG.replace("ITEM", "item_id"))

_UNMAPPED = """
select distinct r.id as item_id, r.name as item_name
from jobs j
cross join lateral jsonb_array_elements_text((j.cause -> 'params' ->> 'item_ids')::jsonb) as i
join records r on r.entity = 'item' and r.id = i::uuid
left join account_mapping m on m.connection_id = j.connection_id and m.item_id = r.id
where j.connection_id = $1 and j.cause_code = $2 and m.account_id is null and AMONG
union
select r.id, r.name
from jobs j
join records r on r.entity = 'item' and r.id = j.record_id
where j.connection_id = $1 and j.cause_code = $2 and j.entity = 'item' and AMONG
""".replace("AMONG", _AMONG.replace("ITEM", "r.id"))

_STOPPED = """
select r.id, r.name, r.total, r.currency, r.dated, r.snapshot ->> 'customer_id' as customer_id,
    count(*) over () as n
from records r
left join links l on l.connection_id = $2 and l.entity = 'invoice' and l.record_id = r.id
where r.company_id = $1 and r.entity = 'invoice' and r.status in ('pending', 'sent', 'paid')
    and l.remote_id is null
    and ((r.snapshot ->> 'customer_id')::uuid = any($3::uuid[])
        or exists (select from jsonb_array_elements(r.snapshot -> 'lines') as line
            where (line ->> 'item_id')::uuid = any($3::uuid[])))
order by r.dated desc nulls last, r.id
limit $4
"""

_IGNORED = """
select j.entity, j.record_id, r.name, r.total, r.currency, j.ignored ->> 'by' as by,
    j.ignored ->> 'why' as why, coalesce((j.ignored ->> 'at')::timestamptz, j.state_since) as at,
    j.ignored ->> 'group' as cause_group
from jobs j
left join records r on r.entity = j.entity and r.id = j.record_id
where j.connection_id = $1 and j.state = 'ignored'
    and ($2::timestamptz is null
        or (coalesce((j.ignored ->> 'at')::timestamptz, j.state_since), j.record_id) < ($2, $3))
order by at desc, j.record_id desc
limit $4
"""


@dataclass(frozen=True, slots=True)
class StoppedInvoice:
    id: RecordId
    number: str
    total: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Stopped:
    """Invoices that can't go while what they need is ignored: how many, and the newest of them."""

    count: int
    invoices: tuple[StoppedInvoice, ...]


@dataclass(frozen=True, slots=True)
class IgnoredRecord:
    """A record that a person told us to leave alone."""

    entity: Entity
    record_id: RecordId
    name: str | None
    total: Decimal | None
    currency: str | None
    by: str
    why: str | None
    at: datetime
    group: str | None


async def cause_of_group(tx: Tx, connection: ConnectionId, group: str) -> CauseInstance | None:
    """The cause that a group's records have; that of the record others wait for, where they do."""
    found = await tx.fetchval(_CAUSE, connection, group)
    if found is None:
        return None
    cause = CauseInstance.model_validate_json(str(found))
    return cause.because or cause


async def members(
    tx: Tx,
    connection: ConnectionId,
    group: str,
    codes: Collection[str],
    only: Sequence[UUID] | None,
) -> list[tuple[Entity, RecordId]]:
    """The group's records; of these only, if any are named."""
    rows = await tx.fetch(_MEMBERS, connection, group, list(codes), _ids(only))
    return [(row["entity"], RecordId(row["record_id"])) for row in rows]


async def take(
    tx: Tx, run: Run, group: str, codes: Collection[str], only: Sequence[UUID] | None
) -> int:
    """Put the group's records into the run; how many."""
    done = await tx.execute(_TAKE, run.connection_id, group, list(codes), _ids(only), run.id)
    return int(done.rsplit(" ", 1)[-1])


async def take_ignored(tx: Tx, run: Run, group: str, only: Sequence[UUID] | None) -> int:
    """Put what was ignored out of this group, or these records, into the run; how many."""
    done = await tx.execute(_TAKE_IGNORED, run.connection_id, group, _ids(only), run.id)
    return int(done.rsplit(" ", 1)[-1])


async def items_on_account(
    tx: Tx, connection: ConnectionId, account: str, only: Sequence[UUID] | None
) -> list[tuple[ItemId, str]]:
    """The items that are mapped to an account; of these records only, if any are named."""
    rows = await tx.fetch(_ON_ACCOUNT, connection, account, _ids(only))
    return [(ItemId(row["item_id"]), row["item_name"]) for row in rows]


async def unmapped_items(
    tx: Tx, connection: ConnectionId, code: str, only: Sequence[UUID] | None
) -> list[tuple[ItemId, str]]:
    """The items without an account that stop a record, as its cause with this code names them; and
    items that stand there with this cause themselves. Of these records only, if any are named."""
    rows = await tx.fetch(_UNMAPPED, connection, code, _ids(only))
    return [(ItemId(row["item_id"]), row["item_name"]) for row in rows]


async def stopped_by(
    tx: Tx,
    company: CompanyId,
    connection: ConnectionId,
    records: Sequence[UUID],
    limit: int,
) -> Stopped:
    """Invoices that aren't there and need one of these customers or items."""
    if not records:
        return Stopped(0, ())
    rows = await tx.fetch(_STOPPED, company, connection, list(records), limit)
    return Stopped(
        rows[0]["n"] if rows else 0,
        tuple(
            StoppedInvoice(RecordId(row["id"]), row["name"], row["total"], row["currency"])
            for row in rows
        ),
    )


async def ignored(
    tx: Tx, connection: ConnectionId, before: tuple[datetime, UUID] | None, limit: int
) -> list[IgnoredRecord]:
    """What is left alone, the newest first, from before a place in that order."""
    at, last = (None, None) if before is None else before
    return [_ignored(row) for row in await tx.fetch(_IGNORED, connection, at, last, limit)]


def _ignored(row: Row) -> IgnoredRecord:
    return IgnoredRecord(
        entity=row["entity"],
        record_id=RecordId(row["record_id"]),
        name=row["name"],
        total=row["total"],
        currency=row["currency"],
        by=row["by"] or "",
        why=row["why"],
        at=row["at"],
        group=row["cause_group"],
    )


def _ids(only: Sequence[UUID] | None) -> list[UUID] | None:
    return None if only is None else list(only)
