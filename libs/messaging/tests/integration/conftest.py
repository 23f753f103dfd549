"""Fixtures of the integration tests."""

from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from messaging.migrations import migrate
from testkit import TestDatabase

from .support import SCHEMA, Schema, schema_on


@pytest.fixture(scope="session")
async def migrated(new_database: Callable[[Sequence[str]], TestDatabase]) -> TestDatabase:
    database = new_database([SCHEMA])
    await migrate(database.dsn(SCHEMA), "messaging")
    return database


@pytest.fixture
async def schema(migrated: TestDatabase) -> AsyncIterator[Schema]:
    """The migrated schema, empty."""
    async with schema_on(migrated) as schema:
        await schema.pool.execute(
            "TRUNCATE outbox, inbox, dead_letters, feed_positions RESTART IDENTITY"
        )
        yield schema
