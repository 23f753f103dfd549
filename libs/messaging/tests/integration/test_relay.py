"""What waits in the outbox reaches the broker, whoever is away meanwhile."""

import asyncio

import asyncpg
import pytest
from contracts.codec import Decoded, decode
from contracts.topics import INVOICING
from messaging import dead_letters, outbox
from messaging.clock import SystemClock, SystemIds
from messaging.database import DATABASE_AWAY, PostgresDatabase
from messaging.outbox_store import OutboxRow
from messaging.relay import BrokerAway, Publisher, Refused, Relay
from messaging.wake import Listener, Notifier
from testkit import eventually

from .support import Bus, Schema, item_changed


def _relay(
    schema: Schema,
    bus: Publisher,
    *,
    rows: int = 500,
    max_bytes: int = 10**9,
    listener: Listener | None = None,
) -> Relay:
    return Relay(
        schema.database,
        bus,
        SystemIds(),
        SystemClock(),
        service="test",
        listener=listener,
        batch_rows=rows,
        batch_bytes=max_bytes,
    )


async def _put(schema: Schema, count: int) -> None:
    async with schema.database.transaction() as tx:
        await outbox.put(tx, [item_changed(f"item {n}") for n in range(count)])


async def _put_named(schema: Schema, *names: str) -> None:
    async with schema.database.transaction() as tx:
        await outbox.put_rows(tx, [OutboxRow("t", b"k", name.encode()) for name in names])


async def test_a_batch_is_published_in_order_and_gone_from_the_outbox(schema: Schema) -> None:
    await _put(schema, 12)
    bus = Bus()
    relay = _relay(schema, bus, rows=5)
    assert [await relay.drain_once() for _ in range(4)] == [5, 5, 2, 0]
    names: list[str] = []
    for row in bus.taken:
        decoded = decode(INVOICING, row.value)
        assert isinstance(decoded, Decoded)
        names.append(decoded.message.model_dump()["item"]["name"])
    assert names == [f"item {n}" for n in range(12)]
    assert await schema.count("outbox") == 0


async def test_while_the_broker_is_away_everything_stays(schema: Schema) -> None:
    await _put(schema, 3)
    bus = Bus(answer=lambda _: BrokerAway("nobody there"))
    with pytest.raises(BrokerAway, match="nobody there"):
        await _relay(schema, bus).drain_once()
    assert await schema.count("outbox") == 3


async def test_a_publisher_that_breaks_loses_nothing(schema: Schema) -> None:
    class Breaks:
        async def publish(self, batch: object) -> list[Exception | None]:
            raise RuntimeError("a defect")

    await _put(schema, 3)
    with pytest.raises(RuntimeError):
        await _relay(schema, Breaks()).drain_once()
    assert await schema.count("outbox") == 3


async def test_what_the_broker_took_before_it_went_away_is_gone_the_rest_stays(
    schema: Schema,
) -> None:
    await _put_named(schema, "one", "two", "three")
    bus = Bus(answer=lambda row: BrokerAway("left") if row.value == b"two" else None)
    with pytest.raises(BrokerAway):
        await _relay(schema, bus).drain_once()
    assert [row["value"] for row in await schema.fetch("SELECT value FROM outbox")] == [b"two"]


async def test_a_record_the_broker_refuses_is_set_apart_alone(schema: Schema) -> None:
    await _put_named(schema, "fine", "huge", "fine too")
    bus = Bus(answer=lambda row: Refused("too large\x00") if row.value == b"huge" else None)
    assert await _relay(schema, bus).drain_once() == 3
    assert [row.value for row in bus.taken] == [b"fine", b"fine too"]
    assert await schema.count("outbox") == 0
    async with schema.database.transaction() as tx:
        (letter,) = await dead_letters.waiting(tx)
    assert (letter.topic, letter.reader, letter.value, letter.reason) == (
        "t",
        "relay",
        b"huge",
        "too large␀",
    )


async def test_two_relays_share_the_work_and_publish_each_row_once(schema: Schema) -> None:
    await _put(schema, 400)
    bus = Bus()
    relays = [_relay(schema, bus, rows=20) for _ in range(3)]

    async def drain(relay: Relay) -> int:
        total = 0
        while count := await relay.drain_once():
            total += count
        return total

    counts = await asyncio.gather(*(drain(relay) for relay in relays))
    assert sum(counts) == 400
    assert len({row.value for row in bus.taken}) == len(bus.taken) == 400


async def test_a_relay_that_is_killed_while_publishing_leaves_its_batch_to_the_next(
    schema: Schema,
) -> None:
    reached = asyncio.Event()

    class Hangs:
        async def publish(self, batch: object) -> list[Exception | None]:
            reached.set()
            await asyncio.Event().wait()
            return []

    await _put(schema, 3)
    hanging = asyncio.create_task(_relay(schema, Hangs()).drain_once())
    await reached.wait()
    bus = Bus()
    other = _relay(schema, bus)
    assert await other.drain_once() == 0, "held by the one that publishes"
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    assert await other.drain_once() == 3


async def test_the_running_relay_is_woken_by_commits_and_survives_broker_and_database(
    schema: Schema,
) -> None:
    broker_there = False
    bus = Bus(answer=lambda _: None if broker_there else BrokerAway("not yet"))
    stop = asyncio.Event()
    notifier = Notifier(schema.dsn)
    database = PostgresDatabase(schema.pool, notifier)
    relay = _relay(schema, bus, listener=Listener(schema.dsn, outbox.CHANNEL))
    running = asyncio.create_task(relay.run(stop))
    try:
        async with database.transaction() as tx:
            await outbox.put(tx, [item_changed("one")])

        def stands() -> None:
            assert relay.away == "not yet"

        await eventually(stands)
        broker_there = True

        def took(count: int) -> None:
            # Killed between the broker's answer and the commit, a batch is published again.
            assert len({row.value for row in bus.taken}) == count

        await eventually(lambda: took(1))
        admin = await asyncpg.connect(schema.admin_dsn)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await admin.close()

        async def put_again() -> None:
            try:
                async with database.transaction() as tx:
                    await outbox.put(tx, [item_changed("two")])
            except DATABASE_AWAY as error:
                raise AssertionError("the pool still holds a killed session") from error

        await eventually(put_again)
        await eventually(lambda: took(2))

        def goes_on() -> None:
            # The kill may reach the very session that has just published: then it is tried again.
            assert relay.away is None

        await eventually(goes_on)
    finally:
        stop.set()
        await asyncio.wait_for(running, 10)
        await notifier.close()


async def test_a_replay_puts_the_very_bytes_back_on_their_topic_as_often_as_asked(
    schema: Schema,
) -> None:
    message = item_changed("huge")
    async with schema.database.transaction() as tx:
        await outbox.put(tx, [message])
    await _relay(schema, Bus(answer=lambda _: Refused("no"))).drain_once()
    bus = Bus()
    for times in (1, 2):
        async with schema.database.transaction() as tx:
            (letter,) = await dead_letters.waiting(tx, replayed_too=True)
            assert await dead_letters.replay(tx, [letter.id]) == 1
        assert await _relay(schema, bus).drain_once() == 1
        assert len(bus.taken) == times
    assert bus.taken[0] == bus.taken[1]
    assert bus.taken[0].topic == INVOICING.name
    assert decode(INVOICING, bus.taken[0].value) == Decoded(message)
    async with schema.database.transaction() as tx:
        assert await dead_letters.waiting(tx) == []
        (letter,) = await dead_letters.waiting(tx, replayed_too=True)
        assert letter.replays == 2
        assert letter.replayed_at is not None
        assert await dead_letters.replay(tx, []) == 0
