"""One database for all runs of the session."""

from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from testkit import TestDatabase

from simulation.ring import Ground, ground


@pytest.fixture(scope="session")
async def on(
    new_database: Callable[[Sequence[str]], TestDatabase],
) -> AsyncIterator[Ground]:
    async with ground(new_database) as made:
        yield made
