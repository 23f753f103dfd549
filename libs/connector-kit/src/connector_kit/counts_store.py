"""Counts for the gauges."""

from collections.abc import Mapping
from dataclasses import dataclass

from messaging.database import Tx


@dataclass(frozen=True)
class Counts:
    lanes_waiting: int
    rows_open: int
    connections: Mapping[str, int]


async def load(tx: Tx) -> Counts:
    """As they are now; both partial indexes hold only what is counted."""
    row = await tx.fetchrow(
        """
        SELECT (SELECT count(*) FROM lanes WHERE waiting) AS lanes,
            (SELECT count(*) FROM ledger WHERE state = 'open') AS rows_open
        """
    )
    assert row is not None
    states = await tx.fetch("SELECT status, count(*) AS n FROM connections GROUP BY status")
    return Counts(row["lanes"], row["rows_open"], {r["status"]: r["n"] for r in states})
