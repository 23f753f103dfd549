"""Commands into lanes: the highest step wins, whatever comes again or in the wrong order."""

from datetime import UTC, datetime

from connector_kit import lanes_store
from connector_kit.choosing import Lot
from connector_kit.housekeeping import KEEP_LANES
from contracts.commands import Origin, ReadRemote
from contracts.ids import CompanyId, ConnectionId, MessageId
from contracts.sync import SyncDelayed, SyncFailed, SyncSucceeded
from contracts.topics import COMMANDS
from messaging.batch_processor import BatchProcessor

from .bench import Bench, ids


async def test_a_higher_step_replaces_what_waits_and_a_lower_one_is_ignored(bench: Bench) -> None:
    record = ids.new()
    for step in (2, 3, 1):
        await bench.take(bench.customer(f"Step {step}", record=record, step=step))
    await bench.work()
    assert [r.key for r in bench.there.of("customer")] == ["Step 3"]
    assert (await bench.said_one(SyncSucceeded)).step == 3


async def test_a_batch_with_all_steps_of_a_record_takes_the_highest(bench: Bench) -> None:
    record = ids.new()
    await bench.take(
        *[bench.customer(f"Step {step}", record=record, step=step) for step in (2, 3, 1)],
    )
    await bench.work()
    assert [r.key for r in bench.there.of("customer")] == ["Step 3"]


async def test_a_higher_generation_goes_before_any_step(bench: Bench) -> None:
    record = ids.new()
    await bench.take(bench.customer("Second", record=record, step=4, generation=2))
    await bench.take(bench.customer("First", record=record, step=9, generation=1))
    await bench.work()
    assert [r.key for r in bench.there.of("customer")] == ["Second"]


async def test_an_older_command_after_the_end_changes_nothing(bench: Bench) -> None:
    record = ids.new()
    await bench.take(bench.customer("New", record=record, step=2))
    await bench.work()
    await bench.said()
    await bench.take(bench.customer("Old", record=record, step=1))
    bench.later(days=KEEP_LANES.days + 1)
    async with bench.connector.database.transaction() as tx:
        assert await lanes_store.prune(tx, KEEP_LANES) == 1
    await bench.take(bench.customer("Old", record=record, step=1))
    assert await bench.work() == 0
    assert await bench.said() == []


async def test_a_finished_step_asked_again_is_answered_from_the_ledger(bench: Bench) -> None:
    command = bench.customer("A")
    refused = bench.customer("refuse")
    here = bench.customer("a:b")
    await bench.take(command, refused, here)
    await bench.work()
    first = {
        m.record_id: m for m in await bench.said() if isinstance(m, SyncSucceeded | SyncFailed)
    }
    await bench.take(command, refused, here)
    assert await bench.work() == 0
    again = {
        m.record_id: m for m in await bench.said() if isinstance(m, SyncSucceeded | SyncFailed)
    }
    assert set(again) == set(first)
    for record, outcome in again.items():
        assert outcome.id != first[record].id
        assert (
            outcome.model_copy(
                update={"id": first[record].id, "occurred_at": first[record].occurred_at}
            )
            == first[record]
        )
    assert len(bench.there.requests("/batch")) == 1


async def test_the_same_step_keeps_the_higher_priority(bench: Bench) -> None:
    record = ids.new()
    await bench.take(*[bench.customer(f"Customer {n}") for n in range(7)])
    await bench.take(bench.customer("Clicked", record=record))
    await bench.take(bench.customer("Clicked", record=record, click=True))
    await bench.take(bench.customer("Clicked", record=record))
    (lot,) = (await bench.worker.claim(1)).lots
    assert isinstance(lot, Lot)
    assert [chosen.lane.key.record_id for chosen in lot.chosen] == [record]


async def test_a_command_for_another_company_s_connection_is_our_mistake(bench: Bench) -> None:
    stranger = bench.customer("A", company=CompanyId(ids.new()))
    unknown = bench.customer("B", connection=ConnectionId(ids.new()))
    await bench.take(stranger, unknown)
    said = await bench.said()
    assert {(m.record_id, m.cause.code) for m in said if isinstance(m, SyncFailed)} == {
        (stranger.record_id, "our_mistake"),
        (unknown.record_id, "our_mistake"),
    }
    assert await bench.waiting() == 0


async def test_a_broken_command_is_set_apart_alone_and_answered_as_our_mistake(
    bench: Bench,
) -> None:
    good, broken = bench.customer("Good"), bench.customer("Broken")
    raw = broken.model_dump_json().replace('"kind":"business"', '"kind":"alien"').encode()
    processor = BatchProcessor(
        bench.connector.database,
        COMMANDS["qbo"],
        "connector-qbo",
        bench.commands.handle,
        bench.clock,
        on_set_apart=bench.commands.on_set_apart,
    )
    await processor.process([(None, raw), (None, good.model_dump_json().encode()), (None, b"?")])
    topics = await bench.pool.fetch("SELECT topic FROM outbox ORDER BY seq")
    assert sorted({row["topic"] for row in topics}) == [
        "sync.commands.qbo.v1.dlq.connector-qbo",
        "sync.outcomes.v1",
    ]
    failure = SyncFailed.model_validate_json(
        await bench.pool.fetchval("SELECT value FROM outbox WHERE topic = 'sync.outcomes.v1'")
    )
    assert (failure.record_id, failure.step) == (broken.record_id, 1)
    assert failure.cause.code == "our_mistake"
    assert await bench.waiting() == 1


async def test_commands_of_a_closed_connection_are_held_with_who_closed_it(bench: Bench) -> None:
    await bench.pool.execute(
        """
        UPDATE connections SET status = 'closed', closed_by = $1, closed_by_name = 'Ann',
            closed_at = clock(), epoch = 2
        """,
        ids.new(),
    )
    await bench.take(bench.customer("A"))
    delay = await bench.said_one(SyncDelayed)
    assert delay.why == "connection"
    assert delay.cause is not None
    assert (delay.cause.code, delay.cause.params["person"]) == ("disconnected_by_person", "Ann")
    assert await bench.work() == 0


def read_remote(bench: Bench, record: object, step: int) -> ReadRemote:
    return ReadRemote(
        id=MessageId(ids.new()),
        occurred_at=datetime.now(UTC),
        company_id=bench.company,
        correlation_id=ids.new(),
        provider="qbo",
        connection_id=bench.connection,
        epoch=1,
        entity="customer",
        record_id=record,  # pyright: ignore[reportArgumentType]  # a record id of the test
        generation=1,
        step=step,
        origin=Origin(by="sweep"),
    )


async def test_a_record_is_read_there_and_how_it_is_is_said(bench: Bench) -> None:
    command = bench.customer("A")
    await bench.take(command)
    await bench.work()
    (record,) = bench.there.of("customer")
    await bench.said()
    record.version = 7
    await bench.take(read_remote(bench, command.record_id, 2))
    await bench.work()
    found = await bench.said_one(SyncSucceeded)
    assert (found.remote.version, found.record_version, found.removed) == ("7", 1, None)
    del bench.there.books["customer"][record.id]
    await bench.take(read_remote(bench, command.record_id, 3))
    await bench.work()
    gone = await bench.said_one(SyncSucceeded)
    assert (gone.remote.id, gone.removed) == (record.id, "deleted")
    assert await bench.waiting() == 0


async def test_a_read_that_fails_is_never_a_deletion(bench: Bench) -> None:
    command = bench.customer("A")
    await bench.take(command)
    await bench.work()
    await bench.said()
    bench.there.fail("/find", "500")
    await bench.take(read_remote(bench, command.record_id, 2))
    lots = (await bench.worker.claim(4)).lots
    assert len(lots) == 1
    assert not isinstance(lots[0], Lot)
    await bench.worker.read_remote(lots[0])
    assert await bench.said() == []
    bench.later(seconds=10)
    await bench.work()
    assert (await bench.said_one(SyncSucceeded)).removed is None


async def test_a_step_that_breaks_by_a_defect_harms_only_its_record(bench: Bench) -> None:
    poison = bench.customer("Poison")
    await bench.take(poison, *[bench.customer(f"Customer {n}") for n in range(3)])
    lot = await bench.claim()
    await bench.worker.give_up(lot, "KeyError while it was prepared")
    bench.later(seconds=1)
    alone = (await bench.worker.claim(16)).lots
    assert [len(lot.chosen) for lot in alone if isinstance(lot, Lot)] == [1, 1, 1, 1]
    (broken,) = [
        lot
        for lot in alone
        if isinstance(lot, Lot) and lot.chosen[0].lane.key.record_id == poison.record_id
    ]
    await bench.worker.give_up(broken, "KeyError while it was prepared")
    failure = await bench.said_one(SyncFailed)
    assert (failure.record_id, failure.cause.code) == (poison.record_id, "our_mistake")
    assert await bench.waiting() == 3
