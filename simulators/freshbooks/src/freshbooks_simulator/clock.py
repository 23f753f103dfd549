"""The simulator's time: real time plus what a test has added with `POST /_sim/clock`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _real_now() -> datetime:
    return datetime.now(UTC)


class SimClock:
    """Time that runs on by itself and can be moved forward; sleepers wake when it is moved."""

    def __init__(
        self,
        real_now: Callable[[], datetime] = _real_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._real_now = real_now
        self._monotonic = monotonic
        self._moved = asyncio.Event()
        self.offset_seconds = 0.0

    def now(self) -> datetime:
        """The time by the simulator's clock, aware, in UTC."""
        return self._real_now() + timedelta(seconds=self.offset_seconds)

    def seconds(self) -> float:
        """Seconds that only ever grow (apart from `reset`); for windows and deadlines."""
        return self._monotonic() + self.offset_seconds

    def advance(self, seconds: float) -> None:
        """Move forward and wake every sleeper to look again."""
        self.offset_seconds += seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def reset(self) -> None:
        """Back to real time."""
        self.advance(-self.offset_seconds)

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` have passed by this clock."""
        until = self.seconds() + seconds
        while (left := until - self.seconds()) > 0:
            moved = self._moved
            try:
                async with asyncio.timeout(left):
                    await moved.wait()
            except TimeoutError:
                continue
