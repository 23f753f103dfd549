"""What PostgreSQL itself counts of each role's statements, by the extension pg_stat_statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

Admin: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(frozen=True)
class Counted:
    """One statement of one role: how often it ran, the rows it gave, and its milliseconds."""

    role: str
    text: str
    calls: int
    rows: int
    milliseconds: float


async def ask_for_counting(database_url: str) -> None:
    """From its next start on the server counts."""
    admin: Admin = await asyncpg.connect(database_url)
    try:
        await admin.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
    finally:
        await admin.close()


async def begin(admin: Admin) -> None:
    """Count from nothing."""
    await admin.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    await admin.execute("SELECT pg_stat_statements_reset()")


async def counted(admin: Admin) -> Sequence[Counted]:
    """All statements since, those that end and begin transactions too."""
    rows = await admin.fetch(
        "SELECT rolname, query, sum(calls)::bigint AS calls, sum(rows)::bigint AS rows,"
        " sum(total_exec_time) AS milliseconds"
        " FROM pg_stat_statements JOIN pg_roles ON pg_roles.oid = userid"
        " WHERE NOT rolsuper GROUP BY rolname, query ORDER BY calls DESC"
    )
    return [
        Counted(r["rolname"], r["query"], r["calls"], r["rows"], r["milliseconds"]) for r in rows
    ]
