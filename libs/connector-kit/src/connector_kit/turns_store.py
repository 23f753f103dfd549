"""Turns: when a connection's work may go on and why not before; and the provider's weather."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.ids import ConnectionId
from contracts.sync import CauseInstance
from messaging.database import Tx

from connector_kit.lanes_store import WAKE, Hold


@dataclass(frozen=True)
class Sky:
    """The provider as a whole, as of `at`."""

    at: datetime
    failures: int
    paused: bool


async def load_sky(tx: Tx) -> Sky:
    row = await tx.fetchrow(
        "SELECT clock() AS at, failures, paused_at IS NOT NULL AS paused FROM weather"
    )
    assert row is not None
    return Sky(row["at"], row["failures"], row["paused"])


async def take_probe(tx: Tx, away_after: int, every: timedelta) -> bool:
    """While the provider is away: whether the caller is the one that may try it now."""
    taken: bool | None = await tx.fetchval(
        """
        UPDATE weather SET probe_at = clock() + $2::interval
        WHERE failures >= $1 AND (probe_at IS NULL OR probe_at <= clock())
        RETURNING true
        """,
        away_after,
        every,
    )
    return taken is True


async def hold(
    tx: Tx,
    connection_id: ConnectionId,
    why: Hold,
    wait: timedelta,
    *,
    cause: CauseInstance | None = None,
    clicks: bool = True,
) -> None:
    """The connection's work goes on after `wait`, or later if it was held longer before.

    With `clicks` False, people's clicks go on: only the budget of the rest is spent.
    """
    await tx.execute(
        """
        UPDATE turns SET
            ready_at = greatest(turns.ready_at, until),
            clicks_ready_at = CASE WHEN $5
                THEN greatest(turns.clicks_ready_at, until) ELSE turns.clicks_ready_at END,
            hold = CASE WHEN longer THEN $2 ELSE turns.hold END,
            hold_cause = CASE WHEN longer THEN $4::jsonb ELSE turns.hold_cause END,
            held_since = CASE WHEN goes_on OR NOT longer THEN turns.held_since ELSE at END
        FROM (
            SELECT connection_id, clock() AS at, clock() + $3::interval AS until,
                hold IS NULL OR clock() + $3::interval >= ready_at AS longer,
                hold = $2 AND ready_at > clock() - interval '1 minute' AS goes_on
            FROM turns WHERE connection_id = $1 FOR UPDATE
        ) AS before
        WHERE turns.connection_id = before.connection_id
        """,
        connection_id,
        why,
        wait,
        None if cause is None else cause.model_dump_json(),
        clicks,
    )


async def release(tx: Tx, connection_ids: Sequence[ConnectionId]) -> None:
    """Nothing holds these connections any more."""
    await tx.execute(
        """
        UPDATE turns SET ready_at = clock(), clicks_ready_at = clock(), hold = NULL,
            hold_cause = NULL, held_since = NULL, failures = 0
        WHERE connection_id = ANY ($1::uuid[])
        """,
        list(connection_ids),
    )
    tx.wake(WAKE)


async def try_now(tx: Tx, connection_ids: Sequence[ConnectionId], mended: Sequence[str]) -> None:
    """A person asks: clicks are tried at once where a cause of `mended` holds the connection.

    If it holds on, the first answer puts them on hold again.
    """
    tried = await tx.fetchval(
        """
        WITH mine AS (
            SELECT connection_id FROM turns
            WHERE connection_id = ANY ($1::uuid[]) AND hold = 'connection'
                AND clicks_ready_at > clock() AND hold_cause ->> 'code' = ANY ($2::text[])
            ORDER BY connection_id
            FOR UPDATE
        ), tried AS (
            UPDATE turns SET clicks_ready_at = clock()
            FROM mine WHERE turns.connection_id = mine.connection_id
            RETURNING 1
        )
        SELECT true FROM tried LIMIT 1
        """,
        list(connection_ids),
        list(mended),
    )
    if tried:
        tx.wake(WAKE)


async def count_failure(tx: Tx, connection_id: ConnectionId) -> int:
    """One more request in a row without an answer; how many it are now for the connection.

    Those that were under way when it was put on hold say nothing new: they don't count, or requests
    sent together would hold it for minutes. 0 for such a one.
    """
    await tx.execute("UPDATE weather SET failures = failures + 1")
    failures: int | None = await tx.fetchval(
        """
        UPDATE turns SET failures = failures + 1
        WHERE connection_id = $1
            AND NOT (hold IS NOT DISTINCT FROM 'provider' AND ready_at > clock())
        RETURNING failures
        """,
        connection_id,
    )
    return failures or 0


async def count_answer(
    tx: Tx, connection_id: ConnectionId, away_after: int, *, took: bool = False
) -> None:
    """The provider answered: it isn't away, and this connection doesn't fail.

    If it had been away, all connections that waited for it go on, not only the one that asked.
    `took`: it took a record, so nothing holds the connection itself any more.
    """
    failing: bool = await tx.fetchval(
        """
        SELECT EXISTS (SELECT FROM weather WHERE failures > 0)
            OR EXISTS (
                SELECT FROM turns
                WHERE connection_id = $1 AND (failures > 0 OR ($2 AND hold = 'connection'))
            )
        """,
        connection_id,
        took,
    )
    if not failing:
        return
    before: int | None = await tx.fetchval(
        """
        UPDATE weather SET failures = 0, probe_at = NULL
        FROM (SELECT failures FROM weather WHERE failures > 0 FOR UPDATE) AS before
        WHERE weather.failures > 0
        RETURNING before.failures
        """,
    )
    was_away = before is not None and before >= away_after
    released: bool | None = await tx.fetchval(
        """
        WITH mine AS (
            SELECT connection_id FROM turns
            WHERE (connection_id = $1 AND (failures > 0 OR ($3 AND hold = 'connection')))
                OR ($2 AND hold = 'provider')
            ORDER BY connection_id
            FOR UPDATE
        ), gone_on AS (
            UPDATE turns SET failures = 0, ready_at = clock(), clicks_ready_at = clock(),
                hold = NULL, hold_cause = NULL, held_since = NULL
            FROM mine WHERE turns.connection_id = mine.connection_id
            RETURNING 1
        )
        SELECT true FROM gone_on LIMIT 1
        """,
        connection_id,
        was_away,
        took,
    )
    if released:
        tx.wake(WAKE)


async def pause_provider(tx: Tx) -> None:
    """Nothing goes to the provider until `resume_provider`."""
    await tx.execute("UPDATE weather SET paused_at = coalesce(paused_at, clock())")


async def resume_provider(tx: Tx) -> None:
    await tx.execute("UPDATE weather SET paused_at = NULL, failures = 0, probe_at = NULL")
    tx.wake(WAKE)
