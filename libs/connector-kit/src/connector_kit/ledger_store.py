"""Requests and their ledger: what was sent, what is open, what became of it.

The two unique indexes on open rows are the fence of "never twice": the database itself refuses a
second open row of a record or of a natural key.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

from contracts.commands import RemoteRef
from contracts.ids import ConnectionId, Entity, RecordId, RemoteId, RequestId
from contracts.sync import Attempt
from messaging.database import Row, Tx
from pydantic import TypeAdapter

from connector_kit.answers import Removed
from connector_kit.exchange import Request
from connector_kit.lanes_store import LaneKey, columns, key_of
from connector_kit.provider import FrozenMember

CHECKS = "checks"
"""Checkers listen here."""

_ATTEMPTS: TypeAdapter[list[Attempt]] = TypeAdapter(list[Attempt])


@dataclass(frozen=True)
class OpenRequest:
    """A request whose outcome isn't known for all members."""

    id: RequestId
    connection_id: ConnectionId
    entity: Entity
    members: int
    frozen_at: datetime
    send_by: datetime
    quiet_until: datetime
    checks: int
    told: bool
    status: int | None


@dataclass(frozen=True)
class LedgerRow:
    """An open row: one member of an open request."""

    id: UUID
    request_id: RequestId
    position: int
    member: FrozenMember
    correlation_id: UUID
    causation_id: UUID
    opened_at: datetime


@dataclass(frozen=True)
class NewRow:
    """A row to write. `state` is open for a member of a request; otherwise it is closed at once."""

    id: UUID
    connection_id: ConnectionId
    position: int
    member: FrozenMember
    correlation_id: UUID
    causation_id: UUID
    state: str = "open"
    outcome: str | None = None


@dataclass(frozen=True)
class Closing:
    """How an open row ends."""

    row_id: UUID
    state: str
    attempt: Attempt
    remote: RemoteRef | None = None
    removed: Removed | None = None
    outcome: str | None = None


@dataclass(frozen=True)
class Finished:
    """What the last finished row of a record's generation says is there."""

    remote: RemoteRef
    member: FrozenMember
    removed: Removed | None


async def finished(tx: Tx, keys: Sequence[tuple[LaneKey, int]]) -> dict[LaneKey, Finished]:
    """For each record, what its last finished row of that generation holds, where there is one."""
    rows = await tx.fetch(
        """
        SELECT given.connection_id, given.entity, given.record_id, last.remote, last.frozen,
            last.removed
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[])
            AS given (connection_id, entity, record_id, generation)
        CROSS JOIN LATERAL (
            SELECT remote, frozen, removed FROM ledger
            WHERE ledger.connection_id = given.connection_id AND ledger.entity = given.entity
                AND ledger.record_id = given.record_id AND ledger.generation = given.generation
                AND state = 'finished'
            ORDER BY step DESC, closed_at DESC
            LIMIT 1
        ) AS last
        """,
        [key.connection_id for key, _ in keys],
        [key.entity for key, _ in keys],
        [key.record_id for key, _ in keys],
        [generation for _, generation in keys],
    )
    return {
        LaneKey(row["connection_id"], row["entity"], row["record_id"]): Finished(
            remote=RemoteRef.model_validate_json(row["remote"]),
            member=FrozenMember.model_validate_json(row["frozen"]),
            removed=row["removed"],
        )
        for row in rows
    }


async def conflicts(
    tx: Tx,
    connection_id: ConnectionId,
    entity: Entity,
    records: Sequence[RecordId],
    natural_keys: Sequence[str],
) -> tuple[set[RecordId], set[str]]:
    """Which of these records, and which of these natural keys, stand in an open row now."""
    rows = await tx.fetch(
        """
        SELECT record_id, natural_key FROM ledger
        WHERE connection_id = $1 AND entity = $2 AND state = 'open'
            AND (record_id = ANY ($3::uuid[]) OR natural_key = ANY ($4::text[]))
        """,
        connection_id,
        entity,
        list(records),
        list(natural_keys),
    )
    return {row["record_id"] for row in rows}, {row["natural_key"] for row in rows}


async def written_since(
    tx: Tx,
    connection_id: ConnectionId,
    entity: Entity,
    natural_keys: Mapping[str, RecordId],
    since: datetime,
) -> set[str]:
    """Which of these natural keys we wrote there since then for another record than theirs."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT natural_key
        FROM unnest($3::text[], $4::uuid[]) AS given (natural_key, mine)
        JOIN ledger USING (natural_key)
        WHERE connection_id = $1 AND entity = $2 AND state = 'finished'
            AND record_id <> given.mine AND closed_at >= $5
        """,
        connection_id,
        entity,
        list(natural_keys),
        list(natural_keys.values()),
        since,
    )
    return {row["natural_key"] for row in rows}


async def open_request(
    tx: Tx,
    request_id: RequestId,
    connection_id: ConnectionId,
    entity: Entity,
    request: Request,
    rows: Sequence[NewRow],
    *,
    lease_id: UUID,
    lease: timedelta,
    send_window: float,
    quiet_after: float,
) -> OpenRequest:
    """Commit a request to be sent, with one open row per member. Times are the database's.

    Raises:
        asyncpg.UniqueViolationError: a record or a natural key has an open row already; the
            transaction is lost and nothing may be sent.
    """
    row = await tx.fetchrow(
        """
        INSERT INTO requests (
            id, connection_id, entity, method, host, path, query, headers, body, members,
            frozen_at, send_by, quiet_until, leased_by, leased_until, open, check_at
        )
        SELECT $1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9, $10,
            at, at + make_interval(secs => $11), at + make_interval(secs => $11 + $12),
            $13, at + $14::interval, true, at
        FROM (SELECT clock() AS at) AS now
        RETURNING *
        """,
        request_id,
        connection_id,
        entity,
        request.method,
        request.host,
        request.path,
        json.dumps(request.query),
        json.dumps(request.headers),
        request.body,
        len(rows),
        send_window,
        quiet_after,
        lease_id,
        lease,
    )
    assert row is not None
    await write_rows(tx, request_id, rows)
    return request_of(row)


async def write_rows(tx: Tx, request_id: RequestId | None, rows: Sequence[NewRow]) -> None:
    """Write ledger rows: open ones of a request, or closed ones of what was answered here."""
    if not rows:
        return
    await tx.execute(
        """
        INSERT INTO ledger (
            id, request_id, position, connection_id, entity, record_id, generation, step,
            natural_key, frozen, correlation_id, causation_id, state, outcome, opened_at, closed_at
        )
        SELECT given.id, $1, position, connection_id, entity, record_id, generation, step,
            natural_key, frozen::jsonb, correlation_id, causation_id, state, outcome::jsonb, at,
            CASE WHEN state = 'open' THEN NULL ELSE at END
        FROM unnest(
            $2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::uuid[], $7::int[], $8::int[],
            $9::text[], $10::text[], $11::uuid[], $12::uuid[], $13::text[], $14::text[]
        ) AS given (
            id, position, connection_id, entity, record_id, generation, step, natural_key, frozen,
            correlation_id, causation_id, state, outcome
        )
        CROSS JOIN (SELECT clock() AS at) AS now
        """,
        request_id,
        [row.id for row in rows],
        [row.position for row in rows],
        [row.connection_id for row in rows],
        [row.member.entity for row in rows],
        [row.member.record_id for row in rows],
        [row.member.generation for row in rows],
        [row.member.step for row in rows],
        [row.member.natural_key for row in rows],
        [row.member.model_dump_json() for row in rows],
        [row.correlation_id for row in rows],
        [row.causation_id for row in rows],
        [row.state for row in rows],
        [row.outcome for row in rows],
    )


async def load_open_request(tx: Tx, request_id: RequestId) -> OpenRequest | None:
    """The request, locked, if it is still open: whoever closes its rows does so alone."""
    row = await tx.fetchrow("SELECT * FROM requests WHERE id = $1 AND open FOR UPDATE", request_id)
    return None if row is None else request_of(row)


async def open_rows(tx: Tx, request_id: RequestId) -> list[LedgerRow]:
    """The request's rows that are still open, in the request's order."""
    rows = await tx.fetch(
        """
        SELECT id, request_id, position, frozen, correlation_id, causation_id, opened_at
        FROM ledger WHERE request_id = $1 AND state = 'open' ORDER BY position
        """,
        request_id,
    )
    return [
        LedgerRow(
            id=row["id"],
            request_id=row["request_id"],
            position=row["position"],
            member=FrozenMember.model_validate_json(row["frozen"]),
            correlation_id=row["correlation_id"],
            causation_id=row["causation_id"],
            opened_at=row["opened_at"],
        )
        for row in rows
    ]


async def attempts(
    tx: Tx, row_ids: Sequence[UUID]
) -> tuple[datetime, dict[UUID, tuple[Attempt, ...]]]:
    """The database's time; and for each row the attempts before it for the same step, if any."""
    rows = await tx.fetch(
        """
        SELECT now.at, mine.id, (
            SELECT jsonb_agg(earlier.attempt ORDER BY earlier.opened_at, earlier.id)
            FROM ledger AS earlier
            WHERE earlier.connection_id = mine.connection_id AND earlier.entity = mine.entity
                AND earlier.record_id = mine.record_id AND earlier.generation = mine.generation
                AND earlier.step = mine.step AND earlier.id <> mine.id
                AND earlier.attempt IS NOT NULL
        ) AS attempts
        FROM (SELECT clock() AS at) AS now
        LEFT JOIN ledger AS mine ON mine.id = ANY ($1::uuid[])
        """,
        list(row_ids),
    )
    found = {row["id"]: row["attempts"] for row in rows if row["attempts"] is not None}
    return rows[0]["at"], {id_: tuple(_ATTEMPTS.validate_json(a)) for id_, a in found.items()}


async def attempts_of(
    tx: Tx, steps: Sequence[tuple[LaneKey, int, int]]
) -> dict[LaneKey, tuple[Attempt, ...]]:
    """For each record, generation and step, the attempts that were made for it so far, if any."""
    rows = await tx.fetch(
        """
        SELECT connection_id, entity, record_id,
            jsonb_agg(ledger.attempt ORDER BY opened_at, id) AS attempts
        FROM ledger
        JOIN unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::int[])
            AS given (connection_id, entity, record_id, generation, step)
            USING (connection_id, entity, record_id, generation, step)
        WHERE ledger.attempt IS NOT NULL
        GROUP BY connection_id, entity, record_id
        """,
        *columns([key for key, _, _ in steps]),
        [generation for _, generation, _ in steps],
        [step for _, _, step in steps],
    )
    return {key_of(row): tuple(_ATTEMPTS.validate_json(row["attempts"])) for row in rows}


async def close_rows(tx: Tx, closings: Sequence[Closing]) -> None:
    """End open rows. One that somebody closed before stays as it is."""
    if not closings:
        return
    await tx.execute(
        """
        UPDATE ledger SET state = given.state, remote_id = given.remote::jsonb ->> 'id',
            remote = given.remote::jsonb, removed = given.removed, attempt = given.attempt::jsonb,
            outcome = given.outcome::jsonb, closed_at = clock()
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
            AS given (id, state, remote, removed, attempt, outcome)
        WHERE ledger.id = given.id AND ledger.state = 'open'
        """,
        [closing.row_id for closing in closings],
        [closing.state for closing in closings],
        [None if c.remote is None else c.remote.model_dump_json() for c in closings],
        [closing.removed for closing in closings],
        [closing.attempt.model_dump_json() for closing in closings],
        [closing.outcome for closing in closings],
    )


async def settle_request(
    tx: Tx, request_id: RequestId, *, status: int | None, answered: bool
) -> bool:
    """After rows were closed: close the request if none is open; whether it is closed.

    A closed request forgets its body and headers. `answered` says that the provider answered now.
    """
    closed: bool = await tx.fetchval(
        """
        UPDATE requests SET
            open = still.open,
            body = CASE WHEN still.open THEN body END,
            headers = CASE WHEN still.open THEN headers ELSE '[]' END,
            status = coalesce($2, status),
            answered_at = CASE WHEN $3 THEN clock() ELSE answered_at END,
            leased_by = NULL,
            leased_until = NULL
        FROM (
            SELECT EXISTS (
                SELECT FROM ledger WHERE request_id = $1 AND state = 'open'
            ) AS open
        ) AS still
        WHERE id = $1
        RETURNING NOT still.open
        """,
        request_id,
        status,
        answered,
    )
    return closed


async def mark_told(tx: Tx, request_id: RequestId) -> None:
    """The members were said to be `checking`."""
    await tx.execute("UPDATE requests SET told = true WHERE id = $1", request_id)


async def linked(
    tx: Tx, connection_id: ConnectionId, entity: Entity, remote_ids: Sequence[RemoteId]
) -> Mapping[RemoteId, RecordId]:
    """Which records of ours hold these remote ids, by finished rows and by waiting commands."""
    if not remote_ids:
        return {}
    rows = await tx.fetch(
        """
        SELECT remote_id, record_id FROM ledger
        WHERE connection_id = $1 AND entity = $2 AND state = 'finished'
            AND remote_id = ANY ($3::text[])
        UNION
        SELECT content -> 'link' ->> 'id', record_id FROM lanes
        WHERE connection_id = $1 AND entity = $2 AND waiting
            AND content -> 'link' ->> 'id' = ANY ($3::text[])
        """,
        connection_id,
        entity,
        list(remote_ids),
    )
    return {row["remote_id"]: row["record_id"] for row in rows}


def request_of(row: Row) -> OpenRequest:
    """A request, from a row with all its columns."""
    return OpenRequest(**{field.name: row[field.name] for field in fields(OpenRequest)})
