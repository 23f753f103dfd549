"""One reader of changes per process, any number of watchers; no watcher holds a connection.

A watcher gets the badges of its company's records as they change. One that doesn't keep up is let
go: it connects again and begins with the current state.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from contracts.ids import CompanyId, CustomerId, Entity, InvoiceId, ItemId, Provider, RecordId
from fastapi import Depends, Request
from messaging.clock import Clock
from messaging.database import DATABASE_AWAY, Database, Tx
from messaging.wake import Listener
from telemetry import metrics
from telemetry.logs import get_logger

from invoice_api.accounts.caller import Caller
from invoice_api.customers import store as customers_store
from invoice_api.invoices import store as invoices_store
from invoice_api.items import store as items_store
from invoice_api.live import changes_store
from invoice_api.live.changes_store import Changed
from invoice_api.runs import store as runs_store
from invoice_api.runs.service import run_shown
from invoice_api.sync_status import connections_store, store
from invoice_api.sync_status.facts import RecordFacts, facts_of
from invoice_api.sync_status.schemas import BadgeShown
from invoice_api.sync_status.service import board_of

QUEUE = 1_000
LIFE_SECONDS = 600.0
"""A stream ends after so long; browsers connect again by themselves."""

_PACE_SECONDS = 0.01
_AT_ONCE = 500
_LOG = get_logger(__name__)

Event = Literal["badge", "integration", "cause", "run"]


@dataclass(frozen=True)
class Change:
    """One event: for a badge, the record it stands on and the badge; else just its data."""

    event: Event
    data: dict[str, Any]
    record: RecordFacts | None = None
    badge: BadgeShown | None = None


class Watch:
    """One open page."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self._queue: asyncio.Queue[Change | None] = asyncio.Queue(QUEUE)
        self._over = False

    def tell(self, change: Change) -> None:
        if self._over:
            return
        try:
            self._queue.put_nowait(self._for_me(change))
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """No more changes come."""
        if not self._over:
            self._over = True
            if self._queue.full():
                self._queue.get_nowait()
            self._queue.put_nowait(None)

    async def next(self, within: float) -> Change | Literal["quiet"] | None:
        """The next change, "quiet" when there was none for so many seconds, None at the end."""
        try:
            async with asyncio.timeout(within):
                return await self._queue.get()
        except TimeoutError:
            return "quiet"

    def _for_me(self, change: Change) -> Change:
        if self.caller.may_act:
            return change
        if change.event == "run":
            return Change("run", {**change.data, "can_cancel": False})
        if change.badge is None or change.record is None:
            return change
        return badge_change(change.record, change.badge.model_copy(update={"actions": ()}))


def badge_change(record: RecordFacts, badge: BadgeShown) -> Change:
    data = {"record": record.entity, "id": str(record.id), "badge": badge.model_dump(mode="json")}
    return Change("badge", data, record, badge)


class Hub:
    """Where changes are read once and told to all who watch."""

    def __init__(
        self, database: Database, clock: Clock, *, life_seconds: float = LIFE_SECONDS
    ) -> None:
        self.life_seconds = life_seconds
        self._database = database
        self._clock = clock
        self._watches: dict[CompanyId, set[Watch]] = defaultdict(set)
        self._position: int | None = None
        self._seen: dict[tuple[str, Entity, UUID], int] = {}
        self._causes: dict[CompanyId, dict[tuple[Provider, str], int]] = {}

    @asynccontextmanager
    async def watch(self, caller: Caller) -> AsyncGenerator[Watch]:
        """From here on every change of the caller's company is told; read the present after it."""
        if self._position is None:
            async with self._database.transaction() as tx:
                here = await changes_store.horizon(tx)
            self._position = here if self._position is None else min(self._position, here)
        watch = Watch(caller)
        company = caller.company.id
        self._watches[company].add(watch)
        try:
            yield watch
        finally:
            self._watches[company].discard(watch)
            if not self._watches[company]:
                del self._watches[company]
                self._causes.pop(company, None)

    async def run(self, listener: Listener, stop: asyncio.Event) -> None:
        """Tell changes until `stop`; then every watcher's stream ends."""
        try:
            while not stop.is_set():
                await listener.wait(stop)
                try:
                    if await self.look():
                        await self._clock.sleep(_PACE_SECONDS)
                except DATABASE_AWAY as error:
                    _LOG.warning("changes not read", error=type(error).__name__)
        finally:
            self.end_all()

    def end_all(self) -> None:
        for watches in list(self._watches.values()):
            for watch in list(watches):
                watch.end()

    async def look(self) -> int:
        """Read what changed since the last look and tell it; how many changes there were."""
        if not self._watches:
            self._position = None
            self._seen.clear()
            return 0
        if self._position is None:
            return 0
        companies = list(self._watches)
        async with self._database.transaction() as tx:
            # Read before the rows: what commits between the two is read again, never passed over.
            horizon = await changes_store.horizon(tx)
            changed = await changes_store.changed_since(tx, self._position, companies)
        fresh = [c for c in changed if self._seen.get((c.source, c.entity, c.id)) != c.xid]
        for one in fresh:
            self._seen[(one.source, one.entity, one.id)] = one.xid
        self._position = horizon
        self._seen = {key: xid for key, xid in self._seen.items() if xid >= horizon}
        by_company: dict[CompanyId, list[Changed]] = defaultdict(list)
        for one in fresh:
            by_company[one.company].append(one)
        for company, changes in by_company.items():
            await self._tell_company(company, changes)
        return len(fresh)

    async def current(
        self, tx: Tx, caller: Caller, wanted: Sequence[tuple[Entity, UUID]]
    ) -> list[Change]:
        """The badges of these records as they are; nothing for what isn't the company's."""
        facts = await _facts(tx, caller.company.id, wanted)
        board = await board_of(tx, caller, self._clock, [record.id for record in facts])
        return [
            badge_change(record, badge)
            for record in facts
            for badge in board.sync_of(record).values()
        ]

    async def _tell_company(self, company: CompanyId, changes: Sequence[Changed]) -> None:
        watches = self._watches.get(company)
        if not watches:
            return
        # Everyone's badge is the same but for its actions, which a viewer's watch leaves out.
        caller = (
            next((w.caller for w in watches if w.caller.may_act), None)
            or next(iter(watches)).caller
        )
        records: list[tuple[Entity, UUID]] = list(
            dict.fromkeys((c.entity, c.id) for c in changes if c.kind == "record")
        )
        for start in range(0, len(records), _AT_ONCE):
            async with self._database.transaction() as tx:
                told = await self.current(tx, caller, records[start : start + _AT_ONCE])
            self._tell(company, told)
            metrics.counter("badge_events_sent_total").inc(len(told) * len(watches))
            await asyncio.sleep(0)
        async with self._database.transaction() as tx:
            known = await connections_store.current_connections(tx, company)
            counts = await store.count_causes(tx, company, [one.facts.id for one in known])
        await self._tell_runs(company, caller, [c.id for c in changes if c.kind == "run"])
        if any(change.kind == "integration" for change in changes):
            self._tell(
                company,
                [
                    Change(
                        "integration",
                        {
                            "provider": one.facts.provider,
                            "status": one.facts.status,
                            "organisation": one.facts.organisation,
                        },
                    )
                    for one in known
                ],
            )
        self._tell_causes(company, counts)

    async def _tell_runs(self, company: CompanyId, caller: Caller, ids: Sequence[UUID]) -> None:
        if not ids:
            return
        async with self._database.transaction() as tx:
            found = await runs_store.load_runs(tx, company, ids)
        shown = [run_shown(one.progress, caller, self._clock) for one in found]
        self._tell(company, [Change("run", run.model_dump(mode="json")) for run in shown])

    def _tell_causes(self, company: CompanyId, counts: dict[tuple[Provider, str], int]) -> None:
        before = self._causes.get(company, {})
        self._causes[company] = counts
        self._tell(
            company,
            [
                Change(
                    "cause",
                    {
                        "provider": provider,
                        "group": group,
                        "count": counts.get((provider, group), 0),
                    },
                )
                for provider, group in sorted(before.keys() | counts.keys())
                if before.get((provider, group), 0) != counts.get((provider, group), 0)
            ],
        )

    def _tell(self, company: CompanyId, changes: Iterable[Change]) -> None:
        for watch in list(self._watches.get(company, ())):
            for change in changes:
                watch.tell(change)


async def _facts(
    tx: Tx, company: CompanyId, wanted: Sequence[tuple[Entity, UUID]]
) -> list[RecordFacts]:
    ids: dict[Entity, list[UUID]] = defaultdict(list)
    for entity, record in wanted:
        ids[entity].append(record)
    facts: dict[RecordId, RecordFacts] = {}
    if ids["customer"]:
        found = await customers_store.load_customers(
            tx, company, [CustomerId(one) for one in ids["customer"]]
        )
        facts.update({RecordId(c.id): facts_of(c) for c in found.values()})
    if ids["item"]:
        items = await items_store.load_items(tx, company, [ItemId(one) for one in ids["item"]])
        facts.update({RecordId(i.id): facts_of(i) for i in items.values()})
    if ids["invoice"]:
        invoices = await invoices_store.load_invoices(
            tx, company, [InvoiceId(one) for one in ids["invoice"]]
        )
        facts.update({RecordId(i.snapshot.id): facts_of(i.snapshot) for i in invoices.values()})
    return [facts[RecordId(record)] for _, record in wanted if RecordId(record) in facts]


async def hub_of(request: Request) -> Hub:
    return cast("Hub", request.app.state.hub)


TheHub = Annotated[Hub, Depends(hub_of)]
