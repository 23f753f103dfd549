from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError

from local_stack.child_process import LogFile
from local_stack.kafka_server import KafkaServer, count_brokers
from local_stack.ports import find_free_block


@pytest.fixture
def server(tmp_path: Path) -> Iterator[KafkaServer]:
    port = find_free_block(2)
    # A name as people give them: the broker's settings file knows neither spaces nor umlauts.
    folder = tmp_path / "Größe, Maß und mehr"
    server = KafkaServer(folder, port, port + 1, log=LogFile(tmp_path / "kafka.log"))
    yield server
    server.stop()


async def _first_message(server: KafkaServer, topic: str) -> bytes:
    consumer = AIOKafkaConsumer(bootstrap_servers=server.bootstrap)
    await consumer.start()
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        return cast("bytes", (await consumer.getone()).value)
    finally:
        await consumer.stop()


async def test_messages_outlive_a_restart_and_a_kill(server: KafkaServer) -> None:
    server.start()
    admin = AIOKafkaAdminClient(bootstrap_servers=server.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=server.bootstrap)
    await producer.start()
    await producer.send_and_wait("kept", b"first")
    await producer.stop()

    server.stop()
    server.start()
    assert await _first_message(server, "kept") == b"first"

    server.child.kill()
    server.start()
    assert await _first_message(server, "kept") == b"first"


async def test_topics_arent_made_by_a_typing_error(server: KafkaServer) -> None:
    server.start()
    admin = AIOKafkaAdminClient(bootstrap_servers=server.bootstrap)
    await admin.start()
    try:
        described = await admin.describe_topics(["invoicing.evnets.v1"])
    finally:
        await admin.close()
    assert [topic["error_code"] for topic in described] == [UnknownTopicOrPartitionError.errno]


def test_nothing_that_doesnt_speak_kafka_counts_as_a_broker() -> None:
    assert count_brokers("127.0.0.1", find_free_block(1)) == 0
