"""Limits of a day, what a provider says is left, and how long was waited."""

import asyncio
from typing import Any

import pytest
from connector_kit import budget_store, connections_store
from connector_kit.asking import Got
from connector_kit.limits import slots_of
from connector_kit.provider import Limit, Meter
from contracts.commands import InvoiceToRead, ReadInvoices, RemoteRef
from contracts.ids import LoadId, MessageId, RecordId, RemoteId
from telemetry.metrics import render
from testkit import TestDatabase

from .bench import Bench, bench_on, ids
from .test_connecting import load_all

DAY = 86_400.0


def a_day(count: int, reserve: int) -> dict[str, Any]:
    return {
        "limits": (Limit("day", count, DAY, reserve=reserve, given_back=3600.0),),
        "regimes": {"plain": {name: (Meter("day"),) for name in ("single", "batch", "read")}},
    }


def saying(count: int) -> dict[str, Any]:
    return {
        "limits": (Limit("minute", count, 60.0, remaining_header="X-Left"),),
        "regimes": {"plain": {name: (Meter("minute"),) for name in ("single", "batch", "read")}},
    }


async def send(bench: Bench, count: int, name: str = "Customer") -> int:
    """Take so many requests' worth of customers; how many requests went."""
    before = len(bench.there.requests("/batch"))
    await bench.take(*[bench.customer(f"{name} {n}") for n in range(count * 5)])
    await bench.work()
    return len(bench.there.requests("/batch")) - before


async def test_a_day_s_reserve_is_given_back_in_its_last_hour(database: TestDatabase) -> None:
    async with bench_on(database, **a_day(6, reserve=2)) as bench:
        assert await send(bench, 10) == 4
        bench.later(hours=22, minutes=50)
        assert await bench.work() == 0
        bench.later(minutes=20)  # the four come free within the hour
        await bench.work()
        assert len(bench.there.requests("/batch")) == 6
        await bench.take(bench.customer("Clicked", click=True))
        await bench.work()
        assert len(bench.there.requests("/batch")) == 6


async def test_a_month_that_is_checked_leaves_the_reserve_to_clicks(
    database: TestDatabase,
) -> None:
    async with bench_on(database, **a_day(6, reserve=2)) as bench:
        assert await send(bench, 3) == 3
        for count in (1, 1):
            await bench.take(month_to_read(bench))
            await load_all(bench)
            assert len(bench.there.requests("/find")) == count
        await bench.take(bench.customer("Clicked", click=True))
        await bench.work()
        assert len(bench.there.requests("/batch")) + len(bench.there.requests("/single")) == 4
        bench.later(hours=24)
        await load_all(bench)
        assert len(bench.there.requests("/find")) == 2


def month_to_read(bench: Bench) -> ReadInvoices:
    there = RemoteRef(id=RemoteId("155"))
    one = InvoiceToRead(record_id=RecordId(ids.new()), generation=1, remote=there)
    return ReadInvoices(
        id=MessageId(ids.new()),
        occurred_at=bench.clock.now(),
        company_id=bench.company,
        correlation_id=ids.new(),
        provider="qbo",
        connection_id=bench.connection,
        epoch=1,
        load_id=LoadId(ids.new()),
        invoices=(one,),
    )


async def test_no_more_of_a_reserve_is_given_back_than_comes_free(database: TestDatabase) -> None:
    async with bench_on(database, **a_day(6, reserve=2)) as bench:
        assert await send(bench, 1) == 1
        bench.later(hours=12)
        assert await send(bench, 9, "Later") == 3
        bench.later(hours=11, minutes=10)
        await bench.work()
        assert len(bench.there.requests("/batch")) == 5
        await bench.take(bench.customer("Clicked", click=True))
        await bench.work()
        assert len(bench.there.requests("/batch")) == 6


async def test_who_holds_a_connection_holds_up_no_reservation_and_no_deadlock_follows(
    database: TestDatabase,
) -> None:
    """A connect locks the connection and then its budget, a reading the other way round."""
    async with bench_on(database, **a_day(6, reserve=2)) as bench:
        slots = slots_of(bench.connector.provider, "read", 1, 1.0)

        async def reserve() -> None:
            async with bench.connector.database.transaction() as tx:
                await budget_store.lock_room(tx, bench.connection)
                await budget_store.take(tx, bench.connection, ids.new(), slots, 10.0)

        async with bench.connector.database.transaction() as tx:
            assert await connections_store.load_for_update(tx, bench.connection) is not None
            await asyncio.wait_for(reserve(), 10)
            await budget_store.lock_room(tx, bench.connection)


async def test_what_others_spent_there_counts(database: TestDatabase) -> None:
    async with bench_on(database, **saying(6)) as bench:
        bench.there.left = "1"  # somebody else has spent four
        assert await send(bench, 1) == 1
        bench.there.left = "0"
        assert await send(bench, 5, "More") == 1
        bench.there.left = "5"
        bench.later(seconds=61)
        await bench.work()
        assert len(bench.there.requests("/batch")) == 6


async def test_what_others_spent_is_given_back_as_soon_as_it_is_said(
    database: TestDatabase,
) -> None:
    async with bench_on(database, **saying(6)) as bench:
        bench.there.left = "2"
        assert await send(bench, 1) == 1
        bench.there.left = "4"  # of six, two are ours: nobody else's count any more
        assert await send(bench, 1, "Second") == 1
        assert await bench.pool.fetchval("SELECT sum(units) FROM slots") == 2


@pytest.mark.parametrize("said", ["", "many", "-1", "1.5"])
async def test_a_header_that_is_no_number_says_nothing(database: TestDatabase, said: str) -> None:
    async with bench_on(database, **saying(6)) as bench:
        bench.there.left = said
        assert await send(bench, 2) == 2
        assert await bench.pool.fetchval("SELECT sum(units) FROM slots") == 2


async def test_reads_are_corrected_too(database: TestDatabase) -> None:
    async with bench_on(database, **saying(6)) as bench:
        bench.there.left = "0"
        async with bench.connector.database.transaction() as tx:
            found = (await connections_store.find(tx, [bench.connection]))[bench.connection]
        context = bench.connector.context_of(found)
        asked = await bench.connector.asker.ask(
            bench.connector.provider.operations.accounts(context), found
        )
        assert isinstance(asked, Got)
        assert await bench.pool.fetchval("SELECT sum(units) FROM slots") == 6


async def test_how_long_was_waited_for_a_limit_is_recorded(database: TestDatabase) -> None:
    async with bench_on(database, **saying(1)) as bench:
        assert await send(bench, 2) == 1
        name = "tallybridge_budget_wait_seconds_count"
        assert f'{name}{{limit="minute",provider="qbo"}}' in render().decode()
