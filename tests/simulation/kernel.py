"""A seeded scheduler that runs real code on real PostgreSQL, one step at a time.

Code under simulation gets its clock, ids, database and bus from here. Each statement, commit,
rollback, sleep and delivery is a *point*: the task stops there until the scheduler picks it. So one
seed is one interleaving, transactions stay open across other tasks' steps, and a failing seed can
be played again; its story is the list of points in the order they were let go.

A task that waits for a row lock is found by asking PostgreSQL itself and counts as blocked: it is
not picked, and the others go on. Its server process is stopped meanwhile, and those who wait for
the same lock are let go one after the other: which of them PostgreSQL would wake first is chance.
For the same reason the scheduler ends deadlocks itself.

Time is virtual: it moves when nothing else can, and each session's `app.now` follows it, so
`clock()` in SQL and `Clock.now()` in Python agree.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import asyncpg
from messaging.database import Row

from simulation import locks
from simulation.tasks import Task

START = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
_MOMENT = 0.003
"""After so long without a step it is asked whether a statement waits for a lock."""

_T = TypeVar("_T")


class Killed(BaseException):
    """The task's process died here: nothing after this point runs, what was open is rolled back."""


class StuckError(AssertionError):
    """Nothing can run, nothing will wake, and there is still work: a deadlock of the product."""


@dataclass
class Scheduler:
    """Runs tasks one point at a time in the order that `seed` chooses.

    Whoever comes to a point last picks who goes on, so that a step costs no more than the work of
    the task itself.
    """

    seed: int
    rng: random.Random = field(init=False)
    now: datetime = START
    steps: int = 0
    story: list[str] = field(default_factory=list[str])
    failures: list[BaseException] = field(default_factory=list[BaseException])
    max_steps: int = 5_000
    on_wait: Callable[[str, str, list[str]], None] | None = None
    """Told who waits for a lock, at which point, and who else is in a transaction."""
    snare: tuple[str, str] | None = None
    """The next task whose name starts so stands still at the first point whose label starts so."""
    snared: str | None = None
    """Who was caught last."""
    moved: int = 0
    """Grows whenever a transaction ends: what is committed, or who holds which lock, may differ."""
    _tasks: dict[asyncio.Task[None], Task] = field(default_factory=dict["asyncio.Task[None]", Task])
    _running: int = 0
    """Tasks that are neither at a point nor known to wait for a lock."""
    _may_have: list[Task] = field(default_factory=list[Task])
    """Tasks whose lock may be free by now, in the order they go on."""
    _tried: int = -1
    """As of which move all who wait were let go because nobody else could go on."""
    _over: "asyncio.Future[None] | None" = None
    _abandoned: bool = False

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Adds a task; it runs when the scheduler picks it."""
        loop = asyncio.get_running_loop()
        parked = loop.create_future()
        task = loop.create_task(self._body(work, parked), name=name)
        self._tasks[task] = Task(name, task, work, parked)

    async def _body(self, work: Coroutine[Any, Any, None], start: asyncio.Future[None]) -> None:
        try:
            await start
            await work
        except Killed:
            pass
        except Exception as error:
            self.failures.append(error)
        finally:
            work.close()
            if self._tasks.pop(self._me().task).parked is None:
                self._stopped()

    def _me(self) -> Task:
        current = asyncio.current_task()
        assert current is not None
        return self._tasks[current]

    async def point(self, label: str) -> None:
        """Stop here until picked. Raises `Killed` if this task's process was killed meanwhile."""
        await self._stop(self._me(), label)

    async def _stop(self, me: Task, label: str) -> None:
        parked = me.parked = me.task.get_loop().create_future()
        me.label = label
        name, at = self.snare or ("", "")
        if name and me.name.startswith(name) and label.startswith(at):
            self.snare, self.snared = None, me.name
            self.hold(me.name, on=True)
        self._stopped()
        await parked

    async def sleep(self, seconds: float) -> None:
        me = self._me()
        me.wakes_at = self.now + timedelta(seconds=max(seconds, 0))
        await self._stop(me, f"wake after {seconds:g} s")

    async def in_session(self, session: int, statement: Awaitable[_T]) -> _T:
        """Run a statement that may wait for a lock in that PostgreSQL session."""
        me = self._me()
        me.session = session
        try:
            return await statement
        finally:
            me.session = None
            me.gives_way = False
            if me.blocked:
                self._unblock(me)
            if me.waited and not self._abandoned:
                me.waited = False
                await self._stop(me, "has its lock")

    async def until(self, ready: Callable[[], bool], label: str) -> None:
        """Stop here until picked after `ready()` has become true."""
        me = self._me()
        me.ready = ready
        await self._stop(me, label)

    @contextmanager
    def in_transaction(self) -> Generator[None]:
        """What runs inside may hold locks."""
        me = self._me()
        me.transactions += 1
        try:
            yield
        finally:
            me.transactions -= 1

    def locks_moved(self, session: int) -> None:
        """That session's transaction ended or undid a part: whoever waited for it may go on."""
        self.moved += 1
        self._may_have += [
            entry
            for entry in self._tasks.values()
            if entry.blocked and session in entry.holders and entry not in self._may_have
        ]

    def _unblock(self, entry: Task) -> None:
        entry.blocked = False
        self._running += 1
        if entry.stopped:
            entry.stopped = False
            assert entry.session is not None
            locks.continue_server_process(entry.session)

    def alive(self, name: str = "") -> list[str]:
        """The tasks whose name starts so and that haven't ended."""
        return [entry.name for entry in self._tasks.values() if entry.name.startswith(name)]

    def in_transactions(self) -> bool:
        """Whether any task has a transaction open."""
        return any(entry.transactions for entry in self._tasks.values())

    def next_wake(self, name: str) -> datetime | None:
        """When the first of the tasks whose name starts so goes on; None if there is none."""
        times = [
            entry.wakes_at or self.now
            for entry in self._tasks.values()
            if entry.name.startswith(name)
        ]
        return min(times, default=None)

    def pause(self, name: str, seconds: float) -> bool:
        """The task of that name stands still for so long, unless it holds locks; whether it does.

        A session that idles in its transaction for long is ended by the database; so none is
        paused there.
        """
        for entry in self._tasks.values():
            if entry.name == name and entry.parked is not None and not entry.transactions:
                entry.wakes_at = self.now + timedelta(seconds=seconds)
                self.story.append(f"pause {name} at {entry.label} for {seconds:g} s")
                return True
        return False

    def hold(self, name: str, *, on: bool) -> None:
        """The task of that name stands still where it is, with its locks, or may go on."""
        for entry in self._tasks.values():
            if entry.name == name and entry.held != on:
                entry.held = on
                self.story.append(f"{'stands still' if on else 'goes on'}: {name} at {entry.label}")

    def kill(self, name: str) -> None:
        """All tasks whose name starts so die at the point where they stand."""
        for entry in self._tasks.values():
            if entry.name.startswith(name):
                entry.killed = True
                entry.wakes_at = None
                entry.ready = None
                self.story.append(f"kill {entry.name} at {entry.label}")

    def kill_me(self) -> None:
        """The task that runs now dies at its next point."""
        self.story.append(f"kill {self._me().name} where it is")
        self._me().killed = True

    async def run(self, lock_reader: "asyncpg.Connection[Row]", max_steps: int = 5_000) -> None:
        """Until no task is left. Raises what a task raised.

        `max_steps` bounds a run; going beyond it is a failure, not a pass.

        Raises:
            StuckError: tasks are left that nothing can wake.
        """
        loop = asyncio.get_running_loop()
        self._over, self.max_steps = loop.create_future(), self.steps + max_steps
        watch = loop.create_task(self._watch(lock_reader))
        try:
            if not self._running:
                self._go_on()
            await self._over
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            self._over = None
        if self.failures:
            raise self.failures[0]

    async def abandon(self) -> None:
        """All that is left dies where it stands."""
        self._abandoned = True
        left = list(self._tasks.values())
        for entry in left:
            if entry.blocked:
                self._unblock(entry)
            entry.task.cancel()
        await asyncio.gather(*(entry.task for entry in left), return_exceptions=True)
        for entry in left:
            # One that never began closes nothing itself.
            entry.work.close()
        self._tasks.clear()

    def _stopped(self) -> None:
        """One that ran is at a point, at its end or waits: the last of them lets the next go on."""
        self._running -= 1
        if self._running == 0:
            self._go_on()

    def _go_on(self) -> None:
        over = self._over
        if over is None or over.done():
            return
        try:
            while not self.failures:
                if self._let_one_try():
                    return
                waiting = [t for t in self._tasks.values() if t.parked is not None]
                if not self._tasks:
                    break
                if self.steps >= self.max_steps:
                    raise StuckError(f"seed {self.seed}: not done after {self.steps} steps")
                ready = [t for t in waiting if self._may_run(t)]
                if ready:
                    self._release(self.rng.choice(ready))
                    return
                if not self._let_all_try():
                    self._let_time_pass(waiting)
        except Exception as error:
            over.set_exception(error)
        else:
            over.set_result(None)

    def _let_one_try(self) -> bool:
        """The next whose lock may be free goes on, alone; it may have to wait once more."""
        while self._may_have:
            entry = self._may_have.pop(0)
            if entry.blocked:
                self._unblock(entry)
                return True
        return False

    def _let_all_try(self) -> bool:
        """Nobody else can go on: perhaps one who waits can, though we didn't see why."""
        blocked = [entry for entry in self._tasks.values() if entry.blocked]
        if not blocked or self._tried == self.moved:
            return False
        self._tried, self._may_have = self.moved, blocked
        return True

    def _may_run(self, task: Task) -> bool:
        if task.killed:
            return True
        if task.held:
            return False
        if task.wakes_at is not None and task.wakes_at > self.now:
            return False
        return task.ready is None or task.ready()

    def _let_time_pass(self, waiting: list[Task]) -> None:
        sleepers = [t.wakes_at for t in waiting if t.wakes_at is not None]
        sleepers = [at for at in sleepers if at > self.now]
        if not sleepers:
            stands = ", ".join(f"{t.name} at {t.label}" for t in self._tasks.values())
            raise StuckError(f"seed {self.seed}: nothing can run: {stands}")
        self.now = min(sleepers)
        self.story.append(f"time {self.now:%H:%M:%S.%f}")

    def _release(self, task: Task) -> None:
        assert task.parked is not None
        parked, task.parked = task.parked, None
        task.wakes_at = None
        task.ready = None
        self.steps += 1
        self._running += 1
        self.story.append(f"{task.name}: {task.label}")
        if task.killed:
            parked.set_exception(Killed())
        else:
            parked.set_result(None)

    async def _watch(self, lock_reader: "asyncpg.Connection[Row]") -> None:
        """Where nothing moved for a moment, ask PostgreSQL which statements wait for a lock."""
        before = (-1, -1)
        while True:
            await asyncio.sleep(_MOMENT)
            now = (self.steps, self.moved)
            if now == before:
                await self._find_blocked(lock_reader)
            before = now

    async def _find_blocked(self, lock_reader: "asyncpg.Connection[Row]") -> None:
        running = [t for t in self._tasks.values() if t.parked is None and not t.blocked]
        asked = {t.session: t for t in running if t.session is not None}
        if not running or len(asked) < len(running):
            return
        moved = self.moved
        for session, holders in await locks.waiting(lock_reader, list(asked)):
            task = asked[session]
            # It may have gone on while we asked; or its lock may be free by now.
            if task.session != session or task.blocked or self.moved != moved or not holders:
                continue
            if task.gives_way:
                continue
            if locks.waits_for_itself(session, holders, self._tasks.values()):
                task.gives_way = True
                self.story.append(f"deadlock: {task.name} gives way")
                await locks.cancel(lock_reader, session)
                continue
            task.blocked = task.waited = True
            task.holders, task.stopped = holders, locks.stop_server_process(session)
            if self.on_wait is not None:
                others = [t.name for t in self._tasks.values() if t.transactions]
                self.on_wait(task.name, task.label, others)
            self._stopped()
