"""`/livez`, `/readyz` and `/metrics` as an ASGI application that needs no framework."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from telemetry import metrics

Readiness = Callable[[], Awaitable[Mapping[str, str]]]
Liveness = Callable[[], Mapping[str, str]]
"""What there is to check, and "ok" or what is wrong with it."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

OK = "ok"
READY_WITHIN_SECONDS = 5.0


def health_app(
    readiness: Readiness, liveness: Liveness | None = None, *, inner: AsgiApp | None = None
) -> AsgiApp:
    """Answers the three paths; everything else goes to `inner`, or is 404 where there is none.

        app = health_app(ready, alive, inner=fastapi_app)      # for uvicorn

    `/livez` is 200 unless `liveness` finds something wrong that a restart would help; `/readyz` is
    200 when all that `readiness` checks is "ok", else 503 with what isn't.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path") if scope["type"] == "http" else None
        if path == "/livez":
            await _tell(send, {} if liveness is None else liveness())
        elif path == "/readyz":
            await _tell(send, await _ready(readiness))
        elif path == "/metrics":
            await _answer(send, 200, metrics.CONTENT_TYPE, metrics.render())
        elif inner is not None:
            await inner(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await _answer(send, 404, "text/plain", b"not found\n")

    return app


async def _ready(readiness: Readiness) -> Mapping[str, str]:
    try:
        async with asyncio.timeout(READY_WITHIN_SECONDS):
            return await readiness()
    except TimeoutError:
        return {"readiness": f"no answer within {READY_WITHIN_SECONDS:g} s"}
    except Exception as error:  # a check that breaks is an answer: not ready
        return {"readiness": type(error).__name__}


async def _tell(send: Send, checks: Mapping[str, str]) -> None:
    failing = any(state != OK for state in checks.values())
    body = {"status": "failing" if failing else OK, "checks": dict(checks)}
    await _answer(
        send, 503 if failing else 200, "application/json", json.dumps(body).encode() + b"\n"
    )


async def _answer(send: Send, status: int, content_type: str, body: bytes) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return
