"""The orchestrator and the connectors in one process, each step of theirs a task of the scheduler.

Every task is a process of its own: it shares nothing with another but the database, the bus and the
provider. So any of them may be killed alone.
"""

import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.codec import Decoded, decode
from contracts.ids import CompanyId, UserId
from contracts.ids import Provider as ProviderName
from contracts.message import Message
from contracts.topics import COMMANDS, INVOICING, PROGRESS, TOPICS
from messaging.database import DATABASE_AWAY, is_away
from messaging.feeds import FeedPage, FeedReader, read_page
from messaging.relay import BrokerAway, Relay
from sync_orchestrator import subscribers
from sync_orchestrator.app import PACKAGE as ORCHESTRATOR
from sync_orchestrator.handlers import feeding, remote_customers, reviewing, running
from sync_orchestrator.handlers.refusals import Refusal
from sync_orchestrator.handlers.work import Tools
from sync_orchestrator.store import companies_store

from simulation.bus import Queue, SimBus, Waiting
from simulation.company import Company
from simulation.connectors import ConnectorSide
from simulation.database import SimClock, SimDatabase, SimIds
from simulation.ground import OFFICE, Ground
from simulation.kernel import Scheduler
from simulation.lost import Lost
from simulation.mixes import Mix
from simulation.office import Office, read_records
from simulation.sides import SIDES, Cast
from simulation.sights import Sights
from simulation.switches import draw
from simulation.there import Habits, There
from simulation.transport import SimTransport

_BY_NAME = {topic.name: topic for topic in TOPICS}
_COMMANDED: dict[str, ProviderName] = {COMMANDS[name].name: name for name in SIDES}


@dataclass
class Ring:
    """One run's world."""

    scheduler: Scheduler
    ground: Ground
    transport: SimTransport
    bus: SimBus
    databases: dict[str, SimDatabase]
    mix: Mix
    sights: Sights
    cast: Cast
    """At which provider each company is."""
    connectors: dict[ProviderName, ConnectorSide] = field(
        default_factory=dict[ProviderName, ConnectorSide]
    )
    organisations: list[There] = field(default_factory=list[There])
    companies: list[Company] = field(default_factory=list[Company])
    kills_mixed: bool = False
    """Whether a worker always dies when some of its batch were accepted and some refused."""
    counts: dict[str, int] = field(default_factory=dict[str, int])
    lost: Lost | None = None
    """What the database has forgotten, once it was restored."""

    @property
    def office(self) -> Office:
        """The first company's, for a story that has one."""
        return self.companies[0].office

    @property
    def there(self) -> There:
        """The first company's organisation, for a story that has one."""
        return self.companies[0].there

    @property
    def ids(self) -> SimIds:
        return SimIds(self.scheduler)

    @property
    def clock(self) -> SimClock:
        return SimClock(self.scheduler)

    @property
    def tools(self) -> Tools:
        return Tools(self.ids)

    @property
    def orchestrator(self) -> SimDatabase:
        return self.databases[ORCHESTRATOR]

    @property
    def schemas(self) -> tuple[str, ...]:
        """Of the connectors."""
        return tuple(one.schema for one in self.connectors.values())

    @property
    def connector(self) -> ConnectorSide:
        """The first company's, for a story that has one."""
        return self.connectors[self.cast[0]]

    @property
    def commands(self) -> Queue:
        """The queue of its commands."""
        provider = self.cast[0]
        return COMMANDS[provider].name, f"connector-{provider}"

    def books(self, provider: ProviderName, organisation: str) -> There:
        """Those of an organisation."""
        return next(
            one for one in self.organisations if (one.provider, one.id) == (provider, organisation)
        )

    # --- tasks

    def start(self, name: str, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """A process that does this and ends. The database may send it away; that is no defect."""
        number = self.counts[name] = self.counts.get(name, 0) + 1
        self.scheduler.spawn(f"{name}-{number}", self._guarded(work))

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        try:
            await work()
        except (BrokerAway, Refusal) as refused:
            if isinstance(refused, Refusal):
                self.sights.refused(refused.code)
            self.scheduler.story.append(f"  refused: {refused}")
        except DATABASE_AWAY as error:
            if not is_away(error):
                raise
            self.scheduler.story.append(f"  database: {type(error).__name__}")

    async def relay(self, schema: str) -> None:
        relay = Relay(self.databases[schema], self.bus, self.ids, self.clock, service=schema)
        await relay.drain_once()

    async def consume(self, queue: Queue) -> None:
        """Take some of what waits for a reader, apply it, and acknowledge it."""
        batch = self.bus.take(queue)
        if batch:
            await self.take_in(queue, batch)

    async def take_in(self, queue: Queue, batch: Sequence[Waiting]) -> None:
        """A reader has these in hand."""
        topic, reader = queue
        self.sights.taken(topic, reader, [each.value for each in batch])
        try:
            await self._apply(topic, reader, batch)
            await self.scheduler.point("acknowledge")
            self.bus.acknowledge(queue, batch)
        finally:
            self.bus.give_back(batch)

    async def _apply(self, topic: str, reader: str, batch: Sequence[Waiting]) -> None:
        if reader == OFFICE.replace("_", "-"):
            await self.scheduler.point("hear")
            for each in batch:
                decoded = decode(_BY_NAME[topic], each.value)
                assert isinstance(decoded, Decoded)
                self._hear(decoded.message)
            return
        if topic in _COMMANDED:
            processor = self.connectors[_COMMANDED[topic]].commands()
        else:
            every = subscribers.processors(self.orchestrator, self.tools, self.clock)
            processor = next(each for each in every if each.topic.name == topic)
        await processor.process([(None, each.value) for each in batch])

    def _hear(self, message: Message) -> None:
        """invoice-api takes it in for the company it is about."""
        for company in self.companies:
            company.office.hear(message)

    async def give_up(self) -> None:
        """The first company's connector gives back what it no longer needs."""
        await self.connector.give_up()

    async def review(self) -> None:
        async with self.orchestrator.transaction() as tx:
            await reviewing.review_due(tx, self.tools)

    async def advance(self) -> None:
        """A run's next batch; of some records by lot."""
        batch = self.scheduler.rng.choice((1, 2, running.BATCH))
        async with self.orchestrator.transaction() as tx:
            await running.step(tx, self.tools, batch)

    async def sweep(self) -> None:
        """What the orchestrator does each minute, but for its records."""
        async with self.orchestrator.transaction() as tx:
            await reviewing.refresh_missing_accounts(tx, self.tools)
        async with self.orchestrator.transaction() as tx:
            await remote_customers.ask_stuck_loads_again(tx, self.tools, reviewing.BATCH)
        async with self.orchestrator.transaction() as tx:
            lately = await companies_store.with_settings_changed_lately(tx)
        for company in lately:
            async with self.orchestrator.transaction() as tx:
                await reviewing.derive_missing(tx, [company], self.tools)

    async def sweep_records(self) -> None:
        """The orchestrator reads invoice-api's feed on from where it got to."""
        every = subscribers.processors(self.orchestrator, self.tools, self.clock)
        processor = next(each for each in every if each.topic is INVOICING)
        await FeedReader(
            self.orchestrator, self.page, "invoice-api.records", processor, self.clock
        ).sweep_once()

    async def page(self, after: str) -> FeedPage:
        """invoice-api's feed, of all companies."""
        events = {company.id: company.office.event for company in self.companies}
        return await read_records(self.databases[OFFICE], after, events)

    async def sweep_states(self) -> None:
        """invoice-api reads the orchestrator's states from the start."""
        after = ""
        while True:
            async with self.orchestrator.transaction() as tx:
                page: FeedPage = await read_page(
                    tx, after, lambda at, before, n: feeding.read_states(tx, at, before, n)
                )
            for message in page.messages:
                decoded = decode(PROGRESS, json.dumps(message).encode())
                assert isinstance(decoded, Decoded)
                self._hear(decoded.message)
            after = page.next
            if page.end:
                return


def new_ring(scheduler: Scheduler, ground: Ground, mix: Mix, cast: Cast) -> Ring:
    """An empty world for one seed."""
    databases = {
        schema: SimDatabase(scheduler, sessions) for schema, sessions in ground.sessions.items()
    }
    transport = SimTransport(scheduler, mix=mix)
    ring = Ring(
        scheduler=scheduler,
        ground=ground,
        transport=transport,
        bus=SimBus(scheduler),
        databases=databases,
        mix=mix,
        sights=Sights(scheduler, ground.admin, transport),
        cast=cast,
    )
    for provider in dict.fromkeys(cast):
        side = SIDES[provider]
        ring.connectors[provider] = ConnectorSide(ring, side, side.hosts(scheduler))
    ring.sights.schemas = ring.schemas
    for number in range(mix.companies):
        found(ring, number)
    return ring


def found(ring: Ring, number: int) -> Company:
    """Another company, with an organisation of its own."""
    there = another_organisation(ring, ring.cast[number % len(ring.cast)])
    ids = ring.ids
    company = CompanyId(ids.new())
    database = ring.databases[OFFICE]
    office = Office(ring.scheduler, database, ids, company, numbers=1_000 * number)
    entry = Company(ring, company, UserId(ids.new()), office, there)
    ring.companies.append(entry)
    return entry


def another_organisation(ring: Ring, provider: ProviderName | None = None) -> There:
    """Empty books that a company may be connected to; at the first company's provider unless
    said."""
    rng, mix = ring.scheduler.rng, ring.mix
    connector = ring.connectors[provider or ring.cast[0]]
    name = ("Oak Books", "Elm Books", "Ash Books")[len(ring.organisations)]
    drawn = draw(connector.side.name, ring.scheduler.seed, name) if mix.unconfirmed else {}
    if drawn:
        told = ", ".join(f"{switch} {value}" for switch, value in drawn.items())
        ring.scheduler.story.append(f"there: {name} at {connector.side.name} has {told}")
    habits = Habits(
        refuses_numbers=rng.random() < mix.refuses_numbers,
        replays=rng.random() < 0.3,
        tokens_end=mix.tokens_end,
        grace=rng.random() < 0.5,
        drawn=drawn,
    )
    there = connector.side.organisation(ring.scheduler, connector.hosts, name, habits)
    ring.organisations.append(there)
    return there
