"""The suite's fixtures: a connector's conformance tests import them into their conftest.

They need a `subject` fixture of the session: the `ConformanceSubject`.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import httpx
import pytest
from testkit import TestDatabase

from connector_conformance.running import Running, migrated, running
from connector_conformance.simulator import Simulator, running_simulator
from connector_conformance.subject import ConformanceSubject

__all__ = ["at_work", "connector", "database", "simulator", "simulator_url"]


@pytest.fixture(scope="session")
def simulator_url(subject: ConformanceSubject) -> Iterator[str]:
    with running_simulator(subject.simulator) as url:
        yield url


@pytest.fixture
async def simulator(simulator_url: str) -> AsyncIterator[Simulator]:
    async with httpx.AsyncClient(timeout=30) as http:
        found = Simulator(simulator_url, http)
        await found.up()
        yield found


@pytest.fixture(scope="session")
async def database(
    subject: ConformanceSubject, new_database: Callable[[Sequence[str]], TestDatabase]
) -> TestDatabase:
    return await migrated(new_database([subject.package]), subject.package)


@pytest.fixture(scope="session")
async def at_work(
    subject: ConformanceSubject, database: TestDatabase, simulator_url: str
) -> AsyncIterator[Running]:
    """One connector for the whole run: its organisations keep out of each other's way."""
    async with httpx.AsyncClient(timeout=30) as http:
        await Simulator(simulator_url, http).up()
    async with running(subject.provider, subject.package, database, simulator_url) as working:
        yield working


@pytest.fixture
def connector(at_work: Running, simulator: Simulator) -> Running:
    """The connector, asked by a company of this test's own."""
    return at_work.another()
