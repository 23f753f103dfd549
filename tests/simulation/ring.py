"""The orchestrator and connector-qbo in one process, each step of theirs a task of the scheduler.

Every task is a process of its own: it shares nothing with another but the database, the bus and the
provider. So any of them may be killed alone.
"""

import json
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connector_kit.asking import Asker
from connector_kit.auth import OAuthClient
from connector_kit.checker import Checker
from connector_kit.choosing import ReadLot
from connector_kit.commands import Commands
from connector_kit.connecting import Connecting
from connector_kit.connector import Connector
from connector_kit.housekeeping import Housekeeping
from connector_kit.loading import Loader
from connector_kit.sealing import Sealer
from connector_kit.telling import Teller
from connector_kit.timing import Timing
from connector_kit.tokens import TokenKeeper
from connector_kit.worker import AnyLot, Worker
from connector_qbo.app import PACKAGE as CONNECTOR
from contracts.codec import Decoded, decode
from contracts.ids import (
    CompanyId,
    ConnectionId,
    UserId,
)
from contracts.message import Message
from contracts.topics import COMMANDS, INVOICING, PROGRESS, TOPICS
from messaging.batch_processor import BatchProcessor
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
from simulation.database import SimClock, SimDatabase, SimIds
from simulation.ground import OFFICE, Ground
from simulation.kernel import Scheduler
from simulation.mixes import Mix
from simulation.office import Office, read_records
from simulation.sights import Sights
from simulation.there import CLIENT_ID, Hosts, SimTransport, There

CLIENT = OAuthClient(CLIENT_ID, "secret", "http://127.0.0.1:8002/callback")
SEALER = Sealer({"k1": b"1" * 32}, os.urandom)
_HOSTS: tuple[str, ...] = ("api", "oauth", "authorize", "revoke")
_A_MINUTE = timedelta(minutes=1)
_BY_NAME = {topic.name: topic for topic in TOPICS}


@dataclass
class Ring:
    """One run's world."""

    scheduler: Scheduler
    ground: Ground
    transport: SimTransport
    bus: SimBus
    databases: dict[str, SimDatabase]
    mix: Mix
    sights: "Sights"
    organisations: list[There] = field(default_factory=list[There])
    companies: list[Company] = field(default_factory=list[Company])
    kills_mixed: bool = False
    """Whether a worker always dies when some of its batch were accepted and some refused."""
    counts: dict[str, int] = field(default_factory=dict[str, int])

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

    def connector(self) -> Connector:
        """A connector's parts, as a new process makes them."""
        database = self.databases[CONNECTOR]
        ids, clock, transport = self.ids, self.clock, self.transport
        provider = self.mix.provider
        timing = Timing.of(provider)
        urls: dict[str, str] = dict.fromkeys(_HOSTS, "http://there.test")
        tokens = TokenKeeper(database, transport, provider, CLIENT, SEALER, ids, clock)
        asker = Asker(database, transport, tokens, provider, timing, ids, clock)
        return Connector(
            provider, timing, "simulator", urls, database, transport, tokens, asker, ids, clock
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
        if topic == COMMANDS["qbo"].name:
            connector = self.connector()
            commands = Commands(connector)
            processor = BatchProcessor(
                connector.database,
                COMMANDS["qbo"],
                reader,
                commands.handle,
                self.ids,
                self.clock,
                on_set_apart=commands.on_set_apart,
            )
        else:
            every = subscribers.processors(self.orchestrator, self.tools, self.clock)
            processor = next(each for each in every if each.topic.name == topic)
        await processor.process([(None, each.value) for each in batch])

    def _hear(self, message: Message) -> None:
        """invoice-api takes it in for the company it is about."""
        for company in self.companies:
            company.office.hear(message)

    async def work(self) -> None:
        """One worker's round."""
        worker = Worker(self.connector())
        away = await self.sights.is_away()
        lots = (await worker.claim(4)).lots
        if away:
            await self.sights.claimed(lots)
        for lot in lots:
            await self._one_lot(worker, lot)

    async def _one_lot(self, worker: Worker, lot: AnyLot) -> None:
        claimed_at = self.scheduler.now
        if isinstance(lot, ReadLot):
            await worker.read_remote(lot)
            return
        ready = await worker.prepare(lot)
        in_hand = None if ready is None else await worker.freeze(ready)
        if ready is None or in_hand is None:
            return
        try:
            delivery = await worker.send(in_hand)
        finally:
            self.sights.written(in_hand.frozen.request, click=ready.lot.click)
        mixed = self.sights.delivered(in_hand.frozen, delivery, claimed_at)
        if mixed and (self.kills_mixed or self.scheduler.rng.random() < 0.5):
            # Where a kill tells most: some were accepted, some refused, and nothing is written yet.
            self.sights.saw("75")
            self.scheduler.kill_me()
        for left in reversed(range(3)):
            try:
                await worker.record(in_hand, delivery)
                return
            except DATABASE_AWAY as error:
                if not left or not is_away(error):
                    raise

    async def check(self) -> None:
        checker = Checker(self.connector())
        check = await checker.claim()
        if check is not None:
            await self.sights.looking_up(check)
            looked = await checker.look(check)
            await self.scheduler.point("looked")
            self.sights.looked_up(check, looked)
            await checker.record(check, looked)

    async def load(self) -> None:
        loader = Loader(self.connector())
        in_hand = await loader.claim()
        if in_hand is not None:
            await loader.carry_out(in_hand)

    async def announce(self) -> None:
        connector = self.connector()
        await Housekeeping(connector, CLIENT, SEALER).announce(_A_MINUTE)

    async def give_up(self) -> None:
        """Access that no open connection needs is given back to the provider, and forgotten."""
        keeping = Housekeeping(self.connector(), CLIENT, SEALER)
        await keeping.leave_one()
        await keeping.forget_one_grant()

    async def tell(self) -> None:
        await Teller(self.connector()).tell()

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

    def connecting(self) -> Connecting:
        return Connecting(self.connector(), CLIENT, SEALER, self.scheduler.rng.randbytes)

    async def connection_status(self, connection: ConnectionId | None) -> str | None:
        """As the connector has it; None if there is no such connection."""
        return await self.ground.admin.fetchval(
            f"select status from {CONNECTOR}.connections where id = $1", connection
        )


def new_ring(scheduler: Scheduler, ground: Ground, mix: Mix) -> Ring:
    """An empty world for one seed."""
    databases = {
        schema: SimDatabase(scheduler, sessions) for schema, sessions in ground.sessions.items()
    }
    hosts = Hosts(scheduler)
    transport = SimTransport(hosts, scheduler, mix=mix)
    ring = Ring(
        scheduler=scheduler,
        ground=ground,
        transport=transport,
        bus=SimBus(scheduler),
        databases=databases,
        mix=mix,
        sights=Sights(scheduler, ground.admin, transport),
    )
    for number in range(mix.companies):
        found(ring, number)
    return ring


def found(ring: Ring, number: int) -> Company:
    """Another company, with an organisation of its own."""
    ids, there = ring.ids, another_organisation(ring)
    company = CompanyId(ids.new())
    database = ring.databases[OFFICE]
    office = Office(ring.scheduler, database, ids, company, numbers=1_000 * number)
    entry = Company(ring, company, UserId(ids.new()), office, there)
    ring.companies.append(entry)
    return entry


def another_organisation(ring: Ring) -> There:
    """Empty books that a company may be connected to."""
    rng, mix = ring.scheduler.rng, ring.mix
    there = There(
        ring.scheduler,
        ring.transport.hosts,
        ("Oak Books", "Elm Books", "Ash Books")[len(ring.organisations)],
        refuse_duplicate_numbers=rng.random() < mix.refuses_numbers,
        requestid_honoured=rng.random() < 0.3,
        rotate_every_refresh=mix.tokens_end,
        refresh_grace=86_400 if rng.random() < 0.5 else 0,
    )
    ring.organisations.append(there)
    return there
