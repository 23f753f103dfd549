"""Reading before sending: once for many lots, fresh, and relied upon by nothing."""

import asyncio
from dataclasses import replace

from connector_kit.choosing import Lot
from connector_kit.worker import ReadyLot
from contracts.commands import SyncInvoice, VoidInvoice
from contracts.sync import SyncFailed, SyncSucceeded
from testkit import TestDatabase

from .asking_first import asking_after, asking_first
from .bench import Bench
from .plain import plain_provider


async def lots_of(bench: Bench, count: int) -> list[Lot]:
    """So many lots of the one connection, claimed one after the other."""
    lots: list[Lot] = []
    for _ in range(count):
        lots.append(await bench.claim())
    return lots


async def in_line(bench: Bench, count: int) -> list[SyncInvoice | VoidInvoice]:
    """So many new invoices, which go in this order."""
    commands = [bench.invoice(f"{n}") for n in range(count)]
    for command in commands:
        await bench.take(command)
    return commands


async def send(bench: Bench, ready: ReadyLot | None) -> bool:
    assert ready is not None
    in_hand = await bench.worker.freeze(ready)
    if in_hand is not None:
        await bench.worker.record(in_hand, await bench.worker.send(in_hand))
    return in_hand is not None


async def test_one_look_up_of_numbers_serves_the_requests_packed_from_them(
    database: TestDatabase,
) -> None:
    async with asking_first(database) as bench:
        await bench.take(*[bench.invoice(f"{n}") for n in range(40)])
        await bench.work()
        assert len(bench.there.of("invoice")) == 40
        assert len(bench.there.requests("/batch")) == 8
        assert len(bench.there.requests("/find")) == 1


async def test_lots_prepared_at_the_same_time_share_one_look_up(database: TestDatabase) -> None:
    async with asking_first(database) as bench:
        await bench.take(*[bench.invoice(f"{n}") for n in range(15)])
        lots = await lots_of(bench, 3)
        ready = await asyncio.gather(*[bench.worker.prepare(lot) for lot in lots])
        assert all([await send(bench, one) for one in ready])
        assert len(bench.there.requests("/find")) == 1
        assert len(bench.there.of("invoice")) == 15


async def test_a_look_up_asks_for_no_more_than_the_provider_takes(database: TestDatabase) -> None:
    async with asking_first(database, prepare_batch=20) as bench:
        await bench.take(*[bench.invoice(f"{n}") for n in range(40)])
        await bench.work()
        assert len(bench.there.requests("/find")) == 2


async def test_a_lot_s_freeze_waits_for_no_other_lot(database: TestDatabase) -> None:
    async with asking_first(database) as bench:
        await bench.take(*[bench.invoice(f"{n}") for n in range(10)])
        first, second = await lots_of(bench, 2)
        await bench.worker.prepare(first)  # and here it is killed
        assert await send(bench, await bench.worker.prepare(second))
        assert len(bench.there.requests("/find")) == 1


async def test_what_was_read_seconds_ago_is_read_again(database: TestDatabase) -> None:
    async with asking_first(database) as bench:
        commands = await in_line(bench, 10)
        first, second = await lots_of(bench, 2)
        assert await send(bench, await bench.worker.prepare(first))
        bench.there.put("invoice", commands[7].invoice.number)
        bench.later(seconds=8)
        assert await send(bench, await bench.worker.prepare(second))
        assert len(bench.there.requests("/find")) == 2
        refused = [m for m in await bench.said() if isinstance(m, SyncFailed)]
        assert [m.record_id for m in refused] == [commands[7].record_id]


async def test_a_prepared_lot_that_was_held_up_is_prepared_again(database: TestDatabase) -> None:
    async with asking_first(database) as bench:
        command = bench.invoice("1001")
        await bench.take(command)
        ready = await bench.worker.prepare(await bench.claim())
        bench.there.put("invoice", "1001")
        bench.later(seconds=8)
        assert not await send(bench, ready)
        bench.later(seconds=1)
        await bench.work()
        assert (await bench.said_one(SyncFailed)).cause.code == "invoice_number_taken"
        assert len(bench.there.of("invoice")) == 1


async def test_a_number_that_we_used_since_the_look_up_is_looked_up_again(
    database: TestDatabase,
) -> None:
    """Both were free when it was asked; by the second's turn the first has taken the number."""
    async with asking_first(database) as bench:
        twins = [bench.invoice("1001"), bench.invoice("1001")]
        await bench.take(twins[0])
        await in_line(bench, 8)
        await bench.take(twins[1])
        await bench.work()
        for _ in range(10):
            bench.later(seconds=1)
            await bench.work()
        said = [m for m in await bench.said() if isinstance(m, SyncSucceeded | SyncFailed)]
        mine = [m for m in said if m.record_id in {twin.record_id for twin in twins}]
        assert [type(m) for m in mine] == [SyncSucceeded, SyncFailed]
        assert len(bench.there.of("invoice")) == 9


async def test_an_invoice_made_again_may_have_its_own_number_at_once(
    database: TestDatabase,
) -> None:
    async with asking_first(database) as bench:
        command = bench.invoice("1001")
        await bench.take(command)
        await bench.work()
        bench.there.books["invoice"].clear()
        again = bench.invoice("1001", record=command.record_id, step=2, generation=2)
        await bench.take(again)
        await bench.work()
        assert len(bench.there.of("invoice")) == 1


async def test_an_edit_since_the_look_up_is_looked_up_again(database: TestDatabase) -> None:
    async with asking_first(database) as bench:
        commands = await in_line(bench, 10)
        (first,) = await lots_of(bench, 1)
        assert await send(bench, await bench.worker.prepare(first))
        bench.there.put("invoice", "2002")
        record = commands[9].record_id
        await bench.take(bench.invoice("2002", record=record, step=2))
        await bench.work()
        (refused,) = [m for m in await bench.said() if isinstance(m, SyncFailed)]
        assert (refused.record_id, refused.step) == (record, 2)


async def test_what_another_lot_s_record_spoils_harms_no_other(database: TestDatabase) -> None:
    async with asking_first(database) as bench:
        await bench.take(*[bench.invoice(f"{n}") for n in range(5)])
        await bench.take(*[bench.invoice(f"{n}") for n in range(5, 9)], bench.invoice("poison"))
        await bench.work()
        sent = {record.key for record in bench.there.of("invoice")}
        assert sent == {f"{n}" for n in range(5)}


async def test_nothing_is_asked_for_records_that_need_nothing(database: TestDatabase) -> None:
    async with asking_first(database) as bench:
        await bench.take(*[bench.customer(f"Customer {n}") for n in range(20)])
        await bench.work()
        assert bench.there.requests("/find") == []


async def test_where_records_go_alone_a_reading_serves_those_that_are_read_ahead(
    database: TestDatabase,
) -> None:
    invoice = replace(plain_provider().entities["invoice"], batch=1, read_ahead=8)
    entities = {**plain_provider().entities, "invoice": invoice}
    async with asking_first(database, entities=entities) as bench:
        await bench.take(*[bench.invoice(f"{n}") for n in range(16)])
        await bench.work()
        assert len(bench.there.of("invoice")) == 16
        assert len(bench.there.requests("/find")) == 2


async def test_what_is_read_ahead_and_used_by_us_since_is_read_again_at_once(
    database: TestDatabase,
) -> None:
    """However long a reading is good for."""
    invoice = replace(
        plain_provider().entities["invoice"], batch=1, read_ahead=8, facts_good_for=3600.0
    )
    entities = {**plain_provider().entities, "invoice": invoice}
    async with asking_first(database, entities=entities) as bench:
        await bench.take(bench.invoice("1001"))
        await bench.take(bench.invoice("1001"))
        await bench.work()
        bench.later(seconds=2)
        await bench.work()
        said = [type(m) for m in await bench.said() if isinstance(m, SyncSucceeded | SyncFailed)]
        assert said == [SyncSucceeded, SyncFailed]
        assert len(bench.there.of("invoice")) == 1


async def test_a_first_try_asks_nothing_and_after_its_refusal_it_is_read_who_is_in_the_way(
    database: TestDatabase,
) -> None:
    async with asking_after(database) as bench:
        bench.there.put("invoice", "refuse 1")
        await bench.take(*[bench.invoice(f"{n}") for n in range(4)], bench.invoice("refuse 1"))
        await bench.work()
        refused = [m for m in await bench.said() if isinstance(m, SyncFailed)]
        assert [m.cause.code for m in refused] == ["invoice_number_taken"]
        assert [attempt.result for attempt in refused[0].attempts] == ["refused"]
        assert len(bench.there.requests("/batch")) == 1
        assert len(bench.there.requests("/find")) == 1
        assert len(bench.there.of("invoice")) == 5


async def test_a_refusal_that_reading_does_not_explain_is_told_after_the_second_try(
    database: TestDatabase,
) -> None:
    async with asking_after(database) as bench:
        await bench.take(bench.invoice("refuse 1"))
        await bench.work()
        assert (await bench.said_one(SyncFailed)).cause.code == "refused_unknown"
        assert len(bench.there.requests("/batch")) == 2
        assert await bench.waiting() == 0


async def test_what_was_absent_after_a_lost_answer_is_looked_for_before_it_goes_again(
    database: TestDatabase,
) -> None:
    async with asking_after(database) as bench:
        bench.there.fail("/batch", "lose_request")
        await bench.take(bench.invoice("1001"))
        await bench.work()
        bench.later(seconds=160)
        await bench.check()
        looked = len(bench.there.requests("/find"))
        bench.there.put("invoice", "1001")  # later than any request there may take
        await bench.said()
        await bench.work()
        assert len(bench.there.requests("/find")) == looked + 1
        assert (await bench.said_one(SyncFailed)).cause.code == "invoice_number_taken"
        assert len(bench.there.of("invoice")) == 1
