"""After a restore: what the ledger forgot is found there before it would be created again."""

from datetime import datetime, timedelta

from connector_kit import recovery_store
from connector_kit.choosing import Lot
from contracts.ids import CompanyId
from contracts.sync import SyncFailed, SyncSucceeded
from testkit import TestDatabase

from .asking_first import asking_first
from .bench import Bench, ids, open_connection


async def restore(bench: Bench) -> None:
    """The database is from before anything was sent; the provider isn't."""
    await bench.pool.execute("DELETE FROM ledger")
    await bench.pool.execute("DELETE FROM requests")
    await bench.pool.execute("DELETE FROM lanes")
    await bench.pool.execute("UPDATE connections SET verify_until = $1", bench.clock.now())
    await bench.said()


async def test_creates_of_older_records_are_looked_up_in_batch_and_adopted(bench: Bench) -> None:
    commands = [bench.invoice(f"100{n}") for n in range(4)]
    await bench.take(*commands)
    await bench.work()
    await restore(bench)
    missing = bench.invoice("1009")
    bench.there.seen.clear()
    again = [
        bench.invoice(f"100{n}", record=command.record_id, total="7.00")
        for n, command in enumerate(commands)
    ]
    bench.later(seconds=1)
    await bench.pool.execute("UPDATE connections SET verify_until = $1", bench.clock.now())
    await bench.take(*again, missing)
    await bench.work()
    assert len(bench.there.requests("/find")) == 1
    assert len(bench.there.of("invoice")) == 5
    assert {record.fields["total"] for record in bench.there.of("invoice")} == {"7.00", "100.00"}
    said = [m for m in await bench.said() if isinstance(m, SyncSucceeded)]
    assert len(said) == 5


async def test_newer_records_are_created_without_a_look_up(bench: Bench) -> None:
    before = bench.clock.now() - timedelta(minutes=1)
    await bench.pool.execute("UPDATE connections SET verify_until = $1", before)
    await bench.take(bench.invoice("1001"), bench.customer("Ann"))
    await bench.work()
    assert bench.there.requests("/find") == []
    assert len(bench.there.of("invoice")) == len(bench.there.of("customer")) == 1


async def test_one_without_a_mark_is_adopted_if_it_is_equal_and_nobody_s(bench: Bench) -> None:
    command = bench.item("Boiler")
    await bench.take(command)
    await bench.work()
    await restore(bench)
    await bench.take(command)
    await bench.work()
    (item,) = bench.there.of("item")
    assert (await bench.said_one(SyncSucceeded)).remote.id == item.id


async def test_what_was_removed_there_meanwhile_is_not_created_again(bench: Bench) -> None:
    command = bench.invoice("1001")
    await bench.take(command)
    await bench.work()
    (record,) = bench.there.of("invoice")
    record.removed = "voided"
    await restore(bench)
    await bench.take(command)
    await bench.work()
    gone = await bench.said_one(SyncFailed)
    assert (gone.removed, gone.remote and gone.remote.id) == ("voided", record.id)
    assert bench.there.of("invoice") == []


async def voided_after(bench: Bench, *, number: str = "1001") -> None:
    """An invoice that went, the restore that forgot it, and its void, which names nothing there."""
    command = bench.invoice("1001")
    await bench.take(command)
    await bench.work()
    await restore(bench)
    await bench.take(bench.invoice(number, record=command.record_id, step=2, void=True))


async def test_a_void_of_what_may_have_gone_is_looked_up_and_done_there(bench: Bench) -> None:
    await voided_after(bench)
    (record,) = bench.there.of("invoice")
    await bench.work()
    outcome = await bench.said_one(SyncSucceeded)
    assert (outcome.voided, outcome.remote.id) == (True, record.id)
    assert record.removed == "voided"


async def test_a_void_of_what_was_voided_there_meanwhile_names_it(bench: Bench) -> None:
    await voided_after(bench)
    (record,) = bench.there.of("invoice")
    record.removed = "voided"
    await bench.work()
    outcome = await bench.said_one(SyncSucceeded)
    assert (outcome.voided, outcome.remote.id) == (True, record.id)
    assert len(bench.there.requests("/batch")) == 1


async def test_a_void_of_what_never_went_or_is_somebody_else_s_leaves_all_as_it_is(
    bench: Bench,
) -> None:
    await voided_after(bench, number="1002")
    stranger = bench.there.put("invoice", "1002", total="100.00")
    await bench.work()
    outcome = await bench.said_one(SyncFailed)
    assert (outcome.removed, outcome.remote) == ("voided", None)
    assert stranger.removed is None
    assert len(bench.there.of("invoice")) == 2


async def test_a_void_whose_look_up_fails_waits_for_the_next(bench: Bench) -> None:
    await voided_after(bench)
    bench.there.fail("/find", "500")
    lots = (await bench.worker.claim(4)).lots
    assert isinstance(lots[0], Lot)
    assert await bench.worker.prepare(lots[0]) is None
    assert await bench.said() == []
    bench.later(seconds=10)
    await bench.work()
    assert (await bench.said_one(SyncSucceeded)).voided


async def test_a_void_of_what_is_newer_than_the_restore_asks_nothing(bench: Bench) -> None:
    before = bench.clock.now() - timedelta(minutes=1)
    await bench.pool.execute("UPDATE connections SET verify_until = $1", before)
    await bench.take(bench.invoice("1001", void=True))
    await bench.work()
    assert (await bench.said_one(SyncFailed)).removed == "voided"
    assert bench.there.seen == []


async def test_a_stranger_s_number_is_a_cause(bench: Bench) -> None:
    stranger = bench.there.put("invoice", "1001", total="3.00")
    command = bench.invoice("1001")
    bench.later(seconds=1)
    await restore(bench)
    await bench.take(command)
    await bench.work()
    cause = (await bench.said_one(SyncFailed)).cause
    assert (cause.code, cause.params["holder_remote_id"]) == ("invoice_number_taken", stranger.id)
    assert len(bench.there.of("invoice")) == 1


async def test_a_look_up_that_fails_creates_nothing(bench: Bench) -> None:
    command = bench.invoice("1001")
    await bench.take(command)
    await bench.work()
    await restore(bench)
    bench.there.fail("/find", "500")
    await bench.take(command)
    lots = (await bench.worker.claim(4)).lots
    assert isinstance(lots[0], Lot)
    assert await bench.worker.prepare(lots[0]) is None
    bench.later(seconds=10)
    await bench.work()
    assert len(bench.there.of("invoice")) == 1


async def test_a_backlog_after_a_restore_is_looked_up_for_many_lots_at_once(
    database: TestDatabase,
) -> None:
    async with asking_first(database) as bench:
        commands = [bench.invoice(f"{n}") for n in range(20)]
        await bench.take(*commands)
        await bench.work()
        await restore(bench)
        bench.there.seen.clear()
        await bench.take(*commands)
        await bench.work()
        assert len(bench.there.of("invoice")) == 20
        assert len(bench.there.requests("/find")) == 1
        assert len(bench.there.requests("/batch")) == 4


async def test_a_connection_opened_after_a_restore_may_have_been_open_before(bench: Bench) -> None:
    async def verified_until(name: str) -> datetime | None:
        company = CompanyId(ids.new())
        one = await open_connection(bench.connector, bench.sealer, name, company, name)
        return await bench.pool.fetchval("SELECT verify_until FROM connections WHERE id = $1", one)

    assert await verified_until("org-2") is None
    async with bench.connector.database.transaction() as tx:
        await recovery_store.verify_all(tx, 0)
    at = await bench.pool.fetchval(
        "SELECT verify_until FROM connections WHERE id = $1", bench.connection
    )
    assert at is not None
    assert await verified_until("org-3") == at
