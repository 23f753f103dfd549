"""Fixtures of the integration tests."""

from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from messaging.migrations import migrate
from testkit import TestDatabase

from .support import SCHEMA, Office, office_on


@pytest.fixture(scope="session")
async def migrated(new_database: Callable[[Sequence[str]], TestDatabase]) -> TestDatabase:
    database = new_database([SCHEMA])
    await migrate(database.dsn(SCHEMA), "sync_orchestrator")
    return database


@pytest.fixture
async def office(migrated: TestDatabase) -> AsyncIterator[Office]:
    """A company in an empty schema, nothing connected."""
    async with office_on(migrated) as office:
        await office.pool.execute(
            "truncate outbox, inbox, companies, records, connections, connection_settings,"
            " reference_pages, accounts, account_mapping, mapping_versions, links, jobs,"
            " job_history, feed_positions, remote_customers, customer_loads,"
            " customer_load_pages, remote_items, item_lists, kind_corrections,"
            " forgotten_records, runs, run_records, restores"
        )
        yield office
