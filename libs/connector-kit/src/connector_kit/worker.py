"""A worker's steps: claim, prepare, freeze, send, record.

Loops are elsewhere; no step waits for its turn, so a scheduler can put anything between any two.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

import asyncpg
from contracts.ids import ConnectionId, Entity
from messaging import outbox
from messaging.database import Tx
from telemetry.logs import get_logger
from telemetry.metrics import counter, histogram

from connector_kit import (
    budget_store,
    connections_store,
    guard_store,
    lane_work_store,
    ledger_store,
    turns_store,
)
from connector_kit.answering import (
    AnsweredHere,
    goes_on,
    not_ready_here,
    nothing_to_read_here,
    our_mistake_here,
    read_there,
)
from connector_kit.answers import (
    NO_DETAILS,
    Answered,
    NoAnswer,
    NotExecuted,
    Refused,
    RequestAnswer,
    Seen,
    Unauthorized,
)
from connector_kit.asking import Halted, Setback
from connector_kit.choosing import Chosen, Lot, ReadLot, choose_lots
from connector_kit.connections_store import Connection
from connector_kit.connector import Connector
from connector_kit.exchange import Response
from connector_kit.freezing import Frozen, NotFrozen, freeze
from connector_kit.guard import pause_if_blasting
from connector_kit.guarding import Creates, is_duplicate
from connector_kit.lanes_store import Lane, LaneKey
from connector_kit.limits import left_there, slots_of
from connector_kit.parsing import Parsed
from connector_kit.preparing import Preparing
from connector_kit.provider import FrozenRequest, NotReady, Ready
from connector_kit.recording import record_answer, record_unsent
from connector_kit.setbacks import apply_setback
from connector_kit.timing import ALONE_AFTER, AWAY_AFTER, FILL, LEASE
from connector_kit.tokens import NoToken, Token, TokenOrNot
from connector_kit.transport import Delivery, Lost, NotSent

log = get_logger(__name__)

_PROBE_EVERY = timedelta(seconds=5)
AnyLot: TypeAlias = Lot | ReadLot


@dataclass(frozen=True)
class ReadyLot:
    """A prepared lot.

    After `good_until`, by the elapsing clock, what was read for it is no longer fresh.
    """

    lot: Lot
    good_until: float | None = None


@dataclass(frozen=True)
class Claimed:
    """What was leased, and how long until more may go, as far as is known (None: nothing waits)."""

    lots: list[AnyLot] = field(default_factory=list[AnyLot])
    due: timedelta | None = None


@dataclass(frozen=True)
class InHand:
    """A committed request in the hands of its only sender, who may begin up to `deadline`."""

    frozen: Frozen
    token: Token
    deadline: float


class Worker:
    """The steps of one worker process.

    Every step is one transaction or one exchange with the provider. One that fails leaves what a
    crash at that moment would leave, and others go on from there. Whoever runs the steps renews
    the leases of the lots they are at.
    """

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._parsed = Parsed()
        self._preparing = Preparing(connector, self._parsed)

    async def claim(self, connections: int) -> Claimed:
        """Lease work of up to so many connections, as requests that could be sent.

        And when to come again, from the same transaction.
        """
        provider, lease = self._connector.provider, self._connector.ids.new()
        sizes: dict[Entity, int] = {name: facts.batch for name, facts in provider.entities.items()}
        in_flight = provider.requests_in_flight
        async with self._connector.database.transaction() as tx:
            sky = await turns_store.load_sky(tx)
            if sky.paused:
                return Claimed()
            if sky.failures >= AWAY_AFTER:
                if not await turns_store.take_probe(tx, AWAY_AFTER, _PROBE_EVERY):
                    due = await lane_work_store.next_due(tx, in_flight=in_flight, fill=FILL)
                    return Claimed(due=due)
                connections, sizes = 1, dict.fromkeys(sizes, 1)
            lanes = await lane_work_store.claim(
                tx,
                lease,
                connections=connections,
                sizes=sizes,
                in_flight=in_flight,
                fill=FILL,
                lease=LEASE,
                alone_after=ALONE_AFTER,
                parsed=self._parsed,
            )
            due = await lane_work_store.next_due(tx, in_flight=in_flight, fill=FILL)
            if not lanes:
                return Claimed(due=due)
            wanted = [(lane.key, lane.generation) for lane in lanes]
            finished = await ledger_store.finished(tx, wanted)
            found = await connections_store.find(tx, [lane.key.connection_id for lane in lanes])
        by_connection: dict[ConnectionId, list[Lane]] = defaultdict(list)
        for lane in lanes:
            by_connection[lane.key.connection_id].append(lane)
        operations, at = provider.operations, sky.at
        return Claimed(
            [
                lot
                for connection_id, mine in by_connection.items()
                for lot in choose_lots(lease, found[connection_id], mine, finished, operations, at)
            ],
            due,
        )

    async def renew(self, leases: Sequence[UUID]) -> None:
        """Keep all that is held under these leases."""
        tables: tuple[lane_work_store.Leased, ...] = ("lanes", "requests", "loads")
        for table in tables:
            async with self._connector.database.transaction() as tx:
                await lane_work_store.renew(tx, table, leases, LEASE)

    async def prepare(self, lot: Lot) -> ReadyLot | None:
        """Read what must be read before sending. None if nothing can go now."""
        prepared = await self._preparing.prepare(lot)
        if isinstance(prepared, Halted):
            await self._set_back(lot, prepared.why)
            return None
        ready: list[Chosen] = []
        not_ready: list[tuple[Chosen, NotReady]] = []
        for chosen, fact in zip(lot.chosen, prepared.facts, strict=True):
            match fact.prepared:
                case Ready(member):
                    ready.append(replace(chosen, member=member, read_at=fact.read_at))
                case NotReady() as answer:
                    not_ready.append((chosen, answer))
        if not_ready:
            await self._answer_not_ready(lot.connection, not_ready)
        if not ready:
            return None
        return ReadyLot(replace(lot, chosen=tuple(ready)), prepared.good_until)

    async def freeze(self, ready: ReadyLot) -> InHand | None:
        """Commit a request for as many of the lot as may go. None: nothing may be sent."""
        frozen = await self._freeze(ready, None)
        if frozen is None:
            fresh = await self._connector.tokens.of(ready.lot.connection.id)
            frozen = fresh if isinstance(fresh, NoToken) else await self._freeze(ready, fresh)
        if isinstance(frozen, NoToken):
            await self._set_back(ready.lot, frozen)
            return None
        return frozen if isinstance(frozen, InHand) else None

    async def _freeze(
        self, ready: ReadyLot, token: TokenOrNot | None
    ) -> InHand | NotFrozen | NoToken | None:
        """The same with this token, or the one that is at hand; None where that must be refreshed.

        The clock is read before the transaction begins: it says until when this may be sent.
        """
        connector, lot = self._connector, ready.lot
        elapsed = connector.clock.elapsed()
        if ready.good_until is not None and elapsed >= ready.good_until:
            await self._set_back(lot, None)
            return NotFrozen()
        deadline = elapsed + connector.timing.send_window
        try:
            async with connector.database.transaction() as tx:
                if token is None:
                    token = await connector.tokens.at_hand(tx, lot.connection.id)
                if not isinstance(token, Token):
                    return token
                frozen = await freeze(
                    tx,
                    lot,
                    connector.provider,
                    connector.timing,
                    connector.context_of(lot.connection),
                    connector.ids,
                )
                if isinstance(frozen, NotFrozen) and frozen.why is not None:
                    await self._apply(tx, lot.connection, frozen.why)
        except asyncpg.UniqueViolationError:
            log.info("a record or its key was opened elsewhere", connection=str(lot.connection.id))
            await self._set_back(lot, None)
            return NotFrozen()
        self._preparing.forget((lot.connection.id, lot.entity), frozen.blocked)
        if isinstance(frozen, NotFrozen):
            if frozen.blast:
                await pause_if_blasting(connector, lot.connection.id)
            return frozen
        sent = [
            LaneKey(lot.connection.id, lot.entity, member.record_id) for member in frozen.members
        ]
        self._preparing.forget((lot.connection.id, lot.entity), sent)
        return InHand(frozen, token, deadline)

    async def send(self, in_hand: InHand) -> Delivery:
        """Send the committed request once, within its window."""
        connector = self._connector
        began = connector.clock.elapsed()
        delivery = await connector.transport.send(
            in_hand.frozen.request,
            extra=connector.provider.auth.bearer(in_hand.token.access),
            answer_within=connector.timing.answer_timeout,
            deadline=in_hand.deadline,
        )
        name = connector.provider.name
        took = connector.clock.elapsed() - began
        histogram("provider_request_seconds", provider=name).observe(took)
        counter("provider_requests_total", provider=name, result=type(delivery).__name__).inc()
        return delivery

    async def record(self, in_hand: InHand, delivery: Delivery) -> None:
        """Write down what became of the request. May be called again if it fails."""
        connector, frozen = self._connector, in_hand.frozen
        if isinstance(delivery, NotSent):
            details = NO_DETAILS.model_copy(update={"provider_message": delivery.reason})
            async with connector.database.transaction() as tx:
                await record_unsent(tx, connector, frozen, details)
                if not delivery.too_late:
                    await self._apply(tx, frozen.connection, NoAnswer(details))
            return
        answer = self._read(frozen, delivery)
        status = delivery.status if isinstance(delivery, Response) else None
        if isinstance(answer, NotExecuted) and isinstance(answer.why, Unauthorized):
            # Before the records are free again: nobody sends them with the same token.
            await connector.tokens.rejected(in_hand.token)
        elif isinstance(delivery, Response):
            await connector.tokens.accepted(in_hand.token)
        async with connector.database.transaction() as tx:
            await record_answer(tx, connector, frozen, answer, status)
        if isinstance(delivery, Response):
            await self._correct(frozen, delivery)
        if isinstance(answer, Answered) and any(
            isinstance(one, Refused) and is_duplicate(one.cause) for one in answer.members
        ):
            await pause_if_blasting(connector, frozen.connection.id)

    async def _correct(self, frozen: Frozen, response: Response) -> None:
        """What the provider says is left of its limits; by itself, as all of a connection do it."""
        provider, request = self._connector.provider, frozen.request
        slots = slots_of(provider, request.meter, request.units, self._connector.timing.scale)
        left = left_there(slots, response.headers)
        if left:
            async with self._connector.database.transaction() as tx:
                await budget_store.correct(tx, frozen.connection.id, left)

    async def read_remote(self, lot: ReadLot) -> None:
        """Read records at the provider and say how they are there."""
        connector, connection = self._connector, lot.connection
        at_least: list[AnsweredHere] = []
        async with connector.database.transaction() as tx:
            at = await connections_store.now(tx)
            at_least = [
                nothing_to_read_here(lane, connection=connection, at=at, ids=connector.ids)
                for lane in lot.nothing_there
            ]
            await self._write_answers(tx, at_least)
        if not lot.reads:
            return
        asked = await connector.asker.ask(
            connector.provider.operations.read_remote(
                [(command, remote) for _, command, remote in lot.reads],
                connector.context_of(connection),
            ),
            connection,
            click=lot.click,
        )
        lanes = [lane for lane, _, _ in lot.reads]
        async with connector.database.transaction() as tx:
            if isinstance(asked, Halted):
                await lane_work_store.apply_changes(tx, [goes_on(lane, None) for lane in lanes])
                await self._apply(tx, connection, asked.why)
                return
            finished = await ledger_store.finished(tx, [(la.key, la.generation) for la in lanes])
            at = await connections_store.now(tx)
            answers: list[AnsweredHere] = []
            for (lane, _, remote), sighting in zip(lot.reads, asked.value, strict=True):
                if isinstance(sighting, Seen):
                    done = finished.get(lane.key)
                    version = 0 if done is None else done.member.record_version
                    answers.append(
                        read_there(
                            lane,
                            remote,
                            sighting,
                            version,
                            connection=connection,
                            at=at,
                            ids=connector.ids,
                        )
                    )
            await self._write_answers(tx, answers)
            unread = {lane.key for lane in lanes} - {answer.lane.key for answer in answers}
            wait = timedelta(seconds=5)
            later = [replace(goes_on(la, None), wait=wait) for la in lanes if la.key in unread]
            await lane_work_store.apply_changes(tx, later)

    async def give_up(self, lot: AnyLot, reason: str) -> None:
        """A step of this lot broke by a defect: its records go alone next time.

        A record that breaks alone is answered as our mistake; the others aren't held up by it.
        """
        connector = self._connector
        mine = (
            [la for la, _, _ in lot.reads]
            if isinstance(lot, ReadLot)
            else [chosen.lane for chosen in lot.chosen]
        )
        async with connector.database.transaction() as tx:
            lanes = await lane_work_store.lock_lanes(tx, mine)
            if len(lanes) == 1 and lanes[0].alone:
                at = await connections_store.now(tx)
                mistake = our_mistake_here(
                    lanes[0], reason, connection=lot.connection, at=at, ids=connector.ids
                )
                await self._write_answers(tx, [mistake])
                return
            changes = [
                replace(goes_on(lane, None), wait=timedelta(seconds=1), alone=True)
                for lane in lanes
            ]
            await lane_work_store.apply_changes(tx, changes)

    def _read(self, frozen: Frozen, delivery: Response | Lost) -> RequestAnswer:
        if isinstance(delivery, Lost):
            return NoAnswer(NO_DETAILS.model_copy(update={"provider_message": delivery.reason}))
        operations = self._connector.provider.operations
        request = FrozenRequest(frozen.open.id, frozen.open.entity, frozen.members)
        try:
            return operations.whole(delivery) or operations.read(request, delivery)
        except Exception:
            # A defect in reading must not lose what the provider did: it is looked up instead.
            log.exception("an answer could not be read", request=str(frozen.open.id))
            return NoAnswer()

    async def _answer_not_ready(
        self, connection: Connection, not_ready: Sequence[tuple[Chosen, NotReady]]
    ) -> None:
        connector = self._connector
        async with connector.database.transaction() as tx:
            at = await connections_store.now(tx)
            steps = [(c.lane.key, c.lane.generation, c.lane.step) for c, _ in not_ready]
            earlier = await ledger_store.attempts_of(tx, steps)
            answers: list[AnsweredHere] = []
            for chosen, prepared in not_ready:
                match prepared.answer:
                    case NotExecuted() | NoAnswer() as setback:
                        why = setback if isinstance(setback, NotExecuted) else None
                        await lane_work_store.apply_changes(tx, [goes_on(chosen.lane, why)])
                        await self._apply(tx, connection, setback)
                    case answer:
                        answers.append(
                            not_ready_here(
                                chosen.lane,
                                chosen.member.at(prepared.found or chosen.member.remote),
                                answer,
                                connection=connection,
                                at=at,
                                ids=connector.ids,
                                attempts=earlier.get(chosen.lane.key, ()),
                            )
                        )
            await self._write_answers(tx, answers)
            duplicates = sum(
                isinstance(one.answer, Refused) and is_duplicate(one.answer.cause)
                for _, one in not_ready
            )
            creates = Creates(decided=duplicates, duplicates=duplicates)
            await guard_store.count(tx, connection.id, creates)
        if duplicates:
            await pause_if_blasting(connector, connection.id)

    async def _write_answers(self, tx: Tx, answers: Sequence[AnsweredHere]) -> None:
        await ledger_store.write_rows(tx, None, [answer.row for answer in answers])
        await lane_work_store.apply_changes(tx, [answer.lane for answer in answers])
        await outbox.put(tx, [answer.outcome for answer in answers])

    async def _set_back(self, lot: Lot, why: Setback | None) -> None:
        """Give the lot's lanes back, and hold the connection as the setback demands."""
        async with self._connector.database.transaction() as tx:
            lanes = await lane_work_store.lock_lanes(tx, [chosen.lane for chosen in lot.chosen])
            changes = [goes_on(lane, None) for lane in lanes]
            if why is None:
                changes = [replace(change, wait=timedelta(seconds=1)) for change in changes]
            await lane_work_store.apply_changes(tx, changes)
            if why is not None:
                await self._apply(tx, lot.connection, why)

    async def _apply(self, tx: Tx, connection: Connection, why: Setback) -> None:
        connector = self._connector
        await apply_setback(
            tx, connector.provider, connector.timing, connector.ids, connection.id, why
        )
