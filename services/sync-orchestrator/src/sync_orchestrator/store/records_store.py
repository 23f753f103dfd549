"""Records of invoice-api, newest snapshot each."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from contracts.ids import CompanyId, ConnectionId, Entity, Provider, RecordId
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot
from messaging.database import Row, Tx

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.domain.likeness import email_key, name_key
from sync_orchestrator.domain.records import Record, Snapshot, plain_name

_SAVE = """
insert into records as r (entity, id, company_id, version, name, snapshot, happened_at, dated,
    status, came_from, total, currency, name_key, email_key, seen_at, changed_at)
select n.entity, n.id, n.company_id, n.version, n.name, n.snapshot::jsonb, n.happened_at, n.dated,
    n.status, n.came_from, n.total, n.currency, n.name_key, n.email_key, $15, $15
from unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[],
    $7::timestamptz[], $8::date[], $9::text[], $10::uuid[], $11::numeric[], $12::text[],
    $13::text[], $14::text[])
    as n (entity, id, company_id, version, name, snapshot, happened_at, dated, status, came_from,
        total, currency, name_key, email_key)
where not exists (select from forgotten_records f where f.entity = n.entity and f.id = n.id)
on conflict (entity, id) do update set
    version = excluded.version, name = excluded.name, snapshot = excluded.snapshot,
    happened_at = excluded.happened_at, dated = excluded.dated, status = excluded.status,
    came_from = excluded.came_from, total = excluded.total, currency = excluded.currency,
    name_key = excluded.name_key, email_key = excluded.email_key,
    changed_at = excluded.changed_at
where r.version < excluded.version and r.company_id = excluded.company_id
returning entity, id
"""

_SAVE_MADE_HERE = """
insert into records (entity, id, company_id, version, name, snapshot, happened_at, seen_at,
    changed_at, made_here)
values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $8, true)
on conflict do nothing
"""

_LOAD = """
select r.entity, r.company_id, r.snapshot
from unnest($1::text[], $2::uuid[]) as k (entity, id)
join records r on r.entity = k.entity and r.id = k.id
"""

_OWNER = "select company_id from records where entity = $1 and id = $2"

_IMPORTED = "select entity, company_id, snapshot from records where came_from = $1 limit $2"

_CUSTOMERS_WITHOUT_A_JOB = """
from records r
where r.company_id = $1 and r.entity = 'customer' and r.happened_at >= $3
    and r.came_from is distinct from $2
    and not exists (select from jobs j where j.connection_id = $2 and j.entity = 'customer'
        and j.record_id = r.id)
"""

_INVOICES_WITHOUT_A_JOB = """
from records r
left join jobs j on j.connection_id = $2 and j.entity = 'invoice' and j.record_id = r.id
where r.company_id = $1 and r.entity = 'invoice' and r.happened_at >= $3 and r.dated >= $4
    and r.status in ('sent', 'paid')
    and (j.record_id is null or j.state = 'not_eligible')
"""

_FIRST = """
select r.entity, r.company_id, r.snapshot {which} order by r.happened_at, r.id limit {limit}
"""
_MISSING_CUSTOMERS = _FIRST.format(which=_CUSTOMERS_WITHOUT_A_JOB, limit="$4")
_MISSING_INVOICES = _FIRST.format(which=_INVOICES_WITHOUT_A_JOB, limit="$5")
_COUNT_CUSTOMERS = f"select count(*) {_CUSTOMERS_WITHOUT_A_JOB}"
_COUNT_INVOICES = f"select count(*) {_INVOICES_WITHOUT_A_JOB}"


# What a customer that an import made is at another connection than the one it came from.
_ELSEWHERE = """
select r.id, j.provider, l.record_id is not null as linked
from records r
join jobs j on j.entity = 'customer' and j.record_id = r.id
    and j.connection_id is distinct from r.came_from
left join links l on l.connection_id = j.connection_id and l.entity = 'customer'
    and l.record_id = r.id
where r.entity = 'customer' and r.company_id = $1 and r.id = any($2::uuid[])
    and (l.record_id is not null or j.outstanding is not null
        or j.state not in ('not_eligible', 'not_synced', 'ignored'))
order by r.id, linked desc, j.provider
"""
_FORGET = """
delete from records where entity = 'customer' and company_id = $1 and id = any($2::uuid[])
returning id
"""
# One of which nothing was told yet is forgotten all the same.
_NOT_KNOWN = """
select k.id from unnest($1::uuid[]) as k (id)
where not exists (select from records r where r.entity = 'customer' and r.id = k.id)
"""
_FORGET_LINKS = "delete from links where entity = 'customer' and record_id = any($1::uuid[])"
_FORGET_JOBS = "delete from jobs where entity = 'customer' and record_id = any($1::uuid[])"
_REMEMBER_FORGOTTEN = """
insert into forgotten_records (entity, id) select 'customer', unnest($1::uuid[])
on conflict do nothing
"""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A customer that is at another provider too; without `linked` it is on its way there."""

    customer: RecordId
    provider: Provider
    linked: bool


async def save_newer(
    tx: Tx, records: Sequence[Record], now: datetime
) -> set[tuple[Entity, RecordId]]:
    """Keep those that are newer than what we have; which those are.

    One of another company than before is not kept. Give each record once.
    """
    if not records:
        return set()
    snapshots = [record.snapshot for record in records]
    rows = await tx.fetch(
        _SAVE,
        [record.entity for record in records],
        [record.id for record in records],
        [record.company_id for record in records],
        [snapshot.version for snapshot in snapshots],
        [plain_name(snapshot) for snapshot in snapshots],
        [snapshot.model_dump_json() for snapshot in snapshots],
        [_happened_at(snapshot) for snapshot in snapshots],
        [_dated(snapshot) for snapshot in snapshots],
        [s.status if isinstance(s, InvoiceSnapshot) else None for s in snapshots],
        [_came_from(snapshot) for snapshot in snapshots],
        [_total(snapshot) for snapshot in snapshots],
        [s.currency if isinstance(s, InvoiceSnapshot) else None for s in snapshots],
        [None if isinstance(s, InvoiceSnapshot) else name_key(s.name) for s in snapshots],
        [email_key(s.email) if isinstance(s, CustomerSnapshot) else None for s in snapshots],
        now,
    )
    return {(row["entity"], RecordId(row["id"])) for row in rows}


async def save_made_here(tx: Tx, record: Record, now: datetime) -> None:
    """Keep one that isn't invoice-api's, once; it is in no list of the company's records."""
    snapshot = record.snapshot
    await tx.execute(
        _SAVE_MADE_HERE,
        record.entity,
        record.id,
        record.company_id,
        snapshot.version,
        plain_name(snapshot),
        snapshot.model_dump_json(),
        _happened_at(snapshot),
        now,
    )


async def load(tx: Tx, keys: Iterable[tuple[Entity, RecordId]]) -> list[Record]:
    """Those of these records that we know; in no order."""
    wanted = list(keys)
    if not wanted:
        return []
    rows = await tx.fetch(_LOAD, [entity for entity, _ in wanted], [id_ for _, id_ in wanted])
    return [_record(row) for row in rows]


async def owner(tx: Tx, entity: Entity, record_id: RecordId) -> CompanyId | None:
    """Whose this record is; None if we don't know it."""
    found = await tx.fetchval(_OWNER, entity, record_id)
    return None if found is None else CompanyId(found)


async def imported_from(tx: Tx, connection: ConnectionId, limit: int) -> list[Record]:
    """Customers that an import made of records of this connection."""
    return [_record(row) for row in await tx.fetch(_IMPORTED, connection, limit)]


async def without_a_job(tx: Tx, connection: Connection, limit: int) -> list[Record]:
    """Records that the switches take and that no job in this connection knows yet."""
    found: list[Record] = []
    settings = connection.settings
    if settings.sync_customers and settings.customers_since is not None:
        rows = await tx.fetch(
            _MISSING_CUSTOMERS,
            connection.company_id,
            connection.id,
            settings.customers_since,
            limit,
        )
        found += [_record(row) for row in rows]
    if settings.sync_invoices and settings.invoices_since is not None:
        rows = await tx.fetch(
            _MISSING_INVOICES,
            connection.company_id,
            connection.id,
            settings.invoices_since,
            settings.start_date,
            limit,
        )
        found += [_record(row) for row in rows]
    return found


async def count_without_a_job(tx: Tx, connection: Connection) -> dict[Entity, int]:
    """How many of each kind `without_a_job` has in all."""
    found: dict[Entity, int] = {"customer": 0, "invoice": 0}
    settings, whose = connection.settings, (connection.company_id, connection.id)
    if settings.sync_customers and settings.customers_since is not None:
        found["customer"] = await tx.fetchval(_COUNT_CUSTOMERS, *whose, settings.customers_since)
    if settings.sync_invoices and settings.invoices_since is not None:
        since = settings.invoices_since
        found["invoice"] = await tx.fetchval(_COUNT_INVOICES, *whose, since, settings.start_date)
    return found


async def forget_customers(
    tx: Tx, company: CompanyId, customers: Sequence[RecordId]
) -> tuple[int, tuple[Elsewhere, ...]]:
    """Forget these customers with their jobs and links, whatever is told of them later.

    How many, and those that stay: what they are at another connection would be orphaned.
    """
    rows = await tx.fetch(_ELSEWHERE, company, list(customers))
    kept = {row["id"]: row for row in reversed(rows)}
    wanted = [customer for customer in customers if customer not in kept]
    unknown = [row["id"] for row in await tx.fetch(_NOT_KNOWN, wanted)]
    gone = [row["id"] for row in await tx.fetch(_FORGET, company, wanted)]
    for statement in (_FORGET_LINKS, _FORGET_JOBS):
        await tx.execute(statement, gone)
    await tx.execute(_REMEMBER_FORGOTTEN, [*gone, *unknown])
    stay = tuple(
        Elsewhere(RecordId(row["id"]), row["provider"], row["linked"]) for row in kept.values()
    )
    return len(gone), stay


def _record(row: Row) -> Record:
    return Record(CompanyId(row["company_id"]), snapshot_from_json(row["entity"], row["snapshot"]))


def snapshot_from_json(entity: Entity, text: str) -> Snapshot:
    """Raises pydantic.ValidationError if it isn't a snapshot of that kind."""
    match entity:
        case "customer":
            return CustomerSnapshot.model_validate_json(text)
        case "item":
            return ItemSnapshot.model_validate_json(text)
        case "invoice":
            return InvoiceSnapshot.model_validate_json(text)


def snapshot_from_value(entity: Entity, value: object) -> Snapshot:
    """The same from parsed JSON."""
    return snapshot_from_json(entity, json.dumps(value))


def _happened_at(snapshot: Snapshot) -> datetime | None:
    return snapshot.sent_at if isinstance(snapshot, InvoiceSnapshot) else snapshot.created_at


def _dated(snapshot: Snapshot) -> date | None:
    return snapshot.issue_date if isinstance(snapshot, InvoiceSnapshot) else None


def _total(snapshot: Snapshot) -> Decimal | None:
    return snapshot.total if isinstance(snapshot, InvoiceSnapshot) else None


def _came_from(snapshot: Snapshot) -> ConnectionId | None:
    if isinstance(snapshot, CustomerSnapshot) and snapshot.came_from is not None:
        return snapshot.came_from.connection_id
    return None
