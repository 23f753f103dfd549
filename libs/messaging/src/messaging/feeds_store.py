"""How far feeds were read, and how far they may be read."""

from messaging.database import Tx


async def position(tx: Tx, name: str, start_over_hours: int) -> str:
    """Where to read on: the start (empty), if it was never read or not from there for so long."""
    stored: str = await tx.fetchval(
        """
        INSERT INTO feed_positions AS known (name, position) VALUES ($1, '')
        ON CONFLICT (name) DO UPDATE SET
            position = CASE
                WHEN known.started_over_at <= clock() - make_interval(hours => $2) THEN ''
                ELSE known.position
            END,
            started_over_at = CASE
                WHEN known.started_over_at <= clock() - make_interval(hours => $2) THEN clock()
                ELSE known.started_over_at
            END
        RETURNING position
        """,
        name,
        start_over_hours,
    )
    return stored


async def move(tx: Tx, name: str, to: str) -> None:
    """The pages before `to` are applied."""
    await tx.execute(
        "UPDATE feed_positions SET position = $2, moved_at = clock() WHERE name = $1", name, to
    )


async def start_over(tx: Tx) -> None:
    """Have every feed read from its start: after a restore the positions mean nothing."""
    await tx.execute(
        "UPDATE feed_positions SET position = '', started_over_at = clock(), moved_at = clock()"
    )


async def horizon(tx: Tx) -> int:
    """Every transaction with a lower id has ended: what it changed can be read now, or never."""
    xid: int = await tx.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())")
    return xid
