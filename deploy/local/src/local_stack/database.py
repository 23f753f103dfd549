"""A database with one schema and one login role per service, none reaching another's."""

from __future__ import annotations

import re
from collections.abc import Mapping

import asyncpg

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_PASSWORD = re.compile(r"[A-Za-z0-9_-]{16,}")


async def create_database(
    admin_dsn: str, database: str, passwords: Mapping[str, str], *, dsn_of_database: str
) -> None:
    """Make the database if it isn't there and, per key of `passwords`, its schema and login role.

    Running it again is safe and sets the passwords again. Each role owns the schema of its own
    name, finds nothing else on its search path, and is cut off after 10 s of idling in a
    transaction (a reader of a change feed waits for the oldest open transaction of the cluster).
    Raises ValueError for a name or password that can't be put into SQL as it stands.
    """
    for name in (database, *passwords):
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} can't be a database, schema or role name: [a-z_][a-z0-9_]*")
    for role, password in passwords.items():
        if not _PASSWORD.fullmatch(password):
            raise ValueError(f"the password of {role} must be 16 or more of [A-Za-z0-9_-]")
    admin = await asyncpg.connect(admin_dsn)
    try:
        known = await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database)
        if known is None:
            await admin.execute(f'CREATE DATABASE "{database}"')
        for role, password in passwords.items():
            exists = await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
            verb = "CREATE" if exists is None else "ALTER"
            await admin.execute(f"{verb} ROLE \"{role}\" LOGIN PASSWORD '{password}'")
    finally:
        await admin.close()
    connection = await asyncpg.connect(dsn_of_database)
    try:
        await connection.execute(_grants(database, tuple(passwords)))
    finally:
        await connection.close()


def _grants(database: str, roles: tuple[str, ...]) -> str:
    statements = [
        f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC',
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    ]
    for role in roles:
        statements += [
            f'CREATE SCHEMA IF NOT EXISTS "{role}" AUTHORIZATION "{role}"',
            f'GRANT CONNECT, TEMPORARY ON DATABASE "{database}" TO "{role}"',
            f'ALTER ROLE "{role}" IN DATABASE "{database}" SET search_path = "{role}"',
            f'ALTER ROLE "{role}" IN DATABASE "{database}"'
            " SET idle_in_transaction_session_timeout = '10s'",
        ]
    return ";\n".join(statements)
