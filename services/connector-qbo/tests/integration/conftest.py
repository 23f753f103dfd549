"""Fixtures of the integration tests: one simulator process, an organisation for each test."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import httpx
import pytest
from connector_qbo.app import PACKAGE
from testkit import TestDatabase

from .running import Running, migrated, running
from .simulator import Simulator, running_simulator


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    with running_simulator() as url:
        yield url


@pytest.fixture
async def simulator(simulator_url: str) -> AsyncIterator[Simulator]:
    async with httpx.AsyncClient(timeout=30) as http:
        running = Simulator(simulator_url, http)
        await running.up()
        yield running


@pytest.fixture(scope="session")
async def database(new_database: Callable[[Sequence[str]], TestDatabase]) -> TestDatabase:
    return await migrated(new_database([PACKAGE]))


@pytest.fixture
async def connector(database: TestDatabase, simulator: Simulator) -> AsyncIterator[Running]:
    async with running(database, simulator.url) as at_work:
        yield at_work
