"""The process itself: `python -m connector_xero migrate`, then `run`."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence

import httpx
from connector_xero.app import PACKAGE
from testkit import TestDatabase, eventually

from .simulator import free_port


def environment(database: TestDatabase, port: int, simulator_url: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database.dsn(PACKAGE),
        "INTERNAL_KEY": "ab" * 32,
        "TOKEN_KEYS": '{"k1": "' + "cd" * 32 + '"}',
        "HTTP_PORT": str(port),
        "ROLES": "http,work",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "WEB_URL": "http://127.0.0.1:8000",
        "XERO_ENVIRONMENT": "simulator",
        "XERO_SIMULATOR_URL": simulator_url,
        "XERO_CLIENT_ID": "app",
        "XERO_CLIENT_SECRET": "canary-secret",
        "TIME_SCALE": "0.01",
    }


def started(command: str, env: dict[str, str]) -> "subprocess.Popen[bytes]":
    program = [sys.executable, "-m", PACKAGE, command]
    return subprocess.Popen(program, env=env, stderr=subprocess.PIPE)


def ran(command: str, env: dict[str, str]) -> tuple[int, bytes]:
    """The exit code and what it wrote to stderr."""
    process = started(command, env)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


async def test_it_migrates_serves_and_ends_when_asked(
    new_database: Callable[[Sequence[str]], TestDatabase], simulator_url: str
) -> None:
    port = free_port()
    env = environment(new_database([PACKAGE]), port, simulator_url)
    for _ in range(2):
        code, said = ran("migrate", env)
        assert code == 0, said.decode()
    process = started("run", env)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:

            async def ready() -> None:
                try:
                    answers = [await http.get(path) for path in ("/livez", "/readyz", "/metrics")]
                except httpx.TransportError as error:
                    raise AssertionError(str(error)) from error
                assert [answer.status_code for answer in answers] == [200, 200, 200]

            await eventually(ready, within=30)
            forged = await http.get("/connect", params={"ticket": "forged"})
            assert forged.headers["location"].endswith("connect=connect_link_expired")
            assert (await http.post("/internal/v1/disconnect", json={})).status_code in (401, 422)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, said.decode()
    assert b"canary-secret" not in said


def test_real_hosts_refuse_a_scaled_clock(
    new_database: Callable[[Sequence[str]], TestDatabase],
) -> None:
    env = environment(new_database([PACKAGE]), 0, "")
    env |= {"XERO_ENVIRONMENT": "production"}
    code, said = ran("run", env)
    assert code == 2
    assert b"TIME_SCALE" in said
