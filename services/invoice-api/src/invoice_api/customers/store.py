"""SQL of customers."""

from collections.abc import Sequence

from contracts.ids import CompanyId, CustomerId
from contracts.invoicing import CustomerSnapshot
from messaging.database import Row, Tx

from invoice_api.deeds.store import Deed, as_json, begun_with, gone_on_with
from invoice_api.http.paging import PageRequest
from invoice_api.sync_status.filters import SyncFilter, literally

_WANTED = (
    "c.company_id = $1"
    " AND ($5::text IS NULL OR c.name ILIKE $5 OR c.email ILIKE $5 OR c.company_name ILIKE $5)"
    " AND (NOT $6::boolean OR coalesce(c.email, '') = '')"
    " AND (($2::text[] IS NULL AND $3::text IS NULL) OR EXISTS ("
    "  SELECT FROM connections k LEFT JOIN record_states s ON s.connection_id = k.id"
    "  AND s.entity = 'customer' AND s.record_id = c.id"
    "  WHERE k.company_id = $1 AND k.current AND ($4::text IS NULL OR k.provider = $4)"
    "  AND ($2::text[] IS NULL OR coalesce(s.state, 'not_synced') = ANY($2))"
    "  AND ($3::text IS NULL OR s.cause_code = $3 OR s.cause_group = $3)))"
)
"""$1 the company, $2 to $5 a filter's arguments, $6 whether only those without an e-mail."""


async def insert_customers(
    tx: Tx, company: CompanyId, customers: Sequence[CustomerSnapshot], deed: Deed
) -> None:
    """Keep new customers, set-wise; `deed` is what made them."""
    await tx.execute(
        "INSERT INTO customers (company_id, id, version, name, email, company_name, snapshot)"  # noqa: S608  (expressions of ours)
        " SELECT $1, n.id, n.version, n.name, n.email, n.company_name, "
        + begun_with("n.snapshot::jsonb", "$8")
        + " FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[])"
        " AS n (id, version, name, email, company_name, snapshot)",
        company,
        [c.id for c in customers],
        [c.version for c in customers],
        [c.name for c in customers],
        [c.email for c in customers],
        [c.company_name for c in customers],
        [c.model_dump_json() for c in customers],
        as_json([deed]),
    )


async def save_customer(tx: Tx, company: CompanyId, customer: CustomerSnapshot, deed: Deed) -> None:
    """Keep a customer that was loaded for update in this transaction."""
    await tx.execute(
        "UPDATE customers SET version = $3, name = $4, email = $5, company_name = $6,"  # noqa: S608  (expressions of ours)
        " snapshot = "
        + gone_on_with("$7::jsonb", "$8")
        + ", changed_at = clock(), changed_xid = pg_current_xact_id()"
        " WHERE company_id = $1 AND id = $2",
        company,
        customer.id,
        customer.version,
        customer.name,
        customer.email,
        customer.company_name,
        customer.model_dump_json(),
        as_json([deed]),
    )


async def find_customer(
    tx: Tx, company: CompanyId, customer: CustomerId
) -> CustomerSnapshot | None:
    row = await tx.fetchrow(
        "SELECT snapshot FROM customers WHERE company_id = $1 AND id = $2", company, customer
    )
    return None if row is None else _customer(row)


async def find_customer_for_update(
    tx: Tx, company: CompanyId, customer: CustomerId
) -> CustomerSnapshot | None:
    """The customer, locked until the transaction ends."""
    row = await tx.fetchrow(
        "SELECT snapshot FROM customers WHERE company_id = $1 AND id = $2 FOR UPDATE",
        company,
        customer,
    )
    return None if row is None else _customer(row)


async def load_customers(
    tx: Tx, company: CompanyId, ids: Sequence[CustomerId]
) -> dict[CustomerId, CustomerSnapshot]:
    """Those of `ids` that are the company's."""
    rows = await tx.fetch(
        "SELECT snapshot FROM customers WHERE company_id = $1 AND id = ANY($2::uuid[])",
        company,
        list(set(ids)),
    )
    return {c.id: c for c in map(_customer, rows)}


async def list_customers(
    tx: Tx,
    company: CompanyId,
    page: PageRequest,
    wanted: SyncFilter,
    *,
    without_email: bool = False,
) -> list[CustomerSnapshot]:
    """Newest first, one more than the page holds."""
    rows = await tx.fetch(
        "SELECT c.snapshot FROM customers c WHERE "  # noqa: S608  (expressions of ours)
        + _WANTED
        + " AND ($7::uuid IS NULL OR c.id < $7) ORDER BY c.id DESC LIMIT $8",
        company,
        *wanted.arguments,
        without_email,
        page.before,
        page.limit + 1,
    )
    return [_customer(row) for row in rows]


async def find_customers(
    tx: Tx, company: CompanyId, words: str, limit: int
) -> list[CustomerSnapshot]:
    """Those with these words in them, by name; the ones whose name begins so come first."""
    rows = await tx.fetch(
        "SELECT snapshot FROM customers WHERE company_id = $1"
        " AND (name ILIKE $2 OR email ILIKE $2 OR company_name ILIKE $2)"
        " ORDER BY name ILIKE $3 DESC, lower(name), id LIMIT $4",
        company,
        f"%{literally(words)}%",
        f"{literally(words)}%",
        limit,
    )
    return [_customer(row) for row in rows]


async def count_customers(
    tx: Tx, company: CompanyId, wanted: SyncFilter, *, without_email: bool = False
) -> int:
    """How many the list has in all."""
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM customers c WHERE " + _WANTED,  # noqa: S608  (expressions of ours)
            company,
            *wanted.arguments,
            without_email,
        )
    )


def _customer(row: Row) -> CustomerSnapshot:
    return CustomerSnapshot.model_validate_json(row["snapshot"])


async def find_by_names(
    tx: Tx, company: CompanyId, names: Sequence[str]
) -> dict[str, list[CustomerSnapshot]]:
    """Customers by their names in lower case; `names` must be that."""
    rows = await tx.fetch(
        "SELECT lower(name) AS folded, snapshot FROM customers"
        " WHERE company_id = $1 AND lower(name) = ANY($2::text[]) ORDER BY id",
        company,
        list(names),
    )
    found: dict[str, list[CustomerSnapshot]] = {}
    for row in rows:
        found.setdefault(row["folded"], []).append(_customer(row))
    return found


async def find_same(
    tx: Tx, company: CompanyId, name: str, email: str | None
) -> CustomerSnapshot | None:
    """The oldest customer of this name and this e-mail, however their letters are written."""
    row = await tx.fetchrow(
        "SELECT snapshot FROM customers WHERE company_id = $1 AND lower(name) = lower($2)"
        " AND lower(coalesce(email, '')) = lower($3) ORDER BY id LIMIT 1",
        company,
        name,
        email or "",
    )
    return None if row is None else _customer(row)


async def find_copy(
    tx: Tx, company: CompanyId, customer: CustomerId, currency: str
) -> CustomerSnapshot | None:
    """The copy of a customer that was made for a currency."""
    row = await tx.fetchrow(
        "SELECT c.snapshot FROM customer_copies k"
        " JOIN customers c ON c.company_id = k.company_id AND c.id = k.copy_id"
        " WHERE k.company_id = $1 AND k.customer_id = $2 AND k.currency = $3",
        company,
        customer,
        currency,
    )
    return None if row is None else _customer(row)


async def remember_copy(
    tx: Tx, company: CompanyId, customer: CustomerId, currency: str, copy: CustomerId
) -> None:
    await tx.execute(
        "INSERT INTO customer_copies (company_id, customer_id, currency, copy_id)"
        " VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (company_id, customer_id, currency) DO UPDATE SET copy_id = excluded.copy_id",
        company,
        customer,
        currency,
        copy,
    )
