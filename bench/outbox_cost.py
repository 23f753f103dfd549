"""P8: what writing to the outbox, and waking its relay, costs a transaction, 32 clients."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from local_stack.database import create_database
from messaging import outbox
from messaging.clock import SystemIds
from messaging.database import PostgresDatabase, Tx, open_pool
from messaging.migrations import migrate
from messaging.outbox_store import OutboxRow
from messaging.wake import Listener, Notifier
from testkit import running_stack

from bench import outbox_cost_store as store
from bench.bare_chain import invoice_body
from bench.goals import Asked, at_most
from bench.measuring import load, table

CLIENTS = 32
PROCESSES = 4
ROUNDS = 5
SCHEMA = "bench_outbox"
_PASSWORD = "bench-only-password"
KINDS = ("plain insert", "with its outbox row", "and its notification")


async def measure(state: Path, *, seconds: float) -> Sequence[Asked]:
    """Print transactions a second of the three kinds, taken in turn."""
    print(
        f"P8 outbox and notification: {CLIENTS} clients in {PROCESSES} processes,"
        f" {ROUNDS} rounds of {seconds:g} s each, fsync on; {load()}"
    )
    with running_stack(state, only="postgres", durable=True) as stack:
        admin = stack.endpoints["database_url"]
        await create_database(admin, "tallybridge", {SCHEMA: _PASSWORD}, dsn_of_database=admin)
        address = admin.rpartition("@")[2]
        dsn = f"postgresql://{SCHEMA}:{_PASSWORD}@{address}"
        await migrate(dsn, "messaging")
        await store.create(dsn)
        rates: dict[str, list[float]] = {kind: [] for kind in KINDS}
        # Whoever listens is there in all three: a NOTIFY without a listener costs less.
        async with Listener(dsn, outbox.CHANNEL) as listener:
            await listener.listening()
            for number in range(ROUNDS):
                for kind in KINDS if number % 2 == 0 else reversed(KINDS):
                    await store.empty(dsn)
                    rates[kind].append(await _round(dsn, kind, seconds))
    return _print(rates)


async def _round(dsn: str, kind: str, seconds: float) -> float:
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.outbox_cost", dsn, kind, f"{seconds}"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(PROCESSES)
    ]
    try:
        for process in processes:
            await _line(process)
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
        done = [json.loads(await _line(process)) for process in processes]
    finally:
        for process in processes:
            if process.returncode is None:
                process.terminate()
            await process.wait()
    return float(sum(done)) / seconds


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    async with asyncio.timeout(120):
        line = await process.stdout.readline()
    assert line, "a client has ended"
    return line


def _print(rates: Mapping[str, Sequence[float]]) -> Sequence[Asked]:
    plain, row, told = (median(rates[kind]) for kind in KINDS)
    body = [
        (
            kind,
            f"{len(rates[kind])}",
            f"{median(rates[kind]):.0f}",
            f"{min(rates[kind]):.0f} to {max(rates[kind]):.0f}",
            f"{median(rates[kind]) / plain:.3f}",
        )
        for kind in KINDS
    ]
    head = ("median of rounds", "n", "transactions/s", "all rounds", "of plain")
    print(table(head, body))
    print(f"  notification: {1 - told / row:.1%} fewer than without it (goal: 3 % or less)")
    print(f"  outbox in all: {1 - told / plain:.1%} fewer than plain (goal: 25 % or less)")
    return [
        at_most("P8 fewer transactions, notification", (1 - told / row) * 100, 3.0, " %"),
        at_most("P8 fewer transactions, outbox in all", (1 - told / plain) * 100, 25.0, " %"),
    ]


# -- one process of clients -------------------------------------------------------------------


class _Silent:
    """Wakes nobody: the same transaction without its notification."""

    def wake(self, channel: str) -> None:
        del channel


async def _clients(dsn: str, kind: str, seconds: float) -> None:
    each = CLIENTS // PROCESSES
    async with await open_pool(dsn, application="bench", size=each) as pool, Notifier(dsn) as said:
        database = PostgresDatabase(pool, said if kind == KINDS[2] else _Silent())
        ids, body = SystemIds(), invoice_body(0, 3)
        row = OutboxRow("bench", os.urandom(16), body, {"type": "InvoiceSent"})

        async def one() -> None:
            async with database.transaction() as tx:
                await store.insert(tx, ids.new(), body)
                if kind != KINDS[0]:
                    await _tell(tx, row)

        await asyncio.gather(*(one() for _ in range(each)))
        print(json.dumps("ready"), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        end = time.monotonic() + seconds

        async def client() -> int:
            count = 0
            while time.monotonic() < end:
                await one()
                count += 1
            return count

        print(sum(await asyncio.gather(*(client() for _ in range(each)))), flush=True)


async def _tell(tx: Tx, row: OutboxRow) -> None:
    await outbox.put_rows(tx, [row])


if __name__ == "__main__":
    asyncio.run(_clients(sys.argv[1], sys.argv[2], float(sys.argv[3])))
