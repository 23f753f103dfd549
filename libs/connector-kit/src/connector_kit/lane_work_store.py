"""Work on lanes: who holds them, which go next, and how they come back."""

import json
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal
from uuid import UUID

from contracts.ids import ConnectionId, Entity
from messaging.database import Tx

from connector_kit.lanes_store import WAKE, Lane, LaneKey, columns, key_of, lane_of
from connector_kit.parsing import Parsed

Leased = Literal["lanes", "requests", "loads"]


async def claim(
    tx: Tx,
    lease_id: UUID,
    *,
    connections: int,
    sizes: dict[Entity, int],
    in_flight: int,
    fill: timedelta,
    lease: timedelta,
    alone_after: int,
    parsed: Parsed,
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
        lease_id,
        lease,
        connections,
        json.dumps(sizes),
        in_flight,
        fill,
        alone_after,
    )
    lanes = [lane_of(row, parsed) for row in rows]
    return sorted(lanes, key=lambda lane: (lane.priority, lane.queued_at, lane.key))


async def in_line(
    tx: Tx,
    connection_id: ConnectionId,
    entity: Entity,
    limit: int,
    *,
    but: Container[LaneKey],
    parsed: Parsed,
) -> list[Lane]:
    """The first `limit` lanes that wait now, in line and without these, whoever leases them.

    Locks and leases nothing.
    """
    rows = await tx.fetch(
        """
        SELECT connection_id, entity, record_id, generation, step, priority, content, queued_at,
            alone, stale
        FROM lanes
        WHERE connection_id = $1 AND entity = $2 AND waiting AND request_id IS NULL
            AND ready_at <= clock()
        ORDER BY priority, queued_at
        LIMIT $3
        """,
        connection_id,
        entity,
        limit,
    )
    return [lane_of(row, parsed) for row in rows if key_of(row) not in but]


async def lock_lanes(tx: Tx, lanes: Sequence[Lane]) -> list[Lane]:
    """Those that still wait and are in no open request, locked, with their version as it is now.

    The command is the one known before; where generation or step has changed, it isn't theirs.
    """
    known = {lane.key: lane for lane in lanes}
    rows = await tx.fetch(
        """
        SELECT lanes.connection_id, lanes.entity, lanes.record_id, generation, step, priority,
            alone, stale
        FROM lanes
        JOIN unnest($1::uuid[], $2::text[], $3::uuid[])
            AS given (connection_id, entity, record_id)
            USING (connection_id, entity, record_id)
        WHERE waiting AND request_id IS NULL
        ORDER BY connection_id, entity, record_id
        FOR UPDATE OF lanes
        """,
        *columns(list(known)),
    )
    return [
        replace(
            known[key_of(row)],
            generation=row["generation"],
            step=row["step"],
            priority=row["priority"],
            alone=row["alone"],
            stale=row["stale"],
        )
        for row in rows
    ]


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
        *columns(keys),
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
    """Take lanes out of their request (or out of a worker's hands) and retire what is finished.

    Workers are woken where that lets something go: what is given back, or what waits behind it.
    """
    if not changes:
        return
    ordered = sorted(changes, key=lambda change: change.key)
    goes_on: bool | None = await tx.fetchval(
        """
        WITH changed AS (
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
            RETURNING lanes.waiting
        )
        SELECT bool_or(waiting) OR EXISTS (
            SELECT FROM lanes
            WHERE connection_id = ANY ($1::uuid[]) AND waiting AND request_id IS NULL
                AND (leased_until IS NULL OR leased_until <= clock())
        )
        FROM changed
        """,
        *columns([change.key for change in ordered]),
        [change.generation for change in ordered],
        [change.step for change in ordered],
        [change.finished for change in ordered],
        [change.wait for change in ordered],
        [change.alone for change in ordered],
        [change.stale for change in ordered],
    )
    if goes_on:
        tx.wake(WAKE)


async def renew(tx: Tx, table: Leased, leases: Sequence[UUID], lease: timedelta) -> None:
    """Keep what is held under these leases in one table.

    Rows that another transaction holds are passed over: whoever records them ends their lease. One
    table a transaction: those who record lock a request before its lanes.
    """
    await tx.execute(
        f"""
        UPDATE {table} AS held SET leased_until = clock() + $2::interval
        FROM (
            SELECT ctid FROM {table} WHERE leased_by = ANY ($1::uuid[]) FOR UPDATE SKIP LOCKED
        ) AS mine
        WHERE held.ctid = mine.ctid
        """,  # noqa: S608  (a literal)
        list(leases),
        lease,
    )


async def next_due(tx: Tx, *, in_flight: int, fill: timedelta) -> timedelta | None:
    """How long until some waiting lane may go, as far as is known: by holds, and by `fill`.

    None if none waits but what is in somebody's hands. Behind as many requests as may be under way
    it is `fill` from now: the end of one wakes whoever listens. The arguments are `claim`'s.
    """
    wait: timedelta | None = await tx.fetchval(
        """
        SELECT min(
            CASE WHEN busy.requests >= $1 THEN now.at + $2::interval
                WHEN first.priority = 0 THEN greatest(first.ready_at, turns.clicks_ready_at)
                WHEN busy.requests = 0 THEN greatest(first.ready_at, turns.ready_at)
                ELSE greatest(first.ready_at, turns.ready_at, first.queued_at + $2::interval)
            END
        ) - clock()
        FROM (SELECT clock() AS at) AS now
        CROSS JOIN turns
        JOIN connections ON connections.id = turns.connection_id
            AND connections.status = 'open' AND connections.paused_at IS NULL
        CROSS JOIN LATERAL (
            SELECT priority, ready_at, queued_at FROM lanes
            WHERE lanes.connection_id = turns.connection_id
                AND lanes.waiting AND lanes.request_id IS NULL
                AND (lanes.leased_until IS NULL OR lanes.leased_until <= now.at)
            ORDER BY priority, queued_at
            LIMIT 1
        ) AS first
        CROSS JOIN LATERAL (
            SELECT count(*) AS requests FROM requests
            WHERE requests.connection_id = turns.connection_id AND requests.open
                AND requests.leased_until > now.at
        ) AS busy
        """,
        in_flight,
        fill,
    )
    return wait
