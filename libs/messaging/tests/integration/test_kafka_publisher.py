"""The publisher against a real broker: whole batches, refusals alone, nothing kept to itself."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from contracts.topics import MAX_MESSAGE_BYTES, OUTCOMES, TOPICS
from local_stack.kafka_server import KafkaServer
from messaging.kafka_publisher import KafkaPublisher
from messaging.kafka_topics import TopicPlan, admin, create_topics, plans
from messaging.outbox_store import OutboxRow
from messaging.relay import BrokerAway, Refused
from testkit import eventually

DAY = 86_400_000


@pytest.fixture
async def topic(kafka_server: str) -> str:
    name = f"publisher.{uuid4().hex[:8]}"
    await create_topics(kafka_server, [TopicPlan(name, 3, DAY)])
    return name


@dataclass(frozen=True)
class _Record:
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]


async def _read(bootstrap: str, topic: str, count: int) -> list[_Record]:
    """The topic from its start until `count` records have come."""
    found: list[_Record] = []
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None
    )
    await consumer.start()
    try:
        async with asyncio.timeout(20):
            while len(found) < count:
                batches = cast(
                    "Mapping[object, Sequence[ConsumerRecord[bytes, bytes]]]",
                    await consumer.getmany(timeout_ms=200),
                )
                found += [
                    _Record(record.partition, record.key, record.value, dict(record.headers))
                    for records in batches.values()
                    for record in records
                ]
    finally:
        await consumer.stop()
    return found


async def test_a_batch_arrives_whole_with_keys_together_and_headers(
    kafka_server: str, topic: str
) -> None:
    rows = [
        OutboxRow(topic, f"key {n % 7}".encode(), f"{n}".encode(), {"type": "é", "id": str(n)})
        for n in range(600)
    ]
    async with KafkaPublisher(kafka_server) as publisher:
        assert set(await publisher.publish(rows)) == {None}
    records = await _read(kafka_server, topic, len(rows))
    assert {record.value for record in records} == {row.value for row in rows}
    for record in records:
        assert record.headers == {"type": "é".encode(), "id": record.value}
    placed = {(record.key, record.partition) for record in records}
    assert len(placed) == 7, "a key stays in one partition"
    assert len({partition for _, partition in placed}) > 1


async def test_the_largest_message_is_taken(kafka_server: str, topic: str) -> None:
    rows = [OutboxRow(topic, b"k", b"x" * MAX_MESSAGE_BYTES, {"reason": "r" * 1000})] * 3
    async with KafkaPublisher(kafka_server) as publisher:
        assert list(await publisher.publish(rows)) == [None] * 3
    assert [len(record.value or b"") for record in await _read(kafka_server, topic, 3)] == [
        MAX_MESSAGE_BYTES
    ] * 3


async def _told_of(client: AIOKafkaAdminClient, name: str) -> None:
    async def check() -> None:
        assert name in await client.list_topics()

    await eventually(check)


async def test_what_is_too_large_is_refused_alone_and_the_publisher_goes_on(
    kafka_server: str, topic: str
) -> None:
    small = f"{topic}.small"
    async with admin(kafka_server) as client:
        await client.create_topics([NewTopic(small, 1, 1, None, {"max.message.bytes": "2000"})])
        await _told_of(client, small)
    sizes = [100, 200, 5000, 300, 6_000_000, 400, 3000, *[150] * 40]
    rows = [OutboxRow(small, b"k", b"x" * size) for size in sizes]
    async with KafkaPublisher(kafka_server) as publisher:
        results: Sequence[Exception | None] = ()
        for _ in range(2):
            results = await publisher.publish(rows)
            assert [isinstance(result, Refused) for result in results] == [
                size > 2000 for size in sizes
            ]
            assert [result is None for result in results] == [size <= 2000 for size in sizes]
    refused = next(result for result in results if result is not None)
    assert "does not take it" in str(refused)


async def test_a_topic_of_ours_that_is_missing_is_made_and_an_unknown_one_refused(
    kafka_server: str,
) -> None:
    rows = [
        OutboxRow(OUTCOMES.name, b"k", b"v"),
        OutboxRow(OUTCOMES.dead_letters("invoice-api"), None, None),
        OutboxRow("nobody.knows.v1", b"k", b"v"),
    ]
    async with admin(kafka_server) as client:
        there = set(await client.list_topics())
        await client.delete_topics([row.topic for row in rows if row.topic in there])
    async with KafkaPublisher(kafka_server) as publisher:
        first = await publisher.publish(rows)
        assert [type(result) for result in first] == [BrokerAway, BrokerAway, Refused]
        assert "there is no topic nobody.knows.v1" in str(first[2])
        assert list(await publisher.publish(rows[:2])) == [None, None]


async def test_topics_are_made_once_with_a_dead_letter_topic_per_reader(kafka_server: str) -> None:
    await create_topics(kafka_server)
    assert await create_topics(kafka_server) == []
    names = {plan.name for plan in plans()}
    assert "invoicing.events.v1.dlq.sync-orchestrator" in names
    assert len(names) == len(TOPICS) + sum(len(topic.readers) for topic in TOPICS)
    async with admin(kafka_server) as client:
        assert names <= set(await client.list_topics())


def _stands_still(pid: int) -> None:
    """On a busy machine it takes a while until each thread has seen the signal."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        state = (thread / "stat").read_text().rpartition(")")[2].split()[0]
        assert state == "T", state


@pytest.mark.asyncio(loop_scope="function")  # of its own: all tasks in it are this test's
async def test_a_broker_that_hangs_or_is_gone_is_an_answer_in_time_and_leaves_nothing_behind(
    own_broker: KafkaServer,
) -> None:
    bootstrap = own_broker.bootstrap
    await create_topics(bootstrap, [TopicPlan("t", 1, DAY)])
    before = asyncio.all_tasks()
    async with KafkaPublisher(bootstrap, within_seconds=2) as publisher:
        assert list(await publisher.publish([OutboxRow("t", b"k", b"first")])) == [None]
        own_broker.child.send(signal.SIGSTOP)
        await eventually(lambda: _stands_still(own_broker.child.pid))
        async with asyncio.timeout(6):
            hung = await publisher.publish([OutboxRow("t", b"k", b"hung")] * 3)
        assert [type(result) for result in hung] == [BrokerAway] * 3
        own_broker.child.send(signal.SIGCONT)

        async def taken(value: bytes) -> None:
            assert list(await publisher.publish([OutboxRow("t", b"k", value)])) == [None]

        await eventually(lambda: taken(b"second"), within=20)
        own_broker.stop()
        async with asyncio.timeout(6):
            gone = await publisher.publish([OutboxRow("t", b"k", b"gone")])
        assert [type(result) for result in gone] == [BrokerAway]
        own_broker.start()
        await eventually(lambda: taken(b"third"), within=30)
    values = {record.value for record in await _read(bootstrap, "t", 3)}
    assert {b"first", b"second", b"third"} <= values
    await asyncio.sleep(0)
    assert asyncio.all_tasks() - before == set()


async def test_without_a_broker_it_says_so_in_time() -> None:
    async with KafkaPublisher("127.0.0.1:9", within_seconds=2) as publisher, asyncio.timeout(5):
        results = await publisher.publish([OutboxRow("t", b"k", b"v")])
    assert [type(result) for result in results] == [BrokerAway]
