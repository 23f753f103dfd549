"""The blast guard: too much that nobody asked for, or that is there already, waits for a look."""

from datetime import timedelta

import pytest
from connector_kit.housekeeping import Housekeeping
from connector_kit.transport import NotSent
from contracts.commands import Origin, SyncCustomer
from contracts.sync import SyncDelayed
from testkit import TestDatabase

from .asking_first import asking_first
from .bench import CLIENT, Bench
from .test_connecting import browser_of


def swept(bench: Bench, name: str, *, days: int = 2, by: str = "sweep") -> SyncCustomer:
    """A customer made so many days ago that a sweep found."""
    command = bench.customer(name)
    made = bench.clock.now() - timedelta(days=days)
    customer = command.customer.model_copy(update={"created_at": made})
    origin = Origin.model_validate({"by": by})
    return command.model_copy(update={"customer": customer, "origin": origin})


async def paused(bench: Bench) -> bool:
    return bool(await bench.pool.fetchval("SELECT bool_or(paused_at IS NOT NULL) FROM connections"))


async def test_after_50_creates_that_nobody_asked_for_the_connection_is_paused_and_says_so(
    bench: Bench,
) -> None:
    await bench.take(*[swept(bench, f"Customer {n}") for n in range(63)])
    await bench.work()
    assert len(bench.there.of("customer")) == 50
    assert await paused(bench)
    await bench.said()
    assert await bench.teller.tell() == 13
    delays = [m for m in await bench.said() if isinstance(m, SyncDelayed)]
    assert {(m.why, m.cause.code if m.cause else None) for m in delays} == {
        ("connection", "app_problem")
    }


async def test_they_count_over_an_hour(bench: Bench) -> None:
    await bench.take(*[swept(bench, f"Customer {n}") for n in range(48)])
    await bench.work()
    bench.later(minutes=62)
    await bench.take(*[swept(bench, f"Later {n}") for n in range(48)])
    await bench.work()
    assert not await paused(bench)
    assert len(bench.there.of("customer")) == 96
    await Housekeeping(bench.connector, CLIENT, bench.sealer).prune()


@pytest.mark.parametrize(("by", "days"), [("run", 9), ("event", 9), ("person", 9), ("sweep", 0)])
async def test_what_a_person_an_import_or_a_send_asked_for_goes(
    bench: Bench, by: str, days: int
) -> None:
    """What was made here today and found by a sweep was asked for: only the word of it was lost."""
    await bench.take(*[swept(bench, f"Customer {n}", days=days, by=by) for n in range(60)])
    await bench.work()
    assert len(bench.there.of("customer")) == 60
    assert not await paused(bench)


async def test_an_operator_lets_it_go_on_and_counting_begins_anew(bench: Bench) -> None:
    await bench.take(*[swept(bench, f"Customer {n}") for n in range(63)])
    await bench.work()
    async with browser_of(bench) as browser:
        body: dict[str, object] = {"connection_id": str(bench.connection)}
        assert (await browser.call("resume", body, company="*")).json() == {"paused": False}
    await bench.work()
    assert len(bench.there.of("customer")) == 63
    assert not await paused(bench)


async def test_a_tenth_refused_as_duplicates_pauses(bench: Bench) -> None:
    for n in range(5):
        bench.there.put("customer", f"Customer {n}")
    await bench.take(*[bench.customer(f"Customer {n}") for n in range(5)])
    await bench.work()
    assert not await paused(bench)  # too few to say anything
    await bench.take(*[bench.customer(f"Customer {n}") for n in range(5, 50)])
    await bench.work()
    assert not await paused(bench)
    bench.there.put("customer", "Customer 50")
    await bench.take(bench.customer("Customer 50"))
    await bench.work()
    assert await paused(bench)


async def test_numbers_found_taken_before_they_are_sent_count_too(database: TestDatabase) -> None:
    async with asking_first(database) as bench:
        for n in range(60):
            bench.there.put("invoice", f"{n}")
        await bench.take(*[bench.invoice(f"{n}") for n in range(60)])
        await bench.work()
        assert await paused(bench)
        assert bench.there.requests("/batch") == []


async def test_a_request_that_was_not_sent_is_no_duplicate(bench: Bench) -> None:
    await bench.take(bench.customer("Ann"))
    in_hand = await bench.freeze()
    await bench.worker.record(in_hand, NotSent("the test drops it"))
    assert await bench.pool.fetchval("SELECT count(*) FROM creates") == 0
