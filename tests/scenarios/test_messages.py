"""Messages that come late, never, or broken: nothing is lost and nobody waits behind them."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from messaging.database import Row
from office import WITHIN, Office, connected_office
from testkit import Stack, eventually

_Came = Mapping[object, Sequence[ConsumerRecord[bytes | None, bytes | None]]]

SWEEPS = 60.0
"""Well beyond the stack's sweep interval."""


@asynccontextmanager
async def kept_back(office: Office, type_: str) -> AsyncGenerator["asyncpg.Connection[Row]"]:
    """While this is open, this company's messages of a type never reach the outbox.

    They land in a table beside it: as if the process had died after its commit, before publishing.
    """
    company = office.signed_up["company_id"]
    name = f"kept_{uuid4().hex[:8]}"
    admin: asyncpg.Connection[Row] = await asyncpg.connect(office.stack.endpoints["database_url"])
    try:
        await admin.execute(
            f"""
            create table invoice_api.{name} (like invoice_api.outbox);
            grant all on invoice_api.{name} to invoice_api;
            create function invoice_api.{name}() returns trigger language plpgsql as $$
            begin
              if convert_from(new.value, 'utf8')::jsonb ->> 'company_id' = '{company}'
                 and convert_from(new.value, 'utf8')::jsonb ->> 'type' = '{type_}' then
                insert into invoice_api.{name} select new.*;
                return null;
              end if;
              return new;
            end $$;
            create trigger {name} before insert on invoice_api.outbox
              for each row execute function invoice_api.{name}();
            """
        )
        yield admin
        await admin.execute(
            f"""
            drop trigger {name} on invoice_api.outbox;
            insert into invoice_api.outbox (topic, key, value, headers)
              select topic, key, value, headers from invoice_api.{name};
            notify outbox;
            """
        )
    finally:
        await admin.execute(f"drop function if exists invoice_api.{name} cascade")
        await admin.execute(f"drop table if exists invoice_api.{name}")
        await admin.close()


async def test_s25_an_invoice_before_its_customer_and_item_ends_synced(stack: Stack) -> None:
    async with connected_office(stack) as oak:
        await oak.switch_on()
        async with kept_back(oak, "invoicing.customer_created.v1"):
            ann, item = await oak.customer(), await oak.item()
            await oak.map_all()
            invoice = await oak.invoice(ann, [item])
            await oak.send(invoice)
            await oak.badge_when("invoice", invoice, "waiting", within=SWEEPS)
        await oak.badge_when("invoice", invoice, "synced", within=SWEEPS)
        await oak.badge_when("customer", ann, "synced")
        assert await oak.numbers() == ["1001"]
        assert len((await oak.held())["customers"]) == 1


async def test_s54_an_event_that_was_never_published_is_found_by_the_sweep(stack: Stack) -> None:
    async with connected_office(stack) as oak:
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        async with kept_back(oak, "invoicing.invoice_sent.v1"):
            invoice = await oak.invoice(ann, [item])
            await oak.send(invoice)
            await oak.badge_when("invoice", invoice, "synced", within=SWEEPS)
        assert await oak.numbers() == ["1001"]


async def test_s55_a_broken_message_is_dead_lettered_and_the_next_flow(stack: Stack) -> None:
    topic, marker = "invoicing.events.v1", uuid4().hex
    broken = [
        f"not json at all {marker}".encode(),
        f'{{"type": "invoicing.invoice_sent.v1", "marker": "{marker}"}}'.encode(),
        b"\xff\xfe" + marker.encode(),
    ]
    unknown = f'{{"type": "invoicing.invoice_praised.v9", "marker": "{marker}"}}'.encode()
    async with connected_office(stack) as oak:
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        producer = AIOKafkaProducer(bootstrap_servers=stack.endpoints["kafka"])
        await producer.start()
        try:
            for partition in range(12):
                for value in broken:
                    # The very bytes twice would be one message that came twice.
                    one = value + str(partition).encode()
                    await producer.send_and_wait(topic, one, partition=partition)
                await producer.send_and_wait(topic, unknown, partition=partition)
        finally:
            await producer.stop()
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        await oak.badge_when("invoice", invoice, "synced")
    dead = await dead_letters(stack, f"{topic}.dlq.sync-orchestrator", marker, 36)
    assert all(reason for reason in dead)


async def dead_letters(stack: Stack, topic: str, marker: str, count: int) -> list[str]:
    """The reasons of dead letters that hold `marker`, once there are so many; not one more."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=stack.endpoints["kafka"], auto_offset_reset="earliest"
    )
    await consumer.start()
    reasons: list[str] = []
    try:

        async def all_there() -> None:
            came = cast("_Came", await consumer.getmany(timeout_ms=500))
            for records in came.values():
                for record in records:
                    if marker.encode() in (record.value or b""):
                        reasons.append(dict(record.headers)["reason"].decode())
            assert len(reasons) == count, f"{len(reasons)} of {count}"

        await eventually(all_there, within=WITHIN)
        return reasons
    finally:
        await consumer.stop()
