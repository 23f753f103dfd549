"""Whatever was done in this run, no secret stands in a log, a message, a dead letter or a row."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import cast

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from messaging.database import Row
from office import WITHIN, Json, connected_office, consent, office
from provider_side import behave, disconnect_there, expire_access, fault, with_first_synced
from providers import ALL
from testkit import Stack, eventually

_SECRETS = {
    "access token": rb"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiYWxnIjoiZGlyIn0",
    "signed access token": rb"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
    "refresh token": rb"AB11[0-9a-f]{46}",
    "authorisation code": rb"XAB1[0-9a-f]{48}",
    "API key": rb"tb_[A-Za-z0-9_-]{20,}",
    "bearer header": rb"Bearer\s+[A-Za-z0-9._-]{16,}",
    "connect ticket": rb"ticket=[A-Za-z0-9._-]{16,}",
}


def secrets_in(blob: bytes, exact: Sequence[bytes]) -> list[str]:
    found = [name for name, pattern in _SECRETS.items() if re.search(pattern, blob)]
    return found + [f"secret {at}" for at, secret in enumerate(exact) if secret in blob]


def leaves(value: object) -> list[str]:
    """Every text inside a JSON value."""
    if isinstance(value, dict):
        return [leaf for each in cast("Json", value).values() for leaf in leaves(each)]
    if isinstance(value, list):
        return [leaf for each in cast("list[object]", value) for leaf in leaves(each)]
    return [value] if isinstance(value, str) else []


def stack_secrets(stack: Stack) -> list[bytes]:
    """The stack's own: signing key, token keys, client secret, passwords of the roles."""
    told: object = json.loads((stack.state / "secrets.json").read_text())
    return [leaf.encode() for leaf in leaves(told) if len(leaf) >= 12]


async def messages(stack: Stack) -> list[tuple[str, bytes]]:
    """Every message of every topic, dead letters too."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stack.endpoints["kafka"], auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        known = cast("set[str]", await consumer.topics())
        topics = {name for name in known if not name.startswith("__")}
        consumer.subscribe(topics)
        found: list[tuple[str, bytes]] = []

        async def read_all() -> None:
            came = cast(
                "Mapping[object, Sequence[ConsumerRecord[bytes | None, bytes | None]]]",
                await consumer.getmany(timeout_ms=300),
            )
            for record in (record for records in came.values() for record in records):
                headers = b" ".join(value for _, value in record.headers)
                found.append((record.topic, (record.value or b"") + b" " + headers))
            mine = list(consumer.assignment())
            ends = cast("dict[TopicPartition, int]", await consumer.end_offsets(mine))
            assert ends
            for partition, end in ends.items():
                assert await consumer.position(partition) >= end

        await eventually(read_all, within=WITHIN)
        return found
    finally:
        await consumer.stop()


async def rows(stack: Stack) -> list[tuple[str, bytes]]:
    """Every row of every table of the services, as text."""
    connection: asyncpg.Connection[Row] = await asyncpg.connect(stack.endpoints["database_url"])
    try:
        tables = await connection.fetch(
            "select schemaname || '.' || tablename as name from pg_tables"
            " where schemaname = any($1)",
            ["invoice_api", "sync_orchestrator", *(f"connector_{name}" for name in ALL)],
        )
        found: list[tuple[str, bytes]] = []
        for table in tables:
            name = str(table["name"])
            for row in await connection.fetch(f"select t::text as text from {name} t"):
                found.append((name, str(row["text"]).encode()))
        return found
    finally:
        await connection.close()


async def no_secret_in(stack: Stack, typed: Sequence[bytes]) -> None:
    """Looks everywhere a stack keeps anything.

    Args:
        typed: passwords and keys that people used in it.
    """
    exact = [*stack_secrets(stack), *typed]
    assert len(exact) > len(typed)
    logs = sorted((stack.state / "logs").glob("*.log"))
    assert len(logs) > 5
    for log in logs:
        assert secrets_in(log.read_bytes(), exact) == [], log.name
    said = await messages(stack)
    assert said
    for topic, value in said:
        assert secrets_in(value, exact) == [], (topic, value[:200])
    stored = await rows(stack)
    assert {"invoice_api.companies", "connector_qbo.grants"} <= {name for name, _ in stored}
    for name, row in stored:
        assert secrets_in(row, exact) == [], (name, row[:200])


async def test_s13_nothing_that_was_done_before_left_a_secret(stack: Stack) -> None:
    # In every provider's rows, whichever other tests ran before in this process.
    for provider in ALL:
        async with connected_office(stack, provider=provider) as oak:
            await with_first_synced(oak)
    await no_secret_in(stack, [])


async def test_s13_no_secret_stands_in_any_log_message_dead_letter_or_row(quick: Stack) -> None:
    passwords = [b"correct horse battery 9"]
    # What is likeliest to spill one: forged, unreadable and dead sign-ins, broken messages.
    async with connected_office(quick) as oak, office(quick, "Fir") as fir:
        passwords.append(str(oak.signed_up["api_key"]).encode())
        ann, item = await with_first_synced(oak)
        await fir.sign_up()
        callback = await consent(fir.browser, await fir.start_connecting(), oak.organisation)
        assert (await oak.browser.get(callback)).status_code == 400
        assert (await fir.browser.get(callback)).status_code == 303
        wrong = {"email": fir.sign_up_body["email"], "password": "wrong horse battery 9"}
        passwords.append(b"wrong horse battery 9")
        assert (await fir.web.post("/session", json=wrong)).status_code == 401
        await behave(oak, rotate_every_refresh=True, refresh_grace=600)
        await fault(oak, "garbage", path=oak.there.tokens, times=1)
        await expire_access(oak)
        one = await oak.invoice(ann, [item])
        await oak.send(one)
        await oak.badge_when("invoice", one, "synced", within=4 * WITHIN)
        await disconnect_there(oak)
        other = await oak.invoice(ann, [item])
        await oak.send(other)
        await oak.badge_when("invoice", other, "held", within=2 * WITHIN)
        producer = AIOKafkaProducer(bootstrap_servers=quick.endpoints["kafka"])
        await producer.start()
        try:
            await producer.send_and_wait("sync.outcomes.v1", b"not json", partition=0)
        finally:
            await producer.stop()

        assert await oak.numbers() == ["1001", "1002"]
    await no_secret_in(quick, passwords)
