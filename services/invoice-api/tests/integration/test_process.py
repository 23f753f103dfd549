"""The process as it is run: migrate, demo, run; without Kafka it serves all the same."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
from local_stack.ports import find_free_block
from testkit.databases import TestDatabase
from testkit.eventually import eventually

KEY = "5f" * 32


async def command(settings: dict[str, str], *arguments: str) -> tuple[int, str]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "invoice_api",
        *arguments,
        env={**os.environ, **settings},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await child.communicate()
    assert child.returncode is not None
    return child.returncode, said.decode()


async def test_a_process_migrates_makes_its_demo_serves_and_ends_in_time(
    new_database: Callable[[Sequence[str]], TestDatabase], tmp_path: Path
) -> None:
    port = find_free_block(1)
    url = f"http://127.0.0.1:{port}"
    settings = {
        "DATABASE_URL": new_database(["invoice_api"]).dsn("invoice_api"),
        "INTERNAL_KEY": KEY,
        "HTTP_PORT": str(port),
        "PUBLIC_URL": url,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "CONNECTOR_URLS": '{"qbo": "http://127.0.0.1:9"}',
    }
    for _ in range(2):
        assert (await command(settings, "migrate"))[0] == 0
    out = tmp_path / "demo.json"
    assert (await command(settings, "demo", "--out", str(out)))[0] == 0
    key = json.loads(await asyncio.to_thread(out.read_text))["api_key"]

    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "invoice_api",
        "run",
        env={**os.environ, **settings},
        stderr=asyncio.subprocess.PIPE,
    )
    reading = asyncio.create_task(child.communicate())
    try:
        async with httpx.AsyncClient(base_url=url, timeout=10) as web:

            async def ready() -> None:
                try:
                    answer = await web.get("/readyz")
                except httpx.TransportError as error:
                    raise AssertionError(repr(error)) from None
                assert answer.json()["checks"]["database"] == "ok"

            await eventually(ready, within=20)
            assert (await web.get("/livez")).status_code == 200
            web.headers["Authorization"] = f"Bearer {key}"
            [newest, *_] = (await web.get("/api/v1/invoices")).json()["data"]
            sent = await web.post(f"/api/v1/invoices/{newest['id']}/send")
            assert sent.json()["status"] == "sent"
            measured = (await web.get("/metrics")).text
            assert 'route="/api/v1/invoices/{invoice_id}/send"' in measured, measured
            assert newest["id"] not in measured
            async with web.stream("GET", "/api/v1/events") as stream:
                assert stream.status_code == 200
                began = time.monotonic()
                child.send_signal(signal.SIGTERM)
                async for _ in stream.aiter_lines():
                    pass
        _, said = await asyncio.wait_for(reading, 20)
        assert child.returncode == 0, said.decode()[-3000:]
        assert time.monotonic() - began < 15
        assert key not in said.decode()
    finally:
        if child.returncode is None:
            child.kill()
            await reading


async def test_wrong_settings_are_named(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": "postgresql://x", "INTERNAL_KEY": "abc", "ROLES": "http,dance"}
    code, said = await command(settings, "migrate")
    assert code == 2
    assert "INTERNAL_KEY" in said
    assert "ROLES" in said
    assert "abc" not in said
