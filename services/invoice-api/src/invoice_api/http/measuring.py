"""Counts and times requests by route, never by what a path holds."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from telemetry import metrics

SERVICE = "invoice-api"
API = "/api/v1"


class Measured:
    """ASGI: how long until an answer begins, so that a stream counts as quick as it starts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                _count(scope, message["status"], time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, told)


def _count(scope: Scope, status: int, seconds: float) -> None:
    route = str(getattr(scope.get("route"), "path", "none"))
    if scope["path"].startswith(API) and not route.startswith(API):
        # An included router's routes don't know what they are included under.
        route = API + route
    method = str(scope["method"]) if scope["method"] in _METHODS else "other"
    metrics.counter(
        "http_requests_total", service=SERVICE, method=method, route=route, status=str(status)
    ).inc()
    metrics.histogram("http_request_seconds", service=SERVICE, method=method, route=route).observe(
        seconds
    )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
