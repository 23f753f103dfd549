"""Lanes: the newest command of each record, and who works on it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.ids import ConnectionId, Entity, RecordId
from messaging.database import Row, Tx
from pydantic import TypeAdapter

from connector_kit.provider import LaneCommand

WAKE = "lanes"
"""Workers listen here."""

PERSON = 0
AUTOMATIC = 1

_COMMAND: TypeAdapter[LaneCommand] = TypeAdapter(LaneCommand)


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
        *_columns(keys),
    )
    return [
        Head(
            key=_key(row),
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
        *_columns([content.key for content in ordered]),
        [content.generation for content in ordered],
        [content.step for content in ordered],
        [content.priority for content in ordered],
        [content.content for content in ordered],
    )
    tx.wake(WAKE)


async def ask_again(tx: Tx, contents: Sequence[NewContent]) -> None:
    """The same step asked for again: the lane keeps the higher priority and tells its delay anew."""
    await tx.execute(
        """
        UPDATE lanes SET priority = least(lanes.priority, given.priority), told = NULL
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::int[], $6::smallint[])
            AS given (connection_id, entity, record_id, generation, step, priority)
        WHERE lanes.connection_id = given.connection_id AND lanes.entity = given.entity
            AND lanes.record_id = given.record_id AND lanes.waiting
            AND lanes.generation = given.generation AND lanes.step = given.step
        """,
        *_columns([content.key for content in contents]),
        [content.generation for content in contents],
        [content.step for content in contents],
        [content.priority for content in contents],
    )
    tx.wake(WAKE)


async def claim(
    tx: Tx,
    worker: UUID,
    *,
    connections: int,
    sizes: dict[Entity, int],
    in_flight: int,
    fill: timedelta,
    lease: timedelta,
    alone_after: int,
) -> list[Lane]:
    """Lease work of up to `connections` connections: of each up to one full request of one entity.

    Connections with a click come first, then those served longest ago; clicks go by themselves, so
    that they can use what is kept for them. A connection takes part
    while it is open, not paused, not on hold, and has fewer than `in_flight` requests under way;
    automatic work waits up to `fill` for a full request while others of its connection are under
    way. A connection that failed `alone_after` times in a row sends one record. Connections and
    lanes that another transaction holds are passed over.
    """
    rows = await tx.fetch(
        """
        WITH head AS MATERIALIZED (
            SELECT turns.connection_id, turns.served_at, turns.failures, now.at,
                first.entity, first.priority, first.queued_at,
                CASE WHEN turns.failures >= $7 THEN 1
                    ELSE coalesce(($4::jsonb ->> first.entity)::int, 1) END AS size,
                (
                    SELECT count(*) FROM requests
                    WHERE requests.connection_id = turns.connection_id AND requests.open
                        AND requests.leased_until > now.at
                ) AS under_way
            FROM (SELECT clock() AS at) AS now
            JOIN turns ON turns.clicks_ready_at <= now.at
            JOIN connections ON connections.id = turns.connection_id
                AND connections.status = 'open' AND connections.paused_at IS NULL
            CROSS JOIN LATERAL (
                SELECT entity, priority, queued_at FROM lanes
                WHERE lanes.connection_id = turns.connection_id
                    AND lanes.waiting AND lanes.request_id IS NULL AND lanes.ready_at <= now.at
                    AND (lanes.leased_until IS NULL OR lanes.leased_until <= now.at)
                ORDER BY priority, queued_at
                LIMIT 1
            ) AS first
            WHERE first.priority = 0 OR turns.ready_at <= now.at
        ), turn AS MATERIALIZED (
            SELECT head.* FROM head
            JOIN turns USING (connection_id)
            WHERE under_way < $5
                AND (
                    head.priority = 0 OR under_way = 0 OR queued_at <= head.at - $6::interval
                    OR size <= (
                        SELECT count(*) FROM (
                            SELECT FROM lanes
                            WHERE lanes.connection_id = head.connection_id
                                AND lanes.waiting AND lanes.request_id IS NULL
                                AND lanes.entity = head.entity AND lanes.ready_at <= head.at
                                AND (lanes.leased_until IS NULL OR lanes.leased_until <= head.at)
                            LIMIT head.size
                        ) AS enough
                    )
                )
            ORDER BY head.priority, head.served_at
            LIMIT $3
            FOR UPDATE OF turns SKIP LOCKED
        ), served AS (
            UPDATE turns SET served_at = turn.at FROM turn
            WHERE turns.connection_id = turn.connection_id
        ), picked AS MATERIALIZED (
            SELECT mine.connection_id, mine.entity, mine.record_id, turn.at
            FROM turn
            CROSS JOIN LATERAL (
                SELECT lanes.connection_id, lanes.entity, lanes.record_id FROM lanes
                WHERE lanes.connection_id = turn.connection_id
                    AND lanes.waiting AND lanes.request_id IS NULL
                    AND lanes.entity = turn.entity AND lanes.ready_at <= turn.at
                    AND (turn.priority > 0 OR lanes.priority = 0)
                    AND (lanes.leased_until IS NULL OR lanes.leased_until <= turn.at)
                ORDER BY priority, queued_at
                LIMIT turn.size
                FOR UPDATE SKIP LOCKED
            ) AS mine
        )
        UPDATE lanes SET leased_by = $1, leased_until = picked.at + $2::interval
        FROM picked
        WHERE lanes.connection_id = picked.connection_id AND lanes.entity = picked.entity
            AND lanes.record_id = picked.record_id
        RETURNING lanes.connection_id, lanes.entity, lanes.record_id, generation, step, priority,
            content, queued_at, alone, stale
        """,
        worker,
        lease,
        connections,
        json.dumps(sizes),
        in_flight,
        fill,
        alone_after,
    )
    lanes = [_lane(row) for row in rows]
    return sorted(lanes, key=lambda lane: (lane.priority, lane.queued_at, lane.key))


async def lock_lanes(tx: Tx, keys: Sequence[LaneKey]) -> list[Lane]:
    """The lanes that still wait and are in no open request, as they are now, until the commit."""
    rows = await tx.fetch(
        """
        SELECT lanes.connection_id, lanes.entity, lanes.record_id, generation, step, priority,
            content, queued_at, alone, stale
        FROM lanes
        JOIN unnest($1::uuid[], $2::text[], $3::uuid[])
            AS given (connection_id, entity, record_id)
            USING (connection_id, entity, record_id)
        WHERE waiting AND request_id IS NULL
        ORDER BY connection_id, entity, record_id
        FOR UPDATE OF lanes
        """,
        *_columns(keys),
    )
    return [_lane(row) for row in rows]


async def enter_request(tx: Tx, keys: Sequence[LaneKey], request_id: UUID) -> None:
    """The records are in an open request now; whoever holds the request holds them."""
    await tx.execute(
        """
        UPDATE lanes SET request_id = $4, leased_by = NULL, leased_until = NULL
        FROM unnest($1::uuid[], $2::text[], $3::uuid[])
            AS given (connection_id, entity, record_id)
        WHERE lanes.connection_id = given.connection_id AND lanes.entity = given.entity
            AND lanes.record_id = given.record_id
        """,
        *_columns(keys),
        request_id,
    )


@dataclass(frozen=True)
class LaneChange:
    """What a closed row means for its lane.

    `finished`: the step is done, unless the lane holds a higher one by now. Otherwise the lane goes
    on after `wait`.
    """

    key: LaneKey
    generation: int
    step: int
    finished: bool
    wait: timedelta = timedelta(0)
    alone: bool = False
    stale: bool = False


async def apply_changes(tx: Tx, changes: Sequence[LaneChange]) -> None:
    """Take lanes out of their request (or out of a worker's hands) and retire what is finished."""
    if not changes:
        return
    ordered = sorted(changes, key=lambda change: change.key)
    await tx.execute(
        """
        UPDATE lanes SET
            request_id = NULL,
            leased_by = NULL,
            leased_until = NULL,
            waiting = lanes.waiting AND NOT (same AND finished),
            content = CASE WHEN same AND finished THEN NULL ELSE content END,
            ready_at = CASE WHEN same THEN at + given.wait ELSE ready_at END,
            alone = CASE WHEN same THEN lanes.alone OR given.alone ELSE lanes.alone END,
            stale = CASE WHEN same AND given.stale THEN lanes.stale + 1 ELSE lanes.stale END,
            told = CASE WHEN same AND finished THEN NULL ELSE told END
        FROM (
            SELECT given.*, clock() AS at,
                (old.generation, old.step) = (given.generation, given.step) AS same
            FROM unnest(
                $1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::int[], $6::bool[],
                $7::interval[], $8::bool[], $9::bool[]
            ) AS given (
                connection_id, entity, record_id, generation, step, finished, wait, alone, stale
            )
            JOIN lanes AS old USING (connection_id, entity, record_id)
            ORDER BY connection_id, entity, record_id
            FOR UPDATE OF old
        ) AS given
        WHERE lanes.connection_id = given.connection_id AND lanes.entity = given.entity
            AND lanes.record_id = given.record_id
        """,
        *_columns([change.key for change in ordered]),
        [change.generation for change in ordered],
        [change.step for change in ordered],
        [change.finished for change in ordered],
        [change.wait for change in ordered],
        [change.alone for change in ordered],
        [change.stale for change in ordered],
    )
    tx.wake(WAKE)


async def renew(tx: Tx, worker: UUID, lease: timedelta) -> None:
    """Keep the lanes and requests that this worker holds."""
    await tx.execute(
        "UPDATE lanes SET leased_until = clock() + $2::interval WHERE leased_by = $1", worker, lease
    )
    await tx.execute(
        """
        UPDATE requests SET leased_until = clock() + $2::interval
        WHERE leased_by = $1 AND open
        """,
        worker,
        lease,
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


def parse_command(content: str) -> LaneCommand:
    """A lane's content as the command it is."""
    return _COMMAND.validate_json(content)


def _columns(keys: Sequence[LaneKey]) -> tuple[list[UUID], list[str], list[UUID]]:
    return (
        [key.connection_id for key in keys],
        [key.entity for key in keys],
        [key.record_id for key in keys],
    )


def _key(row: Row) -> LaneKey:
    return LaneKey(row["connection_id"], row["entity"], row["record_id"])


def _lane(row: Row) -> Lane:
    return Lane(
        key=_key(row),
        generation=row["generation"],
        step=row["step"],
        priority=row["priority"],
        command=parse_command(row["content"]),
        queued_at=row["queued_at"],
        alone=row["alone"],
        stale=row["stale"],
    )
