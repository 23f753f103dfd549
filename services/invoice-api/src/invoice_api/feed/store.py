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


async def read_records(
    tx: Tx, after_xid: int, after_id: UUID, before_xid: int, limit: int
) -> Sequence[FeedRow]:
    """The next records changed before `before_xid`."""
    rows = await tx.fetch(
        "SELECT * FROM ("
        "  (SELECT changed_xid, id, company_id, 'customer' AS entity, changed_at, snapshot"
        "   FROM customers WHERE (changed_xid, id) > ($1, $2) AND changed_xid < $3"
        "   ORDER BY changed_xid, id LIMIT $4)"
        "  UNION ALL"
        "  (SELECT changed_xid, id, company_id, 'item', changed_at, snapshot"
        "   FROM items WHERE (changed_xid, id) > ($1, $2) AND changed_xid < $3"
        "   ORDER BY changed_xid, id LIMIT $4)"
        "  UNION ALL"
        "  (SELECT changed_xid, id, company_id, 'invoice', changed_at, snapshot"
        "   FROM invoices WHERE told AND (changed_xid, id) > ($1, $2) AND changed_xid < $3"
        "   ORDER BY changed_xid, id LIMIT $4)"
        " ) AS records ORDER BY changed_xid, id LIMIT $4",
        after_xid,
        after_id,
        before_xid,
        limit,
    )
    return [
        FeedRow(
            int(row["changed_xid"]),
            row["id"],
            CompanyId(row["company_id"]),
            row["entity"],
            row["changed_at"],
            row["snapshot"],
        )
        for row in rows
    ]
