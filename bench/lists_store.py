"""SQL of a company as large as lists must bear: invoices in every state, made in one go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from messaging.database import Tx

_STATES = (
    "(ARRAY['synced','synced','synced','synced','synced','synced','synced','synced',"
    "'blocked','queued','waiting','out_of_date','ignored','removed_there','held','checking'])"
)


async def fill(tx: Tx, company: UUID, connection: UUID, sizes: Mapping[str, int]) -> None:
    """Customers, items, invoices of three lines, and what was said of each invoice."""
    await tx.execute(
        "INSERT INTO customers (company_id, id, version, name, email, company_name, snapshot)"
        " SELECT $1, id, 1, name, email, NULL, jsonb_build_object('id', id, 'version', 1,"
        "  'name', name, 'kind', 'homeowner', 'email', email, 'phone', NULL,"
        "  'company_name', NULL, 'address', NULL, 'created_at', '2026-01-01T00:00:00Z')"
        " FROM (SELECT uuidv7(n * interval '1 second') AS id, 'Customer ' || n AS name,"
        "  'c' || n || '@lists.example' AS email FROM generate_series(1, $2::int) AS n) AS made",
        company,
        sizes["customers"],
    )
    await tx.execute(
        "INSERT INTO items (company_id, id, version, name, sku, snapshot)"
        " SELECT $1, id, 1, name, sku, jsonb_build_object('id', id, 'version', 1, 'name', name,"
        "  'sku', sku, 'description', NULL, 'unit_price', '12.50',"
        "  'created_at', '2026-01-01T00:00:00Z')"
        " FROM (SELECT uuidv7(n * interval '1 second') AS id, 'Item ' || n AS name,"
        "  'SKU-' || n AS sku FROM generate_series(1, $2::int) AS n) AS made",
        company,
        sizes["items"],
    )
    await tx.execute(_INVOICES, company, sizes["invoices"], sizes["customers"], sizes["items"])
    await tx.execute(_SAID, company, connection)


_INVOICES = (
    "WITH people AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM customers"
    "  WHERE company_id = $1),"
    " things AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM items"
    "  WHERE company_id = $1),"
    " made AS (SELECT n, uuidv7(n * interval '1 second') AS id, p.id AS customer, t.id AS item,"
    "  date '2025-12-31' - (n % 700) AS day, (n % 900 + 1) * 12.50 AS total,"
    "  CASE WHEN n % 97 = 0 THEN 'draft' WHEN n % 31 = 0 THEN 'pending' ELSE 'sent' END AS status"
    "  FROM generate_series(1, $2::int) AS n JOIN people p ON p.place = n % $3::int + 1"
    "  JOIN things t ON t.place = n % $4::int + 1)"
    " INSERT INTO invoices (company_id, id, version, number, status, customer_id, issue_date,"
    "  currency, total, told, snapshot)"
    " SELECT $1, id, 1, (100000 + n)::text, status, customer, day, 'USD', total,"
    "  status = 'sent', jsonb_build_object('id', id, 'version', 1, 'number', (100000 + n)::text,"
    "  'status', status, 'customer_id', customer, 'issue_date', day, 'due_date', NULL,"
    "  'currency', 'USD', 'memo', NULL, 'subtotal', total::text, 'tax', '0.00',"
    "  'total', total::text, 'lines', (SELECT jsonb_agg(jsonb_build_object('position', p,"
    "   'item_id', item, 'description', 'As agreed', 'quantity', '1',"
    "   'unit_price', '12.50', 'amount', '12.50')) FROM generate_series(1, 3) AS p))"
    " FROM made"
)

_SAID = (
    "INSERT INTO record_states (connection_id, entity, record_id, company_id, provider, state,"
    "  cause_code, cause_group, folded)"
    " SELECT $2, 'invoice', id, $1, 'qbo', state,"
    "  CASE WHEN state = 'blocked' THEN 'item_account_unmapped' END,"
    "  CASE WHEN state = 'blocked' THEN 'item_account_unmapped' END,"
    "  jsonb_build_object('position', jsonb_build_object('generation', 1, 'step', 1, 'rank', 0,"
    "   'at', '2026-01-01T00:00:00Z'), 'state', jsonb_build_object('provider', 'qbo',"
    "   'connection_id', $2::uuid, 'entity', 'invoice', 'record_id', id, 'generation', 1,"
    "   'step', 1, 'state', state, 'changed_at', '2026-01-01T00:00:00Z',"
    "   'cause', CASE WHEN state = 'blocked' THEN jsonb_build_object("
    "    'code', 'item_account_unmapped', 'params', jsonb_build_object('items',"
    "    'Pipe')) END))"
    " FROM (SELECT id, " + _STATES + "[1 + row_number() OVER (ORDER BY number) % 16] AS state"
    "  FROM invoices WHERE company_id = $1 AND status = 'sent') AS sent"
)


async def analyze(tx: Tx) -> None:
    for table in ("customers", "items", "invoices", "record_states"):
        await tx.execute(f"ANALYZE {table}")


async def a_record(tx: Tx, company: UUID, table: str) -> Any:
    return await tx.fetchval(
        f"SELECT id FROM {table} WHERE company_id = $1 ORDER BY id OFFSET 100 LIMIT 1",
        company,
    )
