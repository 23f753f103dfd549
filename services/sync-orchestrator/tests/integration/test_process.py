"""The process as it is deployed: events from a real Kafka in, commands out, a clean end."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import httpx
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from contracts.codec import Decoded, decode, encode
from contracts.commands import SyncCustomer
from contracts.message import Message
from contracts.topics import COMMANDS
from messaging.kafka_publisher import KafkaPublisher
from messaging.kafka_topics import create_topics, plans
from messaging.outbox_store import OutboxRow
from testkit import TestDatabase, eventually

from .support import SCHEMA, Office, customer, office_on


async def _python(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sync_orchestrator",
        *arguments,
        env={"PATH": os.environ["PATH"], **environment},
        stderr=asyncio.subprocess.PIPE,
    )


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


async def _publish(bootstrap: str, *messages: Message) -> None:
    async with KafkaPublisher(bootstrap) as publisher:
        encoded = [encode(message) for message in messages]
        rows = [
            OutboxRow(e.topic, e.key, e.value, {name: v.decode() for name, v in e.headers})
            for e in encoded
        ]
        assert set(await publisher.publish(rows)) == {None}


@asynccontextmanager
async def _commands(bootstrap: str) -> AsyncGenerator[Callable[[], "asyncio.Future[Message]"]]:
    topic = COMMANDS["qbo"]
    consumer = AIOKafkaConsumer(
        topic.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None
    )
    await consumer.start()

    async def following() -> Message:
        record = cast("ConsumerRecord[bytes, bytes]", await consumer.getone())
        decoded = decode(topic, record.value)
        assert isinstance(decoded, Decoded)
        return decoded.message

    try:
        yield lambda: asyncio.ensure_future(following())
    finally:
        await consumer.stop()


async def _until_a_customer_goes(
    following: Callable[[], "asyncio.Future[Message]"],
) -> SyncCustomer:
    async with asyncio.timeout(30):
        while True:
            message = await following()
            if isinstance(message, SyncCustomer):
                return message


async def _run_a_customer_through(office: Office, kafka: str) -> None:
    await _publish(kafka, office.opened())

    async def connected() -> None:
        assert await office.pool.fetchval("select count(*) from connections") == 1

    await eventually(connected, within=30)
    await office.pool.execute(
        "update connection_settings set sync_customers = true, customers_since = '2026-01-01'"
    )
    ann = customer()
    await _publish(kafka, office.customer_event(ann))
    async with _commands(kafka) as following:
        said = await _until_a_customer_goes(following)
    assert said.customer == ann
    await _publish(kafka, office.success(said, "60"))

    async def synced() -> None:
        assert await office.state("customer", ann.id) == "synced"

    await eventually(synced, within=30)


async def test_events_become_commands_and_the_process_ends_when_told(
    new_database: Callable[[Sequence[str]], TestDatabase], kafka_server: str, tmp_path: Path
) -> None:
    database = new_database([SCHEMA])
    await create_topics(kafka_server, plans())
    port = _free_port()
    environment = {
        "DATABASE_URL": database.dsn(SCHEMA),
        "KAFKA_BOOTSTRAP_SERVERS": kafka_server,
        "INTERNAL_KEY": "ab" * 32,
        "INVOICE_API_URL": "http://127.0.0.1:9",
        "HTTP_PORT": str(port),
    }
    migrating = await _python("migrate", **environment)
    assert await migrating.wait() == 0
    running = await _python("run", **environment)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:

            async def ready() -> None:
                try:
                    answer = await http.get("/readyz")
                except httpx.TransportError as error:
                    raise AssertionError(error) from None
                assert answer.status_code == 200, answer.text

            await eventually(ready, within=30)
            async with office_on(database) as office:
                await _run_a_customer_through(office, kafka_server)
            assert (await http.get("/livez")).status_code == 200
            assert "tallybridge_messages_consumed_total" in (await http.get("/metrics")).text
        running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            _, told = await running.communicate()
        assert running.returncode == 0, told.decode()[-3000:]
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()


async def test_a_wrong_setting_is_named_before_anything_starts() -> None:
    refused = await _python("run", DATABASE_URL="postgresql://x", INTERNAL_KEY="short")
    _, told = await refused.communicate()
    assert refused.returncode == 2
    assert b"INTERNAL_KEY: " in told
