"""Lost answers, kills, freezes, repeated messages: exactly one of each, counted in the books."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from contracts.topics import TOPICS
from messaging.database import Row
from office import WITHIN, Json, Office, all_of, connected_office
from provider_side import (
    fault,
    hits,
    invoices_by_state,
    mend,
    sent_many,
    with_first_synced,
    writes,
)
from testkit import Stack, eventually

LONG = 3 * WITHIN
_COPY = ("copy", b"1")


async def all_synced(oak: Office, count: int, within: float = LONG) -> None:
    async def settled() -> None:
        assert await invoices_by_state(oak) == {"synced": count}

    await eventually(settled, within=within, every=0.2)


def numbered(count: int) -> list[str]:
    return [str(number) for number in range(1001, 1001 + count)]


async def linked_to_the_books(oak: Office) -> None:
    """Each badge names the document that has its number."""
    there = {row["number"]: row["id"] for row in (await oak.held())["invoices"]}
    page = (await oak.web.get("/invoices", params={"limit": "200"})).json()["data"]
    assert {row["number"]: row["sync"][oak.provider]["remote_id"] for row in page} == there


@pytest.mark.parametrize("kind", ["drop_before_commit", "drop_after_commit"])
async def test_s49_the_connection_drops_around_the_commit_and_one_exists(
    quick: Stack, provider: str, kind: str
) -> None:
    async with connected_office(quick, provider=provider) as oak:
        await oak.switch_on()
        dropped = [
            await fault(oak, kind, path=path, method=oak.there.creates, times=1)
            for path in oak.there.paths.values()
        ]
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        await oak.badge_when("invoice", invoice, "synced", within=2 * LONG)
        assert [await hits(oak, each) for each in dropped] == [1, 1, 1]
        held = await oak.held()
        assert [len(held[kind]) for kind in ("customers", "items", "invoices")] == [1, 1, 1]
        await linked_to_the_books(oak)


async def test_s49_half_of_a_burst_without_answers_is_there_once(
    quick: Stack, provider: str
) -> None:
    async with connected_office(quick, provider=provider) as oak:
        ann, item = await with_first_synced(oak)
        await fault(
            oak,
            "drop_after_commit",
            path=oak.there.many,
            method=oak.there.creates,
            rate=0.5,
            seed=7,
        )
        await sent_many(oak, ann, item, 90)
        await all_synced(oak, 91)
        assert await oak.numbers() == numbered(91)
        await linked_to_the_books(oak)


async def test_s50_killed_between_the_answer_and_our_commit_one_exists(
    quick: Stack, provider: str
) -> None:
    async with connected_office(quick, provider=provider) as oak:
        ann, item = await with_first_synced(oak)
        slow = await fault(
            oak,
            "delay",
            path=oak.there.paths["invoice"],
            method=oak.there.creates,
            delay_ms=2_000,
            when="after",
            times=1,
        )
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)

        async def there() -> None:
            assert await oak.numbers() == numbered(2)

        await eventually(there, within=WITHIN)
        assert (await oak.badge("invoice", invoice))["state"] != "synced"
        before = quick.pids(f"connector-{provider}")
        quick.kill(f"connector-{provider}")
        await quick.ready(f"connector-{provider}", other_than=before)
        await mend(oak, slow)
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
        assert await oak.numbers() == numbered(2)
        await linked_to_the_books(oak)


@asynccontextmanager
async def slow_commit(oak: Office, seconds: float) -> AsyncGenerator["asyncpg.Connection[Row]"]:
    """While this is open, committing this organisation's next request takes so long."""
    name = f"slow_{uuid4().hex[:8]}"
    admin: asyncpg.Connection[Row] = await asyncpg.connect(oak.stack.endpoints["database_url"])
    try:
        await admin.execute(
            f"""
            create function connector_qbo.{name}() returns trigger language plpgsql as $$
            begin
              perform pg_sleep({seconds}) from connector_qbo.connections c
                where c.id = new.connection_id and c::text like '%{oak.organisation}%';
              return null;
            end $$;
            create constraint trigger {name} after insert on connector_qbo.requests
              deferrable initially deferred
              for each row execute function connector_qbo.{name}();
            """
        )
        yield admin
    finally:
        await admin.execute(f"drop function if exists connector_qbo.{name} cascade")
        await admin.close()


async def test_s74_a_worker_that_wakes_after_its_window_sends_nothing(quick: Stack) -> None:
    async with connected_office(quick) as oak:
        ann, item = await with_first_synced(oak)
        written = len(await writes(oak))
        async with slow_commit(oak, 1.5) as admin:
            invoice = await oak.invoice(ann, [item])
            await oak.send(invoice)

            async def committing() -> None:
                count = await admin.fetchval(
                    "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
                )
                assert count == 1

            await eventually(committing, within=WITHIN, every=0.02)
            quick.stop("connector-qbo")
            try:

                async def window_over() -> Json:
                    row = await admin.fetchrow(
                        "select id, send_by < clock_timestamp() as over from connector_qbo.requests"
                        " where open and connection_id = (select id from connector_qbo.connections"
                        " c where c::text like $1)",
                        f"%{oak.organisation}%",
                    )
                    assert row is not None
                    assert row["over"]
                    return dict(row)

                frozen = await eventually(window_over, within=WITHIN)
                assert len(await writes(oak)) == written
            finally:
                quick.cont("connector-qbo")
        await quick.ready("connector-qbo")
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
        assert await oak.numbers() == numbered(2)
        sent = [row["requestid"] for row in (await writes(oak))[written:]]
        assert len(sent) == 1
        assert frozen["id"].hex not in sent


class Parrot:
    """Says every message of every topic twice more, under the same key."""

    def __init__(self, stack: Stack) -> None:
        self._bootstrap = stack.endpoints["kafka"]
        self.said = 0

    async def run(self, began: asyncio.Event) -> None:
        consumer = AIOKafkaConsumer(
            *(topic.name for topic in TOPICS),
            bootstrap_servers=self._bootstrap,
            auto_offset_reset="latest",
            fetch_max_wait_ms=50,
        )
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, max_request_size=4 * 1024 * 1024
        )
        await consumer.start()
        await producer.start()
        try:
            await consumer.seek_to_end()
            began.set()
            while True:
                came = cast(
                    "Mapping[object, Sequence[ConsumerRecord[bytes | None, bytes | None]]]",
                    await consumer.getmany(timeout_ms=100),
                )
                for record in (record for records in came.values() for record in records):
                    headers = list(record.headers)
                    if _COPY in headers:
                        continue
                    self.said += 1
                    for _ in range(2):
                        await producer.send(
                            record.topic,
                            record.value,
                            key=record.key,
                            headers=[*headers, _COPY],
                        )
        finally:
            await producer.stop()
            await consumer.stop()


async def test_s51_every_message_three_times_and_rebalancing_each_exists_once(
    quick: Stack,
) -> None:
    """Three companies, each with another provider."""
    async with (
        connected_office(quick, "Elm", "qbo") as elm,
        connected_office(quick, "Fir", "xero") as fir,
        connected_office(quick, "Ash", "freshbooks") as ash,
    ):
        offices = (elm, fir, ash)
        pairs = [await with_first_synced(each) for each in offices]
        parrot, began = Parrot(quick), asyncio.Event()
        talking = asyncio.create_task(parrot.run(began))
        scaled = ("sync-orchestrator", *(f"connector-{each.provider}" for each in offices))
        try:
            await began.wait()
            for count in (2, 1):
                for each, (ann, item) in zip(offices, pairs, strict=True):
                    await sent_many(each, ann, item, 40)
                await all_of(*(quick.start(name, count) for name in scaled))
            for each in offices:
                await all_synced(each, 81)
            assert not talking.done()
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
        assert parrot.said > 100
        for each in offices:
            assert await each.numbers() == numbered(81)
            await linked_to_the_books(each)


async def test_s56_one_that_is_blocked_holds_up_none_of_ten_others(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        bo = await oak.customer("Bo Lind", None)
        stuck = await oak.invoice(bo, [item])
        await oak.send(stuck)
        await sent_many(oak, ann, item, 10)

        async def ten() -> None:
            states = await invoices_by_state(oak)
            assert states.pop("synced", 0) == 10
            assert sum(states.values()) == 1

        await eventually(ten, within=LONG)
        assert (await oak.badge("invoice", stuck))["state"] in {"waiting", "blocked"}
        assert stuck["number"] not in await oak.numbers()


async def test_s84_one_record_that_breaks_its_batch_is_set_apart_alone(quick: Stack) -> None:
    async with connected_office(quick) as oak:
        ann, item = await with_first_synced(oak)
        breaking = [
            await fault(oak, "status", path=path, status=500, contains='"1004"')
            for path in ("/batch", "/invoice")
        ]
        await sent_many(oak, ann, item, 10)

        async def all_but_one() -> None:
            assert await oak.numbers() == [n for n in numbered(11) if n != "1004"]
            assert (await invoices_by_state(oak)).get("synced") == 10

        await eventually(all_but_one, within=2 * LONG, every=0.2)
        for each in breaking:
            await mend(oak, each)
        await all_synced(oak, 11, within=2 * LONG)
        assert await oak.numbers() == numbered(11)


async def test_s59_throttled_for_a_minute_waits_and_goes_with_no_attempt_burned(
    quick: Stack,
    provider: str,
) -> None:
    async with connected_office(quick, provider=provider) as oak:
        ann, item = await with_first_synced(oak)
        throttled = await fault(
            oak,
            "status",
            path=oak.there.paths["invoice"],
            method=oak.there.creates,
            status=429,
            headers={"Retry-After": "60"},
            times=2,
        )
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        badge = await oak.badge_when("invoice", invoice, "synced", within=LONG)
        assert await hits(oak, throttled) == 2
        assert badge["cause"] is None
        assert await oak.numbers() == numbered(2)


async def test_s59_throttled_for_long_says_when_it_continues(quick: Stack, provider: str) -> None:
    async with connected_office(quick, provider=provider) as oak:
        ann, item = await with_first_synced(oak)
        throttled = await fault(
            oak,
            "status",
            path=oak.there.paths["invoice"],
            method=oak.there.creates,
            status=429,
            headers={"Retry-After": "43200", **oak.there.day_header},
            times=1,
        )
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)

        async def told() -> None:
            assert await hits(oak, throttled) == 1
            badge = await oak.badge("invoice", invoice)
            assert badge["state"] in {"queued", "held"}, badge
            assert badge["label"].startswith(("In line, about", "Paused until")), badge

        await eventually(told, within=WITHIN)
        assert await oak.numbers() == numbered(1)
        assert (await oak.integration())["status"] == "connected"
