"""Roles run under one loop: restarted alone, stopped together and in time."""

import asyncio
import gc
import os
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime

from messaging.process import pause, run_roles


@dataclass
class FastClock:
    """Time passes as it is slept."""

    passed: float = 0.0
    slept: list[float] = field(default_factory=list[float])

    def now(self) -> datetime:
        return datetime(2026, 6, 1, tzinfo=UTC)

    def elapsed(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds
        await asyncio.sleep(0)


async def test_a_signal_lets_every_role_finish_what_it_began() -> None:
    finished: list[str] = []

    def role(name: str):
        async def work(stop: asyncio.Event) -> None:
            await stop.wait()
            await asyncio.sleep(0.01)
            finished.append(name)

        return work

    running = asyncio.create_task(run_roles({"http": role("http"), "relay": role("relay")}))
    await asyncio.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == 0
    assert sorted(finished) == ["http", "relay"]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


async def test_a_role_that_takes_too_long_is_cancelled_and_the_exit_code_says_so() -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def stubborn(_: asyncio.Event) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def quick(stop: asyncio.Event) -> None:
        await stop.wait()

    stop = asyncio.Event()
    running = asyncio.create_task(
        run_roles({"stubborn": stubborn, "quick": quick}, stop=stop, grace_seconds=0.05, signals=())
    )
    await started.wait()
    stop.set()
    assert await asyncio.wait_for(running, 5) == 1
    assert cancelled.is_set()


async def test_a_second_signal_does_not_wait_for_the_grace() -> None:
    async def stubborn(_: asyncio.Event) -> None:
        await asyncio.Event().wait()

    running = asyncio.create_task(run_roles({"stubborn": stubborn}, grace_seconds=60))
    await asyncio.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.01)
    assert not running.done()
    os.kill(os.getpid(), signal.SIGINT)
    assert await asyncio.wait_for(running, 5) == 1


async def test_a_role_that_fails_is_restarted_after_growing_pauses_and_the_others_go_on() -> None:
    clock = FastClock()
    stop = asyncio.Event()
    starts: list[float] = []

    async def failing(_: asyncio.Event) -> None:
        starts.append(clock.elapsed())
        if len(starts) == 9:
            stop.set()
        if len(starts) == 3:
            raise SystemExit(1)
        raise RuntimeError("no luck")

    async def steady(stop: asyncio.Event) -> None:
        await stop.wait()

    assert (
        await run_roles({"failing": failing, "steady": steady}, stop=stop, clock=clock, signals=())
        == 0
    )
    assert clock.slept[:8] == [0.5, 1, 2, 4, 8, 16, 30, 30]


async def test_a_role_that_ran_long_is_restarted_at_once_again() -> None:
    clock = FastClock()
    stop = asyncio.Event()
    lengths = iter([0, 0, 0, 100, 0])

    async def role(_: asyncio.Event) -> None:
        length = next(lengths, None)
        if length is None:
            stop.set()
            return
        clock.passed += length
        raise RuntimeError("ended")

    await run_roles({"role": role}, stop=stop, clock=clock, signals=())
    assert clock.slept == [0.5, 1, 2, 0.5, 1]


async def test_roles_that_return_end_the_process() -> None:
    async def once(_: asyncio.Event) -> None:
        pass

    assert await run_roles({"one": once, "two": once}, signals=()) == 0


async def test_cycles_are_looked_for_seldom_while_roles_run_and_as_before_afterwards() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    seen: list[tuple[int, bool]] = []

    async def role(_: asyncio.Event) -> None:
        seen.append((gc.get_threshold()[0], gc.get_freeze_count() > frozen))

    await run_roles({"role": role}, signals=())
    assert seen == [(10_000, True)]
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, frozen)


async def test_a_pause_ends_early_when_asked_to_stop() -> None:
    class Endless(FastClock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    stop = asyncio.Event()
    waiting = asyncio.create_task(pause(Endless(), stop, 3600))
    await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(waiting, 5)
