"""The bare chain's tables: per process one of what it keeps, and its outbox."""

from collections.abc import Sequence
from typing import TypeAlias

import asyncpg

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)


async def create(connection: Connection, name: str, roles: Sequence[str]) -> None:
    """A schema per process. Names are ours, made of letters and digits."""
    for role in roles:
        await connection.execute(
            f"""
            CREATE SCHEMA {name}_{role};
            CREATE TABLE {name}_{role}.kept (
                kind text NOT NULL, key bytea NOT NULL, value bytea NOT NULL,
                PRIMARY KEY (kind, key)
            );
            CREATE TABLE {name}_{role}.outbox (
                seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                topic text NOT NULL, key bytea NOT NULL, value bytea NOT NULL
            );
            """
        )


async def keep(
    connection: Connection,
    schema: str,
    kind: str,
    keys: Sequence[bytes | None],
    values: Sequence[bytes],
) -> None:
    await connection.execute(
        f"INSERT INTO {schema}.kept (kind, key, value)"
        " SELECT $1, key, value FROM unnest($2::bytea[], $3::bytea[]) AS given (key, value)"
        " ON CONFLICT DO NOTHING",
        kind,
        list(keys),
        list(values),
    )


async def put(
    connection: Connection,
    schema: str,
    topic: str,
    keys: Sequence[bytes | None],
    values: Sequence[bytes],
) -> None:
    await connection.execute(
        f"INSERT INTO {schema}.outbox (topic, key, value)"
        " SELECT $1, key, value FROM unnest($2::bytea[], $3::bytea[]) AS given (key, value)",
        topic,
        list(keys),
        list(values),
    )


async def take(connection: Connection, schema: str, limit: int) -> list[asyncpg.Record]:
    return await connection.fetch(
        f"SELECT seq, topic, key, value FROM {schema}.outbox"
        " ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED",
        limit,
    )


async def drop(connection: Connection, schema: str, seqs: Sequence[int]) -> None:
    await connection.execute(
        f"DELETE FROM {schema}.outbox WHERE seq = ANY ($1::bigint[])", list(seqs)
    )
