"""The outbox's rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from messaging.database import Tx


@dataclass(frozen=True)
class OutboxRow:
    """A record for the broker as it waits in the outbox."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class QueuedRow:
    """A row that this transaction holds: nobody else takes it until the transaction ends."""

    seq: int
    age_seconds: float
    row: OutboxRow


async def insert(tx: Tx, rows: Sequence[OutboxRow]) -> None:
    """All rows by one statement, in their order."""
    await tx.execute(
        """
        INSERT INTO outbox (topic, key, value, headers)
        SELECT topic, key, value, headers::jsonb
        FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[])
            WITH ORDINALITY AS given (topic, key, value, headers, place)
        ORDER BY place
        """,
        [row.topic for row in rows],
        [row.key for row in rows],
        [row.value for row in rows],
        [json.dumps(dict(row.headers)) for row in rows],
    )


async def take(tx: Tx, limit: int, max_bytes: int) -> list[QueuedRow]:
    """The oldest rows that no other transaction holds: at most `limit`, and as many as fit.

    At least one comes, however large it is. The rows stay where they are until `delete`.

    The plan must not be one that was made while the table was empty, when reading all of it costs
    nothing: under load that reads the whole backlog once a batch. The sessions of `open_pool` make
    their plans anew every few seconds, for the table as it is then; the primary key's order then
    comes from its index and ends after `limit` rows.
    """
    rows = await tx.fetch(
        """
        WITH held AS MATERIALIZED (
            SELECT seq, coalesce(octet_length(value), 0) AS size
            FROM outbox
            ORDER BY seq
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        ), fitting AS MATERIALIZED (
            SELECT seq, sum(size) OVER (ORDER BY seq) - size AS before FROM held
        )
        SELECT
            outbox.seq, topic, key, value, headers,
            extract(epoch FROM clock() - put_at)::float8 AS age
        FROM outbox
        WHERE outbox.seq = ANY (ARRAY(SELECT seq FROM fitting WHERE before < $2))
        ORDER BY outbox.seq
        """,
        limit,
        max_bytes,
    )
    return [
        QueuedRow(
            row["seq"],
            row["age"],
            OutboxRow(row["topic"], row["key"], row["value"], json.loads(row["headers"])),
        )
        for row in rows
    ]


async def delete(tx: Tx, seqs: Sequence[int]) -> None:
    """Rows that this transaction holds and the broker has, or that were set apart."""
    await tx.execute("DELETE FROM outbox WHERE seq = ANY ($1::bigint[])", list(seqs))


async def backlog(tx: Tx, at_most: int = 100_000) -> int:
    """How many rows wait, counted no further than `at_most`."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS waiting", at_most
    )
    return count
