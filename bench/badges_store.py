"""What the administrator's eye sees in the services' schemas while something is measured."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg


async def connect(database_url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """One session of the administrator's; the caller closes it."""
    return await asyncpg.connect(database_url)


async def synced(admin: "asyncpg.Connection[asyncpg.Record]") -> int:
    """How many invoices' badges say "Synced", over all companies."""
    count: int = await admin.fetchval(
        "SELECT count(*) FROM invoice_api.record_states"
        " WHERE entity = 'invoice' AND state = 'synced'"
    )
    return count


async def other_states(admin: "asyncpg.Connection[asyncpg.Record]") -> Mapping[str, int]:
    """The invoices that aren't synced, by state and cause."""
    rows = await admin.fetch(
        "SELECT state || coalesce(' ' || cause_code, '') AS state, count(*) AS invoices"
        " FROM invoice_api.record_states WHERE entity = 'invoice' AND state <> 'synced'"
        " GROUP BY 1"
    )
    return {row["state"]: row["invoices"] for row in rows}


async def waiting_to_be_told(admin: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Rows in invoice-api's outbox."""
    count: int = await admin.fetchval("SELECT count(*) FROM invoice_api.outbox")
    return count


async def requests_of(
    admin: "asyncpg.Connection[asyncpg.Record]", invoices: Sequence[UUID]
) -> Mapping[UUID, UUID]:
    """The last request that each of these invoices went in."""
    rows = await admin.fetch(
        "SELECT DISTINCT ON (record_id) record_id, request_id FROM connector_qbo.ledger"
        " WHERE entity = 'invoice' AND record_id = ANY ($1::uuid[]) AND request_id IS NOT NULL"
        " ORDER BY record_id, opened_at DESC",
        list(invoices),
    )
    return {row["record_id"]: row["request_id"] for row in rows}


async def not_synced(admin: "asyncpg.Connection[asyncpg.Record]", invoices: Sequence[str]) -> int:
    """How many of these invoices' badges don't say "Synced"."""
    count: int = await admin.fetchval(
        "SELECT count(*) FROM unnest($1::uuid[]) AS given (id) WHERE NOT EXISTS ("
        " SELECT FROM invoice_api.record_states"
        " WHERE entity = 'invoice' AND record_id = given.id AND state = 'synced')",
        [UUID(invoice) for invoice in invoices],
    )
    return count
