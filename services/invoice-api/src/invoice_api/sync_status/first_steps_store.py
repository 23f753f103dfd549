"""SQL of a company's first steps: what is so by now, and what it skipped."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.ids import CompanyId, ConnectionId
from messaging.database import Tx


@dataclass(frozen=True)
class StepFacts:
    """What the steps are ticked by, over these connections."""

    skipped: frozenset[str]
    dismissed: bool
    items: int
    customers_there: bool
    synced: bool


async def load(tx: Tx, company: CompanyId, connections: Sequence[ConnectionId]) -> StepFacts:
    row = await tx.fetchrow(
        "SELECT f.skipped, f.dismissed,"
        " (SELECT count(*) FROM items i WHERE i.company_id = $1) AS items,"
        " EXISTS (SELECT FROM record_states s WHERE s.company_id = $1"
        "  AND s.connection_id = ANY($2::uuid[]) AND s.entity = 'customer'"
        "  AND s.state = 'synced') AS customers_there,"
        " EXISTS (SELECT FROM record_states s WHERE s.company_id = $1"
        "  AND s.connection_id = ANY($2::uuid[]) AND s.entity = 'invoice'"
        "  AND s.state = 'synced') AS synced"
        " FROM (SELECT) nothing LEFT JOIN first_steps f ON f.company_id = $1",
        company,
        list(connections),
    )
    assert row is not None
    return StepFacts(
        frozenset(row["skipped"] or ()),
        bool(row["dismissed"]),
        int(row["items"]),
        bool(row["customers_there"]),
        bool(row["synced"]),
    )


async def skip(tx: Tx, company: CompanyId, step: str) -> None:
    """Leave a step out; skipping it twice is the same."""
    await tx.execute(
        "INSERT INTO first_steps AS f (company_id, skipped) VALUES ($1, ARRAY[$2])"
        " ON CONFLICT (company_id) DO UPDATE"
        " SET skipped = array_append(array_remove(f.skipped, $2), $2)",
        company,
        step,
    )


async def take_up(tx: Tx, company: CompanyId, step: str) -> None:
    """A step that was left out is wanted after all."""
    await tx.execute(
        "UPDATE first_steps SET skipped = array_remove(skipped, $2) WHERE company_id = $1",
        company,
        step,
    )


async def dismiss(tx: Tx, company: CompanyId, *, dismissed: bool) -> None:
    """Whether the invoice list stops showing them."""
    await tx.execute(
        "INSERT INTO first_steps (company_id, dismissed) VALUES ($1, $2)"
        " ON CONFLICT (company_id) DO UPDATE SET dismissed = excluded.dismissed",
        company,
        dismissed,
    )
