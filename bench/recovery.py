"""P9: after a kill -9 under load, seconds from the killed part being up to all being in order."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
from testkit import Stack, eventually

from bench import badges_store
from bench.goals import Asked, at_most
from bench.measuring import load, table
from bench.offices import ReadyOffice, ready_offices, stack_without_limits

PER_SECOND = 10.0
_BEFORE_SECONDS = 4.0
_UP_WITHIN = 60.0
_BACK_WITHIN = 120.0
PARTS = {"kafka": 20.0, "postgres": 5.0, "connector-qbo": 10.0}
"""What is killed, and how many seconds it may take (a connector: one lease)."""


@dataclass(frozen=True)
class Recovery:
    """Seconds: from the kill until the part was up, from then until the first badge of an invoice
    sent since then, and until all that had been sent were synced.
    """

    down: float
    first: float
    caught_up: float
    waited: int


class _Sending:
    """Drafts that are sent at an even pace, and when each was accepted."""

    def __init__(self, office: ReadyOffice, drafts: list[str]) -> None:
        self._office = office
        self._drafts = drafts
        self.accepted: dict[str, float] = {}
        self.refused = 0

    async def run(self) -> None:
        for invoice in self._drafts:
            began = time.monotonic()
            try:
                answer = await self._office.office.web.post(f"/invoices/{invoice}/send", timeout=5)
                if answer.status_code == 200:
                    self.accepted[invoice] = time.monotonic()
                else:
                    self.refused += 1
            except httpx.TransportError:
                self.refused += 1
            await asyncio.sleep(max(began + 1 / PER_SECOND - time.monotonic(), 0))


async def measure(state: Path) -> Sequence[Asked]:
    """Print each part's figures; the floor is a badge's time before the kill."""
    print(f"P9 back after a kill -9, {PER_SECOND:g} invoices/s meanwhile; {load()}")
    rows: list[tuple[str, ...]] = []
    asked: list[Asked] = []
    with stack_without_limits(state) as stack:
        async with ready_offices(stack, 1, 3) as [office]:
            calm = await _calm(stack, office)
            for part, goal in PARTS.items():
                found = await _killed(stack, office, part)
                asked.append(at_most(f"P9 back after {part}'s end", found.caught_up, goal, " s"))
                rows.append(
                    (
                        part,
                        f"{found.waited}",
                        f"{found.down:.1f}",
                        f"{found.first:.1f}",
                        f"{found.caught_up:.1f}",
                        f"{goal:.0f}",
                    )
                )
    head = ("killed", "sent", "s until up", "then to the first badge", "to all badges", "goal")
    print(table(head, rows))
    print(f"  without a kill a badge takes {calm:.2f} s, looked at every 0.1 s")
    return asked


async def _calm(stack: Stack, office: ReadyOffice) -> float:
    [invoice] = await office.bulk(office.drafts(1, 3), send=False)
    began = time.monotonic()
    await office.office.send({"id": invoice})
    await _until_synced(stack, [invoice])
    return time.monotonic() - began


async def _killed(stack: Stack, office: ReadyOffice, part: str) -> Recovery:
    drafts = await office.bulk(office.drafts(2000, 3), send=False)
    sending = _Sending(office, drafts)
    async with _in_background(sending):
        await asyncio.sleep(_BEFORE_SECONDS)
        killed = stack.pids(part)
        began = time.monotonic()
        stack.kill(part)
        await stack.ready(part, within=_UP_WITHIN, other_than=killed)
        up = time.monotonic()

        def one_since() -> list[str]:
            since = [invoice for invoice, at in sending.accepted.items() if at > up]
            assert since, "nothing was accepted since"
            return since[:1]

        await _until_synced(stack, await eventually(one_since, within=_BACK_WITHIN))
        first = time.monotonic() - up
        await _until_synced(stack, [one for one, at in sending.accepted.items() if at <= up])
        caught_up = time.monotonic() - up
    await _until_synced(stack, list(sending.accepted))
    return Recovery(up - began, first, max(first, caught_up), len(sending.accepted))


@asynccontextmanager
async def _in_background(sending: _Sending) -> AsyncGenerator[None]:
    task = asyncio.create_task(sending.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _until_synced(stack: Stack, invoices: list[str]) -> None:
    async def all_there() -> None:
        try:
            admin = await badges_store.connect(stack.endpoints["database_url"])
        except (OSError, asyncpg.PostgresError) as away:
            raise AssertionError("the database is away") from away
        try:
            missing = await badges_store.not_synced(admin, invoices)
        finally:
            await admin.close()
        assert not missing, f"{missing} of {len(invoices)} aren't synced"

    await eventually(all_there, within=_BACK_WITHIN, every=0.1)
