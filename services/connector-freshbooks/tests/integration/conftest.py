"""Fixtures of the integration tests: one simulator process, an organisation for each test."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import httpx
import pytest
from connector_freshbooks.app import PACKAGE
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


@pytest.fixture(scope="session")
async def at_work(database: TestDatabase, simulator_url: str) -> AsyncIterator[Running]:
    """One connector for the whole run: its organisations keep out of each other's way."""
    async with httpx.AsyncClient(timeout=30) as http:
        await Simulator(simulator_url, http).up()
    async with running(database, simulator_url) as working:
        yield working


@pytest.fixture
def connector(at_work: Running, simulator: Simulator) -> Running:
    """The connector, asked by a company of this test's own."""
    return Running(at_work.made, at_work.dsn)
