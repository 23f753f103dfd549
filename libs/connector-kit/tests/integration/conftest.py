"""Fixtures of the integration tests."""

from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from testkit import TestDatabase

from .bench import Bench, bench_on, migrated


@pytest.fixture(scope="session")
async def database(new_database: Callable[[Sequence[str]], TestDatabase]) -> TestDatabase:
    return await migrated(new_database)


@pytest.fixture
async def bench(database: TestDatabase) -> AsyncIterator[Bench]:
    async with bench_on(database) as bench:
        yield bench
