"""Fixtures of the integration tests: one simulator process, an organisation for each test."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

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
