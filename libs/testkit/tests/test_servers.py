from collections.abc import Callable, Sequence
from typing import cast

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from testkit import TestDatabase

NewDatabase = Callable[[Sequence[str]], TestDatabase]


async def test_a_schema_role_works_in_its_own_schema(new_database: NewDatabase) -> None:
    database = new_database(["invoice_api", "sync_orchestrator"])
    connection = await asyncpg.connect(database.dsn("invoice_api"))
    try:
        await connection.execute("CREATE TABLE invoices (id int)")
        schema = await connection.fetchval(
            "SELECT schemaname FROM pg_tables WHERE tablename = 'invoices'"
        )
        timeout = await connection.fetchval("SHOW idle_in_transaction_session_timeout")
    finally:
        await connection.close()
    assert (schema, timeout) == ("invoice_api", "10s")


async def test_a_schema_role_is_refused_in_another_schema(new_database: NewDatabase) -> None:
    database = new_database(["invoice_api", "sync_orchestrator"])
    owner = await asyncpg.connect(database.dsn("invoice_api"))
    other = await asyncpg.connect(database.dsn("sync_orchestrator"))
    try:
        await owner.execute("CREATE TABLE invoices (id int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await other.fetch("SELECT * FROM invoice_api.invoices")
    finally:
        await owner.close()
        await other.close()


async def test_two_databases_share_nothing(new_database: NewDatabase) -> None:
    first, second = new_database(["invoice_api"]), new_database(["invoice_api"])
    connection = await asyncpg.connect(first.dsn("invoice_api"))
    await connection.execute("CREATE TABLE invoices (id int)")
    await connection.close()
    connection = await asyncpg.connect(second.dsn("invoice_api"))
    try:
        assert await connection.fetchval("SELECT to_regclass('invoices')") is None
    finally:
        await connection.close()


def test_a_database_is_made_without_a_running_loop(new_database: NewDatabase) -> None:
    assert new_database(["connector_qbo"]).dsn("connector_qbo").startswith("postgresql://")


async def test_a_message_of_almost_4_mib_goes_through_the_broker(kafka_server: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server)
    await admin.start()
    try:
        await admin.create_topics([NewTopic("large", num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()
    payload = bytes(3_900 * 1024)
    limit = 4 * 1024 * 1024
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka_server, enable_idempotence=True, max_request_size=limit
    )
    await producer.start()
    try:
        await producer.send_and_wait("large", payload)
    finally:
        await producer.stop()
    consumer = AIOKafkaConsumer(
        "large",
        bootstrap_servers=kafka_server,
        group_id="readers",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=limit,
    )
    await consumer.start()
    try:
        received = cast("bytes", (await consumer.getone()).value)
    finally:
        await consumer.stop()
    assert received == payload
