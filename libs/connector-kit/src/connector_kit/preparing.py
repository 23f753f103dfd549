"""What must be read before records are sent: once for many lots of a connection and entity.

A full lot's reading covers the creates that wait behind it too, up to `EntityFacts.read_ahead` or
`Provider.prepare_batch`; their lots find what was read here while it is fresh. Nobody leases
anything for that, and nothing here is relied upon for safety: what goes is decided when it is
frozen, under lock.
"""

import asyncio
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias
from weakref import WeakValueDictionary

from contracts.ids import ConnectionId, Entity, RecordId, RemoteId
from telemetry.logs import get_logger

from connector_kit import (
    connections_store,
    lane_work_store,
    ledger_store,
    merges_store,
    verifying,
)
from connector_kit.asking import Halted
from connector_kit.choosing import Chosen, Lot, chosen_of
from connector_kit.connections_store import Connection
from connector_kit.connector import Connector
from connector_kit.exchange import Request, Response
from connector_kit.lanes_store import LaneKey
from connector_kit.parsing import Parsed
from connector_kit.provider import Member, Prepared, Ready
from connector_kit.verifying import Found

log = get_logger(__name__)

Key: TypeAlias = tuple[ConnectionId, Entity]

_WITNESSES = 5
"""Invoices that are asked where they are now: one may have been moved alone, five hardly."""


@dataclass(frozen=True)
class Fact:
    """What was read before a record's step is sent. `good_until` is by the elapsing clock."""

    asked: Member
    prepared: Prepared
    read_at: datetime | None
    """The database's clock before it was read; None where nothing had to be read."""

    good_until: float | None

    def answers(self, member: Member, elapsed: float) -> bool:
        """Whether it was read for this very step, about the same remote record, lately."""
        asked = self.asked
        return (
            (asked.command.generation, asked.command.step)
            == (member.command.generation, member.command.step)
            and asked.remote == member.remote
            and asked.last == member.last
            and asked.look_first == member.look_first
            and self.good_until is not None
            and elapsed < self.good_until
        )


@dataclass(frozen=True)
class PreparedLot:
    """One fact per chosen record of the lot, in its order."""

    facts: tuple[Fact, ...]

    @property
    def good_until(self) -> float | None:
        """By the elapsing clock: after it, what was read is read again."""
        return min((f.good_until for f in self.facts if f.good_until is not None), default=None)


class Preparing:
    """Reads before sending, for all lots of one process."""

    def __init__(self, connector: Connector, parsed: Parsed) -> None:
        self._connector = connector
        self._parsed = parsed
        self._facts: dict[Key, dict[LaneKey, Fact]] = {}
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    async def prepare(self, lot: Lot) -> PreparedLot | Halted:
        """What is known before these records are sent; reads what isn't, or is no longer fresh.

        One at a time of a connection and entity reads; the others find what it has read.
        """
        members = [chosen.member for chosen in lot.chosen]
        needless = self._without_asking(lot.connection, members)
        if needless is not None:
            pairs = zip(members, needless, strict=True)
            return PreparedLot(tuple(Fact(m, p, None, None) for m, p in pairs))
        key = (lot.connection.id, lot.entity)
        async with self._locks.setdefault(key, asyncio.Lock()):
            known = self._known(lot)
            missing = [chosen for chosen in lot.chosen if chosen.lane.key not in known]
            if missing:
                read = await self._read(lot, missing)
                if isinstance(read, Halted):
                    return read
                known |= read
        return PreparedLot(tuple(known[chosen.lane.key] for chosen in lot.chosen))

    def forget(self, key: Key, lanes: Sequence[LaneKey]) -> None:
        """Whatever must be known of these records next is read anew."""
        facts = self._facts.get(key)
        if facts is not None:
            for lane in lanes:
                facts.pop(lane, None)

    def _without_asking(
        self, connection: Connection, members: Sequence[Member]
    ) -> list[Prepared] | None:
        """What is ready without a request; None if something must be read."""
        exchange = self._exchange(connection, members)
        try:
            next(exchange)
        except StopIteration as end:
            ready: list[Prepared | Found] = end.value
            return [one for one in ready if not isinstance(one, Found)]
        exchange.close()
        return None

    def _exchange(
        self, connection: Connection, members: Sequence[Member]
    ) -> Generator[Request, Response, list[Prepared | Found]]:
        provider = self._connector.provider
        context = self._connector.context_of(connection)
        return verifying.prepare(
            members, connection, context, provider.operations, provider.lookup_batch
        )

    def _known(self, lot: Lot) -> dict[LaneKey, Fact]:
        elapsed = self._connector.clock.elapsed()
        facts: Mapping[LaneKey, Fact] = self._facts.get((lot.connection.id, lot.entity), {})
        return {
            chosen.lane.key: fact
            for chosen in lot.chosen
            if (fact := facts.get(chosen.lane.key)) is not None
            and fact.answers(chosen.member, elapsed)
        }

    async def _read(self, lot: Lot, missing: Sequence[Chosen]) -> dict[LaneKey, Fact] | Halted:
        """Read for these and for the creates behind them; facts of these."""
        others, read_at = await self._behind(lot, missing)
        mine: dict[LaneKey, Fact] = {}
        if others:
            read = await self._ask_for_all(lot, [*missing, *others], read_at)
            if isinstance(read, Halted):
                return read
            # What others' records spoil is held against nobody: of theirs only good news counts.
            good = {key: fact for key, fact in read.items() if isinstance(fact.prepared, Ready)}
            self._keep((lot.connection.id, lot.entity), good)
            mine = {c.lane.key: good[c.lane.key] for c in missing if c.lane.key in good}
            missing = [chosen for chosen in missing if chosen.lane.key not in mine]
        if missing:
            alone = await self._ask(lot, missing, read_at, click=lot.click)
            if isinstance(alone, Halted):
                return alone
            self._keep((lot.connection.id, lot.entity), alone)
            mine |= alone
        return mine

    async def _ask_for_all(
        self, lot: Lot, chosen: Sequence[Chosen], read_at: datetime
    ) -> dict[LaneKey, Fact] | Halted:
        try:
            # One request for many lots may use what is kept for clicks: a full request must not
            # be a record short because of it.
            return await self._ask(lot, chosen, read_at, click=True)
        except Exception:
            # Another lot's record may be what broke it; its own lot will say so.
            log.exception("a reading for many lots broke", connection=str(lot.connection.id))
            return {}

    async def _ask(
        self, lot: Lot, chosen: Sequence[Chosen], read_at: datetime, *, click: bool
    ) -> dict[LaneKey, Fact] | Halted:
        connector = self._connector
        members = await self._with_users(lot, [one.member for one in chosen])
        exchange = self._exchange(lot.connection, members)
        asked = await connector.asker.ask(exchange, lot.connection, click=click)
        if isinstance(asked, Halted):
            return asked
        facts_good_for = connector.provider.entities[lot.entity].facts_good_for
        good_until = connector.clock.elapsed() + facts_good_for
        seen = verifying.candidates_of(asked.value)
        linked: Mapping[RemoteId, RecordId] = {}
        if seen:
            async with connector.database.transaction() as tx:
                linked = await ledger_store.linked(tx, lot.connection.id, lot.entity, seen)
        until = lot.connection.verify_until
        judged = [
            verifying.judged(one.member, prepared, until, linked)
            for one, prepared in zip(chosen, asked.value, strict=True)
        ]
        looked_up = verifying.unprepared(asked.value, judged)
        if looked_up:
            context = connector.context_of(lot.connection)
            again = connector.provider.operations.prepare(looked_up, context)
            read = await connector.asker.ask(again, lot.connection, click=click)
            if isinstance(read, Halted):
                return read
            judged = verifying.after_preparing(judged, looked_up, read.value)
        return {
            one.lane.key: Fact(one.member, prepared, read_at, good_until)
            for one, prepared in zip(chosen, judged, strict=True)
        }

    async def _with_users(self, lot: Lot, members: Sequence[Member]) -> list[Member]:
        """The members, those that may have been merged there with what we put on them."""
        if not self._connector.provider.entities[lot.entity].silent_merges:
            return list(members)
        read_first = {
            member.command.record_id: member.remote.id
            for member in members
            if member.remote is not None and member.remote.version is None
        }
        if not read_first:
            return list(members)
        async with self._connector.database.transaction() as tx:
            users = await merges_store.used_by(tx, lot.connection.id, read_first, _WITNESSES)
        return [replace(m, used_by=users.get(m.command.record_id, ())) for m in members]

    async def _behind(self, lot: Lot, missing: Sequence[Chosen]) -> tuple[list[Chosen], datetime]:
        """The creates that wait behind a lot that is about full, and a time before the reading.

        Where a record goes by itself every lot is full, but only what is said to be read ahead is.
        """
        connector = self._connector
        facts = connector.provider.entities[lot.entity]
        ahead = facts.read_ahead or connector.provider.prepare_batch
        room = ahead - len(missing)
        full = len(lot.chosen) * 2 > facts.batch and (facts.batch > 1 or facts.read_ahead > 0)
        if not full or room <= 0:
            # A moment before the reading is as good: what we used since then is read again.
            return [], lot.claimed_at
        mine = {chosen.lane.key for chosen in missing}
        async with connector.database.transaction() as tx:
            read_at = await connections_store.now(tx)
            lanes = await lane_work_store.in_line(
                tx, lot.connection.id, lot.entity, ahead, but=mine, parsed=self._parsed
            )
            finished = await ledger_store.finished(tx, [(la.key, la.generation) for la in lanes])
        behind = [
            chosen
            for lane in lanes
            if (chosen := chosen_of(lane, finished.get(lane.key))) is not None
            and chosen.member.intent == "create"
        ]
        return behind[:room], read_at

    def _keep(self, key: Key, facts: Mapping[LaneKey, Fact]) -> None:
        """Keep these beside what is fresh still; what nobody came for in time is dropped."""
        elapsed = self._connector.clock.elapsed()

        def fresh(fact: Fact) -> bool:
            return fact.good_until is not None and elapsed < fact.good_until

        kept = {
            group: {lane: fact for lane, fact in known.items() if fresh(fact)}
            for group, known in self._facts.items()
        }
        kept[key] = {**kept.get(key, {}), **facts}
        self._facts = {group: known for group, known in kept.items() if known}
