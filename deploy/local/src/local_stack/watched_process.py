"""A process that is kept running: started again when it ends, as often as it takes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from local_stack.child_process import ChildProcess, LogFile, ProcessFailedError, Program

_TICK = 0.1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_STEADY_SECONDS = 20.0
_LOUD_AFTER = 3
_STARTS_ALLOWED = 3


def pause_before_start(quick_ends: int) -> float:
    """Seconds to wait before starting again after that many quick ends in a row."""
    return min(_FIRST_PAUSE * 2.0 ** max(quick_ends - 1, 0), _LONGEST_PAUSE)


@dataclass
class WatchedProcess:
    """One instance of a row.

    `on_change` is called after each start and end: the list of process ids has changed. `wanted`
    says whether it should run at all; it is asked ten times a second.
    """

    name: str
    program: Callable[[], Program]
    prepare: Callable[[], None]
    is_ready: Callable[[], bool]
    log: LogFile
    say: Callable[[str], None]
    on_change: Callable[[], None]
    wanted: Callable[[], bool] = lambda: True
    ready_within: float = 120.0
    child: ChildProcess | None = None
    became_ready: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _quick_ends: int = 0

    @property
    def pid(self) -> int | None:
        child = self.child
        return None if child is None or child.exit_code is not None else child.pid

    async def keep_running(self) -> None:
        """Returns once stop() was called.

        Raises ProcessFailedError if it never became ready: it ended three times, or took too long.
        """
        while not self._stopping:
            if not self.wanted():
                await asyncio.sleep(_TICK)
                continue
            started = time.monotonic()
            if not await self._prepared():
                await asyncio.sleep(_LONGEST_PAUSE)
                continue
            if self._stopping:
                return
            child = self.child = ChildProcess(self.program(), self.log)
            self.on_change()
            await self._watch(child, started)
            self.child = None
            if self._stopping:
                return
            self.on_change()
            await self._pause(child, time.monotonic() - started)

    async def stop(self, within: float) -> None:
        """End it, kindly at first; at the latest after `within` seconds it is gone."""
        self._stopping = True
        child = self.child
        if child is not None:
            await _end(child, min(within, child.program.stop_within))

    def kill(self) -> None:
        """End it at once and for good."""
        self._stopping = True
        if self.child is not None:
            self.child.kill()

    async def _prepared(self) -> bool:
        try:
            await asyncio.to_thread(self.prepare)
        except ProcessFailedError as failure:
            if not self.became_ready.is_set():
                raise
            self.say(f"{self.name} can't be started again: {failure}")
            return False
        return True

    async def _watch(self, child: ChildProcess, started: float) -> None:
        ready = asyncio.create_task(self._wait_ready(child, started))
        try:
            while child.exit_code is None:
                if not self.wanted() and not self._stopping:
                    await _end(child, child.program.stop_within)
                    break
                if ready.done() and not ready.cancelled():
                    ready.result()
                await asyncio.sleep(_TICK)
        finally:
            ready.cancel()
            with contextlib.suppress(asyncio.CancelledError, ProcessFailedError):
                await ready
        child.kill()  # collects what has ended

    async def _wait_ready(self, child: ChildProcess, started: float) -> None:
        while not await asyncio.to_thread(self.is_ready):
            if self._too_late(started):
                raise ProcessFailedError(
                    f"{self.name} isn't ready after {self.ready_within:g} s;"
                    f" it said last:\n{child.last_lines()}"
                )
            await asyncio.sleep(_TICK)
        if self.became_ready.is_set():
            self.say(f"{self.name} is back, ready {time.monotonic() - started:.1f} s after start")
        self.became_ready.set()

    def _too_late(self, started: float) -> bool:
        # Once it has been ready, being slow is what the tests are about; it isn't given up.
        return not self.became_ready.is_set() and time.monotonic() - started > self.ready_within

    async def _pause(self, child: ChildProcess, lived: float) -> None:
        if not self.wanted():
            self.say(f"{self.name} is stopped, as asked")
            self._quick_ends = 0
            return
        self._quick_ends = 1 if lived > _STEADY_SECONDS else self._quick_ends + 1
        if not self.became_ready.is_set() and self._quick_ends >= _STARTS_ALLOWED:
            raise ProcessFailedError(
                f"{self.name} ended {self._quick_ends} times before it was ready"
                f" ({_reason(child)}); it said last:\n{child.last_lines()}"
            )
        pause = pause_before_start(self._quick_ends)
        self.say(f"{self.name} ended ({_reason(child)}); starting it again in {pause:.1f} s")
        if self._quick_ends >= _LOUD_AFTER:
            self.say(
                f"{self.name} has ended {self._quick_ends} times in a row; it said last:\n"
                + child.last_lines(5)
            )
        await asyncio.sleep(pause)


async def ended_within(child: ChildProcess, seconds: float) -> bool:
    """Wait for its end; False if it still runs after that time."""
    deadline = time.monotonic() + seconds
    while child.exit_code is None:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_TICK / 4)
    return True


async def _end(child: ChildProcess, within: float) -> None:
    child.request_stop()
    await ended_within(child, within)
    child.kill()


def _reason(child: ChildProcess) -> str:
    code = child.exit_code
    if code is not None and code < 0:
        return f"signal {-code}"
    return f"exit {code}"
