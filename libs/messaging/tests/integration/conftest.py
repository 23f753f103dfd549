"""Fixtures of the integration tests."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import pytest
from local_stack.child_process import LogFile
from local_stack.kafka_server import KafkaServer
from local_stack.ports import find_free_block
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


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[KafkaServer]:
    """A broker that a test may stop."""
    port = find_free_block(2)
    server = KafkaServer(tmp_path / "kafka", port, port + 1, log=LogFile(tmp_path / "kafka.log"))
    server.start()
    yield server
    server.stop()
