"""Channels of PostgreSQL's NOTIFY. They belong to the whole database, so ours carry the schema."""

from collections.abc import Collection

import asyncpg

from messaging.database import Row


async def full_name(connection: "asyncpg.Connection[Row]", channel: str) -> str:
    """What `channel` is called in the database, for this session's schema."""
    schema: str | None = await connection.fetchval("SELECT current_schema()")
    return f"{schema or ''}.{channel}"


async def notify(connection: "asyncpg.Connection[Row]", channels: Collection[str]) -> None:
    """Wake the listeners of this schema's channels, all by one statement."""
    await connection.execute(
        "SELECT pg_notify(coalesce(current_schema(), '') || '.' || channel, '')"
        " FROM unnest($1::text[]) AS given (channel)",
        list(channels),
    )


async def heartbeat(connection: "asyncpg.Connection[Row]", within: float) -> None:
    """Raises if the session doesn't answer within so many seconds."""
    await connection.fetchval("SELECT 1", timeout=within)
