"""Slots: an exact log of what was spent of each limit, by the database's clock.

A slot is stamped when it is reserved and again when its request is answered; the later counts. One
that is never answered (a crash) is freed a window after the longest time an answer can take.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from contracts.ids import ConnectionId
from messaging.database import Tx

from connector_kit.limits import Left, Room, Slot, usable
from connector_kit.provider import Limit

_SHORTEST_WAIT = timedelta(milliseconds=50)
"""Of a limit on requests under way nobody knows when it has room: ask again after so long."""


@dataclass(frozen=True)
class Wait:
    """How long until there is room, and which limit it is that has none."""

    seconds: timedelta
    limit: str


async def lock_room(
    tx: Tx, connection_id: ConnectionId, giving_back: Mapping[str, float] | None = None
) -> Room:
    """What is taken of each limit now. Nobody else of this connection counts until the commit.

    `giving_back`: of these limits also what comes free within so many seconds.
    """
    await tx.execute("SELECT FROM budgets WHERE connection_id = $1 FOR UPDATE", connection_id)
    back = giving_back or {}
    rows = await tx.fetch(
        """
        WITH gone AS (DELETE FROM slots WHERE connection_id = $1 AND free_at <= clock())
        SELECT limit_name, sum(units)::int AS taken,
            sum(units) FILTER (
                WHERE free_at <= clock() + make_interval(secs => given.seconds)
            )::int AS ending
        FROM slots
        LEFT JOIN unnest($2::text[], $3::float8[]) AS given (limit_name, seconds)
            USING (limit_name)
        WHERE connection_id = $1 AND free_at > clock()
        GROUP BY limit_name
        """,
        connection_id,
        list(back),
        list(back.values()),
    )
    return Room(
        {row["limit_name"]: row["taken"] for row in rows},
        {row["limit_name"]: row["ending"] for row in rows if row["ending"] is not None},
    )


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


async def correct(tx: Tx, connection_id: ConnectionId, left: Sequence[Left]) -> None:
    """Take what a provider says others have spent of a limit; at most one such slot per limit.

    It ends a window from now at the latest, and sooner if a later response says so.
    """
    for one in left:
        limit = one.slot.limit
        await tx.execute(
            """
            WITH others AS (
                SELECT $3::int - coalesce(sum(units), 0)::int AS units FROM slots
                WHERE connection_id = $1 AND limit_name = $2 AND spender <> $1
                    AND free_at > clock()
            ), gone AS (
                DELETE FROM slots USING others
                WHERE spender = $1 AND limit_name = $2 AND others.units <= 0
            )
            INSERT INTO slots (connection_id, limit_name, spender, units, free_at, window_seconds)
            SELECT $1, $2, $1, units, clock() + make_interval(secs => $4), $4 FROM others
            WHERE units > 0
            ON CONFLICT (spender, limit_name) DO UPDATE
                SET units = excluded.units, free_at = excluded.free_at
            """,
            connection_id,
            limit.name,
            limit.count - one.units,
            one.slot.window,
        )


async def wait_for(
    tx: Tx, connection_id: ConnectionId, slots: Sequence[Slot], *, click: bool
) -> Wait:
    """How long until these slots have room, if nothing else is taken meanwhile.

    Of a slot whose request isn't answered yet it is taken that the answer comes now. A reserve that
    is given back has room so much earlier than it had otherwise, if the limit itself has.
    """
    asked = [
        (slot.limit.name, slot.units, most, earlier)
        for slot in slots
        for most, earlier in _ways(slot, click)
    ]
    row = await tx.fetchrow(
        """
        WITH line AS (
            SELECT given.limit_name, given.units, given.usable,
                least(slots.free_at, clock() + make_interval(secs => slots.window_seconds))
                    - make_interval(secs => given.earlier) AS at,
                sum(slots.units) OVER (
                    PARTITION BY given.place ORDER BY slots.free_at DESC, slots.spender
                ) AS still_taken
            FROM unnest($2::text[], $3::int[], $4::int[], $5::float8[])
                WITH ORDINALITY AS given (limit_name, units, usable, earlier, place)
            JOIN slots ON slots.connection_id = $1 AND slots.limit_name = given.limit_name
                AND slots.free_at > clock()
        )
        SELECT limit_name, at - clock() AS wait FROM line WHERE still_taken + units > usable
        ORDER BY at DESC LIMIT 1
        """,
        connection_id,
        [name for name, _, _, _ in asked],
        [units for _, units, _, _ in asked],
        [most for _, _, most, _ in asked],
        [earlier for _, _, _, earlier in asked],
    )
    if row is None:
        return Wait(_SHORTEST_WAIT, slots[0].limit.name)
    return Wait(max(row["wait"], _SHORTEST_WAIT), row["limit_name"])


def _ways(slot: Slot, click: bool) -> list[tuple[int, float]]:
    """How many units may be taken, and how many seconds earlier than those are free."""
    limit = slot.limit
    if click or not isinstance(limit, Limit) or not limit.given_back or not limit.reserve:
        return [(usable(limit, click=click), 0.0)]
    scaled = limit.given_back * slot.window / limit.seconds
    return [(limit.count, 0.0), (usable(limit, click=False), scaled)]
