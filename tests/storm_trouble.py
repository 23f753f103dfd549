"""What strikes during a storm, in an order that the seed gives."""

import asyncio
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from types import MappingProxyType

from office import Json, Office
from provider_side import expire_access, mend
from testkit import Stack, eventually

LOST = 0.2
_PAST_THE_LEASE = 11.0
_BACK_WITHIN = 90.0

Strike = Callable[[], Awaitable[None]]


async def trouble(
    stack: Stack,
    offices: Sequence[Office],
    faults: int,
    seconds: float,
    seed: int,
    besides: Mapping[int, tuple[str, Strike]] = MappingProxyType({}),
) -> Counter[str]:
    """Strikes evenly over the time, each kind once before any comes again; what it did.

    `offices` are one for each provider. `besides` come before the fault of that number, from 0.
    """
    chance = random.Random(seed)
    services = ("invoice-api", "sync-orchestrator", *(f"connector-{o.provider}" for o in offices))
    kinds: list[tuple[str, Strike]] = [
        *((f"kill -9 {name}", _killing(stack, name, chance)) for name in services),
        *((f"freeze {name}", _freezing(stack, name, chance)) for name in services),
        ("kill -9 kafka", _killing(stack, "kafka", chance)),
        ("freeze kafka", _freezing(stack, "kafka", chance)),
        ("restart kafka", lambda: stack.restart("kafka", within=_BACK_WITHIN)),
        ("kafka's data wiped", lambda: _wiped(stack)),
        ("kill -9 postgres", _killing(stack, "postgres", chance)),
        ("restart postgres", lambda: stack.restart("postgres", within=_BACK_WITHIN)),
    ]
    for office in offices:
        label = office.there.label
        kinds.append((f"every access token of {label} expires", partial(expire_access, office)))
        kinds.append((f"{label} answers 503 for 3 s", _away(office)))
    began = time.monotonic()
    struck: Counter[str] = Counter()
    order: list[int] = []
    for number in range(faults):
        due = began + seconds * (number + 0.5) / faults
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if number in besides:
            name, strike = besides[number]
            await strike()
            struck[name] += 1
        if not order:
            order = chance.sample(range(len(kinds)), len(kinds))
        name, strike = kinds[order.pop()]
        await strike()
        struck[name] += 1
    return struck


@asynccontextmanager
async def answers_lost(
    offices: Sequence[Office], seed: int
) -> AsyncGenerator[Callable[[], Awaitable[int]]]:
    """A fifth of all writes, of every organisation, lose their answer after they were done."""
    made: list[tuple[Office, str]] = []
    for office in offices:
        paths = sorted({office.there.many, *office.there.paths.values()})
        for path, method in ((path, method) for path in paths for method in ("POST", "PUT")):
            match = {"path": path, "method": method}
            rule = {"kind": "drop_after_commit", "match": match, "rate": LOST, "seed": seed}
            answer = await office.books.post("/_sim/faults", json=rule)
            assert answer.status_code == 200, answer.text
            made.append((office, str(answer.json()["id"])))

    async def struck() -> int:
        count = 0
        for office in offices:
            rows: list[Json] = (await office.books.get("/_sim/faults")).json()
            ours = {identifier for of, identifier in made if of is office}
            count += sum(int(row["hits"]) for row in rows if row["id"] in ours)
        return count

    try:
        yield struck
    finally:
        for office, identifier in made:
            await mend(office, identifier)


def _killing(stack: Stack, name: str, chance: random.Random) -> Strike:
    async def strike() -> None:
        before = stack.pids(name)
        victim = chance.choice(before)
        os.kill(victim, signal.SIGKILL)
        await _back(stack, name, victim, len(before))

    return strike


def _freezing(stack: Stack, name: str, chance: random.Random) -> Strike:
    async def strike() -> None:
        victim = chance.choice(stack.pids(name))
        os.kill(victim, signal.SIGSTOP)
        try:
            await asyncio.sleep(_PAST_THE_LEASE)
        finally:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGCONT)
        await stack.ready(name, within=_BACK_WITHIN)

    return strike


async def _wiped(stack: Stack) -> None:
    """The broker comes back with nothing: no topics, no messages, no positions of any reader."""
    await stack.halt("kafka", within=_BACK_WITHIN)
    shutil.rmtree(stack.state / "kafka" / "log")
    await stack.start("kafka", within=_BACK_WITHIN)


async def _back(stack: Stack, name: str, victim: int, count: int) -> None:
    def there() -> None:
        now = stack.pids(name)
        assert victim not in now, f"{name}: {victim} is still listed"
        assert len(now) == count, f"{name}: {now} run, not {count}"

    await eventually(there, within=_BACK_WITHIN, every=0.1)
    await stack.ready(name, within=_BACK_WITHIN)


def _away(office: Office) -> Strike:
    async def strike() -> None:
        rule = {"kind": "status", "status": 503, "match": {"path": office.there.api}}
        answer = await office.books.post("/_sim/faults", json=rule)
        await asyncio.sleep(3.0)
        await mend(office, str(answer.json()["id"]))

    return strike
