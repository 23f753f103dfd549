"""Where a provider doesn't say who a merged record became: what of ours was put on it there."""

from collections.abc import Mapping

from contracts.ids import ConnectionId, RecordId, RemoteId
from messaging.database import Tx


async def used_by(
    tx: Tx, connection_id: ConnectionId, remotes: Mapping[RecordId, RemoteId], most: int
) -> dict[RecordId, tuple[RemoteId, ...]]:
    """For each record with its remote id, some invoices that were last written with that id."""
    rows = await tx.fetch(
        """
        WITH last AS (
            SELECT DISTINCT ON (record_id) remote_id, removed, frozen -> 'used' AS used, closed_at
            FROM ledger
            WHERE connection_id = $1 AND entity = 'invoice' AND state = 'finished'
            ORDER BY record_id, generation DESC, step DESC, closed_at DESC
        )
        SELECT given.record_id, last.remote_id
        FROM unnest($2::uuid[], $3::text[]) AS given (record_id, remote_id)
        CROSS JOIN LATERAL (
            SELECT remote_id FROM last
            WHERE used ->> given.record_id::text = given.remote_id
                AND removed IS NULL AND last.remote_id IS NOT NULL
            ORDER BY closed_at DESC
            LIMIT $4
        ) AS last
        """,
        connection_id,
        list(remotes),
        list(remotes.values()),
        most,
    )
    found: dict[RecordId, tuple[RemoteId, ...]] = {}
    for row in rows:
        found[row["record_id"]] = (*found.get(row["record_id"], ()), row["remote_id"])
    return found
