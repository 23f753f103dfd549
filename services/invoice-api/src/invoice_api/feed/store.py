"""SQL of the records feed, ordered by the transaction that changed a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.ids import CompanyId, Entity
from messaging.database import Tx


@dataclass(frozen=True)
class FeedRow:
    """A record as it is, and where it stands in the feed."""

    xid: int
    id: UUID
    company: CompanyId
    entity: Entity
    changed_at: datetime
    snapshot: str


async def read_records(tx: Tx, after_xid: int, after_id: UUID, limit: int) -> Sequence[FeedRow]:
    """The next records; it ends where a transaction that is still open may yet put one."""
    rows = await tx.fetch(
        "WITH edge AS (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin)"
        " SELECT * FROM ("
        "  (SELECT changed_xid, id, company_id, 'customer' AS entity, changed_at, snapshot"
        "   FROM customers, edge WHERE (changed_xid, id) > ($1::text::xid8, $2)"
        "   AND changed_xid < edge.xmin ORDER BY changed_xid, id LIMIT $3)"
        "  UNION ALL"
        "  (SELECT changed_xid, id, company_id, 'item', changed_at, snapshot"
        "   FROM items, edge WHERE (changed_xid, id) > ($1::text::xid8, $2)"
        "   AND changed_xid < edge.xmin ORDER BY changed_xid, id LIMIT $3)"
        "  UNION ALL"
        "  (SELECT changed_xid, id, company_id, 'invoice', changed_at, snapshot"
        "   FROM invoices, edge WHERE told AND (changed_xid, id) > ($1::text::xid8, $2)"
        "   AND changed_xid < edge.xmin ORDER BY changed_xid, id LIMIT $3)"
        " ) AS records ORDER BY changed_xid, id LIMIT $3",
        str(after_xid),
        after_id,
        limit,
    )
    return [
        FeedRow(
            int(str(row["changed_xid"])),
            row["id"],
            CompanyId(row["company_id"]),
            row["entity"],
            row["changed_at"],
            row["snapshot"],
        )
        for row in rows
    ]
