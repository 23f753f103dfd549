"""Slots: an exact log of what was spent of each limit, by the database's clock.

A slot is stamped when it is reserved and again when its request is answered; the later counts. One
that is never answered (a crash) is freed a window after the longest time an answer can take.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from contracts.ids import ConnectionId
from messaging.database import Tx

from connector_kit.limits import Room, Slot, usable

_SHORTEST_WAIT = timedelta(milliseconds=50)
"""Of a limit on requests under way nobody knows when it has room: ask again after so long."""


async def lock_room(tx: Tx, connection_id: ConnectionId) -> Room:
    """What is taken of each limit now. Nobody else of this connection counts until the commit."""
    await tx.execute("SELECT FROM budgets WHERE connection_id = $1 FOR UPDATE", connection_id)
    await tx.execute(
        "DELETE FROM slots WHERE connection_id = $1 AND free_at <= clock()", connection_id
    )
    rows = await tx.fetch(
        """
        SELECT limit_name, sum(units)::int AS taken FROM slots
        WHERE connection_id = $1 AND free_at > clock()
        GROUP BY limit_name
        """,
        connection_id,
    )
    return Room({row["limit_name"]: row["taken"] for row in rows})


async def take(
    tx: Tx,
    connection_id: ConnectionId,
    spender: UUID,
    slots: Sequence[Slot],
    answer_within: float,
) -> None:
    """Reserve slots under the lock of `lock_room`; the answer comes within so many seconds."""
    await tx.execute(
        """
        INSERT INTO slots (connection_id, limit_name, spender, units, free_at, window_seconds)
        SELECT $1, limit_name, $2, units, clock() + make_interval(secs => $6 + seconds), seconds
        FROM unnest($3::text[], $4::int[], $5::float8[]) AS given (limit_name, units, seconds)
        """,
        connection_id,
        spender,
        [slot.limit.name for slot in slots],
        [slot.units for slot in slots],
        [slot.window for slot in slots],
        answer_within,
    )


async def answered(tx: Tx, spender: UUID) -> None:
    """The request was answered, or certainly not sent: its slots end a window from now."""
    await tx.execute(
        """
        UPDATE slots SET free_at = clock() + make_interval(secs => window_seconds)
        WHERE spender = $1
        """,
        spender,
    )


async def wait_for(
    tx: Tx, connection_id: ConnectionId, slots: Sequence[Slot], *, click: bool
) -> timedelta:
    """How long until these slots have room, if nothing else is taken meanwhile.

    Of a slot whose request isn't answered yet it is taken that the answer comes now.
    """
    wait: timedelta = await tx.fetchval(
        """
        WITH line AS (
            SELECT given.units, given.usable,
                least(slots.free_at, clock() + make_interval(secs => slots.window_seconds)) AS at,
                sum(slots.units) OVER (
                    PARTITION BY given.limit_name ORDER BY slots.free_at DESC, slots.spender
                ) AS still_taken
            FROM unnest($2::text[], $3::int[], $4::int[]) AS given (limit_name, units, usable)
            JOIN slots ON slots.connection_id = $1 AND slots.limit_name = given.limit_name
                AND slots.free_at > clock()
        )
        SELECT coalesce(max(at), clock()) - clock() FROM line WHERE still_taken + units > usable
        """,
        connection_id,
        [slot.limit.name for slot in slots],
        [slot.units for slot in slots],
        [usable(slot.limit, click=click) for slot in slots],
    )
    return max(wait, _SHORTEST_WAIT)
