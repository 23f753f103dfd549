"""SQL of imports of customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.ids import CompanyId, ConnectionId, CustomerId, Provider, UserId
from contracts.invoicing import CustomerKind, CustomerSnapshot
from messaging.database import Row, Tx

from invoice_api.customer_imports.schemas import RowShown


@dataclass(frozen=True)
class StoredImport:
    """An import as it is kept; `now` is the database's clock."""

    run_id: UUID
    company: CompanyId
    provider: Provider
    connection: ConnectionId
    user: UserId
    user_name: str
    total: int
    version: int
    started_at: datetime
    now: datetime


@dataclass(frozen=True)
class StartedRow:
    """A customer as it is chosen when its import begins."""

    remote_id: str
    kind: CustomerKind | None
    suggested_kind: CustomerKind | None
    link_to: UUID | None
    as_new: bool


@dataclass(frozen=True)
class WaitingRow:
    """A customer that is still to be imported."""

    position: int
    remote_id: str
    kind: CustomerKind | None
    link_to: UUID | None
    as_new: bool


@dataclass(frozen=True)
class EndedRow:
    """What became of one."""

    position: int
    result: str
    name: str | None = None
    why: str | None = None
    customer: UUID | None = None
    linked_before: str | None = None
    linked_version: int | None = None


@dataclass(frozen=True)
class LinkedRow:
    """A customer of ours that an import linked; `before` is what it was linked to until then.

    `changed`: here, since then; `sent`: an invoice of it is in the books of that connection.
    """

    position: int
    remote_id: str
    customer: CustomerId
    before: str | None
    changed: bool
    sent: bool


async def insert(
    tx: Tx,
    run_id: UUID,
    company: CompanyId,
    provider: Provider,
    connection: ConnectionId,
    user: UserId,
    user_name: str,
    customers: Sequence[StartedRow],
) -> bool:
    """Begin an import of these; False while another one of this provider is under way."""
    begun = await tx.fetchval(
        "INSERT INTO customer_imports"
        " (run_id, company_id, provider, connection_id, user_id, user_name, stage, total)"
        " VALUES ($1, $2, $3, $4, $5, $6, 'importing', $7)"
        " ON CONFLICT (company_id, provider) WHERE stage = 'importing' DO NOTHING RETURNING true",
        run_id,
        company,
        provider,
        connection,
        user,
        user_name,
        len(customers),
    )
    if begun is None:
        return False
    await tx.execute(
        "INSERT INTO customer_import_rows"
        " (run_id, position, remote_id, kind, suggested_kind, link_to, as_new)"
        " SELECT $1, n.* FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::uuid[],"
        " $7::boolean[]) AS n (position, remote_id, kind, suggested_kind, link_to, as_new)",
        run_id,
        list(range(len(customers))),
        [c.remote_id for c in customers],
        [c.kind for c in customers],
        [c.suggested_kind for c in customers],
        [c.link_to for c in customers],
        [c.as_new for c in customers],
    )
    return True


async def corrections(tx: Tx, run_id: UUID) -> dict[str, CustomerKind]:
    """Customers that it made or linked as another kind than was suggested when it began."""
    rows = await tx.fetch(
        "SELECT remote_id, kind FROM customer_import_rows WHERE run_id = $1"
        " AND result IN ('created', 'linked') AND kind <> suggested_kind ORDER BY position",
        run_id,
    )
    return {row["remote_id"]: row["kind"] for row in rows}


async def under_way(tx: Tx, run_id: UUID) -> bool:
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM customer_imports WHERE run_id = $1 AND stage = 'importing')",
        run_id,
    )
    return found


async def next_ready(tx: Tx, again_after: timedelta) -> StoredImport | None:
    """An import whose time has come, kept from others for `again_after`."""
    row = await tx.fetchrow(
        "UPDATE customer_imports SET ready_at = clock() + $1::interval WHERE run_id = ("
        " SELECT run_id FROM customer_imports WHERE stage = 'importing' AND ready_at <= clock()"
        " ORDER BY ready_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
        " RETURNING *, clock() AS now",
        again_after,
    )
    return None if row is None else _import(row)


async def lock(tx: Tx, run_id: UUID) -> StoredImport | None:
    """The import while it is under way, locked until the transaction ends."""
    row = await tx.fetchrow(
        "SELECT *, clock() AS now FROM customer_imports WHERE run_id = $1 AND stage = 'importing'"
        " FOR UPDATE",
        run_id,
    )
    return None if row is None else _import(row)


async def find(tx: Tx, company: CompanyId, run_id: UUID) -> StoredImport | None:
    row = await tx.fetchrow(
        "SELECT *, clock() AS now FROM customer_imports WHERE run_id = $1 AND company_id = $2",
        run_id,
        company,
    )
    return None if row is None else _import(row)


async def waiting(tx: Tx, run_id: UUID, limit: int) -> list[WaitingRow]:
    """The next customers of an import."""
    rows = await tx.fetch(
        "SELECT position, remote_id, kind, link_to, as_new FROM customer_import_rows"
        " WHERE run_id = $1 AND result IS NULL ORDER BY position LIMIT $2",
        run_id,
        limit,
    )
    return [WaitingRow(**dict(row)) for row in rows]


async def ended(tx: Tx, run_id: UUID, rows: Sequence[EndedRow]) -> None:
    """Keep what became of these; one that has ended stays as it ended."""
    await tx.execute(
        "UPDATE customer_import_rows r SET result = n.result, name = n.name, why = n.why,"
        " customer_id = n.customer, linked_before = n.before, linked_version = n.version"
        " FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[],"
        " $8::bigint[]) AS n (position, result, name, why, customer, before, version)"
        " WHERE r.run_id = $1 AND r.position = n.position AND r.result IS NULL",
        run_id,
        [r.position for r in rows],
        [r.result for r in rows],
        [r.name for r in rows],
        [r.why for r in rows],
        [r.customer for r in rows],
        [r.linked_before for r in rows],
        [r.linked_version for r in rows],
    )


async def skip_the_rest(tx: Tx, run_id: UUID, why: str) -> None:
    await tx.execute(
        "UPDATE customer_import_rows SET result = 'skipped', why = $2"
        " WHERE run_id = $1 AND result IS NULL",
        run_id,
        why,
    )


async def counts(tx: Tx, run_id: UUID) -> dict[str, int]:
    """How many ended how."""
    rows = await tx.fetch(
        "SELECT result, count(*) AS n FROM customer_import_rows"
        " WHERE run_id = $1 AND result IS NOT NULL GROUP BY result",
        run_id,
    )
    return {row["result"]: row["n"] for row in rows}


async def went_on(tx: Tx, run_id: UUID, *, over: bool) -> None:
    """A piece is done: the next may be taken at once."""
    await tx.execute(
        "UPDATE customer_imports SET version = version + 1, ready_at = clock(),"
        " stage = CASE WHEN $2 THEN 'over' ELSE stage END WHERE run_id = $1",
        run_id,
        over,
    )


async def again(tx: Tx, run_id: UUID, company: CompanyId) -> None:
    """Its counts have changed after its end."""
    await tx.execute(
        "UPDATE customer_imports SET version = version + 1 WHERE run_id = $1 AND company_id = $2",
        run_id,
        company,
    )


async def made_before(
    tx: Tx, company: CompanyId, connection: ConnectionId, remote_ids: Sequence[str]
) -> dict[str, UUID]:
    """Customers that imports made of these before."""
    rows = await tx.fetch(
        "SELECT remote_id, customer_id FROM imported_customers"
        " WHERE company_id = $1 AND connection_id = $2 AND remote_id = ANY($3::text[])",
        company,
        connection,
        list(remote_ids),
    )
    return {row["remote_id"]: row["customer_id"] for row in rows}


async def made(
    tx: Tx, company: CompanyId, connection: ConnectionId, customers: Sequence[CustomerSnapshot]
) -> None:
    """Remember of what these were made. Raises UniqueViolationError where one was before."""
    await tx.execute(
        "INSERT INTO imported_customers (company_id, connection_id, remote_id, customer_id)"
        " SELECT $1, $2, n.* FROM unnest($3::text[], $4::uuid[]) AS n (remote_id, customer_id)",
        company,
        connection,
        [c.came_from.remote_id for c in customers if c.came_from is not None],
        [c.id for c in customers if c.came_from is not None],
    )


async def rows(
    tx: Tx, run_id: UUID, result: str | None, after: int, limit: int
) -> list[tuple[int, RowShown]]:
    found = await tx.fetch(
        "SELECT position, remote_id, name, result, concat_ws('; ', why, kept_why) AS why,"
        " customer_id FROM customer_import_rows"
        " WHERE run_id = $1 AND ($2::text IS NULL OR result = $2) AND position > $3"
        " ORDER BY position LIMIT $4",
        run_id,
        result,
        after,
        limit,
    )
    return [
        (
            row["position"],
            RowShown(
                remote_id=row["remote_id"],
                name=row["name"],
                result=row["result"],
                why=row["why"] or None,
                customer_id=row["customer_id"],
            ),
        )
        for row in found
    ]


async def unused(tx: Tx, company: CompanyId, run_id: UUID, limit: int) -> list[CustomerId]:
    """Customers that the import made and nobody here has used or changed."""
    found = await tx.fetch(
        "SELECT r.customer_id FROM customer_import_rows r"
        " JOIN customers c ON c.company_id = $1 AND c.id = r.customer_id AND c.version = 1"
        " WHERE r.run_id = $2 AND r.result = 'created' AND r.kept_why IS NULL AND NOT EXISTS ("
        "  SELECT FROM invoices i WHERE i.company_id = $1 AND i.customer_id = c.id)"
        " ORDER BY r.position LIMIT $3",
        company,
        run_id,
        limit,
    )
    return [CustomerId(row["customer_id"]) for row in found]


async def linked(tx: Tx, job: StoredImport, limit: int) -> list[LinkedRow]:
    """Customers that the import linked and no undo has come to."""
    found = await tx.fetch(
        "SELECT r.position, r.remote_id, r.customer_id, r.linked_before,"
        " c.version <> r.linked_version AS changed, EXISTS ("
        "  SELECT FROM invoices i JOIN record_states s ON s.connection_id = $3"
        "   AND s.entity = 'invoice' AND s.record_id = i.id"
        "  WHERE i.company_id = $1 AND i.customer_id = c.id"
        "   AND coalesce(s.folded #>> '{link}', s.folded #>> '{state,remote,id}') IS NOT NULL)"
        "  AS sent"
        " FROM customer_import_rows r"
        " JOIN customers c ON c.company_id = $1 AND c.id = r.customer_id"
        " WHERE r.run_id = $2 AND r.result = 'linked' AND r.kept_why IS NULL"
        " ORDER BY r.position LIMIT $4",
        job.company,
        job.run_id,
        job.connection,
        limit,
    )
    return [
        LinkedRow(
            position=row["position"],
            remote_id=row["remote_id"],
            customer=CustomerId(row["customer_id"]),
            before=row["linked_before"],
            changed=bool(row["changed"]),
            sent=row["sent"],
        )
        for row in found
    ]


async def take_back(
    tx: Tx, company: CompanyId, run_id: UUID, customers: Sequence[CustomerId]
) -> int:
    """Remove those of these that are still unused; how many were."""
    gone = await tx.fetch(
        "DELETE FROM customers c WHERE c.company_id = $1 AND c.id = ANY($2::uuid[])"
        " AND c.version = 1 AND NOT EXISTS (SELECT FROM invoices i"
        "  WHERE i.company_id = $1 AND i.customer_id = c.id) RETURNING c.id",
        company,
        list(customers),
    )
    ids = [row["id"] for row in gone]
    await tx.execute(
        "DELETE FROM imported_customers WHERE company_id = $1 AND customer_id = ANY($2::uuid[])",
        company,
        ids,
    )
    await tx.execute(
        "UPDATE customer_import_rows SET result = 'undone', why = 'taken back' WHERE run_id = $1"
        " AND customer_id = ANY($2::uuid[]) AND result = 'created'",
        run_id,
        ids,
    )
    return len(ids)


async def unlinked(tx: Tx, run_id: UUID, position: int) -> None:
    """Its link is taken back."""
    await tx.execute(
        "UPDATE customer_import_rows SET result = 'undone', why = 'not linked any more'"
        " WHERE run_id = $1 AND position = $2 AND result = 'linked'",
        run_id,
        position,
    )


async def stays(tx: Tx, run_id: UUID, customer: CustomerId, why: str) -> None:
    """An undo leaves it as the import made or linked it, and this is why."""
    await tx.execute(
        "UPDATE customer_import_rows SET kept_why = $3 WHERE run_id = $1 AND customer_id = $2"
        " AND result IN ('created', 'linked')",
        run_id,
        customer,
        why,
    )


async def used_stay(tx: Tx, company: CompanyId, run_id: UUID) -> None:
    """Say of those it made why they stay: they are on an invoice, or were changed."""
    await tx.execute(
        "UPDATE customer_import_rows r SET kept_why = CASE WHEN EXISTS ("
        "  SELECT FROM invoices i WHERE i.company_id = $1 AND i.customer_id = c.id)"
        "  THEN 'stays: on an invoice' ELSE 'stays: changed since' END"
        " FROM customers c WHERE r.run_id = $2 AND r.result = 'created' AND r.kept_why IS NULL"
        " AND c.company_id = $1 AND c.id = r.customer_id",
        company,
        run_id,
    )


def _import(row: Row) -> StoredImport:
    return StoredImport(
        run_id=row["run_id"],
        company=CompanyId(row["company_id"]),
        provider=row["provider"],
        connection=ConnectionId(row["connection_id"]),
        user=UserId(row["user_id"]),
        user_name=row["user_name"],
        total=row["total"],
        version=row["version"],
        started_at=row["started_at"],
        now=row["now"],
    )
