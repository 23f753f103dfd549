"""Counts for the blast guard: creates of the last hour, by the database's clock."""

from contracts.ids import ConnectionId
from messaging.database import Tx

from connector_kit.guarding import Creates


async def count(tx: Tx, connection_id: ConnectionId, creates: Creates) -> None:
    """Add these to what is known. The last statement of its transaction: others wait for it."""
    if creates == Creates():
        return
    await tx.execute(
        """
        INSERT INTO creates AS old (connection_id, minute, unasked, decided, duplicates)
        VALUES ($1, date_trunc('minute', clock()), $2, $3, $4)
        ON CONFLICT (connection_id, minute) DO UPDATE SET
            unasked = old.unasked + excluded.unasked,
            decided = old.decided + excluded.decided,
            duplicates = old.duplicates + excluded.duplicates
        """,
        connection_id,
        creates.unasked,
        creates.decided,
        creates.duplicates,
    )


async def load(tx: Tx, connection_id: ConnectionId) -> Creates:
    """Those of the last hour."""
    row = await tx.fetchrow(
        """
        SELECT coalesce(sum(unasked), 0)::int AS unasked,
            coalesce(sum(decided), 0)::int AS decided,
            coalesce(sum(duplicates), 0)::int AS duplicates
        FROM creates WHERE connection_id = $1 AND minute > clock() - interval '1 hour'
        """,
        connection_id,
    )
    assert row is not None
    return Creates(**dict(row))


async def load_alone(tx: Tx, connection_id: ConnectionId) -> Creates:
    """The same; nobody else of this connection who asks so counts until the commit."""
    await tx.execute("SELECT FROM budgets WHERE connection_id = $1 FOR UPDATE", connection_id)
    return await load(tx, connection_id)


async def forget(tx: Tx, connection_id: ConnectionId) -> None:
    """Somebody has looked and lets it go on: counting begins anew."""
    await tx.execute("DELETE FROM creates WHERE connection_id = $1", connection_id)


async def prune(tx: Tx) -> None:
    await tx.execute("DELETE FROM creates WHERE minute < clock() - interval '2 hours'")
