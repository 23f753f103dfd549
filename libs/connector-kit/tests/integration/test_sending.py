"""From a command to an outcome, and what can go wrong on the way."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from connector_kit import ledger_store, turns_store
from connector_kit.choosing import Lot
from connector_kit.ledger_store import NewRow
from connector_kit.provider import FrozenMember
from connector_kit.timing import AWAY_AFTER
from connector_kit.transport import NotSent
from contracts.commands import RemoteRef
from contracts.ids import CompanyId, MessageId, RemoteId
from contracts.sync import SyncDelayed, SyncFailed, SyncSucceeded
from testkit import TestDatabase

from .bench import Bench, bench_on, ids, open_connection
from .plain import limited


async def test_a_command_is_sent_once_and_its_outcome_echoes_the_step(bench: Bench) -> None:
    command = bench.customer("Hill Plumbing", step=3, email="hill@example.com")
    await bench.take(command)
    await bench.work()
    (record,) = bench.there.of("customer")
    assert (record.key, record.fields) == ("Hill Plumbing", {"email": "hill@example.com"})
    outcome = await bench.said_one(SyncSucceeded)
    assert (outcome.record_id, outcome.generation, outcome.step) == (command.record_id, 1, 3)
    assert outcome.remote.id == record.id
    assert outcome.used == {"self": record.id}
    assert [attempt.result for attempt in outcome.attempts] == ["accepted"]
    assert (outcome.correlation_id, outcome.causation_id) == (command.correlation_id, command.id)
    assert await bench.waiting() == 0


async def test_backlog_goes_in_full_requests(bench: Bench) -> None:
    await bench.take(*[bench.customer(f"Customer {n}") for n in range(12)])
    await bench.work()
    sizes = [len(request["items"]) for request in bench.there.requests("/batch")]
    assert sizes == [5, 5, 2]
    assert len(bench.there.of("customer")) == 12


async def test_the_command_s_link_or_a_finished_row_makes_it_an_update(bench: Bench) -> None:
    linked = bench.there.put("customer", "Old name")
    await bench.take(
        bench.customer("New name", link=RemoteRef(id=RemoteId(linked.id), version="0"))
    )
    first = bench.customer("Ann")
    await bench.take(first)
    await bench.work()
    await bench.take(bench.customer("Ann B.", record=first.record_id, step=2))
    await bench.work()
    assert sorted(record.key for record in bench.there.of("customer")) == ["Ann B.", "New name"]


async def test_a_record_in_an_open_request_is_in_no_other_whatever_its_content(
    bench: Bench,
) -> None:
    command = bench.customer("Hill Plumbing")
    await bench.take(command)
    in_hand = await bench.freeze()
    await bench.take(bench.customer("Hill & Sons", record=command.record_id, step=2))
    bench.later(seconds=60)  # every lease has ended
    assert (await bench.another_worker().claim(16)).lots == []
    await bench.worker.record(in_hand, NotSent("the test drops it"))
    await bench.work()
    assert [record.key for record in bench.there.of("customer")] == ["Hill & Sons"]
    assert [(m.step) for m in await bench.said() if isinstance(m, SyncSucceeded)] == [2]


async def test_two_workers_with_the_same_lanes_commit_one_request(bench: Bench) -> None:
    """No lease is relied upon: both were told that the lanes are theirs."""
    await bench.take(*[bench.customer(f"Customer {n}") for n in range(3)])
    mine = await bench.claim()
    bench.later(seconds=11)
    other = bench.another_worker()
    (theirs,) = (await other.claim(16)).lots
    assert isinstance(theirs, Lot)
    ready, also_ready = await bench.worker.prepare(mine), await other.prepare(theirs)
    assert ready is not None
    assert also_ready is not None
    frozen = await asyncio.gather(bench.worker.freeze(ready), other.freeze(also_ready))
    assert sorted(one is not None for one in frozen) == [False, True]
    assert await bench.states() == ["open"] * 3


async def test_the_database_itself_refuses_a_second_open_row(bench: Bench) -> None:
    await bench.take(bench.invoice("1001"))
    in_hand = await bench.freeze()
    (member,) = in_hand.frozen.members

    async def open_row(member: FrozenMember) -> None:
        row = NewRow(ids.new(), bench.connection, 0, member, ids.new(), ids.new())
        async with bench.connector.database.transaction() as tx:
            await ledger_store.write_rows(tx, in_hand.frozen.open.id, [row])

    with pytest.raises(asyncpg.UniqueViolationError, match="ledger_open_record"):
        await open_row(member.model_copy(update={"natural_key": "1002"}))
    with pytest.raises(asyncpg.UniqueViolationError, match="ledger_open_key"):
        await open_row(member.model_copy(update={"record_id": ids.new()}))


async def test_a_number_in_an_open_row_is_in_no_other_request(bench: Bench) -> None:
    first = bench.invoice("1001")
    await bench.take(first)
    in_hand = await bench.freeze()
    await bench.take(bench.invoice("1003", record=first.record_id, step=2))
    await bench.take(bench.invoice("1001"))
    await bench.work()
    assert bench.there.of("invoice") == []
    await bench.worker.record(in_hand, await bench.worker.send(in_hand))
    bench.later(seconds=2)
    await bench.work()
    assert sorted(record.key for record in bench.there.of("invoice")) == ["1001", "1003"]


async def test_no_two_members_of_a_request_share_a_number(bench: Bench) -> None:
    await bench.take(bench.invoice("1001"), bench.invoice("1001"))
    await bench.work()
    bench.later(seconds=2)
    await bench.work()
    assert [len(request["items"]) for request in bench.there.requests("/batch")] == [1, 1]


async def test_content_is_no_key_so_b_then_c_then_b_ends_with_b(bench: Bench) -> None:
    command = bench.customer("B")
    for step, name in ((1, "B"), (2, "C"), (3, "B")):
        await bench.take(bench.customer(name, record=command.record_id, step=step))
        await bench.work()
    (record,) = bench.there.of("customer")
    assert (record.key, record.version) == ("B", 2)


async def test_past_its_window_nothing_is_sent(bench: Bench) -> None:
    await bench.take(bench.customer("Hill Plumbing"))
    in_hand = await bench.freeze()
    bench.later(seconds=5)
    delivery = await bench.worker.send(in_hand)
    assert delivery == NotSent("the send window was over before the first byte", too_late=True)
    assert bench.there.seen == []
    await bench.worker.record(in_hand, delivery)
    assert await bench.states() == ["never_happened"]
    await bench.work()
    assert len(bench.there.of("customer")) == 1
    outcome = await bench.said_one(SyncSucceeded)
    assert [attempt.result for attempt in outcome.attempts] == ["not_executed", "accepted"]


async def test_a_batch_is_answered_member_by_member(bench: Bench) -> None:
    good, bad, gone = (
        bench.customer("Good"),
        bench.customer("refuse me"),
        bench.customer("gone it is"),
    )
    await bench.take(good, bad, gone)
    await bench.work()
    said = {
        outcome.record_id: outcome
        for outcome in await bench.said()
        if isinstance(outcome, SyncSucceeded | SyncFailed)
    }
    assert isinstance(said[good.record_id], SyncSucceeded)
    refused, reference = said[bad.record_id], said[gone.record_id]
    assert isinstance(refused, SyncFailed)
    assert refused.cause.code == "refused_unknown"
    assert isinstance(reference, SyncFailed)
    assert reference.reference_gone == ("a-local-id",)
    assert sorted(await bench.states()) == ["finished", "refused", "refused"]


async def test_what_the_rules_forbid_is_refused_without_a_request(bench: Bench) -> None:
    await bench.take(bench.customer("a:b"))
    await bench.work()
    outcome = await bench.said_one(SyncFailed)
    assert outcome.cause.code == "name_not_allowed"
    assert bench.there.seen == []
    assert await bench.states() == ["told"]


async def test_an_answer_is_recorded_though_another_worker_holds_the_lane(bench: Bench) -> None:
    command = bench.customer("Hill Plumbing")
    await bench.take(command)
    in_hand = await bench.freeze()
    delivery = await bench.worker.send(in_hand)
    bench.later(seconds=60)
    await bench.take(bench.customer("Hill & Sons", record=command.record_id, step=2))
    await bench.worker.record(in_hand, delivery)
    outcome = await bench.said_one(SyncSucceeded)
    assert outcome.step == 1
    await bench.work()
    (record,) = bench.there.of("customer")
    assert (record.key, record.version) == ("Hill & Sons", 1)


async def test_an_answer_recorded_twice_is_said_once(bench: Bench) -> None:
    await bench.take(bench.customer("Hill Plumbing"))
    in_hand = await bench.freeze()
    delivery = await bench.worker.send(in_hand)
    await bench.worker.record(in_hand, delivery)
    await bench.worker.record(in_hand, delivery)
    await bench.said_one(SyncSucceeded)


async def test_a_stale_version_is_read_again_and_the_update_goes_again(bench: Bench) -> None:
    command = bench.customer("Ann")
    await bench.take(command)
    await bench.work()
    (record,) = bench.there.of("customer")
    record.version += 3  # a payment was recorded there
    await bench.take(bench.customer("Ann B.", record=command.record_id, step=2))
    await bench.work()
    assert (record.key, record.version) == ("Ann B.", 4)
    assert await bench.states() == ["finished", "never_happened", "finished"]


async def test_an_update_of_what_was_removed_there_says_so_and_creates_nothing(
    bench: Bench,
) -> None:
    command = bench.invoice("1001")
    await bench.take(command)
    await bench.work()
    (record,) = bench.there.of("invoice")
    record.removed = "deleted"
    await bench.said()
    for step in (2, 3):
        again = bench.invoice("1001", record=command.record_id, step=step, total="120.00")
        await bench.take(again)
        await bench.work()
        outcome = await bench.said_one(SyncFailed)
        assert (outcome.removed, outcome.used) == ("deleted", {"self": record.id})
    assert bench.there.of("invoice") == []


async def test_a_new_generation_creates_again(bench: Bench) -> None:
    command = bench.invoice("1001")
    await bench.take(command)
    await bench.work()
    (record,) = bench.there.of("invoice")
    record.removed = "deleted"
    await bench.take(bench.invoice("1001", record=command.record_id, step=2, generation=2))
    await bench.work()
    (made_again,) = bench.there.of("invoice")
    assert made_again.id != record.id


async def test_a_void_of_what_was_never_created_sends_nothing(bench: Bench) -> None:
    await bench.take(bench.invoice("1001", void=True))
    await bench.work()
    outcome = await bench.said_one(SyncFailed)
    assert (outcome.removed, outcome.remote) == ("voided", None)
    assert bench.there.seen == []


async def test_a_synced_invoice_is_voided_there(bench: Bench) -> None:
    command = bench.invoice("1001")
    await bench.take(command)
    await bench.work()
    await bench.said()
    await bench.take(bench.invoice("1001", record=command.record_id, step=2, void=True))
    await bench.work()
    assert bench.there.of("invoice") == []
    assert (await bench.said_one(SyncSucceeded)).voided


async def test_429_waits_as_long_as_it_says_and_burns_no_attempt(bench: Bench) -> None:
    bench.there.fail("/batch", "429")
    bench.there.retry_after = "30"
    await bench.take(bench.customer("Hill Plumbing"))
    await bench.work()
    assert await bench.states() == ["never_happened"]
    assert await bench.teller.tell() == 1
    delayed = await bench.said_one(SyncDelayed)
    assert delayed.why == "quota"
    assert delayed.until is not None
    wait = delayed.until - bench.clock.now()
    assert timedelta(seconds=25) < wait <= timedelta(seconds=30)
    assert await bench.work() == 0
    assert await bench.teller.tell() == 0
    bench.later(seconds=30)
    await bench.work()
    await bench.said_one(SyncSucceeded)


async def test_trying_again_after_a_lapsed_subscription_waits_for_no_hour(bench: Bench) -> None:
    bench.there.fail("/batch", "402", "402")
    waiting = [bench.customer(f"Customer {n}") for n in range(3)]
    await bench.take(*waiting)
    await bench.work()
    await bench.teller.tell()
    held = next(m for m in await bench.said() if isinstance(m, SyncDelayed))
    assert held.cause is not None
    assert (held.why, held.cause.code) == ("connection", "subscription_ended")
    assert await bench.work() == 0

    # It isn't paid yet: one try, and all of it waits on. Meanwhile nobody is told that it holds.
    again = [one.model_copy(update={"id": MessageId(ids.new())}) for one in waiting]
    first = again[0].model_copy(update={"priority": "person"})
    await bench.take(first, *again[1:])
    assert await bench.teller.tell() == 0
    await bench.work()
    assert await bench.work() == 0
    assert len(bench.there.requests("/batch")) == 2
    assert await bench.teller.tell() == 3
    # Now it is: what was clicked goes, and with it all that waited.
    await bench.take(first.model_copy(update={"id": MessageId(ids.new())}))
    await bench.work()
    await bench.work()
    assert len(bench.there.of("customer")) == 3


async def test_a_provider_that_fails_is_probed_by_one_and_then_drains(bench: Bench) -> None:
    bench.there.fail("/batch", "500", "500", "500", "500", "500")
    await bench.take(*[bench.customer(f"Customer {n}") for n in range(40)])
    for _ in range(6):
        await bench.work()
        bench.later(seconds=40)
    sizes = [len(request["items"]) for request in bench.there.requests("/batch")]
    assert sizes == [5, 5, 5, 1, 1, 1, 5, 5, 5, 5, 2]
    bench.later(seconds=200)
    await bench.check()
    await bench.work()
    assert len(bench.there.of("customer")) == 40


async def test_requests_that_fail_together_hold_their_connection_no_longer_than_one(
    bench: Bench,
) -> None:
    """A provider that is away for a moment must not cost minutes for each request under way."""
    await bench.take(*[bench.customer(f"Customer {n}") for n in range(50)])
    together = bench.connector.provider.requests_in_flight
    assert together > 2
    for _ in range(together):
        bench.there.fail("/batch", "500")
    under_way = [await bench.freeze() for _ in range(together)]
    for in_hand in under_way:
        await bench.worker.record(in_hand, await bench.worker.send(in_hand))
    hold = await bench.pool.fetchval("SELECT ready_at - held_since FROM turns")
    assert hold <= timedelta(seconds=2.5)
    bench.later(seconds=6)
    await bench.work()
    assert len(bench.there.of("customer")) == 50 - 5 * together


async def test_when_a_provider_is_back_all_that_waited_for_it_goes_on(bench: Bench) -> None:
    (own,) = [row["connection_id"] for row in await bench.pool.fetch("SELECT * FROM turns")]
    waiting, throttled = [
        await open_connection(bench.connector, bench.sealer, name, CompanyId(ids.new()), name)
        for name in ("org-2", "org-3")
    ]
    async with bench.connector.database.transaction() as tx:
        for connection in (own, waiting) * 3:
            await turns_store.count_failure(tx, connection)
        for connection in (own, waiting):
            await turns_store.hold(tx, connection, "provider", timedelta(minutes=5))
        await turns_store.hold(tx, throttled, "quota", timedelta(minutes=5))
    async with bench.connector.database.transaction() as tx:
        await turns_store.count_answer(tx, own, AWAY_AFTER)
    held = await bench.pool.fetch("SELECT * FROM turns WHERE ready_at > clock()")
    assert [(row["connection_id"], row["hold"]) for row in held] == [(throttled, "quota")]


async def test_clicks_use_what_is_kept_for_them(database: TestDatabase) -> None:
    async with bench_on(database, **limited(4, 60.0, reserve=2)) as bench:
        await bench.take(*[bench.customer(f"Customer {n}") for n in range(30)])
        await bench.work()
        assert len(bench.there.requests("/batch")) == 2
        await bench.take(bench.customer("The clicked one", click=True))
        await bench.work()
        assert len(bench.there.requests("/batch")) == 3
        assert "The clicked one" in {record.key for record in bench.there.of("customer")}
        assert await bench.teller.tell() == 20
        delays = [m for m in await bench.said() if isinstance(m, SyncDelayed)]
        assert {delay.why for delay in delays} == {"quota"}
        untils = sorted({delay.until for delay in delays if delay.until is not None})
        assert untils[-1] - untils[0] == timedelta(seconds=60)
        bench.later(seconds=60)
        await bench.work()
        assert len(bench.there.requests("/batch")) == 5


async def test_a_limit_is_never_exceeded_in_any_window(database: TestDatabase) -> None:
    async with bench_on(database, **limited(3, 10.0)) as bench:
        sent: list[tuple[float, float]] = []
        await bench.take(*[bench.customer(f"Customer {n}") for n in range(50)])
        while await bench.waiting():
            before, began = len(bench.there.requests("/batch")), bench.clock.elapsed()
            await bench.work()
            between = (began, bench.clock.elapsed())
            sent += [between] * (len(bench.there.requests("/batch")) - before)
            bench.later(seconds=1)
        for began, _ in sent:
            # Real time passes too: only those that were certainly sent within ten seconds count.
            assert sum(began <= start and end < began + 10 for start, end in sent) <= 3
        assert len(sent) == 10


async def test_a_click_goes_before_a_backlog_and_other_connections_before_it(
    bench: Bench,
) -> None:
    company = CompanyId(ids.new())
    other = await open_connection(bench.connector, bench.sealer, "org-2", company, "org-2")
    await bench.take(*[bench.customer(f"Customer {n}") for n in range(20)])
    await bench.take(bench.customer("Other's", connection=other, company=company))
    await bench.take(bench.customer("Clicked", click=True))
    lots = (await bench.worker.claim(1)).lots
    assert [chosen.lane.click for lot in lots if isinstance(lot, Lot) for chosen in lot.chosen] == [
        True
    ]
    (second,) = (await bench.worker.claim(1)).lots
    assert second.connection.id == other
