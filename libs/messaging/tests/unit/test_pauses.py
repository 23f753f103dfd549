"""How soon work goes on once our own database is back: whoever waits asks it every second."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from messaging.clock import SystemIds
from messaging.database import Tx
from messaging.outbox_store import OutboxRow
from messaging.relay import BrokerAway, Relay


class CountingClock:
    """Time passes only by sleeping; after so many sleeps the work is told to stop."""

    def __init__(self, stop: asyncio.Event, sleeps: int) -> None:
        self._stop = stop
        self._left = sleeps
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.elapsed(), UTC)

    def elapsed(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._left -= 1
        if not self._left:
            self._stop.set()


class Away:
    """A database, and a broker, that can't be reached."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        raise self._error
        yield  # pyright: ignore[reportUnreachable]

    async def publish(self, batch: Sequence[OutboxRow]) -> Sequence[Exception | None]:
        raise AssertionError(f"{batch} can't have been taken")


@pytest.mark.parametrize(
    ("error", "longest"), [(ConnectionRefusedError("starting up"), 1.0), (BrokerAway("gone"), 5.0)]
)
async def test_a_relay_asks_its_database_every_second_and_the_broker_every_five(
    error: Exception, longest: float
) -> None:
    stop = asyncio.Event()
    clock = CountingClock(stop, 8)
    away = Away(error)
    await Relay(away, away, SystemIds(), clock, service="test").run(stop)
    assert clock.slept[0] == 0.2
    assert max(clock.slept) == clock.slept[-1] == longest
