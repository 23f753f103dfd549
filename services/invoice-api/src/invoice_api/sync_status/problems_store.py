"""SQL over open problems as this service knows them: no other service is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.ids import CompanyId, ConnectionId, Provider
from contracts.sync import CauseInstance
from messaging.database import Tx

from invoice_api.sync_status.fold import Folded

_OPEN = ["blocked", "removed_there", "synced_with_difference", "changed_there"]


@dataclass(frozen=True)
class OpenGroup:
    """Invoices that one cause keeps from where they should be."""

    provider: Provider
    group: str
    count: int
    amount: Decimal
    currency: str
    example: CauseInstance | None


async def largest_group(
    tx: Tx, company: CompanyId, connections: Sequence[ConnectionId]
) -> OpenGroup | None:
    """The open group with the most money in one currency, over these connections."""
    row = await tx.fetchrow(
        "SELECT s.provider, s.cause_group, i.currency, count(*) AS n, sum(i.total) AS amount,"
        " (array_agg(s.folded ORDER BY s.record_id DESC))[1] AS example"
        " FROM record_states s JOIN invoices i ON i.company_id = s.company_id"
        " AND i.id = s.record_id"
        " WHERE s.company_id = $1 AND s.connection_id = ANY($2::uuid[]) AND s.entity = 'invoice'"
        " AND s.state = ANY($3::text[]) AND s.cause_group IS NOT NULL"
        " GROUP BY s.provider, s.cause_group, i.currency ORDER BY amount DESC, n DESC LIMIT 1",
        company,
        list(connections),
        _OPEN,
    )
    if row is None:
        return None
    shown = Folded.model_validate_json(row["example"]).shown()
    return OpenGroup(
        provider=row["provider"],
        group=row["cause_group"],
        count=int(row["n"]),
        amount=row["amount"],
        currency=row["currency"],
        example=shown.cause,
    )
