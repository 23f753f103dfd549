"""A seeded scheduler that runs real code on real PostgreSQL, one step at a time.

Code under simulation gets its clock, ids, database and bus from here. Each statement, commit,
rollback, sleep and delivery is a *point*: the task stops there until the scheduler picks it. So one
seed is one interleaving, transactions stay open across other tasks' steps, and a failing seed can
be played again; its story is the list of points in the order they were let go.

A task that waits for a row lock is found by asking PostgreSQL itself and counts as blocked: it is
not picked, and the others go on. Time is virtual: it moves when nothing else can, and each
session's `app.now` follows it, so `clock()` in SQL and `Clock.now()` in Python agree.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from contracts.ids import uuid7
from messaging.database import Row, Tx

START = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


class Killed(BaseException):
    """The task's process died here: nothing after this point runs, what was open is rolled back."""


class StuckError(AssertionError):
    """Nothing can run, nothing will wake, and there is still work: a deadlock of the product."""


@dataclass
class _Task:
    name: str
    task: asyncio.Task[None]
    parked: asyncio.Future[None] | None = None
    label: str = "start"
    wakes_at: datetime | None = None
    pid: int | None = None
    """The PostgreSQL session that runs a statement for this task right now."""
    blocked: bool = False
    killed: bool = False
    ready: Callable[[], bool] | None = None
    """What it waits for, beside its turn."""
    transactions: int = 0
    """How many it has open."""


@dataclass
class Scheduler:
    """Runs tasks one point at a time in the order that `seed` chooses.

    Args of `run`: `max_steps` bounds a run; going beyond it is a failure, not a pass.
    """

    seed: int
    rng: random.Random = field(init=False)
    now: datetime = START
    steps: int = 0
    story: list[str] = field(default_factory=list[str])
    _tasks: dict[asyncio.Task[None], _Task] = field(
        default_factory=dict["asyncio.Task[None]", _Task]
    )
    _lock_reader: "asyncpg.Connection[Row] | None" = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    failures: list[BaseException] = field(default_factory=list[BaseException])

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Adds a task; it runs when the scheduler picks it."""
        task = asyncio.get_running_loop().create_task(self._body(work), name=name)
        self._tasks[task] = _Task(name, task)

    async def _body(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await self.point("start")
            await work
        except Killed:
            work.close()
        except Exception as error:
            self.failures.append(error)
        finally:
            work.close()
            self._changed.set()

    def _me(self) -> _Task:
        current = asyncio.current_task()
        assert current is not None
        return self._tasks[current]

    async def point(self, label: str) -> None:
        """Stop here until picked. Raises `Killed` if this task's process was killed meanwhile."""
        me = self._me()
        me.parked = asyncio.get_running_loop().create_future()
        me.label = label
        self._changed.set()
        await me.parked

    async def sleep(self, seconds: float) -> None:
        me = self._me()
        me.wakes_at = self.now + timedelta(seconds=max(seconds, 0))
        await self.point(f"wake after {seconds:g} s")

    @asynccontextmanager
    async def in_session(self, pid: int) -> AsyncGenerator[None]:
        """What runs inside may wait for a row lock in the session `pid`."""
        me = self._me()
        me.pid = pid
        try:
            yield
        finally:
            me.pid = None
            me.blocked = False

    async def until(self, ready: Callable[[], bool], label: str) -> None:
        """Stop here until picked after `ready()` has become true."""
        self._me().ready = ready
        await self.point(label)

    @asynccontextmanager
    async def in_transaction(self) -> AsyncGenerator[None]:
        """What runs inside may hold locks."""
        me = self._me()
        me.transactions += 1
        try:
            yield
        finally:
            me.transactions -= 1

    def locks_moved(self) -> None:
        """A transaction ended or undid a part: whoever waited for its locks may go on."""
        for entry in self._tasks.values():
            entry.blocked = False

    def alive(self, name: str = "") -> list[str]:
        """The tasks whose name starts so and that haven't ended."""
        return [
            entry.name
            for entry in self._tasks.values()
            if entry.name.startswith(name) and not entry.task.done()
        ]

    def in_transactions(self) -> bool:
        """Whether any task has a transaction open."""
        return any(entry.transactions for entry in self._tasks.values() if not entry.task.done())

    def next_wake(self, name: str) -> datetime | None:
        """When the first of the tasks whose name starts so goes on; None if there is none."""
        times = [
            entry.wakes_at or self.now
            for entry in self._tasks.values()
            if entry.name.startswith(name) and not entry.task.done()
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

    def kill(self, name: str) -> None:
        """All tasks whose name starts so die at the point where they stand."""
        for entry in self._tasks.values():
            if entry.name.startswith(name) and not entry.task.done():
                entry.killed = True
                entry.wakes_at = None
                entry.ready = None
                self.story.append(f"kill {entry.name} at {entry.label}")

    async def run(self, lock_reader: "asyncpg.Connection[Row]", max_steps: int = 5_000) -> None:
        """Until no task is left. Raises what a task raised, with the story's end.

        Raises:
            StuckError: tasks are left that nothing can wake.
        """
        self._lock_reader = lock_reader
        for _ in range(max_steps):
            await self._settle()
            if self.failures:
                raise self.failures[0]
            self._tasks = {task: t for task, t in self._tasks.items() if not task.done()}
            waiting = list(self._tasks.values())
            if not waiting:
                return
            ready = [t for t in waiting if t.parked is not None and self._may_run(t)]
            if not ready:
                self._let_time_pass(waiting)
                continue
            self._release(self.rng.choice(ready))
        raise StuckError(f"seed {self.seed}: not done after {max_steps} steps")

    async def abandon(self) -> None:
        """All that is left dies where it stands."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def _may_run(self, task: _Task) -> bool:
        if task.killed:
            return True
        if task.wakes_at is not None and task.wakes_at > self.now:
            return False
        return task.ready is None or task.ready()

    def _let_time_pass(self, waiting: list[_Task]) -> None:
        sleepers = [
            t.wakes_at
            for t in waiting
            if t.wakes_at is not None and t.parked is not None and t.wakes_at > self.now
        ]
        if not sleepers:
            stands = ", ".join(f"{t.name} at {t.label}" for t in waiting)
            raise StuckError(f"seed {self.seed}: nothing can run: {stands}")
        self.now = min(sleepers)
        self.story.append(f"time {self.now:%H:%M:%S.%f}")

    def _release(self, task: _Task) -> None:
        assert task.parked is not None
        parked, task.parked = task.parked, None
        task.wakes_at = None
        task.ready = None
        self.steps += 1
        self.story.append(f"{task.name}: {task.label}")
        if task.killed:
            parked.set_exception(Killed())
        else:
            parked.set_result(None)

    async def _settle(self) -> None:
        """Comes back when every task is parked, done, or waiting for a row lock."""
        while running := [
            t
            for t in self._tasks.values()
            if t.parked is None and not t.blocked and not t.task.done()
        ]:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), timeout=0.005)
            except TimeoutError:
                if await self._all_blocked(running):
                    return

    async def _all_blocked(self, running: list[_Task]) -> bool:
        pids = [t.pid for t in running if t.pid is not None]
        if len(pids) < len(running) or self._lock_reader is None:
            return False
        rows = await self._lock_reader.fetch(
            "select distinct pid from pg_locks where not granted and pid = any($1)", pids
        )
        held = {row["pid"] for row in rows}
        for task in running:
            # It may have gone on while we asked.
            task.blocked = task.pid in held and task.parked is None
        return all(task.blocked for task in running)


@dataclass(frozen=True)
class SimClock:
    """Virtual time, the same for all."""

    scheduler: Scheduler

    def now(self) -> datetime:
        return self.scheduler.now

    def elapsed(self) -> float:
        return (self.scheduler.now - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        await self.scheduler.sleep(seconds)


@dataclass(frozen=True)
class SimIds:
    """Ids of this run's virtual time and seed."""

    scheduler: Scheduler

    def new(self) -> UUID:
        milliseconds = int(self.scheduler.now.timestamp() * 1000)
        return uuid7(milliseconds, self.scheduler.rng.randbytes)


class SimDatabase:
    """Real transactions whose every statement, commit and rollback is a point."""

    def __init__(self, scheduler: Scheduler, pool: "asyncpg.Pool[Row]", name: str = "db") -> None:
        self._scheduler = scheduler
        self._pool = pool
        self._name = name
        self.wakes: set[str] = set()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        async with self._pool.acquire() as connection:
            tx = _SimTx(self._scheduler, connection)
            began = connection.transaction()
            await self._scheduler.point("begin")
            async with self._scheduler.in_transaction():
                await began.start()
                try:
                    yield tx
                    await self._scheduler.point("commit")
                except BaseException:
                    await began.rollback()
                    self._scheduler.locks_moved()
                    raise
                await began.commit()
                self._scheduler.locks_moved()
        self.wakes.update(tx.wakes)


class _SimTx:
    def __init__(
        self, scheduler: Scheduler, connection: "asyncpg.pool.PoolConnectionProxy[Row]"
    ) -> None:
        self._scheduler = scheduler
        self._connection = connection
        self._told: datetime | None = None
        self.wakes: set[str] = set()

    @asynccontextmanager
    async def _statement(self, sql: str) -> AsyncGenerator[None]:
        await self._scheduler.point(" ".join(sql.split())[:80])
        if self._told != self._scheduler.now:
            self._told = self._scheduler.now
            await self._connection.execute(
                "select set_config('app.now', $1, true)", self._told.isoformat()
            )
        async with self._scheduler.in_session(self._connection.get_server_pid()):
            yield

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        async with self._statement(sql):
            return await self._connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        async with self._statement(sql):
            return await self._connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        async with self._statement(sql):
            return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        async with self._statement(sql):
            return await self._connection.execute(sql, *args)

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        async with self._statement(sql):
            await self._connection.executemany(sql, rows)

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        try:
            async with self._connection.transaction():
                yield
        except BaseException:
            self._scheduler.locks_moved()
            raise

    def wake(self, channel: str) -> None:
        self.wakes.add(channel)
