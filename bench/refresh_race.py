"""R4: workers in processes of their own ask for an expired token at once; tokens are single-use."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import httpx
from connector_kit.app import hosts_of
from connector_kit.auth import OAuthClient
from connector_kit.sealing import Sealer
from connector_kit.settings import KitSettings, provider_settings
from connector_kit.tokens import Token, TokenKeeper
from connector_kit.transport import HttpTransport, http_client
from connector_qbo.app import QBO
from contracts.ids import ConnectionId
from messaging.clock import SystemClock, SystemIds
from messaging.database import PostgresDatabase, open_pool
from messaging.wake import Notifier
from testkit import Stack

from bench import badges_store, refresh_race_store
from bench.goals import Asked, at_most
from bench.measuring import load, percentile, table
from bench.offices import stack_without_limits
from tests.office import connected_office

WORKERS = 8
_SINGLE_USE = {"rotate_every_refresh": True, "refresh_grace": 0, "reuse_revokes_grant": True}
_MARK = b"race: "
_TOKEN_PATH = "/oauth2/v1/tokens/bearer"


async def measure(state: Path, *, expiries: int) -> Sequence[Asked]:
    """Print how many refreshes there were; beside it, what one worker alone takes."""
    print(f"R4 refresh race: {WORKERS} workers x {expiries} expiries, single-use tokens; {load()}")
    with stack_without_limits(state) as stack:
        async with connected_office(stack, "Race") as office:
            answer = await office.books.put(
                "/_sim/organisation", params={"organisation": office.organisation}, json=_SINGLE_USE
            )
            answer.raise_for_status()
            environment = _environment(stack)
            await stack.halt("connector-qbo")
            before = await _refreshes(stack)
            raced, alive = await _raced(stack, environment, WORKERS, expiries)
            after = await _refreshes(stack)
            alone, _ = await _raced(stack, environment, 1, min(expiries, 100))
    return _print(raced, alone, after - before, alive)


def _print(
    raced: Sequence[float], alone: Sequence[float], refreshes: int, alive: bool
) -> Sequence[Asked]:
    head = ("until all have the new token, ms", "n", "p50", "p95", "longest")
    body = [
        (
            name,
            f"{len(took)}",
            f"{percentile(took, 0.5):.0f}",
            f"{percentile(took, 0.95):.0f}",
            f"{max(took):.0f}",
        )
        for name, took in ((f"{WORKERS} workers", raced), ("one alone", alone))
    ]
    print(table(head, body))
    lost = 0 if alive else 1
    print(f"  {refreshes} refreshes for {len(raced)} expiries (goal: as many); {lost} of 1 lost")
    return [
        at_most("R4 refreshes too many or too few", abs(refreshes - len(raced)), 0.0),
        at_most("R4 connections lost", lost, 0.0),
    ]


async def _raced(
    stack: Stack, environment: dict[str, str], workers: int, expiries: int
) -> tuple[list[float], bool]:
    """Milliseconds per expiry, and whether the grant is alive at the end."""
    admin = await badges_store.connect(stack.endpoints["database_url"])
    try:
        connection = await refresh_race_store.only_connection(admin)
        took: list[float] = []
        async with _running(environment, workers, connection) as processes:
            for _ in range(expiries):
                await refresh_race_store.expire(admin)
                began = time.monotonic()
                for process in processes:
                    assert process.stdin is not None
                    process.stdin.write(b"now\n")
                versions = {await _line(process) for process in processes}
                took.append((time.monotonic() - began) * 1000)
                assert len(versions) == 1, f"workers hold different tokens: {versions}"
        return took, await refresh_race_store.alive(admin)
    finally:
        await admin.close()


@asynccontextmanager
async def _running(
    environment: dict[str, str], workers: int, connection: UUID
) -> AsyncGenerator[list[asyncio.subprocess.Process]]:
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.refresh_race", str(connection)),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(workers)
    ]
    try:
        for process in processes:
            await _line(process)
        yield processes
    finally:
        for process in processes:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    while True:
        async with asyncio.timeout(60):
            line = await process.stdout.readline()
        assert line, "a worker has ended"
        if line.startswith(_MARK):  # what else comes is its log
            return line.removeprefix(_MARK).decode().strip()


async def _refreshes(stack: Stack) -> int:
    """How many token requests the simulator has answered."""
    async with httpx.AsyncClient(base_url=stack.endpoints["simulators"]["qbo"]) as books:
        rows = (await books.get("/_sim/requests")).json()
    return sum(1 for row in rows if row["path"].endswith(_TOKEN_PATH))


def _environment(stack: Stack) -> dict[str, str]:
    [pid] = stack.pids("connector-qbo")
    told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(entry.decode().split("=", 1) for entry in told if b"=" in entry)


# -- one worker -------------------------------------------------------------------------------


async def _work(connection: ConnectionId) -> None:
    settings = KitSettings()  # pyright: ignore[reportCallIssue]  # the environment fills it
    there = provider_settings(QBO.name)
    dsn = settings.database_url.get_secret_value()
    client = OAuthClient(there.client_id, there.client_secret.get_secret_value(), "")
    clock, http = SystemClock(), http_client(4)
    async with await open_pool(dsn, application="bench", size=4) as pool, Notifier(dsn) as said:
        keeper = TokenKeeper(
            PostgresDatabase(pool, said),
            HttpTransport(http, hosts_of(QBO, there), clock),
            QBO,
            client,
            Sealer(settings.master_keys, os.urandom),
            SystemIds(),
            clock,
        )
        _say("ready")
        while await asyncio.to_thread(sys.stdin.readline):
            token = await keeper.of(connection)
            _say(f"{token.version}" if isinstance(token, Token) else repr(token))


def _say(answer: str) -> None:
    print(f"{_MARK.decode()}{answer}", flush=True)


if __name__ == "__main__":
    asyncio.run(_work(ConnectionId(UUID(sys.argv[1]))))
