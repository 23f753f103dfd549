"""The real database that one seed after the other is played on."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from messaging.database import Row
from messaging.migrations import migrate
from sync_orchestrator.app import PACKAGE as ORCHESTRATOR
from testkit import TestDatabase

from simulation.database import Sessions
from simulation.office import TABLE
from simulation.sides import SIDES

OFFICE = "invoice_api"
CONNECTORS = tuple(side.schema for side in SIDES.values())
SCHEMAS = (ORCHESTRATOR, *CONNECTORS, OFFICE)
_KEPT = {"schema_migrations", "weather"}
_THRIFT = (
    "synchronous_commit = off",
    "track_activities = off",
    "track_counts = off",
    "update_process_title = off",
    # What is planned once is planned well for tables of a few rows.
    "plan_cache_mode = force_generic_plan",
)
"""Nothing here outlives a seed, and nobody watches the server."""


@dataclass
class Ground:
    """One database with every service's schema, used by one run after the other."""

    sessions: dict[str, Sessions]
    admin: "asyncpg.Connection[Row]"
    watcher: "asyncpg.Connection[Row]"
    """Asks who waits for a lock."""
    filled: str
    """The statement that names the tables which hold anything."""
    restarted: str
    """What sets all sequences to their beginning."""

    async def clear(self) -> None:
        """As after migrating. Only what was filled is emptied: an empty table costs the same."""
        names = await self.admin.fetchval(self.filled)
        if names:
            await self.admin.execute(f"truncate {names} cascade")
        calmed = "".join(
            f"update {schema}.weather set failures = 0, probe_at = null, paused_at = null;"
            for schema in CONNECTORS
        )
        await self.admin.execute(f"{calmed}select {self.restarted}")


def of_open(*schemas: str) -> str:
    """The condition that a row is of a connection that isn't closed, as these connectors have it:
    of one that was left nothing more is asked or awaited."""
    still = " union all ".join(
        f"select id from {schema}.connections where status <> 'closed'" for schema in schemas
    )
    return f"connection_id in ({still})"


@asynccontextmanager
async def ground(
    new_database: Callable[[Sequence[str]], TestDatabase],
) -> AsyncGenerator[Ground]:
    """A migrated database of its own."""
    database = new_database(SCHEMAS)
    await migrate(database.dsn(ORCHESTRATOR), ORCHESTRATOR)
    for schema in CONNECTORS:
        await migrate(database.dsn(schema), "connector_kit")
    await migrate(database.dsn(OFFICE), "messaging")
    admin: asyncpg.Connection[Row] = await asyncpg.connect(database.admin_dsn)
    sessions = {schema: Sessions(database.dsn(schema)) for schema in SCHEMAS}
    try:
        await admin.execute(
            "".join(f"alter database {database.name} set {each};" for each in _THRIFT)
        )
        # The scheduler ends deadlocks, and how long a transaction takes in real time says nothing.
        await admin.execute(
            "".join(
                f"alter role {schema} in database {database.name} set {each};"
                for schema in SCHEMAS
                for each in ("deadlock_timeout = '1h'", "idle_in_transaction_session_timeout = 0")
            )
        )
        office = await sessions[OFFICE].take()
        await office.execute(TABLE)
        sessions[OFFICE].give_back(office)
        watcher: asyncpg.Connection[Row] = await asyncpg.connect(database.admin_dsn)
        yield Ground(sessions, admin, watcher, await _filled(admin), await _restarted(admin))
        await watcher.close()
    finally:
        for each in sessions.values():
            each.close()
        await admin.close()


async def _filled(admin: "asyncpg.Connection[Row]") -> str:
    tables = await admin.fetch(
        "select schemaname, tablename from pg_tables where schemaname = any($1) order by 1, 2",
        list(SCHEMAS),
    )
    names = [
        f"{row['schemaname']}.{row['tablename']}" for row in tables if row["tablename"] not in _KEPT
    ]
    each = " union all ".join(
        f"select '{name}' as name where exists (select from {name})" for name in names
    )
    return f"select string_agg(name, ', ') from ({each}) as filled"


async def _restarted(admin: "asyncpg.Connection[Row]") -> str:
    sequences = await admin.fetch(
        "select schemaname, sequencename from pg_sequences where schemaname = any($1)"
        " order by 1, 2",
        list(SCHEMAS),
    )
    names = [f"{row['schemaname']}.{row['sequencename']}" for row in sequences]
    return ", ".join(f"setval('{name}', 1, false)" for name in names)
