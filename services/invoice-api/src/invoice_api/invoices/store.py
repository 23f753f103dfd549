"""SQL of invoices."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import asyncpg
from contracts.ids import CompanyId, CustomerId, InvoiceId
from contracts.invoicing import InvoiceSnapshot, InvoiceStatus
from messaging.database import Row, Tx, whole_company

from invoice_api.deeds.store import Deed, as_json, begun_with, gone_on_with
from invoice_api.http.paging import PageRequest
from invoice_api.sync_status.filters import SyncFilter


@dataclass(frozen=True)
class StoredInvoice:
    """An invoice, its customer's name, and whether other services have heard of it."""

    snapshot: InvoiceSnapshot
    customer_name: str
    told: bool = False

    def having(self, snapshot: InvoiceSnapshot, *, told: bool | None = None) -> "StoredInvoice":
        return replace(self, snapshot=snapshot, told=self.told if told is None else told)


@dataclass(frozen=True)
class LockedInvoice:
    """An invoice that nobody else changes until the transaction ends, and when that began."""

    stored: StoredInvoice
    now: datetime


@dataclass(frozen=True)
class InvoiceFilter:
    """Only invoices of these statuses, of this customer, dated in the month that begins so."""

    statuses: tuple[InvoiceStatus, ...] = ()
    customer: CustomerId | None = None
    month: date | None = None


_SELECT = (
    "SELECT i.snapshot, i.told, c.name AS customer_name FROM invoices i"
    " JOIN customers c ON c.company_id = i.company_id AND c.id = i.customer_id"
)

_UPDATE = (
    "UPDATE invoices SET version = $3, number = $4, status = $5, customer_id = $6,"  # noqa: S608  (expressions of ours)
    " issue_date = $7, currency = $8, total = $9, told = $10, snapshot = "
    + gone_on_with("$11::jsonb", "$12")
    + ", changed_at = clock(), changed_xid = pg_current_xact_id()"
    " WHERE company_id = $1 AND id = $2"
)

# The state a badge shows where it isn't simply what was said; the same rules as badge.effective.
_SHOWN_STATE = (
    "CASE WHEN i.status = 'draft' THEN 'not_eligible'"
    " WHEN i.status = 'void' AND coalesce(s.state, 'not_synced') IN ('not_synced', 'not_eligible')"
    " THEN 'voided'"
    " WHEN s.state IS NOT NULL THEN s.state"
    " WHEN i.issue_date < k.start_date THEN 'not_eligible'"
    " ELSE 'not_synced' END"
)
_SHOWN_CAUSE = (
    "CASE WHEN i.status = 'draft' THEN 'invoice_draft'"
    " WHEN s.state IS NOT NULL THEN s.cause_code"
    " WHEN i.status = 'void' THEN NULL"
    " WHEN i.issue_date < k.start_date THEN 'before_start_date'"
    " ELSE 'not_synced_yet' END"
)


async def insert_invoices(
    tx: Tx, company: CompanyId, invoices: Sequence[StoredInvoice], deeds: Sequence[Deed]
) -> set[InvoiceId]:
    """Keep new invoices, set-wise; the ids of those kept. The others' numbers are taken.

    `deeds` are what was done to each of them.
    """
    snapshots = [i.snapshot for i in invoices]
    rows = await tx.fetch(
        "INSERT INTO invoices (company_id, id, version, number, status, customer_id, issue_date,"  # noqa: S608  (expressions of ours)
        " currency, total, told, snapshot)"
        " SELECT $1, n.id, n.version, n.number, n.status, n.customer_id, n.issue_date, n.currency,"
        " n.total, n.told, "
        + begun_with("n.snapshot::jsonb", "$12")
        + " FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::uuid[], $7::date[],"
        " $8::text[], $9::numeric[], $10::boolean[], $11::text[])"
        " AS n (id, version, number, status, customer_id, issue_date, currency, total, told,"
        " snapshot)"
        " ON CONFLICT (company_id, number) DO NOTHING RETURNING id",
        company,
        [i.id for i in snapshots],
        [i.version for i in snapshots],
        [i.number for i in snapshots],
        [i.status for i in snapshots],
        [i.customer_id for i in snapshots],
        [i.issue_date for i in snapshots],
        [i.currency for i in snapshots],
        [i.total for i in snapshots],
        [i.told for i in invoices],
        [i.model_dump_json() for i in snapshots],
        as_json(deeds),
    )
    return {InvoiceId(row["id"]) for row in rows}


async def take_numbers(tx: Tx, company: CompanyId, count: int) -> list[str]:
    """The company's next numbers. Others who number wait until this transaction ends."""
    after = await tx.fetchval(
        "UPDATE invoice_numbers SET next = next + $2 WHERE company_id = $1 RETURNING next",
        company,
        count,
    )
    return [str(number) for number in range(int(after) - count, int(after))]


async def take_free_numbers(tx: Tx, company: CompanyId, count: int) -> list[str]:
    """The same, passing over numbers that people have given themselves."""
    start = int(
        await tx.fetchval(
            "SELECT next FROM invoice_numbers WHERE company_id = $1 FOR UPDATE", company
        )
    )
    free: list[int] = []
    while len(free) < count:
        rows = await tx.fetch(
            "SELECT n FROM generate_series($2::bigint, $2::bigint + 4999) AS n"
            " WHERE NOT EXISTS ("
            "  SELECT FROM invoices WHERE company_id = $1 AND number = n::text)"
            " ORDER BY n LIMIT $3",
            company,
            start,
            count - len(free),
        )
        free.extend(int(row["n"]) for row in rows)
        start += 5_000
    await tx.execute(
        "UPDATE invoice_numbers SET next = $2 WHERE company_id = $1", company, free[-1] + 1
    )
    return [str(number) for number in free]


async def save_invoice(tx: Tx, company: CompanyId, invoice: StoredInvoice, deed: Deed) -> bool:
    """Keep an invoice that was loaded for update here; False when its new number is taken."""
    try:
        await tx.execute(_UPDATE, company, *_columns(invoice), as_json([deed]))
    except asyncpg.UniqueViolationError:
        # The transaction can't go on; its caller refuses the request.
        return False
    return True


def _columns(invoice: StoredInvoice) -> tuple[object, ...]:
    snapshot = invoice.snapshot
    return (
        snapshot.id,
        snapshot.version,
        snapshot.number,
        snapshot.status,
        snapshot.customer_id,
        snapshot.issue_date,
        snapshot.currency,
        snapshot.total,
        invoice.told,
        snapshot.model_dump_json(),
    )


async def mark_told(tx: Tx, company: CompanyId, invoice: InvoiceId) -> None:
    """Other services have heard of this invoice now: they will hear of its changes."""
    await tx.execute(
        "UPDATE invoices SET told = true, changed_xid = pg_current_xact_id()"
        " WHERE company_id = $1 AND id = $2 AND NOT told",
        company,
        invoice,
    )


async def find_invoice(tx: Tx, company: CompanyId, invoice: InvoiceId) -> StoredInvoice | None:
    row = await tx.fetchrow(_SELECT + " WHERE i.company_id = $1 AND i.id = $2", company, invoice)
    return None if row is None else _invoice(row)


async def find_invoice_for_update(
    tx: Tx, company: CompanyId, invoice: InvoiceId
) -> LockedInvoice | None:
    row = await tx.fetchrow(
        "SELECT i.snapshot, i.told, c.name AS customer_name, clock() AS now FROM invoices i"
        " JOIN customers c ON c.company_id = i.company_id AND c.id = i.customer_id"
        " WHERE i.company_id = $1 AND i.id = $2 FOR UPDATE OF i",
        company,
        invoice,
    )
    return None if row is None else LockedInvoice(_invoice(row), row["now"])


async def load_invoices(
    tx: Tx, company: CompanyId, ids: Sequence[InvoiceId]
) -> dict[InvoiceId, StoredInvoice]:
    """Those of `ids` that are the company's."""
    rows = await tx.fetch(
        _SELECT + " WHERE i.company_id = $1 AND i.id = ANY($2::uuid[])", company, list(set(ids))
    )
    return {i.snapshot.id: i for i in map(_invoice, rows)}


async def list_invoices(
    tx: Tx, company: CompanyId, page: PageRequest, wanted: SyncFilter, of: InvoiceFilter
) -> list[StoredInvoice]:
    """Newest first, one more than the page holds."""
    order = "DESC" if page.after is None else "ASC"
    rows = await tx.fetch(
        _SELECT + " WHERE i.company_id = $1 AND ($2::uuid IS NULL OR i.id < $2)"
        " AND ($10::uuid IS NULL OR i.id > $10)"
        " AND ($7::text IS NULL OR i.number ILIKE $7 OR c.name ILIKE $7 OR i.total::text ILIKE $7)"
        " AND ($8::text[] IS NULL OR i.status = ANY($8))"
        " AND ($9::uuid IS NULL OR i.customer_id = $9)"
        " AND ($11::date IS NULL OR i.issue_date >= $11"
        "  AND i.issue_date < ($11 + interval '1 month'))"
        " AND (($4::text[] IS NULL AND $5::text IS NULL) OR EXISTS ("
        "  SELECT FROM connections k LEFT JOIN record_states s ON s.connection_id = k.id"
        "  AND s.entity = 'invoice' AND s.record_id = i.id"
        "  WHERE k.company_id = $1 AND k.current AND ($6::text IS NULL OR k.provider = $6)"
        "  AND ($4::text[] IS NULL OR " + _SHOWN_STATE + " = ANY($4))"
        "  AND ($5::text IS NULL OR " + _SHOWN_CAUSE + " = $5"
        "   OR (i.status <> 'draft' AND s.cause_group = $5))))"
        f" ORDER BY i.id {order} LIMIT $3",
        company,
        page.before,
        page.limit + 1,
        *wanted.arguments,
        list(of.statuses) or None,
        of.customer,
        page.after,
        of.month,
    )
    return [_invoice(row) for row in rows]


async def count_by_state(tx: Tx, company: CompanyId) -> tuple[int, int, dict[str, int]]:
    """All invoices, the drafts among them, and how many show each state at any provider."""
    row = await tx.fetchrow(
        "SELECT count(*) AS n, count(*) FILTER (WHERE status = 'draft') AS drafts"
        " FROM invoices WHERE company_id = $1",
        company,
    )
    assert row is not None, "a count always answers"
    async with whole_company(tx):
        rows = await tx.fetch(
            "SELECT state, count(DISTINCT id) AS n FROM ("  # noqa: S608  (constants above)
            " SELECT i.id, " + _SHOWN_STATE + " AS state FROM invoices i"
            " JOIN connections k ON k.company_id = i.company_id AND k.current"
            " LEFT JOIN record_states s ON s.company_id = $1 AND s.connection_id = k.id"
            " AND s.entity = 'invoice' AND s.record_id = i.id"
            " WHERE i.company_id = $1) AS shown GROUP BY state",
            company,
        )
    return int(row["n"]), int(row["drafts"]), {r["state"]: int(r["n"]) for r in rows}


async def months(tx: Tx, company: CompanyId, limit: int) -> list[date]:
    """First days of the newest months that have invoices, drafts left out; the newest first."""
    rows = await tx.fetch(
        "SELECT DISTINCT date_trunc('month', issue_date)::date AS month FROM invoices"
        " WHERE company_id = $1 AND status <> 'draft' ORDER BY month DESC LIMIT $2",
        company,
        limit,
    )
    return [row["month"] for row in rows]


def _invoice(row: Row) -> StoredInvoice:
    return StoredInvoice(
        InvoiceSnapshot.model_validate_json(row["snapshot"]), row["customer_name"], row["told"]
    )


@dataclass(frozen=True)
class NotTold:
    """Invoices that no other service has heard of, counted."""

    drafts: int
    finalized: int
    too_old: int


async def count_not_told(tx: Tx, company: CompanyId, start: date | None) -> NotTold:
    """How many are drafts, and how many finalized ones are of before `start` or not."""
    row = await tx.fetchrow(
        "SELECT count(*) FILTER (WHERE status = 'draft') AS drafts,"
        " count(*) FILTER (WHERE status = 'pending' AND (issue_date >= $2) IS NOT FALSE)"
        " AS finalized,"
        " count(*) FILTER (WHERE status = 'pending' AND issue_date < $2) AS too_old"
        " FROM invoices WHERE company_id = $1 AND NOT told",
        company,
        start,
    )
    assert row is not None, "an aggregate has a row"
    return NotTold(row["drafts"], row["finalized"], row["too_old"])


async def tell_finalized(tx: Tx, company: CompanyId, start: date | None) -> list[InvoiceSnapshot]:
    """Finalized invoices, not of before `start`, that others hear of from now on."""
    rows = await tx.fetch(
        "UPDATE invoices SET told = true, changed_xid = pg_current_xact_id()"
        " WHERE company_id = $1 AND status = 'pending' AND NOT told"
        " AND (issue_date >= $2) IS NOT FALSE RETURNING snapshot",
        company,
        start,
    )
    return [InvoiceSnapshot.model_validate_json(row["snapshot"]) for row in rows]


async def find_by_numbers(
    tx: Tx, company: CompanyId, numbers: Sequence[str]
) -> dict[str, InvoiceSnapshot]:
    """The company's invoices that have these numbers."""
    rows = await tx.fetch(
        "SELECT number, snapshot FROM invoices WHERE company_id = $1 AND number = ANY($2::text[])",
        company,
        list(numbers),
    )
    return {row["number"]: InvoiceSnapshot.model_validate_json(row["snapshot"]) for row in rows}


async def count_waiting(
    tx: Tx, company: CompanyId, customers: Sequence[CustomerId]
) -> dict[CustomerId, int]:
    """How many invoices of these customers should be at a provider and aren't yet."""
    rows = await tx.fetch(
        "SELECT i.customer_id, count(DISTINCT i.id) AS n FROM invoices i"
        " JOIN record_states s ON s.company_id = i.company_id AND s.record_id = i.id"
        "  AND s.entity = 'invoice'"
        "  AND s.state IN ('waiting', 'blocked', 'held', 'queued', 'checking')"
        " JOIN connections k ON k.id = s.connection_id AND k.current"
        " WHERE i.company_id = $1 AND i.customer_id = ANY($2::uuid[]) GROUP BY i.customer_id",
        company,
        list(customers),
    )
    return {CustomerId(row["customer_id"]): int(row["n"]) for row in rows}
