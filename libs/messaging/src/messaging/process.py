"""A service's roles under one event loop: started together, restarted alone, stopped in time."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from telemetry import metrics
from telemetry.logs import get_logger

from messaging.clock import Clock, SystemClock
from messaging.health import health_app

__all__ = ["Role", "health_app", "pause", "run_roles"]

log = get_logger(__name__)

Role = Callable[[asyncio.Event], Awaitable[None]]
"""Works until the event is set, then finishes what it has begun and returns."""

GRACE_SECONDS = 15.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_COLLECT_AFTER = (10_000, 20, 50)
_STEADY_SECONDS = 60.0
"""A role that ran so long before it failed is restarted at once, not after the grown pause."""


async def run_roles(
    tasks: Mapping[str, Role],
    *,
    stop: asyncio.Event | None = None,
    grace_seconds: float = GRACE_SECONDS,
    clock: Clock | None = None,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> int:
    """Run all roles until a signal or `stop`, or until each has returned; the exit code.

    A role that fails is logged, counted and started again after a pause (0.5 s, doubling to 30);
    one that returns is done. After the signal all have `grace_seconds` to finish; who takes longer
    is cancelled, and the exit code is 1. A second signal cancels at once.
    """
    stop = stop or asyncio.Event()
    clock = clock or SystemClock()
    hurry = asyncio.Event()
    async with _on_signals(signals, stop, hurry), _collecting_seldom():
        running = {
            asyncio.create_task(_keep(name, role, stop, clock), name=name): name
            for name, role in tasks.items()
        }
        stopping = asyncio.create_task(stop.wait())
        hurrying = asyncio.create_task(hurry.wait())
        try:
            await _until_all_done(running, stopping)
            pending = [task for task in running if not task.done()]
            if pending:
                log.info("stopping", roles=[running[task] for task in pending])
                async with _no_longer_than(grace_seconds):
                    await _until_all_done(pending, hurrying)
            return await _cancel(running)
        finally:
            stopping.cancel()
            hurrying.cancel()
            for task in running:
                task.cancel()


@asynccontextmanager
async def _collecting_seldom() -> AsyncGenerator[None]:
    """Have Python look for reference cycles less often, and not in what is there already.

    A batch makes tens of thousands of objects that reference counts free by themselves. By Python's
    own thresholds looking through them and all modules took a quarter of a burst's CPU (measured).
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def pause(clock: Clock, stop: asyncio.Event, seconds: float) -> None:
    """Come back after so many seconds by `clock`, or as soon as `stop` is set; at once if ≤ 0."""
    if stop.is_set() or seconds <= 0:
        return
    waits = [
        asyncio.ensure_future(stop.wait()),
        asyncio.ensure_future(clock.sleep(seconds)),
    ]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _keep(name: str, role: Role, stop: asyncio.Event, clock: Clock) -> None:
    wait = _FIRST_PAUSE
    while not stop.is_set():
        began = clock.elapsed()
        try:
            await role(stop)
        except (Exception, SystemExit) as error:
            # Whatever ends a role (uvicorn exits where it can't have its port), the others go on.
            steady = clock.elapsed() - began > _STEADY_SECONDS
            wait = _FIRST_PAUSE if steady else wait
            metrics.counter("role_failures_total", role=name).inc()
            log.error("role failed", role=name, again_in_seconds=wait, exc_info=error)
            await pause(clock, stop, wait)
            wait = min(wait * 2, _LONGEST_PAUSE)
        else:
            if not stop.is_set():
                log.info("role finished", role=name)
            return


async def _until_all_done(tasks: Iterable[asyncio.Task[None]], unless: asyncio.Task[bool]) -> None:
    pending = {task for task in tasks if not task.done()}
    while pending and not unless.done():
        waits: list[asyncio.Task[None] | asyncio.Task[bool]] = [*pending, unless]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        pending = {task for task in pending if not task.done()}


@asynccontextmanager
async def _no_longer_than(seconds: float) -> AsyncGenerator[None]:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            yield


async def _cancel(running: Mapping[asyncio.Task[None], str]) -> int:
    late = [task for task in running if not task.done()]
    for task in late:
        log.error("role cancelled: it didn't stop in time", role=running[task])
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=1.0)
    return 1 if late else 0


@asynccontextmanager
async def _on_signals(
    signals: Sequence[signal.Signals], stop: asyncio.Event, hurry: asyncio.Event
) -> AsyncGenerator[None]:
    def asked() -> None:
        if stop.is_set():
            hurry.set()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in signals:
        loop.add_signal_handler(number, asked)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
