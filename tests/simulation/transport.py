"""The way to all providers: it loses, delays and refuses.

A request that was written is executed by a task of its own: whoever sent it may be dead by then.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast
from urllib.parse import urlsplit
from uuid import UUID

from connector_kit.exchange import Request, Response
from connector_kit.transport import Delivery, Lost, NotSent

from simulation.database import SimClock
from simulation.kernel import Scheduler
from simulation.mixes import MIXES, Mix
from simulation.there import Hosts, Side, There

Fate = Literal[
    "fine",
    "not_sent",
    "lose_request",
    "lose_answer",
    "late",
    "slow",
    "401",
    "429",
    "503",
    "500_after",
    "truncated",
]
_TOKEN_FATES: Mapping[Fate, int] = {"fine": 60, "lose_request": 8, "lose_answer": 14, "503": 5}


@dataclass
class _Exchange:
    answer: Response | None = None


@dataclass
class SimTransport:
    """What becomes of requests, whichever provider they go to. `calm`: nothing goes wrong any
    more."""

    scheduler: Scheduler
    calm: bool = False
    sent: int = 0
    mix: Mix = field(default_factory=lambda: MIXES[0])
    fates: dict[str, int] = field(default_factory=dict[str, int])
    tokens_given: int = 0
    """How many token sets the providers made, whether or not anybody read them."""
    away_until: datetime | None = None
    """Until then the providers answer nothing but `away_as`."""
    away_as: Fate = "503"
    planned: list[Fate] = field(default_factory=list[Fate])
    """What becomes of the next writes, whatever else goes wrong."""
    written: dict[int, tuple[Request, datetime]] = field(
        default_factory=dict[int, tuple[Request, datetime]]
    )
    """When each request was written, by its identity."""
    carries: dict[int, tuple[There, Sequence[UUID]]] = field(
        default_factory=dict[int, tuple[There, Sequence[UUID]]]
    )
    """Whose books a request is for and which records of ours are in it, by its identity."""

    def fate(self, side: Side, request: Request) -> Fate:
        """What becomes of this one."""
        rng: random.Random = self.scheduler.rng
        if self.planned and request.host == "api" and side.writes(request):
            return self.planned.pop(0)
        if request.host == "api" and self._is_away():
            return self.away_as
        if self.calm:
            return "fine"
        if request.host == "oauth" and self.mix.tokens_end:
            (fate,) = rng.choices(list(_TOKEN_FATES), list(_TOKEN_FATES.values()))
            return fate
        if request.host != "api":
            return "fine"
        fates = cast(Mapping[Fate, int], {**self.mix.fates, **side.fates})
        (fate,) = rng.choices(list(fates), list(fates.values()))
        self.fates[fate] = self.fates.get(fate, 0) + 1
        return fate

    def _is_away(self) -> bool:
        return self.away_until is not None and self.away_until > self.scheduler.now


@dataclass
class Road:
    """The way to one provider, as its connector knows it."""

    transport: SimTransport
    side: Side
    hosts: Hosts

    async def send(
        self,
        request: Request,
        *,
        extra: tuple[tuple[str, str], ...] = (),
        answer_within: float,
        deadline: float | None = None,
    ) -> Delivery:
        transport, scheduler = self.transport, self.transport.scheduler
        what = f"{request.method} {urlsplit(request.path).path.rsplit('/', 1)[-1]}"
        await scheduler.point(f"connected, {what}")
        # From here to the write nothing comes between: what a process may sleep between its check
        # and its write is what the margin of `quiet_until` is for.
        if deadline is not None and SimClock(scheduler).elapsed() >= deadline:
            return NotSent("too late", too_late=True)
        fate = transport.fate(self.side, request)
        if fate == "not_sent":
            return NotSent("connection refused")
        if fate in ("401", "429", "503"):
            await scheduler.point(f"answered {fate} {what}")
            return Response(int(fate), {"content-type": "application/json"}, b"{}")
        transport.sent += 1
        number = transport.sent
        transport.written[id(request)] = (request, scheduler.now)
        exchange = _Exchange()
        scheduler.story.append(f"on its way: {what} #{number} ({fate})")
        if fate != "lose_request":
            most = self.side.provider.server_timeout - 1
            delay = scheduler.rng.uniform(1, most) if fate in ("late", "slow") else 0
            scheduler.spawn(
                f"there/{number} {what}", self._execute(request, extra, exchange, delay)
            )
        if fate in ("lose_request", "late"):
            await scheduler.point(f"connection lost, {what} #{number}")
            return Lost("the connection was dropped")
        until = SimClock(scheduler).elapsed() + answer_within

        def there() -> bool:
            return exchange.answer is not None or SimClock(scheduler).elapsed() >= until

        await scheduler.until(there, f"answer of {what} #{number}")
        if exchange.answer is None:
            return Lost("no answer in time")
        if fate == "lose_answer":
            return Lost("the connection was dropped after it was sent")
        if fate == "500_after":
            return Response(500, {"content-type": "application/json"}, b"{}")
        if fate == "truncated":
            return _cut(exchange.answer)
        return exchange.answer

    async def _execute(
        self,
        request: Request,
        extra: tuple[tuple[str, str], ...],
        exchange: _Exchange,
        delay: float,
    ) -> None:
        scheduler = self.transport.scheduler
        came: datetime = scheduler.now
        if delay:
            await scheduler.sleep(delay)
        else:
            await scheduler.point("arrives")
        if (scheduler.now - came).total_seconds() > self.side.provider.server_timeout:
            exchange.answer = Response(504, {"content-type": "text/html"}, b"<html></html>")
            return
        exchange.answer = await self.hosts.execute(request, extra)
        if request.host == "oauth" and exchange.answer.status == 200:
            self.transport.tokens_given += 1
        carried = self.transport.carries.get(id(request))
        if carried is not None:
            there, ours = carried
            there.created(request, exchange.answer, ours)


def _cut(answer: Response) -> Response:
    """It breaks off in the middle of its body, and says nothing of that."""
    return Response(answer.status, answer.headers, answer.body[: len(answer.body) * 2 // 3])
