"""Which migrations a schema has had."""

from dataclasses import dataclass

import asyncpg

from messaging.database import Row


@dataclass(frozen=True)
class Applied:
    package: str
    name: str
    sha256: str


async def lock_schema(connection: "asyncpg.Connection[Row]") -> str | None:
    """Wait until nobody else migrates this schema; its name, None if the search path has none.

    The lock is the session's: it ends with the connection.
    """
    schema: str | None = await connection.fetchval("SELECT current_schema()")
    if schema is not None:
        await connection.execute(
            "SELECT pg_advisory_lock(hashtextextended('migrate ' || current_schema(), 0))"
        )
        await connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                package text NOT NULL,
                name text NOT NULL,
                sha256 text NOT NULL,
                applied_at timestamptz NOT NULL,
                PRIMARY KEY (package, name)
            )
            """
        )
    return schema


async def applied(connection: "asyncpg.Connection[Row]", package: str) -> list[Applied]:
    rows = await connection.fetch(
        "SELECT package, name, sha256 FROM schema_migrations WHERE package = $1 ORDER BY name",
        package,
    )
    return [Applied(row["package"], row["name"], row["sha256"]) for row in rows]


async def apply(connection: "asyncpg.Connection[Row]", migration: Applied, sql: str) -> None:
    """Run one migration and record it, or neither."""
    async with connection.transaction():
        await connection.execute(sql)
        await connection.execute(
            "INSERT INTO schema_migrations (package, name, sha256, applied_at)"
            " VALUES ($1, $2, $3, clock())",
            migration.package,
            migration.name,
            migration.sha256,
        )
