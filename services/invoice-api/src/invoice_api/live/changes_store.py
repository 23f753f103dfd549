"""SQL of what changed lately in the companies that somebody watches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from contracts.ids import CompanyId, Entity
from messaging.database import Tx


@dataclass(frozen=True)
class Changed:
    """A row that changed, and the transaction that changed it."""

    company: CompanyId
    kind: Literal["record", "integration", "run"]
    entity: Entity
    id: UUID
    xid: int
    source: str


async def horizon(tx: Tx) -> int:
    """Every transaction below this one has ended; read it before what it is a horizon of."""
    return int(await tx.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())::text"))


async def has_changed(tx: Tx, position: int, company: CompanyId) -> bool:
    """Whether a transaction from `position` on changed what a page of the company may show."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM record_states"
            " WHERE changed_xid >= $1::text::xid8 AND company_id = $2)"
            " OR EXISTS (SELECT FROM invoices"
            " WHERE changed_xid >= $1::text::xid8 AND company_id = $2)"
            " OR EXISTS (SELECT FROM connections"
            " WHERE changed_xid >= $1::text::xid8 AND company_id = $2 AND current)"
            " OR EXISTS (SELECT FROM runs WHERE changed_xid >= $1::text::xid8 AND company_id = $2)",
            str(position),
            company,
        )
    )


async def changed_since(tx: Tx, position: int, companies: Sequence[CompanyId]) -> list[Changed]:
    """Rows changed by transactions from `position` on, as far as they have committed."""
    rows = await tx.fetch(
        "SELECT company_id, 'record' AS kind, entity, record_id AS id, changed_xid::text AS xid,"
        " 'state.' || connection_id AS source FROM record_states"
        " WHERE changed_xid >= $1::text::xid8 AND company_id = ANY($2::uuid[])"
        " UNION ALL SELECT company_id, 'record', 'invoice', id, changed_xid::text, 'invoice'"
        " FROM invoices WHERE changed_xid >= $1::text::xid8 AND company_id = ANY($2::uuid[])"
        " UNION ALL SELECT company_id, 'integration', 'invoice', id, changed_xid::text,"
        " 'connection' FROM connections"
        " WHERE changed_xid >= $1::text::xid8 AND company_id = ANY($2::uuid[]) AND current"
        " UNION ALL SELECT company_id, 'run', 'invoice', id, changed_xid::text, 'run' FROM runs"
        " WHERE changed_xid >= $1::text::xid8 AND company_id = ANY($2::uuid[])",
        str(position),
        list(companies),
    )
    return [
        Changed(
            CompanyId(row["company_id"]),
            row["kind"],
            row["entity"],
            row["id"],
            int(row["xid"]),
            row["source"],
        )
        for row in rows
    ]
