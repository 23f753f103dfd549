"""Customers are read part by part: what was read stays read."""

from contracts.commands import ListRemoteCustomers, ListRemoteItems
from contracts.connections import ConnectionOpened, RemoteCustomersListed, RemoteItemsListed
from contracts.ids import LoadId, MessageId
from messaging.clock import SystemIds
from testkit import TestDatabase

from .bench import Bench, bench_on
from .test_connecting import Loader, browser_of, load_all


async def listed(bench: Bench) -> list[RemoteCustomersListed]:
    return [m for m in await bench.said() if isinstance(m, RemoteCustomersListed)]


async def test_s23_a_load_goes_on_where_it_stopped_and_loses_no_row(
    database: TestDatabase,
) -> None:
    async with bench_on(database) as bench, browser_of(bench) as browser:
        bench.there.customers_there = [{"id": str(n), "name": f"There {n}"} for n in range(3_333)]
        await browser.agree(await browser.connect())
        loader = Loader(bench.connector)
        pages: list[RemoteCustomersListed] = []
        while not pages:
            in_hand = await loader.claim()
            assert in_hand is not None
            await loader.carry_out(in_hand)
            pages += await listed(bench)
        # Two take the same part: its lease ran out while the first was reading.
        slow = await loader.claim()
        assert slow is not None
        async with bench.connector.database.transaction() as tx:
            await tx.execute("UPDATE loads SET leased_until = clock() WHERE leased_by IS NOT NULL")
        quick = await loader.claim()
        assert quick is not None
        assert (quick.load.after, quick.load.as_of) == (slow.load.after, slow.load.as_of)
        await loader.carry_out(quick)
        await loader.carry_out(slow)
        await load_all(bench)
        pages += await listed(bench)
        assert [m.page for m in pages] == list(range(7))
        assert [m.more for m in pages] == [True] * 6 + [False]
        assert len({m.as_of for m in pages}) == 1
        names = [customer.name for m in pages for customer in m.customers]
        assert names == [f"There {n}" for n in range(3_333)]


async def test_a_load_that_did_not_arrive_is_told_once_more_when_it_is_asked_for_again(
    database: TestDatabase,
) -> None:
    async with bench_on(database) as bench, browser_of(bench) as browser:
        bench.there.customers_there = [{"id": str(n), "name": f"There {n}"} for n in range(1_200)]
        await browser.agree(await browser.connect())
        await load_all(bench)
        [first, *_] = await listed(bench)
        assert await asked_for(bench, first) == [], "delivered twice it isn't read twice"
        async with bench.connector.database.transaction() as tx:
            await tx.execute("UPDATE loads SET done_at = done_at - interval '1 minute'")
        pages = await asked_for(bench, first, times=2)
        assert [(m.load_id, m.page, m.more) for m in pages] == [
            (first.load_id, 0, True),
            (first.load_id, 1, True),
            (first.load_id, 2, False),
        ]
        assert {m.as_of for m in pages} == {first.as_of}
        assert sum(len(m.customers) for m in pages) == 1_200


async def test_items_are_read_by_parts_when_asked_for_and_nothing_else_is_said(
    database: TestDatabase,
) -> None:
    ids = SystemIds()
    async with bench_on(database) as bench, browser_of(bench) as browser:
        bench.there.items_there = [{"id": str(n), "name": f"Part {n}"} for n in range(2_100)]
        await browser.agree(await browser.connect())
        await load_all(bench)
        (opened, *_) = [m for m in await bench.said() if isinstance(m, ConnectionOpened)]
        asked = ListRemoteItems(
            id=MessageId(ids.new()),
            occurred_at=bench.connector.clock.now(),
            company_id=opened.company_id,
            correlation_id=ids.new(),
            provider=opened.provider,
            connection_id=opened.connection_id,
            epoch=opened.epoch,
            load_id=LoadId(ids.new()),
        )
        await bench.take(asked)
        await load_all(bench)
        said = await bench.said()
        pages = [m for m in said if isinstance(m, RemoteItemsListed)]
        assert said == pages, "the list is for whoever asked: no connection is announced by it"
        assert [(m.load_id, m.page, m.more) for m in pages] == [
            (asked.load_id, page, page < 4) for page in range(5)
        ]
        assert {m.total for m in pages} == {2_100}
        assert len({m.as_of for m in pages}) == 1
        names = [item.name for m in pages for item in m.items]
        assert names == [f"Part {n}" for n in range(2_100)]
        bench.there.items_there = []
        await bench.take(asked.model_copy(update={"load_id": LoadId(ids.new())}))
        await load_all(bench)
        (none,) = await bench.said()
        assert isinstance(none, RemoteItemsListed)
        assert (none.items, none.more) == ((), False)


async def asked_for(
    bench: Bench, page: RemoteCustomersListed, times: int = 1
) -> list[RemoteCustomersListed]:
    """Delivers the command for this page's load, so many times in one batch; what is listed."""
    ids = SystemIds()
    again = [
        ListRemoteCustomers(
            id=MessageId(ids.new()),
            occurred_at=bench.connector.clock.now(),
            company_id=page.company_id,
            correlation_id=ids.new(),
            provider=page.provider,
            connection_id=page.connection_id,
            epoch=page.epoch,
            load_id=page.load_id,
        )
        for _ in range(times)
    ]
    await bench.take(*again)
    await load_all(bench)
    return await listed(bench)
