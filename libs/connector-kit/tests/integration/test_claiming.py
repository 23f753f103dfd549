"""When a worker looks for work: never for nothing where it can be known, at once where it pays."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from connector_kit.lanes_store import WAKE
from connector_kit.timing import FILL
from connector_kit.worker import InHand, Worker
from messaging.database import PostgresDatabase
from testkit import TestDatabase

from .bench import Bench, bench_on


@dataclass
class Words:
    """What listeners were told."""

    said: list[str] = field(default_factory=list[str])

    def wake(self, channel: str) -> None:
        self.said.append(channel)

    def workers(self) -> int:
        """How often workers were told since the last call."""
        count = self.said.count(WAKE)
        self.said.clear()
        return count


def heard(bench: Bench) -> tuple[Worker, Words]:
    """A worker whose words are kept."""
    words = Words()
    database = PostgresDatabase(bench.pool, words)
    return Worker(replace(bench.connector, database=database)), words


async def answered(worker: Worker, in_hand: InHand) -> None:
    await worker.record(in_hand, await worker.send(in_hand))


async def test_nothing_is_due_where_all_that_waits_is_in_somebody_s_hands(bench: Bench) -> None:
    assert (await bench.worker.claim(16)).due is None
    await bench.take(bench.customer("A"))
    claimed = await bench.worker.claim(16)
    assert len(claimed.lots) == 1
    assert claimed.due is None
    assert (await bench.worker.claim(16)).due is None
    bench.later(seconds=11)
    assert (await bench.worker.claim(16)).lots, "a lease that ended is claimed again"


async def test_what_a_claim_leaves_behind_is_due_at_once(bench: Bench) -> None:
    await bench.take(*(bench.customer(f"Customer {n}") for n in range(6)))
    claimed = await bench.worker.claim(16)
    assert claimed.due is not None
    assert claimed.due <= timedelta(0)
    assert (await bench.worker.claim(16)).due is None


async def test_what_may_still_fill_a_request_is_due_when_it_no_longer_waits_for_more(
    bench: Bench,
) -> None:
    await bench.take(bench.customer("A"))
    in_hand = await bench.freeze()
    await bench.take(bench.customer("B"))
    waits = await bench.worker.claim(16)
    assert not waits.lots
    assert waits.due is not None
    assert timedelta(0) < waits.due <= FILL
    await answered(bench.worker, in_hand)
    assert (await bench.worker.claim(16)).lots


async def test_behind_as_many_requests_as_may_be_under_way_it_isn_t_asked_all_the_time(
    database: TestDatabase,
) -> None:
    async with bench_on(database, requests_in_flight=1) as bench:
        await bench.take(bench.customer("A"))
        await bench.freeze()
        await bench.take(bench.customer("B", click=True))
        waits = await bench.worker.claim(16)
        assert not waits.lots
        assert waits.due is not None
        assert waits.due > timedelta(0)


async def test_workers_are_told_of_an_end_only_where_something_waits_for_it(bench: Bench) -> None:
    worker, words = heard(bench)
    await bench.take(bench.customer("A"))
    await answered(worker, await bench.freeze())
    assert words.workers() == 0
    await bench.take(bench.customer("B"))
    in_hand = await bench.freeze()
    await bench.take(bench.customer("C"))
    await answered(worker, in_hand)
    assert words.workers() == 1
    await worker.give_up(await bench.claim(), "it was given back")
    assert words.workers() == 1


async def test_workers_are_told_when_an_answer_was_lost_and_others_wait(bench: Bench) -> None:
    worker, words = heard(bench)
    await bench.take(bench.customer("A"))
    in_hand = await bench.freeze()
    bench.there.fail("/batch", "lose_answer")
    await answered(worker, in_hand)
    assert words.workers() == 1
