"""Customers are read part by part: what was read stays read."""

from contracts.connections import RemoteCustomersListed
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
