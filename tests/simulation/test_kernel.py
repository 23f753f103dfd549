"""The kernel finds an interleaving that breaks a wrong program, and lets a right one pass."""

import itertools
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest
from messaging.database import DATABASE_AWAY, Row
from testkit import TestDatabase

from simulation.database import Sessions, SimClock, SimDatabase, SimIds
from simulation.kernel import Scheduler, StuckError

NewDatabase = Callable[[Sequence[str]], TestDatabase]


@asynccontextmanager
async def simulated(
    new_database: NewDatabase, seed: int
) -> AsyncGenerator[tuple[Scheduler, SimDatabase, "asyncpg.Connection[Row]"]]:
    database = new_database(["simulated"])
    watcher: asyncpg.Connection[Row] = await asyncpg.connect(database.admin_dsn)
    sessions = Sessions(database.dsn("simulated"))
    try:
        setting_up = await sessions.take()
        await setting_up.execute("create table account (id int primary key, balance int)")
        await setting_up.execute("insert into account values (1, 0), (2, 0)")
        sessions.give_back(setting_up)
        scheduler = Scheduler(seed)
        yield scheduler, SimDatabase(scheduler, sessions), watcher
    finally:
        sessions.close()
        await watcher.close()


async def pay_in(database: SimDatabase, *, lock: bool) -> None:
    async with database.transaction() as tx:
        balance = await tx.fetchval(
            f"select balance from account where id = 1 {'for update' if lock else ''}"
        )
        await tx.execute("update account set balance = $1 where id = 1", balance + 10)


async def balance_after(new_database: NewDatabase, seed: int, *, lock: bool) -> tuple[int, str]:
    async with simulated(new_database, seed) as (scheduler, database, watcher):
        for name in ("first", "second", "third"):
            scheduler.spawn(name, pay_in(database, lock=lock))
        await scheduler.run(watcher)
        balance = await watcher.fetchval("select balance from simulated.account where id = 1")
    return int(balance), "\n".join(scheduler.story)


async def test_an_update_lost_without_a_lock_is_found_and_its_seed_replays(
    new_database: NewDatabase,
) -> None:
    for seed in itertools.count():
        assert seed < 30, "no seed of 30 found the lost update"
        balance, story = await balance_after(new_database, seed, lock=False)
        if balance != 30:
            assert await balance_after(new_database, seed, lock=False) == (balance, story)
            return


@pytest.mark.parametrize("seed", range(8))
async def test_with_a_row_lock_no_interleaving_loses_an_update(
    new_database: NewDatabase, seed: int
) -> None:
    balance, story = await balance_after(new_database, seed, lock=True)
    assert balance == 30, story


async def test_who_waits_for_one_transaction_goes_on_in_the_same_order_again(
    new_database: NewDatabase,
) -> None:
    """PostgreSQL wakes all of them at once; which is first must not be chance."""

    async def open_account(database: SimDatabase) -> None:
        async with database.transaction() as tx:
            await tx.execute("insert into account values (3, 0) on conflict do nothing")
            await tx.execute("update account set balance = balance + 1 where id = 3")

    async def story_of(seed: int) -> list[str]:
        async with simulated(new_database, seed) as (scheduler, database, watcher):
            for n in range(8):
                scheduler.spawn(f"task {n}", open_account(database))
            await scheduler.run(watcher)
            balance = await watcher.fetchval("select balance from simulated.account where id = 3")
            assert balance == 8
        return scheduler.story

    for seed in range(4):
        story = await story_of(seed)
        assert any("has its lock" in line for line in story)
        assert await story_of(seed) == story


async def test_of_two_that_wait_for_each_other_one_gives_way(new_database: NewDatabase) -> None:
    ended: list[str] = []

    async def lock(database: SimDatabase, first: int, second: int) -> None:
        try:
            async with database.transaction() as tx:
                for one in (first, second):
                    await tx.execute("update account set balance = 1 where id = $1", one)
            ended.append("done")
        except DATABASE_AWAY as error:
            ended.append(type(error).__name__)

    for seed in itertools.count():
        assert seed < 30, "no seed of 30 made them wait for each other"
        ended.clear()
        async with simulated(new_database, seed) as (scheduler, database, watcher):
            scheduler.spawn("one", lock(database, 1, 2))
            scheduler.spawn("two", lock(database, 2, 1))
            await scheduler.run(watcher)
        if ended != ["done", "done"]:
            assert sorted(ended) == ["QueryCanceledError", "done"]
            return


async def test_time_is_virtual_and_the_database_agrees(new_database: NewDatabase) -> None:
    seen: list[tuple[str, str]] = []

    async def wait_an_hour(scheduler: Scheduler, database: SimDatabase) -> None:
        clock = SimClock(scheduler)
        await clock.sleep(3600)
        async with database.transaction() as tx:
            in_sql = await tx.fetchval("select current_setting('app.now')")
        seen.append((clock.now().isoformat(), in_sql))

    async with simulated(new_database, 1) as (scheduler, database, watcher):
        scheduler.spawn("waits", wait_an_hour(scheduler, database))
        await scheduler.run(watcher)
    assert seen == [("2026-06-15T10:00:00+00:00", "2026-06-15T10:00:00+00:00")]


async def test_a_killed_task_leaves_nothing_behind(new_database: NewDatabase) -> None:
    async def kill_first(scheduler: Scheduler) -> None:
        await scheduler.sleep(1)
        scheduler.kill("first")

    async def pause_between(scheduler: Scheduler, database: SimDatabase) -> None:
        async with database.transaction() as tx:
            await tx.execute("update account set balance = 99 where id = 1")
            await scheduler.sleep(10)

    async with simulated(new_database, 3) as (scheduler, database, watcher):
        scheduler.spawn("first", pause_between(scheduler, database))
        scheduler.spawn("killer", kill_first(scheduler))
        await scheduler.run(watcher)
        assert await watcher.fetchval("select balance from simulated.account where id = 1") == 0


async def test_what_can_never_wake_is_reported(new_database: NewDatabase) -> None:
    async def steps_for_ever(scheduler: Scheduler) -> None:
        while True:
            await scheduler.point("again")

    async with simulated(new_database, 4) as (scheduler, _, watcher):
        scheduler.spawn("loops", steps_for_ever(scheduler))
        with pytest.raises(StuckError, match="not done after 50 steps"):
            await scheduler.run(watcher, max_steps=50)
        scheduler.kill("loops")
        await scheduler.run(watcher)


async def test_ids_of_one_seed_are_the_same_again() -> None:
    first, second = (SimIds(Scheduler(7)) for _ in range(2))
    assert [first.new() for _ in range(5)] == [second.new() for _ in range(5)]
