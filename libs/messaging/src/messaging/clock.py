"""Time and ids as parameters: the real ones, chosen by a composition root."""

import asyncio
import os
import time
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from contracts.ids import uuid7


class Clock(Protocol):
    """What a process may know of time. Facts are stamped by the database's clock, not by this."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        ...

    def elapsed(self) -> float:
        """Seconds on a clock that never goes back and runs on while the machine sleeps."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Come back after so many seconds."""
        ...


class SystemClock:
    """The machine's own clocks (`CLOCK_BOOTTIME` for elapsed time)."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def elapsed(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SystemIds:
    """UUIDv7 from the wall clock and the system's randomness."""

    def new(self) -> UUID:
        return uuid7(time.time_ns() // 1_000_000, os.urandom)
