"""The one place that talks HTTP to a provider.

Nothing here repeats a request: no retries, no redirects, HTTP/1.1 only. Where a deadline is given,
the last act before the first byte is written is to compare the clock with it; by then the
connection is open and TLS is done. Bodies, headers and query strings are never logged.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import httpx
import structlog
from messaging.clock import Clock

from connector_kit.exchange import Request, Response

log = structlog.stdlib.get_logger(__name__)

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""No page of any provider comes near this; more is a fault, not an answer."""

_CONNECT_SECONDS = 10.0
_FIRST_BYTE = "http11.send_request_headers.started"
"""httpcore's trace event before it writes; an exception raised in it sends nothing."""


@dataclass(frozen=True)
class NotSent:
    """Not one byte of the request was written, and none will be."""

    reason: str
    too_late: bool = False


@dataclass(frozen=True)
class Lost:
    """It was sent, or begun; no whole answer came back."""

    reason: str


Delivery: TypeAlias = Response | NotSent | Lost


class Transport(Protocol):
    """Sends one request once."""

    async def send(
        self,
        request: Request,
        *,
        extra: tuple[tuple[str, str], ...] = (),
        answer_within: float,
        deadline: float | None = None,
    ) -> Delivery:
        """Send it, and wait up to `answer_within` seconds for the whole answer; never raises.

        Args:
            extra: headers that aren't part of the frozen request: the access token.
            deadline: reading of `Clock.elapsed()` after which nothing is sent any more.
        """
        ...


class TooLate(Exception):  # noqa: N818  (says what is the case; stays inside this module)
    """The deadline passed before the first byte."""


class HttpTransport:
    """Over real sockets, to the hosts it was given and to no others."""

    def __init__(
        self, client: httpx.AsyncClient, base_urls: Mapping[str, str], clock: Clock
    ) -> None:
        self._client = client
        self._base_urls = {name: url.rstrip("/") for name, url in base_urls.items()}
        self._clock = clock

    async def send(
        self,
        request: Request,
        *,
        extra: tuple[tuple[str, str], ...] = (),
        answer_within: float,
        deadline: float | None = None,
    ) -> Delivery:
        begun = False

        async def trace(event: str, info: Mapping[str, object]) -> None:
            nonlocal begun
            if event == _FIRST_BYTE:
                if deadline is not None and self._clock.elapsed() >= deadline:
                    raise TooLate
                begun = True

        outgoing = self._client.build_request(
            request.method,
            f"{self._base_urls[request.host]}{request.target}",
            headers=[*request.headers, *extra],
            content=request.body or None,
            timeout=httpx.Timeout(answer_within, connect=_CONNECT_SECONDS, pool=_CONNECT_SECONDS),
            extensions={"trace": trace},
        )
        started = self._clock.elapsed()
        delivery: Delivery
        try:
            async with asyncio.timeout(answer_within + _CONNECT_SECONDS):
                delivery = await self._exchange(outgoing)
        except TooLate:
            delivery = NotSent("the send window was over before the first byte", too_late=True)
        except (httpx.HTTPError, httpx.StreamError, TimeoutError, OSError) as error:
            reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            delivery = Lost(reason) if begun else NotSent(reason)
        log.debug(
            "provider answered" if isinstance(delivery, Response) else "provider did not answer",
            method=request.method,
            host=request.host,
            path=request.path,
            status=delivery.status if isinstance(delivery, Response) else None,
            reason=None if isinstance(delivery, Response) else delivery.reason,
            seconds=round(self._clock.elapsed() - started, 4),
        )
        return delivery

    async def _exchange(self, outgoing: httpx.Request) -> Response:
        answer = await self._client.send(outgoing, stream=True, follow_redirects=False)
        try:
            parts: list[bytes] = []
            size = 0
            async for part in answer.aiter_bytes():
                size += len(part)
                if size > MAX_ANSWER_BYTES:
                    raise httpx.StreamError(f"the answer is larger than {MAX_ANSWER_BYTES:,} bytes")
                parts.append(part)
            return Response(
                status=answer.status_code,
                headers={name.lower(): value for name, value in answer.headers.items()},
                body=b"".join(parts),
            )
        finally:
            await answer.aclose()


def http_client(connections: int) -> httpx.AsyncClient:
    """The client of one process: it follows nothing, retries nothing, trusts no environment."""
    limits = httpx.Limits(
        max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30
    )
    return httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(
            retries=0, http1=True, http2=False, trust_env=False, limits=limits
        ),
        trust_env=False,
        follow_redirects=False,
    )
