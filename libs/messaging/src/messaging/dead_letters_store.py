"""The dead letters' rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from messaging.database import Row, Tx


@dataclass(frozen=True)
class NewLetter:
    """A message set apart, byte for byte, and why."""

    id: UUID
    topic: str
    reader: str
    key: bytes | None
    value: bytes | None
    type: str | None
    reason: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class DeadLetter(NewLetter):
    """One as it lies there."""

    set_apart_at: datetime = field(kw_only=True)
    replayed_at: datetime | None = field(kw_only=True)
    replays: int = field(kw_only=True)


async def insert(tx: Tx, letters: Sequence[NewLetter]) -> set[UUID]:
    """Those that weren't waiting yet; one that was replayed waits again. Ids differ."""
    rows = await tx.fetch(
        """
        INSERT INTO dead_letters (id, topic, reader, key, value, type, reason, headers)
        SELECT id, topic, reader, key, value, type, reason, headers::jsonb
        FROM unnest(
            $1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::text[], $7::text[],
            $8::text[]
        ) AS given (id, topic, reader, key, value, type, reason, headers)
        ON CONFLICT (id) DO UPDATE SET
            replayed_at = NULL, reason = excluded.reason, set_apart_at = clock()
        WHERE dead_letters.replayed_at IS NOT NULL
        RETURNING id
        """,
        [letter.id for letter in letters],
        [letter.topic for letter in letters],
        [letter.reader for letter in letters],
        [letter.key for letter in letters],
        [letter.value for letter in letters],
        [letter.type for letter in letters],
        [letter.reason for letter in letters],
        [json.dumps(dict(letter.headers)) for letter in letters],
    )
    return {row["id"] for row in rows}


async def select(tx: Tx, *, limit: int, replayed_too: bool) -> list[DeadLetter]:
    """The oldest first."""
    rows = await tx.fetch(
        """
        SELECT * FROM dead_letters WHERE replayed_at IS NULL OR $2
        ORDER BY set_apart_at, id
        LIMIT $1
        """,
        limit,
        replayed_too,
    )
    return [_letter(row) for row in rows]


async def mark_replayed(tx: Tx, ids: Sequence[UUID]) -> list[DeadLetter]:
    """Those of `ids` that there are, held by this transaction and marked; the oldest first."""
    rows = await tx.fetch(
        """
        WITH replayed AS (
            UPDATE dead_letters SET replayed_at = clock(), replays = replays + 1
            WHERE id = ANY ($1::uuid[])
            RETURNING *
        )
        SELECT * FROM replayed ORDER BY set_apart_at, id
        """,
        list(ids),
    )
    return [_letter(row) for row in rows]


def _letter(row: Row) -> DeadLetter:
    return DeadLetter(
        id=row["id"],
        topic=row["topic"],
        reader=row["reader"],
        key=row["key"],
        value=row["value"],
        type=row["type"],
        reason=row["reason"],
        headers=json.loads(row["headers"]),
        set_apart_at=row["set_apart_at"],
        replayed_at=row["replayed_at"],
        replays=row["replays"],
    )
