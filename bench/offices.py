"""Companies at work on a stack without limits, ready to send: linked customers, mapped items."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from testkit import Stack, eventually, running_stack

from tests.office import Office, connected_office

Json = dict[str, Any]
CUSTOMERS = 5
ITEMS = 10
PARTS = "invoice-api,sync-orchestrator,connector-qbo,simulator-qbo"
"""What is measured; the other providers' processes would only take of the same cores."""

_UNLIMITED = "0.001"
"""The connector keeps the provider's limits by itself; so its windows are a thousandth as long."""


@dataclass(frozen=True)
class ReadyOffice:
    """A connected company whose customers and items are in the provider's books."""

    office: Office
    customers: Sequence[Json]
    items: Sequence[Json]

    def drafts(self, count: int, lines: int) -> list[Json]:
        """Bodies of so many invoices, customers and items taken in turn."""
        item = itertools.cycle(self.items)
        return [
            {
                "customer_id": customer["id"],
                "issue_date": "2026-06-15",
                "due_date": "2026-07-15",
                "currency": "USD",
                "lines": [
                    {
                        "item_id": one["id"],
                        "description": f"{one['name']}, as agreed by telephone",
                        "quantity": "2",
                        "unit_price": one["unit_price"],
                    }
                    for one in itertools.islice(item, lines)
                ],
            }
            for customer in itertools.islice(itertools.cycle(self.customers), count)
        ]

    async def bulk(self, bodies: Sequence[Json], *, send: bool) -> list[str]:
        """Make them, 500 a request; their ids."""
        made: list[str] = []
        for start in range(0, len(bodies), 500):
            answer = await self.office.web.post(
                "/invoices/bulk",
                json={"invoices": list(bodies[start : start + 500]), "send": send},
                timeout=60,
            )
            assert answer.status_code == 201, answer.text
            made.extend(row["id"] for row in answer.json()["data"])
        return made


@contextmanager
def stack_without_limits(
    state: Path, settings: Mapping[str, Mapping[str, str]] | None = None
) -> Generator[Stack]:
    """A whole stack with fsync on, whose connector and simulator know no limits."""
    own = {"connector-qbo": {"TIME_SCALE": _UNLIMITED}, **(settings or {})}
    with running_stack(state, only=PARTS, settings=own, durable=True) as stack:
        answer = httpx.put(
            f"{stack.endpoints['simulators']['qbo']}/_sim/limits", json={"enforced": False}
        )
        answer.raise_for_status()
        yield stack


@asynccontextmanager
async def ready_offices(stack: Stack, count: int, lines: int) -> AsyncGenerator[list[ReadyOffice]]:
    """So many companies; an invoice of each has gone through, so that nothing is done first."""
    async with AsyncExitStack() as open_offices:
        offices = [
            await open_offices.enter_async_context(_ready_office(stack, lines))
            for _ in range(count)
        ]
        yield offices


@asynccontextmanager
async def _ready_office(stack: Stack, lines: int) -> AsyncGenerator[ReadyOffice]:
    async with connected_office(stack, "Bench") as office:
        customers = [
            await office.customer(f"Customer {n}", f"c{n}@bench.example") for n in range(CUSTOMERS)
        ]
        items = [await office.item(f"Service {n}", f"{n + 20}.50") for n in range(ITEMS)]
        await office.switch_on()

        async def mapped() -> None:
            await office.map_all()
            shown = (await office.web.get("/integrations/qbo/account-mapping")).json()
            rows = shown["items"]
            assert len(rows) == ITEMS, rows
            assert all(row["account_id"] for row in rows), rows

        await eventually(mapped, within=20)
        ready = ReadyOffice(office, customers, items)
        # Every customer and every item goes once, which links them.
        first = ready.drafts(max(CUSTOMERS, -(-ITEMS // lines)), lines)
        for invoice in await ready.bulk(first, send=True):
            await office.badge_when("invoice", {"id": invoice}, "synced", within=60)
        yield ready


def processes_of(stack: Stack) -> dict[str, list[int]]:
    """What runs, by name, for `measuring.usage`."""
    return {name: list(pids) for name, pids in stack.endpoints["pids"].items() if pids}


class RelayApart:
    """invoice-api's relay as a process of its own, so that it can be held and let go."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def hold(self) -> None:
        """What is accepted from now on waits in the outbox."""
        os.kill(self.pid, signal.SIGSTOP)

    def release(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


WITHOUT_RELAY: Mapping[str, Mapping[str, str]] = {"invoice-api": {"ROLES": "http,consume,sweep"}}


@contextmanager
def relay_apart(stack: Stack) -> Generator[RelayApart]:
    """Run the relay that a stack with the settings `WITHOUT_RELAY` lacks."""
    [pid] = stack.pids("invoice-api")
    told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    environment = dict(entry.decode().split("=", 1) for entry in told if b"=" in entry)
    environment |= {"ROLES": "relay", "HTTP_PORT": "0"}
    with (stack.state / "logs" / "invoice-api-relay.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "invoice_api", "run"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield RelayApart(process)
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
