"""The floor: what Kafka, PostgreSQL, aiokafka and asyncpg cost by themselves on these hops.

accept -> orchestrator -> connector -> outcome -> badge: four topics, three processes (as ours:
`web` accepts and shows the badge, `middle` is the orchestrator, `edge` the connector). Each hop is
the plainest that keeps what it took: take a batch, one INSERT of all its rows and one of all its
outbox rows in one transaction, commit the offsets; a relay publishes the outbox. It decides
nothing, validates nothing, calls no provider, locks no company.

`python -m bench.bare_chain ROLE` is one of the processes; `burst` and `trickle` run all three.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from messaging.kafka_topics import TopicPlan, create_topics

from bench import bare_chain_store as store
from bench.measuring import Usage, usage

BATCH = 500
PARTITIONS = 12
KINDS = ("invoices", "commands", "outcomes", "badges")
ROLES = ("web", "middle", "edge")
_DAY_MS = 86_400_000

_STEPS = {
    "middle": (("invoices", "commands"), ("outcomes", "badges")),
    "edge": (("commands", "outcomes"),),
}
"""role -> (the topic it reads, the topic it writes), each in a loop of its own."""


@dataclass(frozen=True)
class Burst:
    """Seconds from the release to the last badge, and what the chain's processes used."""

    seconds: float
    used: Usage


@dataclass(frozen=True)
class _Chain:
    name: str
    database_url: str
    kafka: str
    lines: int

    def topic(self, kind: str) -> str:
        return f"{self.name}.{kind}"


def invoice_body(number: int, lines: int) -> bytes:
    """JSON of about the size of an invoice's snapshot."""
    line = {
        "item_id": str(uuid.uuid4()),
        "item_name": "Service 3",
        "description": "Service 3, as agreed by telephone",
        "quantity": "2",
        "unit_price": "23.50",
        "amount": "47.00",
    }
    return json.dumps(
        {
            "id": str(uuid.uuid4()),
            "number": number,
            "customer": {
                "id": str(uuid.uuid4()),
                "name": "Customer 3",
                "email": "c3@bench.example",
            },
            "issue_date": "2026-06-15",
            "due_date": "2026-07-15",
            "currency": "USD",
            "lines": [line] * lines,
        }
    ).encode()


async def burst(database_url: str, kafka: str, count: int, lines: int) -> Burst:
    """Accept `count` invoices, then let them go."""
    async with _running(database_url, kafka, lines) as processes:
        await _tell(processes["web"], "accept", count)
        await _answer(processes["web"])
        pids = {f"bare {role}": [process.pid] for role, process in processes.items()}
        before = usage(pids)
        await _tell(processes["web"], "release", count)
        seconds = float((await _answer(processes["web"]))["seconds"])
        return Burst(seconds, usage(pids).since(before))


async def trickle(
    database_url: str, kafka: str, count: int, per_second: float, lines: int
) -> list[float]:
    """Accept `count` invoices at an even pace; milliseconds from before the accepting transaction
    to after the one that stores the badge."""
    async with _running(database_url, kafka, lines) as processes:
        await _tell(processes["web"], "trickle", 50, per_second)
        await _answer(processes["web"])
        await _tell(processes["web"], "trickle", count, per_second)
        return cast("list[float]", (await _answer(processes["web"]))["milliseconds"])


# -- the three processes, from outside --------------------------------------------------------


@asynccontextmanager
async def _running(
    database_url: str, kafka: str, lines: int
) -> AsyncGenerator[dict[str, asyncio.subprocess.Process]]:
    name = f"bare_{uuid.uuid4().hex[:8]}"
    admin = await asyncpg.connect(database_url)
    try:
        await store.create(admin, name, ROLES)
    finally:
        await admin.close()
    await create_topics(kafka, [TopicPlan(f"{name}.{kind}", PARTITIONS, _DAY_MS) for kind in KINDS])
    processes: dict[str, asyncio.subprocess.Process] = {}
    try:
        for role in ROLES:
            processes[role] = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bench.bare_chain",
                *(role, name, database_url, kafka, str(lines)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                limit=2**24,
            )
        for process in processes.values():
            await _answer(process)
        yield processes
    finally:
        for process in processes.values():
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _tell(process: asyncio.subprocess.Process, *words: object) -> None:
    assert process.stdin is not None
    process.stdin.write((json.dumps(words) + "\n").encode())
    await process.stdin.drain()


async def _answer(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    async with asyncio.timeout(300):
        line = await process.stdout.readline()
    assert line, "a process of the bare chain has ended"
    return cast("dict[str, Any]", json.loads(line))


# -- one of them, from inside -----------------------------------------------------------------


class _Outbox:
    """The role's outbox and the relay that publishes it."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], schema: str, kafka: str) -> None:
        self._pool = pool
        self._schema = schema
        self._producer = AIOKafkaProducer(
            bootstrap_servers=kafka,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=512 * 1024,
        )
        self.said = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def run(self) -> None:
        await self._producer.start()
        while True:
            await self.said.wait()
            await self.open.wait()
            self.said.clear()
            while await self._publish() == BATCH:
                pass

    async def _publish(self) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await store.take(connection, self._schema, BATCH)
            sent = [
                cast(
                    "asyncio.Future[object]",
                    await self._producer.send(row["topic"], row["value"], key=row["key"]),
                )
                for row in rows
            ]
            await asyncio.gather(*sent)
            await store.drop(connection, self._schema, [row["seq"] for row in rows])
        return len(rows)


Done = Callable[[Sequence[int]], Awaitable[None]]


async def _step(
    chain: _Chain,
    pool: asyncpg.Pool[asyncpg.Record],
    schema: str,
    outbox: _Outbox,
    reads: str,
    writes: str | None,
    done: Done | None = None,
    joined: asyncio.Event | None = None,
) -> None:
    """Take batches of one topic for ever; store them and what follows from them."""
    consumer = AIOKafkaConsumer(
        chain.topic(reads),
        bootstrap_servers=chain.kafka,
        group_id=f"{schema}.{reads}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    while not consumer.assignment():
        await consumer.getmany(timeout_ms=50)
    if joined is not None:
        joined.set()
    while True:
        batches = cast(
            "Mapping[object, Sequence[ConsumerRecord[bytes, bytes]]]",
            await consumer.getmany(timeout_ms=1000, max_records=BATCH),
        )
        records = [record for batch in batches.values() for record in batch]
        if not records:
            continue
        bodies = [json.loads(record.value or b"{}") for record in records]
        values = [json.dumps({**body, "went": writes}).encode() for body in bodies]
        keys = [record.key for record in records]
        async with pool.acquire() as connection, connection.transaction():
            await store.keep(connection, schema, reads, keys, values)
            if writes is not None:
                await store.put(connection, schema, chain.topic(writes), keys, values)
        outbox.said.set()
        await consumer.commit()
        if done is not None:
            await done([body["number"] for body in bodies])


async def _serve(role: str, chain: _Chain) -> None:
    schema = f"{chain.name}_{role}"
    pool = await asyncpg.create_pool(
        chain.database_url,
        min_size=2,
        max_size=8,
        server_settings={"plan_cache_mode": "force_custom_plan"},
    )
    outbox = _Outbox(pool, schema, chain.kafka)
    async with asyncio.TaskGroup() as group:
        group.create_task(outbox.run())
        if role != "web":
            joins: list[asyncio.Event] = []
            for reads, writes in _STEPS[role]:
                joins.append(asyncio.Event())
                group.create_task(
                    _step(chain, pool, schema, outbox, reads, writes, None, joins[-1])
                )
            for joined in joins:
                await joined.wait()
            _say({"ready": role})
            return
        await _Web(chain, pool, schema, outbox).run(group)


class _Web:
    """Accepts, and sees the badges; its clock measures both ends."""

    def __init__(
        self,
        chain: _Chain,
        pool: asyncpg.Pool[asyncpg.Record],
        schema: str,
        outbox: _Outbox,
    ) -> None:
        self._chain = chain
        self._pool = pool
        self._schema = schema
        self._outbox = outbox
        self._began: dict[int, float] = {}
        self._ended: dict[int, float] = {}
        self._all = asyncio.Event()

    async def run(self, group: asyncio.TaskGroup) -> None:
        joined = asyncio.Event()
        group.create_task(
            _step(
                *(self._chain, self._pool, self._schema, self._outbox),
                *("badges", None, self._badges, joined),
            )
        )
        await joined.wait()
        _say({"ready": "web"})
        while line := await asyncio.to_thread(sys.stdin.readline):
            order, *numbers = json.loads(line)
            if order == "accept":
                await self._accept_all(numbers[0])
            elif order == "release":
                await self._release()
            else:
                await self._trickle(numbers[0], numbers[1])

    async def _accept(self, count: int) -> None:
        first = len(self._began)
        began = time.monotonic()
        numbers = range(first, first + count)
        self._began |= dict.fromkeys(numbers, began)
        self._all.clear()
        keys = [uuid.uuid4().bytes for _ in numbers]
        values = [invoice_body(number, self._chain.lines) for number in numbers]
        async with self._pool.acquire() as connection, connection.transaction():
            await store.keep(connection, self._schema, "invoices", keys, values)
            await store.put(connection, self._schema, self._chain.topic("invoices"), keys, values)
        self._outbox.said.set()

    async def _accept_all(self, count: int) -> None:
        self._outbox.open.clear()
        for start in range(0, count, BATCH):
            await self._accept(min(BATCH, count - start))
        _say({"accepted": count})

    async def _release(self) -> None:
        began = time.monotonic()
        self._outbox.open.set()
        await self._all.wait()
        _say({"seconds": time.monotonic() - began})

    async def _trickle(self, count: int, per_second: float) -> None:
        first = len(self._began)
        start = time.monotonic()
        accepting: set[asyncio.Task[None]] = set()
        for place in range(count):
            await asyncio.sleep(max(start + place / per_second - time.monotonic(), 0))
            accepting.add(asyncio.create_task(self._accept(1)))
        await asyncio.wait(accepting)
        await self._all.wait()
        took = [
            (self._ended[number] - self._began[number]) * 1000
            for number in range(first, first + count)
        ]
        _say({"milliseconds": took})

    async def _badges(self, numbers: Sequence[int]) -> None:
        ended = time.monotonic()
        for number in numbers:
            self._ended.setdefault(number, ended)
        if len(self._ended) == len(self._began):
            self._all.set()


def _say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], _Chain(*sys.argv[2:5], lines=int(sys.argv[5]))))
