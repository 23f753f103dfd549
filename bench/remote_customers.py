"""U1: customers of large books are loaded for an import: seconds, and memory that stays flat."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testkit import Stack, eventually, running_stack

from bench.goals import Asked, at_most
from bench.measuring import load, percentile, resident_mib, table
from bench.offices import PARTS, processes_of
from tests.office import Office, connected_office

SIZES = (5_000, 100_000)
OURS = ("invoice-api", "sync-orchestrator", "connector-qbo")
MOST_MORE = 1.25
"""How many times the memory of the small load the large one may take, in any process of ours."""

_SOWN_AT_ONCE = 5_000
_EVERY = 0.25
_WITHIN = 900.0
_LOOKED_AT = 30
_SEARCHES = ("", "?q=Customer%20431", "?filter=homeowner")


@dataclass(frozen=True)
class Loaded:
    """One load: seconds, the most each process held meanwhile (MiB), the slowest pages (ms)."""

    seconds: float
    most: dict[str, float]
    review_ms: float


async def measure(state: Path, *, customers: int) -> Sequence[Asked]:
    """Print both loads side by side; the small one comes first, in the same processes."""
    print(f"U1 a load of {customers:,} customers there beside one of {SIZES[0]:,}; {load()}")
    with running_stack(state, only=PARTS, durable=True) as stack:
        rest = resident_mib(processes_of(stack))
        found = [await _loaded(stack, count) for count in (SIZES[0], customers)]
    small, large = found
    rows = [
        (name, *(f"{mib:.0f}" for mib in (rest[name], small.most[name], large.most[name])))
        for name in (*OURS, "simulator-qbo", "postgres")
    ]
    print(table(("MiB resident, at most", "at rest", f"{SIZES[0]:,}", f"{customers:,}"), rows))
    print(f"  loaded in {small.seconds:.1f} and {large.seconds:.1f} s")
    print(f"  the review's slowest page: {small.review_ms:.0f} and {large.review_ms:.0f} ms")
    worst = max(OURS, key=lambda name: large.most[name] / small.most[name])
    ratio = large.most[worst] / small.most[worst]
    return [
        at_most(
            f"U1 memory of the large load beside the small one, {worst}", ratio, MOST_MORE, "×"
        ),
        at_most(
            f"U1 the review's slowest page of {SIZES[0]:,}, p99", small.review_ms, 300.0, " ms"
        ),
    ]


async def _loaded(stack: Stack, count: int) -> Loaded:
    async with connected_office(stack, f"Load{count}") as office:
        await _sow(office, count)
        run = await _begun(office)
        began = time.monotonic()
        most: dict[str, float] = {}
        while True:
            now = resident_mib(processes_of(stack))
            most = {name: max(mib, most.get(name, 0.0)) for name, mib in now.items()}
            shown = (await office.web.get(f"/runs/{run}", timeout=60)).json()
            if shown["state"] != "running":
                break
            assert time.monotonic() - began < _WITHIN, shown
            await asyncio.sleep(_EVERY)
        seconds = time.monotonic() - began
        assert (shown["state"], shown["done"]) == ("done", count), shown
        return Loaded(seconds, most, await _review(office))


async def _sow(office: Office, count: int) -> None:
    """So many customers in the office's books, every third a company."""
    for start in range(0, count, _SOWN_AT_ONCE):
        rows = [
            {
                "name": f"Customer {number} {'Plumbing LLC' if number % 3 == 0 else 'Lee'}",
                "email": f"c{number}@mail.example",
            }
            for number in range(start, min(start + _SOWN_AT_ONCE, count))
        ]
        body = {"organisation": office.organisation, "customers": rows}
        (await office.books.post("/_sim/seed", json=body, timeout=120)).raise_for_status()


async def _begun(office: Office) -> str:
    """A load that reads all that was sown: one that began with the connection may be older."""

    async def begun() -> str:
        path = f"/integrations/{office.provider}/remote-customers/load"
        answer = (await office.web.post(path, json={}, timeout=60)).raise_for_status().json()
        assert not answer["joined"], "one from before is under way"
        return str(answer["run"]["id"])

    return await eventually(begun, within=_WITHIN, every=_EVERY)


async def _review(office: Office) -> float:
    taken: list[float] = []
    for search in _SEARCHES:
        for _ in range(_LOOKED_AT):
            began = time.perf_counter()
            path = f"/integrations/{office.provider}/remote-customers{search}"
            answer = await office.web.get(path, timeout=60)
            taken.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.text
    return percentile(taken, 0.99)
