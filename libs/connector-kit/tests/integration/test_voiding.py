"""Voids: what is voided there already is as it should be."""

from collections.abc import Sequence

from connector_kit.answers import RemovedThere
from connector_kit.exchange import Exchange
from connector_kit.provider import Context, Member, NotReady, Prepared
from contracts.sync import CauseInstance, SyncFailed, SyncSucceeded
from testkit import TestDatabase

from .bench import Bench, bench_on
from .plain import PlainOperations
from .there import Record


async def voided_there(bench: Bench, how: str) -> Record:
    """An invoice of ours that somebody removed there, and our void of it after that."""
    command = bench.invoice("1001")
    await bench.take(command)
    await bench.work()
    (record,) = bench.there.of("invoice")
    record.removed = how
    await bench.said()
    await bench.take(bench.invoice("1001", record=command.record_id, step=2, void=True))
    await bench.work()
    return record


async def test_a_void_of_what_was_voided_there_is_done(bench: Bench) -> None:
    record = await voided_there(bench, "voided")
    outcome = await bench.said_one(SyncSucceeded)
    assert (outcome.voided, outcome.remote.id) == (True, record.id)
    assert await bench.waiting() == 0


async def test_a_void_of_what_was_deleted_there_says_so(bench: Bench) -> None:
    await voided_there(bench, "deleted")
    assert (await bench.said_one(SyncFailed)).removed == "deleted"


class ReadingFirst(PlainOperations):
    """Reads before a void, and finds it voided."""

    def prepare(self, members: Sequence[Member], context: Context) -> Exchange[list[Prepared]]:
        ready = yield from super().prepare(members, context)
        gone = RemovedThere("voided", CauseInstance(code="invoice_gone_there"))
        return [
            NotReady(member.command.record_id, gone) if member.intent == "void" else one
            for member, one in zip(members, ready, strict=True)
        ]


async def test_a_void_that_is_seen_to_be_done_before_it_is_sent_is_done(
    database: TestDatabase,
) -> None:
    async with bench_on(database, operations=ReadingFirst()) as bench:
        record = await voided_there(bench, "voided")
        outcome = await bench.said_one(SyncSucceeded)
        assert (outcome.voided, outcome.remote.id) == (True, record.id)
        assert len(bench.there.requests("/batch")) == 1
        assert await bench.waiting() == 0
