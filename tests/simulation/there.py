"""QuickBooks Online in memory, behind a transport that loses, delays and refuses.

The provider is the simulator's own work (its door and books, without its pages), by virtual time.
A request that was written is executed by a task of its own: whoever sent it may be dead by then.
"""

import random
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from connector_kit.exchange import Request, Response
from connector_kit.transport import Delivery, Lost, NotSent
from connector_qbo.operations.marks import marks_in
from connector_qbo.provider import SCOPES
from qbo_simulator.books import Organisation, Record
from qbo_simulator.clock import SimClock as ProviderClock
from qbo_simulator.company.operations import remove
from qbo_simulator.control.bookkeeper import Changes, change
from qbo_simulator.door import Door
from qbo_simulator.limits import Limits
from qbo_simulator.settings import Settings
from qbo_simulator.wire import JsonObject, text
from qbo_simulator.world import World

from simulation.database import SimClock
from simulation.kernel import Scheduler
from simulation.mixes import MIXES, Mix

SERVER_TIMEOUT = 120.0
"""The provider executes nothing later than this after it came."""

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
]
_TOKEN_FATES: Mapping[Fate, int] = {"fine": 60, "lose_request": 8, "lose_answer": 14, "503": 5}
CLIENT_ID = "app"
_REDIRECT = "http://127.0.0.1:8002/callback"


@dataclass
class _Exchange:
    answer: Response | None = None


class Hosts:
    """The provider's hosts: what they are asked is executed in one go."""

    def __init__(self, scheduler: Scheduler) -> None:
        clock = SimClock(scheduler)
        self.world = World(ProviderClock(clock.now, clock.elapsed))
        self.world.set_limits(Limits(enforced=False))
        self._door = Door(self.world)

    async def execute(self, request: Request, headers: tuple[tuple[str, str], ...]) -> Response:
        """The provider does it, in one go."""
        path, _, query = request.target.partition("?")
        scope: MutableMapping[str, Any] = {
            "type": "http",
            "method": request.method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [
                (name.lower().encode(), value.encode())
                for name, value in (*request.headers, *headers)
            ],
        }
        said: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            said.append(message)

        await self._door(scope, receive, send)
        heads: list[tuple[bytes, bytes]] = said[0]["headers"]
        return Response(
            said[0]["status"],
            {name.decode().lower(): value.decode() for name, value in heads},
            b"".join(part.get("body", b"") for part in said[1:]),
        )


class There:
    """One organisation's books at the provider, and what persons do in them."""

    def __init__(self, scheduler: Scheduler, hosts: Hosts, name: str, **settings: object) -> None:
        self.scheduler = scheduler
        self.hosts = hosts
        self.books: Organisation = hosts.world.open(name, Settings.model_validate(settings))
        self.removed: set[str] = set()
        """Ids that a person removed."""
        self.linked_by_person: set[str] = set()
        """Ids that a person linked a record of ours to."""

    def consent(self) -> str:
        """The code of a consent to this organisation, given just now."""
        grants = self.hosts.world.grants
        return grants.consent(CLIENT_ID, self.books.realm, SCOPES[0], "joe", _REDIRECT, 600)

    # --- persons

    def live(self, kind: str) -> list[Record]:
        """Records that stand in the books and weren't voided, deleted or made inactive."""
        return [r for r in self.books.all(kind) if r.state == "live" and r.active]

    def marked(self, kind: str) -> dict[str, list[Record]]:
        """Records with our mark, by the record of ours that it names; removed ones too."""
        found: dict[str, list[Record]] = {}
        for record in self.books.all(kind):
            for ours, _ in marks_in(note_of(record)):
                found.setdefault(ours, []).append(record)
        return found

    def remove(self, record: Record, how: Literal["void", "delete"]) -> None:
        """A person voids or deletes an invoice."""
        now = self.scheduler.now
        self.removed.add(record.id)
        self.scheduler.story.append(f"there: somebody {how}s {record.kind} {record.id}")
        if how == "void":
            change(self.books, record, Changes(status="void"), now)
        else:
            remove(self.books, record, now)

    def renumber(self, invoice: Record, number: str) -> None:
        """A person gives an invoice another number."""
        self.scheduler.story.append(f"there: somebody renumbers {invoice.id} to {number}")
        change(self.books, invoice, Changes(number=number), self.scheduler.now)

    def inactivate(self, customer: Record) -> None:
        """A person makes a customer inactive."""
        self.removed.add(customer.id)
        self.scheduler.story.append(f"there: somebody makes customer {customer.id} inactive")
        change(self.books, customer, Changes(active=False), self.scheduler.now)

    def type_in_customer(self, name: str) -> None:
        """A person enters a customer."""
        content: JsonObject = {"DisplayName": name, "Active": True, "Balance": 0}
        record = self.books.add("Customer", content, self.scheduler.now)
        self.scheduler.story.append(f"there: somebody enters customer {name} as {record.id}")

    def foreign_customers(self) -> list[Record]:
        """Those that people entered."""
        return [r for r in self.live("Customer") if not marks_in(note_of(r))]

    def foreign(self) -> list[Record]:
        """Live invoices that people keyed in."""
        return [r for r in self.live("Invoice") if not marks_in(note_of(r))]

    def type_in(self, number: str, total: int = 7) -> bool:
        """A person keys in an invoice of that number, if there is a customer for it."""
        customer = next(iter(self.live("Customer")), None)
        item = next(iter(self.live("Item")), None)
        if customer is None or item is None:
            return False
        content: JsonObject = {
            "DocNumber": number,
            "CustomerRef": {"value": customer.id},
            "TxnDate": "2026-06-15",
            "Line": [
                {
                    "Amount": total,
                    "DetailType": "SalesItemLineDetail",
                    "SalesItemLineDetail": {"ItemRef": {"value": item.id}},
                }
            ],
            "TotalAmt": total,
            "Balance": total,
            "CurrencyRef": {"value": "USD"},
        }
        record = self.books.add("Invoice", content, self.scheduler.now)
        self.scheduler.story.append(f"there: somebody types in {number} as {record.id}")
        return True


def note_of(record: Record) -> str:
    """Where our mark stands."""
    name = "PrivateNote" if record.kind == "Invoice" else "Notes"
    return text(record.data.get(name))


@dataclass
class SimTransport:
    """The way to the provider. `calm`: nothing goes wrong any more."""

    hosts: Hosts
    scheduler: Scheduler
    calm: bool = False
    sent: int = 0
    mix: Mix = field(default_factory=lambda: MIXES[0])
    fates: dict[str, int] = field(default_factory=dict[str, int])
    tokens_given: int = 0
    """How many token sets the provider made, whether or not anybody read them."""
    away_until: datetime | None = None
    """Until then the provider answers nothing but `away_as`."""
    away_as: Fate = "503"
    planned: list[Fate] = field(default_factory=list[Fate])
    """What becomes of the next writes, whatever else goes wrong."""
    written: dict[int, tuple[Request, datetime]] = field(
        default_factory=dict[int, tuple[Request, datetime]]
    )
    """When each request was written, by its identity."""

    async def send(
        self,
        request: Request,
        *,
        extra: tuple[tuple[str, str], ...] = (),
        answer_within: float,
        deadline: float | None = None,
    ) -> Delivery:
        scheduler = self.scheduler
        what = f"{request.method} {urlsplit(request.path).path.rsplit('/', 1)[-1]}"
        await scheduler.point(f"connected, {what}")
        # From here to the write nothing comes between: what a process may sleep between its check
        # and its write is what the margin of `quiet_until` is for.
        if deadline is not None and SimClock(scheduler).elapsed() >= deadline:
            return NotSent("too late", too_late=True)
        fate = self._fate(request)
        if fate == "not_sent":
            return NotSent("connection refused")
        if fate in ("401", "429", "503"):
            await scheduler.point(f"answered {fate} {what}")
            return Response(int(fate), {"content-type": "application/json"}, b"{}")
        self.sent += 1
        number = self.sent
        self.written[id(request)] = (request, scheduler.now)
        exchange = _Exchange()
        scheduler.story.append(f"on its way: {what} #{number} ({fate})")
        if fate != "lose_request":
            delay = scheduler.rng.uniform(1, SERVER_TIMEOUT - 1) if fate in ("late", "slow") else 0
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
        return exchange.answer

    async def _execute(
        self,
        request: Request,
        extra: tuple[tuple[str, str], ...],
        exchange: _Exchange,
        delay: float,
    ) -> None:
        came: datetime = self.scheduler.now
        if delay:
            await self.scheduler.sleep(delay)
        else:
            await self.scheduler.point("arrives")
        if (self.scheduler.now - came).total_seconds() > SERVER_TIMEOUT:
            exchange.answer = Response(504, {"content-type": "text/html"}, b"<html></html>")
            return
        exchange.answer = await self.hosts.execute(request, extra)
        if request.host == "oauth" and exchange.answer.status == 200:
            self.tokens_given += 1

    def _fate(self, request: Request) -> Fate:
        rng: random.Random = self.scheduler.rng
        if self.planned and request.host == "api" and _writes(request):
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
        fates = cast(Mapping[Fate, int], self.mix.fates)
        (fate,) = rng.choices(list(fates), list(fates.values()))
        self.fates[fate] = self.fates.get(fate, 0) + 1
        return fate

    def _is_away(self) -> bool:
        return self.away_until is not None and self.away_until > self.scheduler.now


def _writes(request: Request) -> bool:
    """Queries are posted too."""
    return request.method == "POST" and not urlsplit(request.path).path.endswith("/query")
