"""Which situations a seed came through, so that a scenario's test knows it was there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg
from connector_kit.answers import Seen
from connector_kit.checker import Check, Looked
from connector_kit.exchange import Request, Response
from connector_kit.freezing import Frozen
from connector_kit.timing import AWAY_AFTER, LEASE
from connector_kit.transport import Delivery, NotSent
from connector_kit.worker import AnyLot
from contracts.codec import Decoded, decode
from contracts.ids import ConnectionId, RecordId
from contracts.sync import SyncFailed, SyncSucceeded
from contracts.topics import OUTCOMES
from messaging.database import Row
from sync_orchestrator.app import PACKAGE as ORCHESTRATOR

from simulation.kernel import Scheduler
from simulation.office import Snapshot, entity_of
from simulation.there import POSTS, Side
from simulation.transport import SimTransport


@dataclass
class Sights:
    """Counts by scenario; `wrong` is what must never be seen."""

    scheduler: Scheduler
    admin: "asyncpg.Connection[Row]"
    transport: SimTransport
    schemas: tuple[str, ...] = ()
    """Of the connectors."""
    counts: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])
    _posts: list[tuple[datetime, bool]] = field(default_factory=list[tuple[datetime, bool]])
    _probe_at: dict[str, datetime] = field(default_factory=dict[str, datetime])
    _refused: dict[tuple[RecordId, int], int] = field(
        default_factory=dict[tuple[RecordId, int], int]
    )
    poisons: int = 0
    garbled: int = 0
    """Commands that nobody could read."""

    def __post_init__(self) -> None:
        self.scheduler.on_wait = self._waits

    def saw(self, scenario: str) -> None:
        self.counts[scenario] += 1

    # --- the orchestrator

    def _waits(self, name: str, label: str, others: list[str]) -> None:
        if "companies" not in label:
            return
        there = {one.rsplit("-", 1)[0] for one in (name, *others)}
        events = {"orchestrator/consume events", "orchestrator/feed"}
        if "orchestrator/consume outcomes" in there and there & events:
            self.saw("79")

    def taken(self, topic: str, reader: str, values: Sequence[bytes]) -> None:
        """Messages come to a reader. Outcomes may come in the wrong order."""
        if topic != OUTCOMES.name or reader != "sync-orchestrator":
            return
        for value in values:
            read = decode(OUTCOMES, value)
            message = read.message if isinstance(read, Decoded) else None
            if isinstance(message, SyncFailed):
                key = (message.record_id, message.generation)
                self._refused[key] = max(message.step, self._refused.get(key, 0))
            elif isinstance(message, SyncSucceeded):
                refused = self._refused.get((message.record_id, message.generation), 0)
                if message.step < refused:
                    self.saw("95")

    async def clicked(self, record: Snapshot) -> None:
        """A person clicked: has what was saved last reached the orchestrator?"""
        known = await self.admin.fetchval(
            f"select version from {ORCHESTRATOR}.records where entity = $1 and id = $2",
            entity_of(record),
            record.id,
        )
        if known is not None and known < record.version:
            self.saw("87")

    def refused(self, code: str) -> None:
        if code == "being_sent":
            self.saw("94")

    # --- sending

    async def is_away(self, schema: str) -> bool:
        """Whether this connector counts the provider as away."""
        failures = await self.admin.fetchval(f"select failures from {schema}.weather")
        return failures >= AWAY_AFTER

    async def claimed(self, schema: str, lots: Sequence[AnyLot]) -> None:
        """Lots were leased by one who found the provider away: each such probe has its own time."""
        if not lots or not await self.is_away(schema):
            return
        self.saw("88")
        probe_at = await self.admin.fetchval(f"select probe_at from {schema}.weather")
        if len(lots) > 1 or probe_at == self._probe_at.get(schema):
            self.wrong.append(f"two lanes probe at {self.scheduler.now:%H:%M:%S}: it is away")
        self._probe_at[schema] = probe_at

    def written(self, request: Request, *, click: bool) -> None:
        """A request of a worker is sent, if it was."""
        found = self.transport.written.get(id(request))
        if found is not None:
            self._posts.append((found[1], click))

    def over_limit(self) -> list[str]:
        """Windows with more requests than the limit has, or more than its reserve leaves."""
        window, found = timedelta(seconds=POSTS.seconds), list[str]()
        posts = sorted(self._posts)
        for at, click in posts:
            within = [(a, c) for a, c in posts if at <= a < at + window]
            others = sum(not c for _, c in within)
            if len(within) > POSTS.count:
                found.append(f"{len(within)} requests in a minute from {at:%H:%M:%S}")
            if not click and others > POSTS.count - POSTS.reserve:
                found.append(f"{others} that no click asked for in a minute from {at:%H:%M:%S}")
        return found[:1]

    def delivered(
        self, side: Side, frozen: Frozen, delivery: Delivery, claimed_at: datetime
    ) -> bool:
        """Whether the answer accepts some members and refuses others."""
        if isinstance(delivery, NotSent) and delivery.too_late:
            self.saw("74")
        if not isinstance(delivery, Response):
            return False
        if self.scheduler.now - claimed_at > LEASE:
            self.saw("73")
        if len(frozen.members) == 1 or delivery.status != 200:
            return False
        return side.mixed(delivery)

    async def looking_up(self, schema: str, check: Check) -> None:
        """Members without an answer are looked up by what was frozen."""
        rows = await self.admin.fetch(
            "select record_id, step, content -> 'invoice' ->> 'number' as number"
            f" from {schema}.lanes where waiting and record_id = any($1)",
            [row.member.record_id for row in check.rows],
        )
        lanes = {row["record_id"]: row for row in rows}
        for row in check.rows:
            lane = lanes.get(row.member.record_id)
            if lane is None or lane["step"] <= row.member.step:
                continue
            if row.member.intent == "update":
                self.saw("90")
            elif lane["number"] not in (None, row.member.natural_key):
                self.saw("76")

    def looked_up(self, check: Check, looked: Looked) -> None:
        """What was seen is about to be judged, perhaps long after it was asked for."""
        quiet = check.request.quiet_until
        absent = any(isinstance(s, Seen) and not s.candidates for _, s in looked.sightings)
        if absent and looked.at < quiet <= self.scheduler.now:
            self.saw("89")

    async def open_numbers(self) -> list[str]:
        """Numbers of invoices that are in requests without an answer."""
        rows = await self.admin.fetch(
            self._everywhere(
                "select natural_key from {schema}.ledger"
                " where state = 'open' and entity = 'invoice' and remote_id is null"
            )
            + " order by 1"
        )
        return [row["natural_key"] for row in rows]

    async def is_known(self, remote_id: str) -> bool:
        """Whether a connector knows that this record there is ours."""
        found = self._everywhere("select remote_id from {schema}.ledger where remote_id = $1")
        return bool(await self.admin.fetchval(f"select exists ({found})", remote_id))

    def _everywhere(self, query: str) -> str:
        return " union all ".join(query.format(schema=schema) for schema in self.schemas)

    async def states(self, entity: str, connection: ConnectionId | None) -> dict[RecordId, str]:
        """Of each record in a connection, how the orchestrator says it is."""
        rows = await self.admin.fetch(
            f"select record_id, state from {ORCHESTRATOR}.jobs"
            " where entity = $1 and connection_id = $2",
            entity,
            connection,
        )
        return {row["record_id"]: row["state"] for row in rows}
