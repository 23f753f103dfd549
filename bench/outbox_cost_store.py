"""The table that is written beside the outbox."""

from uuid import UUID

import asyncpg
from messaging.database import Tx


async def create(dsn: str) -> None:
    """Anew, if an earlier run's is there."""
    await _execute(dsn, "DROP TABLE IF EXISTS written")
    await _execute(dsn, "CREATE TABLE written (id uuid PRIMARY KEY, body bytea NOT NULL)")


async def empty(dsn: str) -> None:
    """As at first, for the next round."""
    await _execute(dsn, "TRUNCATE written, outbox")


async def insert(tx: Tx, identifier: UUID, body: bytes) -> None:
    await tx.execute("INSERT INTO written (id, body) VALUES ($1, $2)", identifier, body)


async def _execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
