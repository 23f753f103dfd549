"""Health and metrics need no framework, and an application goes on behind them."""

import asyncio
from collections.abc import Mapping

import httpx
from messaging.health import AsgiApp, Receive, Scope, Send, health_app


async def _fine() -> Mapping[str, str]:
    return {"database": "ok", "kafka": "ok"}


async def _get(app: AsgiApp, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://svc") as http:
        return await http.get(path)


async def test_ready_means_that_every_check_is_ok() -> None:
    async def half() -> Mapping[str, str]:
        return {"database": "ok", "kafka": "away for 12 s"}

    answer = await _get(health_app(_fine), "/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    answer = await _get(health_app(half), "/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "failing",
        "checks": {"database": "ok", "kafka": "away for 12 s"},
    }


async def test_a_check_that_breaks_means_not_ready() -> None:
    async def broken() -> Mapping[str, str]:
        raise ConnectionRefusedError("postgresql://user:secret@host")

    answer = await _get(health_app(broken), "/readyz")
    assert answer.status_code == 503
    assert "ConnectionRefusedError" in answer.text
    assert "secret" not in answer.text


async def test_alive_unless_something_stands_still() -> None:
    assert (await _get(health_app(_fine), "/livez")).status_code == 200
    stuck = health_app(_fine, lambda: {"consume": "no progress for 130 s"})
    answer = await _get(stuck, "/livez")
    assert answer.status_code == 503
    assert "no progress" in answer.text


async def test_metrics_are_prometheus_text() -> None:
    answer = await _get(health_app(_fine), "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "process_cpu_seconds_total" in answer.text or "python_info" in answer.text


async def test_other_paths_go_to_the_application_behind() -> None:
    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    answer = await _get(health_app(_fine, inner=inner), "/tea")
    assert (answer.status_code, answer.text) == (418, "/tea")
    assert (await _get(health_app(_fine), "/tea")).status_code == 404


async def test_alone_it_answers_the_servers_lifespan() -> None:
    events = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": next(events)}

    async def send(event: Mapping[str, object]) -> None:
        sent.append(str(event["type"]))

    await asyncio.wait_for(health_app(_fine)({"type": "lifespan"}, receive, send), 5)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
