"""Drives an `Exchange`: reads at the provider, one request after another.

Reads may be repeated, so a 401 is answered with one refresh and the same request again. Anything
else that stops a read is handed back as it is; `setbacks` says what follows from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeAlias, TypeVar
from uuid import UUID

from contracts.ids import Ids
from messaging.clock import Clock
from messaging.database import Database, Tx
from telemetry.metrics import counter, histogram

from connector_kit import budget_store
from connector_kit.answers import NO_DETAILS, NoAnswer, NotExecuted, Unauthorized
from connector_kit.connections_store import Connection
from connector_kit.exchange import Exchange, Request, Response
from connector_kit.limits import Slot, giving_back, left_there, slots_of
from connector_kit.provider import Provider
from connector_kit.timing import Timing
from connector_kit.tokens import NoToken, Token, TokenKeeper, TokenOrNot
from connector_kit.transport import Transport

T = TypeVar("T")

_WORTH_WAITING = timedelta(seconds=2)


@dataclass(frozen=True)
class NoRoom:
    """The budget is spent; there is room after `wait`."""

    wait: timedelta
    click: bool


Setback: TypeAlias = NotExecuted | NoAnswer | NoToken | NoRoom


@dataclass(frozen=True)
class Got(Generic[T]):
    """What the exchange found."""

    value: T


@dataclass(frozen=True)
class Halted:
    """The exchange stopped before its end."""

    why: Setback


@dataclass(frozen=True)
class _Reserved:
    """What one request is sent with: a token, and the slots it spends."""

    token: Token
    spender: UUID
    slots: Sequence[Slot]


class Asker:
    """Asks the provider on behalf of connections."""

    def __init__(
        self,
        database: Database,
        transport: Transport,
        tokens: TokenKeeper,
        provider: Provider,
        timing: Timing,
        ids: Ids,
        clock: Clock,
    ) -> None:
        self._database = database
        self._transport = transport
        self._tokens = tokens
        self._provider = provider
        self._timing = timing
        self._ids = ids
        self._clock = clock

    async def ask(
        self, exchange: Exchange[T], connection: Connection, *, click: bool = False
    ) -> Got[T] | Halted:
        """Run the exchange to its end, within the connection's budget."""
        try:
            request = next(exchange)
            while True:
                answer = await self._read(request, connection, click)
                if not isinstance(answer, Response):
                    exchange.close()
                    return Halted(answer)
                request = exchange.send(answer)
        except StopIteration as end:
            return Got(end.value)

    async def _read(
        self, request: Request, connection: Connection, click: bool
    ) -> Response | Setback:
        refreshed = False
        while True:
            reserved = await self._reserve(request, connection, click)
            if not isinstance(reserved, _Reserved):
                return reserved
            answer = await self._once(request, connection, reserved)
            if isinstance(answer, NotExecuted) and isinstance(answer.why, Unauthorized):
                await self._tokens.rejected(reserved.token)
                if not refreshed:
                    refreshed = True
                    continue
            elif isinstance(answer, Response):
                await self._tokens.accepted(reserved.token)
            return answer

    async def _reserve(
        self, request: Request, connection: Connection, click: bool
    ) -> _Reserved | NoToken | NoRoom:
        """A token and room in the budget, by one transaction where both are there."""
        slots = slots_of(self._provider, request.meter, request.units, self._timing.scale)
        spender = self._ids.new()
        token: TokenOrNot | None = None
        while True:
            found: budget_store.Wait | None = None
            async with self._database.transaction() as tx:
                if token is None:
                    token = await self._tokens.at_hand(tx, connection.id)
                if isinstance(token, Token):
                    found = await self._take(tx, connection, spender, slots, click)
                    if found is None:
                        return _Reserved(token, spender, slots)
            if token is None:
                token = await self._tokens.of(connection.id)
            if isinstance(token, NoToken):
                return token
            if found is not None:
                wait, name = found.seconds, self._provider.name
                waits = histogram("budget_wait_seconds", provider=name, limit=found.limit)
                waits.observe(wait.total_seconds())
                if wait > _WORTH_WAITING:
                    return NoRoom(wait, click)
                await self._clock.sleep(wait.total_seconds())

    async def _take(
        self,
        tx: Tx,
        connection: Connection,
        spender: UUID,
        slots: Sequence[Slot],
        click: bool,
    ) -> budget_store.Wait | None:
        """Reserve the slots; or how long until there is room."""
        if not slots:
            return None
        back = giving_back(self._provider, self._timing.scale)
        room = await budget_store.lock_room(tx, connection.id, back)
        if not room.holds(slots, click=click):
            return await budget_store.wait_for(tx, connection.id, slots, click=click)
        within = self._timing.answer_timeout
        await budget_store.take(tx, connection.id, spender, slots, within)
        return None

    async def _once(
        self, request: Request, connection: Connection, reserved: _Reserved
    ) -> Response | Setback:
        slots = reserved.slots
        began = self._clock.elapsed()
        delivery = await self._transport.send(
            request,
            extra=self._provider.auth.bearer(reserved.token.access),
            answer_within=self._timing.answer_timeout,
        )
        name = self._provider.name
        histogram("provider_request_seconds", provider=name).observe(self._clock.elapsed() - began)
        counter("provider_requests_total", provider=name, result=type(delivery).__name__).inc()
        if slots:
            async with self._database.transaction() as tx:
                await budget_store.answered(tx, reserved.spender)
                if isinstance(delivery, Response):
                    left = left_there(slots, delivery.headers)
                    await budget_store.correct(tx, connection.id, left)
        if isinstance(delivery, Response):
            return self._provider.operations.whole(delivery) or delivery
        return NoAnswer(NO_DETAILS.model_copy(update={"provider_message": delivery.reason}))
