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
    """UUIDv7 from the wall clock and the system's randomness; each is greater than the one before.

    Those of one millisecond count up from a random start (RFC 9562 §6.2, method 2), so that what
    was made later also sorts later; a clock that is set back is waited out by counting on.
    """

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> UUID:
        fresh = uuid7(time.time_ns() // 1_000_000, os.urandom)
        if fresh.int <= self._last:
            fresh = _after(self._last)
        self._last = fresh.int
        return fresh


_TAIL = (1 << 62) - 1
_STEP = 1 << 20
"""How far apart ids of one millisecond are, and at most: the next isn't guessed from the last."""


def _after(last: int) -> UUID:
    """A greater id: the last 62 bits count on, a full count goes over into the millisecond."""
    step = 1 + int.from_bytes(os.urandom(3), "big") % _STEP
    tail = (last & _TAIL) + step
    if tail <= _TAIL:
        return UUID(int=(last & ~_TAIL) | tail)
    return uuid7((last >> 80) + 1, os.urandom)
