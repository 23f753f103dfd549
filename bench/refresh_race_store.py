"""The one grant of the race, as the administrator sees it."""

from uuid import UUID

import asyncpg


async def only_connection(admin: "asyncpg.Connection[asyncpg.Record]") -> UUID:
    """Raises AssertionError if there isn't exactly one."""
    rows = await admin.fetch("SELECT id FROM connector_qbo.connections")
    assert len(rows) == 1, f"{len(rows)} connections"
    found: UUID = rows[0]["id"]
    return found


async def expire(admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    """The access token is over; the provider still takes it, but nobody here may use it."""
    await admin.execute(
        "UPDATE connector_qbo.grants"
        " SET access_good_until = connector_qbo.clock() - interval '1 second'"
    )


async def alive(admin: "asyncpg.Connection[asyncpg.Record]") -> bool:
    """Whether the grant still works and its connection is open."""
    lost: int = await admin.fetchval(
        "SELECT count(*) FROM connector_qbo.grants g"
        " JOIN connector_qbo.connections c ON c.grant_id = g.id"
        " WHERE g.dead_at IS NOT NULL OR c.status <> 'open'"
    )
    return lost == 0
