"""The loops around the steps: they wait, wake, renew leases and catch what a step lets out."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from messaging.database import DATABASE_AWAY, is_away
from messaging.process import pause
from messaging.wake import Listener
from telemetry.logs import get_logger

from connector_kit.checker import Checker
from connector_kit.choosing import ReadLot
from connector_kit.connector import Connector
from connector_kit.housekeeping import Housekeeping
from connector_kit.loading import Loader
from connector_kit.telling import Teller
from connector_kit.timing import LEASE_RENEWED_EVERY
from connector_kit.worker import AnyLot, Claimed, InHand, Worker

log = get_logger(__name__)

T = TypeVar("T")

LOTS_AT_ONCE = 16
"""Requests under way in one process, over all connections."""

CHECKS_AT_ONCE = 4
LOADS_AT_ONCE = 2
_IDLE_POLL = 1.0
_SHORTEST_POLL, _LONGEST_POLL = 0.05, 0.25
_AWAY_PAUSE = 0.5
_FINISH_SECONDS = 12.0
"""How long work under way has to end after a stop; the rest is what a crash leaves."""

_RECORD_TRIES = 8


class Leases:
    """The leases of what is under way in this process, renewed together."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._held: dict[UUID, int] = {}

    def hold(self, lease: UUID) -> None:
        self._held[lease] = self._held.get(lease, 0) + 1

    def let_go(self, lease: UUID) -> None:
        self._held[lease] -= 1
        if not self._held[lease]:
            del self._held[lease]

    async def run(self, stop: asyncio.Event, connector: Connector) -> None:
        """Renew until everything has ended after `stop`."""
        while not (stop.is_set() and not self._held):
            if self._held:
                try:
                    await self._worker.renew(list(self._held))
                except DATABASE_AWAY as error:
                    log.warning("leases not renewed", reason=type(error).__name__)
            await connector.clock.sleep(LEASE_RENEWED_EVERY if self._held else 0.5)


class Loops:
    """The roles of a process that works: sending, checking, loading, housekeeping."""

    def __init__(
        self,
        connector: Connector,
        housekeeping: Housekeeping,
        *,
        announce_every: float,
        lots_at_once: int = LOTS_AT_ONCE,
    ) -> None:
        self._connector = connector
        self._worker = Worker(connector)
        self._checker = Checker(connector)
        self._loader = Loader(connector)
        self._teller = Teller(connector)
        self._housekeeping = housekeeping
        self._announce_every = timedelta(seconds=announce_every)
        self._lots_at_once = lots_at_once
        self._leases = Leases(self._worker)
        self._others_wait = False
        """Whether the last claim left something waiting: the end of a lot may let it go."""

        # Kept here, so that work under way outlives a role that is started again.
        self._lots: set[asyncio.Task[None]] = set()
        self._checks: set[asyncio.Task[None]] = set()
        self._loads: set[asyncio.Task[None]] = set()

    async def renew(self, stop: asyncio.Event) -> None:
        """Keep the leases of what is under way."""
        await self._leases.run(stop, self._connector)

    async def work(self, stop: asyncio.Event, listener: Listener) -> None:
        """Send what waits in lanes."""
        while not stop.is_set():
            free = self._lots_at_once - len(self._lots)
            claimed = Claimed()
            # Below nothing, where one claim brought many lots of one record each.
            if free > 0:
                step = partial(self._worker.claim, free)
                claimed = await self._unless_away(step, claimed)
                self._others_wait = claimed.due is not None
            for lot in claimed.lots:
                self._leases.hold(lot.lease)
                self._start(self._lots, self._one_lot(lot, listener))
            if len(self._lots) >= self._lots_at_once:
                await asyncio.wait(self._lots, return_when=asyncio.FIRST_COMPLETED)
            elif not claimed.lots or not _at_once(claimed.due):
                await listener.wait(stop, _poll_after(claimed.due))
        await self._finish(self._lots)

    async def check(self, stop: asyncio.Event, listener: Listener) -> None:
        """Look up what had no answer."""

        async def claim() -> Coroutine[None, None, None] | None:
            check = await self._checker.claim()
            if check is None:
                return None

            async def carry_out() -> None:
                await self._checker.record(check, await self._checker.look(check))

            return self._held(check.lease, carry_out)

        await self._several(stop, listener, self._checks, CHECKS_AT_ONCE, claim)

    async def load(self, stop: asyncio.Event, listener: Listener) -> None:
        """Read and publish reference data."""

        async def claim() -> Coroutine[None, None, None] | None:
            in_hand = await self._loader.claim()
            if in_hand is None:
                return None
            return self._held(in_hand.lease, lambda: self._loader.carry_out(in_hand))

        await self._several(stop, listener, self._loads, LOADS_AT_ONCE, claim)

    async def tell(self, stop: asyncio.Event) -> None:
        """Tell of waits."""
        while not stop.is_set():
            if not await self._unless_away(self._teller.tell, 0):
                await pause(self._connector.clock, stop, 1.0)

    async def announce(self, stop: asyncio.Event) -> None:
        """Say each connection's whole state once in a while."""
        every = self._announce_every
        while not stop.is_set():
            if not await self._unless_away(lambda: self._housekeeping.announce(every), 0):
                await pause(self._connector.clock, stop, 1.0)

    async def tidy(self, stop: asyncio.Event) -> None:
        """Forget grants, rotate keys, prune, measure."""
        turn = 0
        while not stop.is_set():
            await self._unless_away(partial(self._tidy, turn), None)
            turn += 1
            await pause(self._connector.clock, stop, 5.0)

    async def _tidy(self, turn: int) -> None:
        while await self._housekeeping.leave_one():
            pass
        while await self._housekeeping.forget_one_grant():
            pass
        if turn % 12 == 0:
            await self._housekeeping.check_scopes()
            await self._housekeeping.rotate_keys()
            await self._housekeeping.measure()
        if turn % 720 == 0:
            await self._housekeeping.prune()

    async def _unless_away(self, step: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """What the step gives; while the database is away, `otherwise` after a short pause."""
        try:
            return await step()
        except DATABASE_AWAY as error:
            if not is_away(error):
                raise
            log.warning("the database is away", reason=type(error).__name__)
            await self._connector.clock.sleep(_AWAY_PAUSE)
            return otherwise

    def _start(self, running: set[asyncio.Task[None]], work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        running.add(task)
        task.add_done_callback(running.discard)

    async def _finish(self, running: set[asyncio.Task[None]]) -> None:
        if running:
            await asyncio.wait(set(running), timeout=_FINISH_SECONDS)

    async def _one_lot(self, lot: AnyLot, listener: Listener) -> None:
        try:
            in_hand = await self._bring_to_send(lot)
            if in_hand is not None:
                delivery = await self._worker.send(in_hand)
                await self._persistently(lambda: self._worker.record(in_hand, delivery))
        except DATABASE_AWAY as error:
            log.warning("a lot was left to others", reason=type(error).__name__)
        except Exception:
            # A defect in one lot must not end the loop for all; its request is looked up.
            log.exception("a lot broke", connection=str(lot.connection.id), entity=lot.entity)
        finally:
            self._leases.let_go(lot.lease)
            if self._others_wait:
                listener.wake()

    async def _bring_to_send(self, lot: AnyLot) -> InHand | None:
        try:
            if isinstance(lot, ReadLot):
                await self._worker.read_remote(lot)
                return None
            ready = await self._worker.prepare(lot)
            return None if ready is None else await self._worker.freeze(ready)
        except Exception as error:
            # Nothing was committed to be sent. If it is the records' own, they go alone next time.
            if is_away(error):
                raise
            log.exception("a lot could not be made", connection=str(lot.connection.id))
            await self._worker.give_up(lot, f"{type(error).__name__} while it was prepared")
            return None

    async def _persistently(self, step: Callable[[], Awaitable[None]]) -> None:
        """What the provider answered is worth several tries; after that it is looked up."""
        for left in reversed(range(_RECORD_TRIES)):
            try:
                await step()
                return
            except DATABASE_AWAY as error:
                if not left or not is_away(error):
                    raise
                log.warning("an answer isn't recorded yet", reason=type(error).__name__)
                await self._connector.clock.sleep(0.5)

    async def _held(self, lease: UUID, step: Callable[[], Awaitable[None]]) -> None:
        self._leases.hold(lease)
        try:
            await step()
        except DATABASE_AWAY as error:
            log.warning("work was left to others", reason=type(error).__name__)
        except Exception:
            # One broken check or load must not end the loop for all; its lease runs out.
            log.exception("a step broke")
        finally:
            self._leases.let_go(lease)

    async def _several(
        self,
        stop: asyncio.Event,
        listener: Listener,
        running: set[asyncio.Task[None]],
        at_once: int,
        claim: Callable[[], Awaitable[Coroutine[None, None, None] | None]],
    ) -> None:
        while not stop.is_set():
            work = await self._unless_away(claim, None) if len(running) < at_once else None
            if work is not None:
                self._start(running, work)
            elif len(running) >= at_once:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            else:
                await listener.wait(stop, _IDLE_POLL)
        await self._finish(running)


def _at_once(due: timedelta | None) -> bool:
    """Whether more may go already, behind what was just claimed."""
    return due is not None and due <= timedelta(0)


def _poll_after(due: timedelta | None) -> float:
    """Seconds after which to look again, if nobody wakes the loop before."""
    if due is None:
        return _IDLE_POLL
    return min(max(due.total_seconds(), _SHORTEST_POLL), _LONGEST_POLL)
