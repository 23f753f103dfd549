"""The consumer against a real broker: acknowledged only after the effect, whatever happens."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from contracts.codec import encode
from contracts.message import Message
from contracts.topics import INVOICING, Topic
from faststream.middlewares import AckPolicy
from local_stack.kafka_server import KafkaServer
from messaging import inbox, kafka_lag
from messaging.batch_processor import BatchProcessor
from messaging.clock import SystemClock
from messaging.consumer import BATCH_TIMEOUT_MS, EMPTY_AFTER_MS, ConsumerApp
from messaging.database import Tx
from messaging.kafka_publisher import KafkaPublisher
from messaging.kafka_topics import create_topics, plans
from messaging.outbox_store import OutboxRow
from testkit import eventually

from .support import Schema, item_changed

READER = "sync-orchestrator"
WITHIN = 30.0


def _topic(partitions: int = 3) -> Topic:
    name = f"consumer.{uuid4().hex[:8]}"
    return replace(INVOICING, name=name, partitions=partitions)


@pytest.fixture
async def topic(kafka_server: str) -> Topic:
    made = _topic()
    await create_topics(kafka_server, plans([made]))
    return made


@pytest.fixture
async def applied(schema: Schema) -> Schema:
    await schema.pool.execute("DROP TABLE IF EXISTS applied")
    await schema.pool.execute("CREATE TABLE applied (seq serial, id uuid)")
    return schema


@dataclass
class Handler:
    """Records each message in the order it came, however often."""

    before: Callable[[Tx, Sequence[Message]], Awaitable[object]] | None = None
    once: bool = False
    calls: list[int] = field(default_factory=list[int])

    async def __call__(self, tx: Tx, messages: Sequence[Message]) -> None:
        self.calls.append(len(messages))
        if self.before is not None:
            await self.before(tx, messages)
        ids = [message.id for message in messages]
        if self.once:
            new = await inbox.first_time(tx, READER, ids)
            ids = [id_ for id_ in ids if id_ in new]
        await tx.executemany("INSERT INTO applied (id) VALUES ($1)", [(id_,) for id_ in ids])


def _processor(schema: Schema, topic: Topic, handler: Handler) -> BatchProcessor:
    return BatchProcessor(schema.database, topic, READER, handler, SystemClock())


@asynccontextmanager
async def _running(
    bootstrap: str, *processors: BatchProcessor, **options: float
) -> AsyncGenerator[ConsumerApp]:
    app = ConsumerApp(bootstrap, processors, SystemClock(), **options)
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    try:
        yield app
    finally:
        stop.set()
        await asyncio.wait_for(running, 20)


async def _send(bootstrap: str, topic: Topic, count: int, key: bytes | None = None) -> list[UUID]:
    messages = [item_changed(f"{n}") for n in range(count)]
    rows = [OutboxRow(topic.name, key or encode(m).key, encode(m).value) for m in messages]
    async with KafkaPublisher(bootstrap) as publisher:
        for start in range(0, len(rows), 500):
            assert set(await publisher.publish(rows[start : start + 500])) == {None}
    return [message.id for message in messages]


async def _ids(schema: Schema) -> list[UUID]:
    return [row["id"] for row in await schema.fetch("SELECT id FROM applied ORDER BY seq")]


async def _has(schema: Schema, wanted: Sequence[UUID]) -> None:
    async def check() -> None:
        assert set(await _ids(schema)) >= set(wanted)

    await eventually(check, within=WITHIN)


async def _lag(bootstrap: str, topic: Topic) -> int:
    seen = await kafka_lag.ask(bootstrap, READER, [topic.name])
    return kafka_lag.together(seen[topic.name], ()).lag


async def _all_read(bootstrap: str, *topics: Topic) -> None:
    async def check() -> None:
        assert [await _lag(bootstrap, topic) for topic in topics] == [0] * len(topics)

    await eventually(check, within=WITHIN)


def test_no_subscriber_acknowledges_by_itself(schema: Schema, topic: Topic) -> None:
    app = ConsumerApp("nowhere:1", [_processor(schema, topic, Handler())], SystemClock())
    for subscription in app.subscriptions:
        (subscriber,) = subscription.build_broker().subscribers
        assert subscriber.ack_policy is AckPolicy.MANUAL


async def test_several_topics_of_one_reader_are_read_in_batches_and_acknowledged(
    kafka_server: str, applied: Schema
) -> None:
    topics = [_topic(), _topic(12), _topic(1)]
    await create_topics(kafka_server, plans(topics))
    sent = [id_ for topic in topics for id_ in await _send(kafka_server, topic, 700)]
    handlers = [Handler() for _ in topics]
    processors = [_processor(applied, t, h) for t, h in zip(topics, handlers, strict=True)]
    async with _running(kafka_server, *processors) as app:
        await _has(applied, sent)
        await _all_read(kafka_server, *topics)
        assert set(app.readiness().values()) == {"ok"}
        assert set(app.liveness().values()) == {"ok"}
    assert sorted(await _ids(applied)) == sorted(sent), "once each"
    assert max(call for handler in handlers for call in handler.calls) > 50


async def test_an_idle_reader_polls_seldom(
    kafka_server: str, applied: Schema, topic: Topic
) -> None:
    async with _running(kafka_server, _processor(applied, topic, Handler())) as app:
        await _has(applied, await _send(kafka_server, topic, 1))
        (subscription,) = app.subscriptions
        assert subscription.broker is not None
        (subscriber,) = subscription.broker.subscribers
        consumer = getattr(subscriber, "consumer", None)
        assert isinstance(consumer, AIOKafkaConsumer)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(EMPTY_AFTER_MS / 2_000):
                await consumer.getmany(timeout_ms=BATCH_TIMEOUT_MS)


async def test_while_the_database_is_away_nothing_is_lost_and_the_order_stays(
    kafka_server: str, applied: Schema, topic: Topic
) -> None:
    failures = iter(range(2))

    async def before(_tx: Tx, _messages: Sequence[Message]) -> None:
        if next(failures, None) is not None:
            raise ConnectionResetError("the database went away")

    handler = Handler(before)
    sent = await _send(kafka_server, topic, 40, key=b"one key")
    async with _running(kafka_server, _processor(applied, topic, handler)):
        await _has(applied, sent)
        more = await _send(kafka_server, topic, 5, key=b"one key")
        await _has(applied, more)
        await _all_read(kafka_server, topic)
    assert await _ids(applied) == [*sent, *more]
    assert await applied.count("dead_letters") == 0


async def test_a_defect_of_our_own_loses_nothing_either(
    kafka_server: str, applied: Schema, topic: Topic
) -> None:
    """A bad message that can't even be set apart: the batch waits until it can."""
    sent = await _send(kafka_server, topic, 3)
    async with KafkaPublisher(kafka_server) as publisher:
        await publisher.publish([OutboxRow(topic.name, b"k", b"broken")])
    await applied.pool.execute("ALTER TABLE dead_letters RENAME TO hidden")
    try:
        async with _running(kafka_server, _processor(applied, topic, Handler(once=True))):
            await asyncio.sleep(1)
            await applied.pool.execute("ALTER TABLE hidden RENAME TO dead_letters")
            await _has(applied, sent)
            await _all_read(kafka_server, topic)
    finally:
        await applied.pool.execute("ALTER TABLE IF EXISTS hidden RENAME TO dead_letters")
    assert await applied.count("dead_letters") == 1


async def test_a_graceful_stop_finishes_the_batch_in_flight_and_nothing_comes_twice(
    kafka_server: str, applied: Schema, topic: Topic
) -> None:
    begun = asyncio.Event()

    async def slowly(_tx: Tx, _messages: Sequence[Message]) -> None:
        begun.set()
        await asyncio.sleep(0.5)

    sent = await _send(kafka_server, topic, 60)
    async with _running(kafka_server, _processor(applied, topic, Handler(slowly))):
        await asyncio.wait_for(begun.wait(), WITHIN)
    assert await applied.count("applied") > 0, "the batch in flight was finished"
    async with _running(kafka_server, _processor(applied, topic, Handler())):
        await _has(applied, sent)
        await _all_read(kafka_server, topic)
    assert sorted(await _ids(applied)) == sorted(sent)


async def test_a_stop_while_the_database_is_away_does_not_wait_for_it(
    kafka_server: str, applied: Schema, topic: Topic
) -> None:
    tried = asyncio.Event()

    async def away(_tx: Tx, _messages: Sequence[Message]) -> None:
        tried.set()
        raise ConnectionResetError

    sent = await _send(kafka_server, topic, 5)
    async with asyncio.timeout(15):
        async with _running(kafka_server, _processor(applied, topic, Handler(away))):
            await tried.wait()
    async with _running(kafka_server, _processor(applied, topic, Handler())):
        await _has(applied, sent)


async def test_a_process_killed_before_it_acknowledged_is_read_again_without_a_second_effect(
    kafka_server: str, applied: Schema, topic: Topic
) -> None:
    sent = await _send(kafka_server, topic, 20)
    killed = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("dies_before_ack.py")),
        kafka_server,
        applied.dsn,
        topic.name,
    )
    assert await asyncio.wait_for(killed.wait(), WITHIN) == -9
    done = await applied.count("applied")
    assert done > 0
    assert await _lag(kafka_server, topic) == len(sent), "committed, not acknowledged"
    handler = Handler(once=True)
    async with _running(kafka_server, _processor(applied, topic, handler)):
        await _has(applied, sent)
        await _all_read(kafka_server, topic)
    assert sum(handler.calls) == len(sent), "all came again"
    assert sorted(await _ids(applied)) == sorted(sent), "with one effect each"


async def test_headers_that_are_no_text_lose_no_batch(
    kafka_server: str, applied: Schema, topic: Topic
) -> None:
    message = encode(item_changed())
    producer = AIOKafkaProducer(bootstrap_servers=kafka_server)
    await producer.start()
    for headers in ([("x", b"\xff\xfe")], [("x", None)], [("reply_to", b"elsewhere")], []):
        await producer.send_and_wait(topic.name, message.value, key=b"k", headers=headers)
    await producer.stop()
    async with _running(kafka_server, _processor(applied, topic, Handler())):
        await _all_read(kafka_server, topic)
    assert await applied.count("applied") == 4


async def test_replicas_that_come_and_go_lose_nothing_and_the_inbox_stops_what_comes_twice(
    kafka_server: str, applied: Schema, topic: Topic
) -> None:
    async def slowly(_tx: Tx, _messages: Sequence[Message]) -> None:
        await asyncio.sleep(0.05)

    def replica() -> BatchProcessor:
        return _processor(applied, topic, Handler(slowly, once=True))

    sent = await _send(kafka_server, topic, 300)
    async with _running(kafka_server, replica()):
        async with _running(kafka_server, replica()):
            sent += await _send(kafka_server, topic, 300)
        sent += await _send(kafka_server, topic, 300)
        await _has(applied, sent)
        await _all_read(kafka_server, topic)
    assert sorted(await _ids(applied)) == sorted(sent)


async def test_a_consumer_that_hangs_is_built_anew(
    kafka_server: str, applied: Schema, topic: Topic
) -> None:
    sent = await _send(kafka_server, topic, 5)
    options = {"stalled_seconds": 1.0, "check_seconds": 0.3}
    async with _running(
        kafka_server, _processor(applied, topic, Handler(once=True)), **options
    ) as app:
        await _has(applied, sent)
        (subscription,) = app.subscriptions
        assert subscription.broker is not None
        (subscriber,) = subscription.broker.subscribers
        for task in getattr(subscriber, "tasks"):  # noqa: B009  (what stops without a word)
            task.cancel()
        more = await _send(kafka_server, topic, 5)
        await _has(applied, more)
        await _all_read(kafka_server, topic)
        assert set(app.liveness().values()) == {"ok"}


async def test_it_goes_on_by_itself_after_the_broker_was_killed(
    own_broker: KafkaServer, applied: Schema
) -> None:
    topic, bootstrap = _topic(1), own_broker.bootstrap
    await create_topics(bootstrap, plans([topic]))
    async with _running(bootstrap, _processor(applied, topic, Handler(once=True))):
        sent = await _send(bootstrap, topic, 20)
        await _has(applied, sent)
        own_broker.child.kill()
        await asyncio.sleep(1)
        own_broker.start()
        more = await _send(bootstrap, topic, 20)
        await _has(applied, more)
        await _all_read(bootstrap, topic)
    assert sorted(await _ids(applied)) == sorted([*sent, *more])


@pytest.mark.asyncio(loop_scope="function")  # of its own: all tasks in it are this test's
async def test_without_a_broker_it_waits_and_stops_when_asked(schema: Schema, topic: Topic) -> None:
    before = asyncio.all_tasks()
    async with _running("127.0.0.1:9", _processor(schema, topic, Handler())) as app:
        await asyncio.sleep(0.2)
        assert set(app.readiness().values()) == {"not connected"}
        assert set(app.liveness().values()) == {"ok"}, "a restart would not help"
    assert asyncio.all_tasks() - before == set()
