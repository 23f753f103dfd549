"""P4: invoices a second through everything, limits off, beside the bare chain of the same run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
from testkit import Stack

from bench import badges_store, bare_chain
from bench.goals import Asked, at_least
from bench.measuring import Usage, cpu_table, load, memory_mib, resident_mib, table, usage
from bench.offices import (
    WITHOUT_RELAY,
    Json,
    ReadyOffice,
    RelayApart,
    processes_of,
    ready_offices,
    relay_apart,
    stack_without_limits,
)
from bench.profiling import profiled, report

AT_ONCE = 16
_UNTIL_ALL_BADGES = 300.0


@dataclass(frozen=True)
class Run:
    """One way of sending: seconds until all badges were there, and what it used."""

    invoices: int
    seconds: float
    used: Usage
    memory: Mapping[str, float]
    resident: Mapping[str, float]
    sent_after: float = 0.0
    """Seconds until the last one was accepted; 0 where all were before."""

    @property
    def per_second(self) -> float:
        return self.invoices / self.seconds


async def measure(
    state: Path, *, invoices: int, lines: int, companies: int, profile: bool = False
) -> Sequence[Asked]:
    """Print both figures and where their time goes; `profile` looks into the processes too."""
    print(f"P4 whole pipeline: n = {invoices}, {lines} lines, {companies} companies; {load()}")
    with stack_without_limits(state, WITHOUT_RELAY) as stack, relay_apart(stack) as relay:
        found = stack.endpoints
        watched = {**processes_of(stack), "invoice-api relay": [relay.pid]}
        async with ready_offices(stack, companies, lines) as offices:
            at_rest = resident_mib(watched)
            admin = await badges_store.connect(found["database_url"])
            try:
                looked_into = watched if profile else {}
                with profiled(looked_into) as in_burst:
                    at_once = await _burst(admin, offices, relay, watched, invoices, lines)
                with profiled(looked_into) as in_singles:
                    one_by_one = await _one_request_each(admin, offices, watched, invoices, lines)
            finally:
                await admin.close()
        floor = await _floor(stack, invoices, lines)
    asked = _print(at_once, one_by_one, floor, invoices)
    _print_memory(at_rest, at_once, one_by_one, invoices)
    for title, profiles in (("burst", in_burst), ("one request each", in_singles)):
        for name, found in profiles.items():
            print(f"\n  {title}, {report(name, found).lstrip()}")
    return asked


async def _floor(stack: Stack, invoices: int, lines: int) -> bare_chain.Burst:
    found = stack.endpoints
    return await bare_chain.burst(found["database_url"], found["kafka"], invoices, lines)


async def _burst(
    admin: asyncpg.Connection[asyncpg.Record],
    offices: Sequence[ReadyOffice],
    relay: RelayApart,
    watched: Mapping[str, Sequence[int]],
    invoices: int,
    lines: int,
) -> Run:
    before = await badges_store.synced(admin)
    relay.hold()
    try:
        for office, share in zip(offices, _shares(invoices, len(offices)), strict=True):
            await office.bulk(office.drafts(share, lines), send=True)
        waiting = await badges_store.waiting_to_be_told(admin)
        assert waiting >= invoices, f"{waiting} of {invoices} wait: the relay wasn't held"
        used = usage(watched)
    finally:
        relay.release()
    return await _until_all(admin, watched, before, invoices, used)


async def _one_request_each(
    admin: asyncpg.Connection[asyncpg.Record],
    offices: Sequence[ReadyOffice],
    watched: Mapping[str, Sequence[int]],
    invoices: int,
    lines: int,
) -> Run:
    drafts: list[tuple[ReadyOffice, str]] = []
    for office, share in zip(offices, _shares(invoices, len(offices)), strict=True):
        made = await office.bulk(office.drafts(share, lines), send=False)
        drafts += [(office, invoice) for invoice in made]
    drafts.sort(key=lambda one: one[1])  # the companies in turn, roughly
    before = await badges_store.synced(admin)
    used = usage(watched)
    left = iter(drafts)

    async def send() -> None:
        for office, invoice in left:
            sent: Json = {"id": invoice}
            await office.office.send(sent)

    async def send_all() -> float:
        await asyncio.gather(*(send() for _ in range(AT_ONCE)))
        return time.monotonic() - used.at

    sending = asyncio.create_task(send_all())
    run = await _until_all(admin, watched, before, invoices, used)
    return replace(run, sent_after=await sending)


async def _until_all(
    admin: asyncpg.Connection[asyncpg.Record],
    watched: Mapping[str, Sequence[int]],
    before: int,
    invoices: int,
    used: Usage,
) -> Run:
    began = used.at
    while (done := await badges_store.synced(admin) - before) < invoices:
        if time.monotonic() - began > _UNTIL_ALL_BADGES:
            others = await badges_store.other_states(admin)
            raise TimeoutError(f"{done} of {invoices} are synced; the others: {others}")
        await asyncio.sleep(0.05)
    after = usage(watched).since(used)
    return Run(invoices, after.at, after, memory_mib(watched), resident_mib(watched))


def _shares(total: int, parts: int) -> list[int]:
    return [total // parts + (place < total % parts) for place in range(parts)]


def _print(
    at_once: Run,
    one_by_one: Run,
    floor: bare_chain.Burst,
    invoices: int,
) -> Sequence[Asked]:
    bare = invoices / floor.seconds
    rows = [
        ("burst accepted before", at_once, 850.0, 0.35),
        (f"one request each, {AT_ONCE} at a time", one_by_one, 300.0, None),
    ]
    head = ("", "n", "s", "invoices/s", "goal", "of the bare burst", "goal")
    body = [
        (
            name,
            f"{run.invoices}",
            f"{run.seconds:.2f}",
            f"{run.per_second:.0f}",
            f"{goal:.0f}",
            f"{run.per_second / bare:.2f}",
            "" if share is None else f"{share:.2f}",
        )
        for name, run, goal, share in rows
    ]
    body.append(
        ("bare chain, burst", f"{invoices}", f"{floor.seconds:.2f}", f"{bare:.0f}", "", "1.00", "")
    )
    print(table(head, body))
    print(f"  the requests, one each, were all answered after {one_by_one.sent_after:.2f} s")
    for name, run, _, _ in rows:
        print(f"\n  where the time went: {name}")
        print(cpu_table(run.used, run.memory, invoices))
    named = {name: cpu for name, cpu in floor.used.cpu.items() if name.startswith("bare")}
    each = ", ".join(f"{name} {cpu / invoices * 1000:.3f}" for name, cpu in named.items())
    print(f"\n  bare chain, CPU s / 1,000 invoices without its servers: {each}")
    return [
        at_least("P4 burst, invoices/s", at_once.per_second, 850.0),
        at_least("P4 burst, of the bare chain", at_once.per_second / bare, 0.35),
        at_least("P4 one request each, invoices/s", one_by_one.per_second, 300.0),
    ]


def _print_memory(at_rest: Mapping[str, float], first: Run, second: Run, invoices: int) -> None:
    """What is resident of each, before the run and after each half of it."""
    rows = [
        (name, f"{rest:.0f}", f"{first.resident[name]:.0f}", f"{second.resident[name]:.0f}")
        for name, rest in at_rest.items()
    ]
    head = ("resident memory, MiB", "at rest", f"after {invoices}", f"after {invoices * 2}")
    print(f"\n{table(head, rows)}")
