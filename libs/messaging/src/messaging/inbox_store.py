"""The inbox's rows."""

from collections.abc import Sequence
from uuid import UUID

from messaging.database import Tx


async def insert_new(tx: Tx, reader: str, ids: Sequence[UUID]) -> list[UUID]:
    """Record the ids that aren't recorded; those.

    Waits for a transaction that records one of them at this moment. In id order, so that two
    batches that share ids never wait for each other in a circle.
    """
    rows = await tx.fetch(
        """
        INSERT INTO inbox (reader, message_id)
        SELECT $1, id FROM unnest($2::uuid[]) AS given (id) ORDER BY id
        ON CONFLICT DO NOTHING
        RETURNING message_id
        """,
        reader,
        list(ids),
    )
    return [row["message_id"] for row in rows]


async def delete_older(tx: Tx, days: int, limit: int) -> int:
    """Forget at most `limit` messages seen more than `days` ago; how many."""
    deleted: int = await tx.fetchval(
        """
        WITH old AS MATERIALIZED (
            SELECT reader, message_id FROM inbox
            WHERE seen_at < clock() - make_interval(days => $1)
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM inbox USING old
            WHERE inbox.reader = old.reader AND inbox.message_id = old.message_id
            RETURNING 1
        )
        SELECT count(*) FROM gone
        """,
        days,
        limit,
    )
    return deleted
