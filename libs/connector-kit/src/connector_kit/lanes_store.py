"""Lanes: the newest command of each record, and what was told of its wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from contracts.ids import ConnectionId, Entity, RecordId
from contracts.sync import CauseInstance
from messaging.database import Row, Tx

from connector_kit.parsing import Parsed, parse_command
from connector_kit.provider import LaneCommand

WAKE = "lanes"
"""Workers listen here."""

Hold = Literal["quota", "provider", "connection"]
"""Why a connection's work waits although it is open."""

PERSON = 0
AUTOMATIC = 1

_TRIED_FOR = timedelta(minutes=1)
"""How long a click that tries a connection's hold may take until its answer is in."""


@dataclass(frozen=True, order=True)
class LaneKey:
    connection_id: ConnectionId
    entity: Entity
    record_id: RecordId


@dataclass(frozen=True)
class NewContent:
    """A command to put into its lane."""

    key: LaneKey
    generation: int
    step: int
    priority: int
    content: str


@dataclass(frozen=True)
class Head:
    """What is known of a lane before a command: its own version, and the last one finished."""

    key: LaneKey
    lane: tuple[int, int] | None
    waiting: bool
    finished: tuple[int, int] | None
    outcome: str | None


@dataclass(frozen=True)
class Lane:
    """A lane with something to do, in the hands of a worker."""

    key: LaneKey
    generation: int
    step: int
    priority: int
    command: LaneCommand
    queued_at: datetime
    alone: bool
    stale: int

    @property
    def click(self) -> bool:
        return self.priority == PERSON


async def load_heads(tx: Tx, keys: Sequence[LaneKey]) -> list[Head]:
    """One head per key, in the order of `keys`. Locks nothing: `put_content` decides again."""
    rows = await tx.fetch(
        """
        SELECT
            given.connection_id, given.entity, given.record_id,
            lanes.generation, lanes.step, coalesce(lanes.waiting, false) AS waiting,
            last.generation AS last_generation, last.step AS last_step, last.outcome
        FROM unnest($1::uuid[], $2::text[], $3::uuid[])
            WITH ORDINALITY AS given (connection_id, entity, record_id, place)
        LEFT JOIN lanes USING (connection_id, entity, record_id)
        LEFT JOIN LATERAL (
            SELECT generation, step, outcome FROM ledger
            WHERE ledger.connection_id = given.connection_id
                AND ledger.entity = given.entity AND ledger.record_id = given.record_id
                AND ledger.outcome IS NOT NULL
            ORDER BY generation DESC, step DESC
            LIMIT 1
        ) AS last ON true
        ORDER BY place
        """,
        *columns(keys),
    )
    return [
        Head(
            key=key_of(row),
            lane=None if row["step"] is None else (row["generation"], row["step"]),
            waiting=row["waiting"],
            finished=(
                None if row["last_step"] is None else (row["last_generation"], row["last_step"])
            ),
            outcome=row["outcome"],
        )
        for row in rows
    ]


async def put_content(tx: Tx, contents: Sequence[NewContent]) -> None:
    """Put commands into their lanes; one that isn't higher than its lane's is left out.

    What waits is replaced and keeps its place in line and the higher priority. In key order, so
    that two batches never wait for each other in a circle.
    """
    ordered = sorted(contents, key=lambda content: content.key)
    await tx.execute(
        """
        INSERT INTO lanes AS old (
            connection_id, entity, record_id, generation, step, priority, content, waiting,
            queued_at, ready_at
        )
        SELECT connection_id, entity, record_id, generation, step, priority, content::jsonb, true,
            at, at
        FROM unnest(
            $1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::int[], $6::smallint[], $7::text[]
        ) WITH ORDINALITY AS given (
            connection_id, entity, record_id, generation, step, priority, content, place
        )
        CROSS JOIN (SELECT clock() AS at) AS time
        ORDER BY place
        ON CONFLICT (connection_id, entity, record_id) DO UPDATE SET
            generation = excluded.generation,
            step = excluded.step,
            priority = CASE WHEN old.waiting
                THEN least(old.priority, excluded.priority) ELSE excluded.priority END,
            content = excluded.content,
            waiting = true,
            queued_at = CASE WHEN old.waiting THEN old.queued_at ELSE excluded.queued_at END,
            ready_at = excluded.ready_at,
            alone = false,
            stale = 0,
            told = NULL
        WHERE (excluded.generation, excluded.step) > (old.generation, old.step)
        """,
        *columns([content.key for content in ordered]),
        [content.generation for content in ordered],
        [content.step for content in ordered],
        [content.priority for content in ordered],
        [content.content for content in ordered],
    )
    tx.wake(WAKE)


async def ask_again(tx: Tx, contents: Sequence[NewContent]) -> None:
    """The same step asked for again: it keeps the higher priority and its delay is told anew."""
    await tx.execute(
        """
        UPDATE lanes SET priority = least(lanes.priority, given.priority), told = NULL
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::int[], $6::smallint[])
            AS given (connection_id, entity, record_id, generation, step, priority)
        WHERE lanes.connection_id = given.connection_id AND lanes.entity = given.entity
            AND lanes.record_id = given.record_id AND lanes.waiting
            AND lanes.generation = given.generation AND lanes.step = given.step
        """,
        *columns([content.key for content in contents]),
        [content.generation for content in contents],
        [content.step for content in contents],
        [content.priority for content in contents],
    )
    await tx.execute(
        """
        UPDATE requests SET told = false
        FROM lanes
        JOIN unnest($1::uuid[], $2::text[], $3::uuid[])
            AS given (connection_id, entity, record_id)
            USING (connection_id, entity, record_id)
        WHERE requests.id = lanes.request_id AND requests.told
        """,
        *columns([content.key for content in contents]),
    )
    tx.wake(WAKE)


@dataclass(frozen=True)
class Untold:
    """A waiting lane whose wait wasn't told. `hold` is None where its connection doesn't send.

    `rank` is its place in its connection's line, from 0; `told` what to remember once it is told.
    """

    key: LaneKey
    command: LaneCommand
    hold: Hold | None
    cause: CauseInstance | None
    ready_at: datetime
    rank: int
    told: str


async def untold(tx: Tx, longer_than: timedelta, limit: int) -> list[Untold]:
    """Waiting lanes, held for longer than that from now, that weren't told of this hold.

    Not while a click tries whether it still holds: the answer says so anew, or ends it for all.
    """
    rows = await tx.fetch(
        """
        WITH held AS MATERIALIZED (
            SELECT turns.connection_id, turns.ready_at, now.at,
                CASE WHEN connections.status = 'open' AND connections.paused_at IS NULL
                    THEN turns.hold END AS hold,
                CASE WHEN connections.status = 'open' AND connections.paused_at IS NULL
                    THEN turns.hold_cause END AS cause,
                CASE
                    WHEN connections.status <> 'open' THEN 'connection ' || connections.epoch
                    WHEN connections.paused_at IS NOT NULL THEN 'paused ' || connections.paused_at
                    ELSE turns.hold || ' ' || turns.held_since
                END AS told
            FROM (SELECT clock() AS at) AS now
            CROSS JOIN turns
            JOIN connections ON connections.id = turns.connection_id
            WHERE connections.status <> 'open' OR connections.paused_at IS NOT NULL
                OR (
                    turns.hold IS NOT NULL AND turns.ready_at > now.at + $1::interval
                    AND NOT (
                        turns.hold = 'connection'
                        AND turns.clicks_ready_at BETWEEN now.at - $3::interval AND now.at
                    )
                )
        )
        SELECT lanes.connection_id, lanes.entity, lanes.record_id, lanes.content,
            held.hold, held.cause, held.ready_at, held.told, lanes.rank
        FROM held
        CROSS JOIN LATERAL (
            SELECT line.*, row_number() OVER (ORDER BY priority, queued_at) - 1 AS rank
            FROM lanes AS line
            WHERE line.connection_id = held.connection_id
                AND line.waiting AND line.request_id IS NULL
        ) AS lanes
        WHERE lanes.told IS DISTINCT FROM held.told
            AND NOT (lanes.priority = 0 AND held.hold = 'quota' AND held.cause IS NULL)
        ORDER BY lanes.priority, lanes.queued_at
        LIMIT $2
        """,
        longer_than,
        limit,
        _TRIED_FOR,
    )
    return [
        Untold(
            key=key_of(row),
            command=parse_command(row["content"]),
            hold=row["hold"],
            cause=None if row["cause"] is None else CauseInstance.model_validate_json(row["cause"]),
            ready_at=row["ready_at"],
            rank=row["rank"],
            told=row["told"],
        )
        for row in rows
    ]


async def mark_told(tx: Tx, told: Sequence[tuple[LaneKey, str]]) -> None:
    """Remember which wait was told of these lanes."""
    await tx.execute(
        """
        UPDATE lanes SET told = given.told
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[])
            AS given (connection_id, entity, record_id, told)
        WHERE lanes.connection_id = given.connection_id AND lanes.entity = given.entity
            AND lanes.record_id = given.record_id AND lanes.waiting
        """,
        *columns([key for key, _ in told]),
        [text for _, text in told],
    )


async def prune(tx: Tx, older_than: timedelta) -> int:
    """Forget lanes that are long done; their ledger rows go on being the fence."""
    count: int = await tx.fetchval(
        """
        WITH gone AS (
            DELETE FROM lanes WHERE NOT waiting AND request_id IS NULL
                AND queued_at < clock() - $1::interval
            RETURNING 1
        )
        SELECT count(*) FROM gone
        """,
        older_than,
    )
    return count


def columns(keys: Sequence[LaneKey]) -> tuple[list[UUID], list[str], list[UUID]]:
    """The keys as three parallel columns, for `unnest`."""
    return (
        [key.connection_id for key in keys],
        [key.entity for key in keys],
        [key.record_id for key in keys],
    )


def key_of(row: Row) -> LaneKey:
    return LaneKey(row["connection_id"], row["entity"], row["record_id"])


def lane_of(row: Row, parsed: Parsed) -> Lane:
    """A lane that has content, from a row with all its columns."""
    return Lane(
        key=key_of(row),
        generation=row["generation"],
        step=row["step"],
        priority=row["priority"],
        command=parsed.command(row["content"]),
        queued_at=row["queued_at"],
        alone=row["alone"],
        stale=row["stale"],
    )
