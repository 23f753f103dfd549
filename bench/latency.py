"""P5: from sending an invoice to its green badge at a client's live channel, at an even pace."""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx

from bench import badges_store, bare_chain
from bench.goals import Asked, at_most
from bench.measuring import load, percentile, table
from bench.offices import Json, ReadyOffice, ready_offices, stack_without_limits

PER_SECOND = 20.0
_LAST_BADGE_WITHIN = 30.0
_WARMING = 40
GOALS = {0.5: 40.0, 0.95: 100.0, 0.99: 200.0}


@dataclass
class Sight:
    """When each invoice was seen: by the clock of this process, in seconds."""

    asked: dict[str, float] = field(default_factory=dict[str, float])
    answered: dict[str, float] = field(default_factory=dict[str, float])
    synced: dict[str, float] = field(default_factory=dict[str, float])


async def measure(state: Path, *, invoices: int, lines: int) -> Sequence[Asked]:
    """Print the percentiles beside the bare chain's."""
    print(f"P5 sent -> badge: n = {invoices} at {PER_SECOND:g}/s, {lines} lines; {load()}")
    with stack_without_limits(state) as stack:
        found = stack.endpoints
        async with ready_offices(stack, 1, lines) as [office]:
            sight = await _watched(office, invoices, lines)
            provider = await _provider_ms(found["database_url"], office, list(sight.synced))
        bare = await bare_chain.trickle(
            found["database_url"], found["kafka"], invoices, PER_SECOND, lines
        )
    return _print(sight, provider, bare)


async def _watched(office: ReadyOffice, invoices: int, lines: int) -> Sight:
    made = await office.bulk(office.drafts(invoices + _WARMING, lines), send=False)
    sight = Sight()
    async with _badges(office, sight):
        for part in (made[:_WARMING], made[_WARMING:]):
            sight.asked.clear()
            sight.answered.clear()
            sight.synced.clear()
            await _send_evenly(office, part, sight)
            await _all_seen(part, sight)
    return sight


async def _send_evenly(office: ReadyOffice, invoices: Sequence[str], sight: Sight) -> None:
    async def send(invoice: str) -> None:
        sight.asked[invoice] = time.monotonic()
        which: Json = {"id": invoice}
        await office.office.send(which)
        sight.answered[invoice] = time.monotonic()

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for place, invoice in enumerate(invoices):
            await asyncio.sleep(max(began + place / PER_SECOND - time.monotonic(), 0))
            group.create_task(send(invoice))


async def _all_seen(invoices: Sequence[str], sight: Sight) -> None:
    deadline = time.monotonic() + _LAST_BADGE_WITHIN
    while missing := set(invoices) - sight.synced.keys():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(missing)} badges were never seen as synced")
        await asyncio.sleep(0.05)


@asynccontextmanager
async def _badges(office: ReadyOffice, sight: Sight) -> AsyncGenerator[None]:
    """A client of `/events`, on a connection of its own, until the block ends."""
    opened = asyncio.Event()
    url = f"{office.office.web.base_url}events"
    headers = {"Authorization": office.office.web.headers["Authorization"]}

    async def watch() -> None:
        async with (
            httpx.AsyncClient(timeout=httpx.Timeout(10, read=60)) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            answer.raise_for_status()
            opened.set()
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    seen = time.monotonic()
                    told: Json = json.loads(line.removeprefix("data: "))
                    if told.get("record") == "invoice" and told["badge"]["state"] == "synced":
                        sight.synced.setdefault(told["id"], seen)

    watching = asyncio.create_task(watch())
    try:
        async with asyncio.timeout(10):
            await opened.wait()
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def _provider_ms(
    database_url: str, office: ReadyOffice, invoices: Sequence[str]
) -> dict[str, float]:
    """How long the simulator itself took over the request that each invoice went in."""
    admin = await badges_store.connect(database_url)
    try:
        went = await badges_store.requests_of(admin, [UUID(invoice) for invoice in invoices])
    finally:
        await admin.close()
    took = {row["requestid"]: row["milliseconds"] for row in await office.office.requests()}
    return {str(invoice): float(took.get(request.hex, 0.0)) for invoice, request in went.items()}


def _print(sight: Sight, provider: dict[str, float], bare: Sequence[float]) -> Sequence[Asked]:
    whole = [(sight.synced[one] - asked) * 1000 for one, asked in sight.asked.items()]
    ours = [
        (sight.synced[one] - asked) * 1000 - provider.get(one, 0.0)
        for one, asked in sight.asked.items()
    ]
    after = [
        max(sight.synced[one] - answered, 0.0) * 1000 - provider.get(one, 0.0)
        for one, answered in sight.answered.items()
    ]
    rows = [
        ("from the request, less the provider", ours),
        ("from the answer, less the provider", after),
        ("from the request, all", whole),
        ("bare chain, from before its insert", list(bare)),
    ]
    head = ("ms", "n", *(f"p{share * 100:.0f}" for share in GOALS), "longest")
    body = [
        (
            name,
            f"{len(took)}",
            *(f"{percentile(took, share):.0f}" for share in GOALS),
            f"{max(took):.0f}",
        )
        for name, took in rows
    ]
    body.append(("goal", "", *(f"{goal:.0f}" for goal in GOALS.values()), ""))
    print(table(head, body))
    ratio = percentile(ours, 0.5) / percentile(bare, 0.5)
    print(f"  p50 beside the bare chain's: {ratio:.2f} (goal: 2 or less)")
    known = list(provider.values())
    print(f"  the provider's own time: {statistics.median(known):.1f} ms at the median")
    return [
        *(
            at_most(f"P5 sent to badge, p{share * 100:.0f}", percentile(ours, share), goal, " ms")
            for share, goal in GOALS.items()
        ),
        at_most("P5 p50 beside the bare chain's", ratio, 2.0),
    ]
