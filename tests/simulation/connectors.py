"""One connector in the ring: its parts, and what its processes do, each a task of the scheduler."""

import os
from datetime import timedelta
from typing import TYPE_CHECKING

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
from contracts.ids import ConnectionId
from contracts.topics import COMMANDS
from messaging.batch_processor import BatchProcessor
from messaging.database import DATABASE_AWAY, is_away

from simulation.there import CLIENT_ID, REDIRECT, Hosts, Side
from simulation.transport import Road

if TYPE_CHECKING:
    from simulation.ring import Ring

CLIENT = OAuthClient(CLIENT_ID, "secret", REDIRECT)
SEALER = Sealer({"k1": b"1" * 32}, os.urandom)
_A_MINUTE = timedelta(minutes=1)


class ConnectorSide:
    """A provider's connector, and the hosts that it speaks to."""

    def __init__(self, ring: "Ring", side: Side, hosts: Hosts) -> None:
        self.ring = ring
        self.side = side
        self.hosts = hosts
        self.provider = side.metered(tight=ring.mix.tight)
        self.road = Road(ring.transport, side, hosts)

    @property
    def schema(self) -> str:
        return self.side.schema

    def parts(self) -> Connector:
        """A connector's parts, as a new process makes them."""
        ring, provider = self.ring, self.provider
        database = ring.databases[self.schema]
        ids, clock = ring.ids, ring.clock
        timing = Timing.of(provider)
        urls: dict[str, str] = dict.fromkeys(provider.hosts["simulator"], "http://there.test")
        tokens = TokenKeeper(database, self.road, provider, CLIENT, SEALER, ids, clock)
        asker = Asker(database, self.road, tokens, provider, timing, ids, clock)
        return Connector(
            provider, timing, "simulator", urls, database, self.road, tokens, asker, ids, clock
        )

    def commands(self) -> BatchProcessor:
        """What takes its commands in."""
        connector = self.parts()
        commands = Commands(connector)
        return BatchProcessor(
            connector.database,
            COMMANDS[self.side.name],
            f"connector-{self.side.name}",
            commands.handle,
            self.ring.clock,
            on_set_apart=commands.on_set_apart,
        )

    def connecting(self) -> Connecting:
        return Connecting(self.parts(), CLIENT, SEALER, self.ring.scheduler.rng.randbytes)

    # --- tasks

    async def work(self) -> None:
        """One worker's round."""
        sights, worker = self.ring.sights, Worker(self.parts())
        away = await sights.is_away(self.schema)
        lots = (await worker.claim(4)).lots
        if away:
            await sights.claimed(self.schema, lots)
        for lot in lots:
            await self._one_lot(worker, lot)

    async def _one_lot(self, worker: Worker, lot: AnyLot) -> None:
        ring, scheduler = self.ring, self.ring.scheduler
        claimed_at = scheduler.now
        if isinstance(lot, ReadLot):
            await worker.read_remote(lot)
            return
        ready = await worker.prepare(lot)
        in_hand = None if ready is None else await worker.freeze(ready)
        if ready is None or in_hand is None:
            return
        frozen = in_hand.frozen
        books = ring.books(self.side.name, frozen.connection.organisation.id)
        ours = [member.record_id for member in frozen.members]
        ring.transport.carries[id(frozen.request)] = (books, ours)
        try:
            delivery = await worker.send(in_hand)
        finally:
            ring.sights.written(frozen.request, click=ready.lot.click)
        mixed = ring.sights.delivered(self.side, frozen, delivery, claimed_at)
        if mixed and (ring.kills_mixed or scheduler.rng.random() < 0.5):
            # Where a kill tells most: some were accepted, some refused, and nothing is written yet.
            ring.sights.saw("75")
            scheduler.kill_me()
        for left in reversed(range(3)):
            try:
                await worker.record(in_hand, delivery)
                return
            except DATABASE_AWAY as error:
                if not left or not is_away(error):
                    raise

    async def check(self) -> None:
        sights, checker = self.ring.sights, Checker(self.parts())
        check = await checker.claim()
        if check is not None:
            await sights.looking_up(self.schema, check)
            looked = await checker.look(check)
            await self.ring.scheduler.point("looked")
            sights.looked_up(check, looked)
            await checker.record(check, looked)

    async def load(self) -> None:
        loader = Loader(self.parts())
        in_hand = await loader.claim()
        if in_hand is not None:
            try:
                await loader.carry_out(in_hand)
            except self.side.unreadable as error:
                # As the process does: it says so and goes on; the lease runs out.
                self.ring.scheduler.story.append(f"  not read: {error}")

    async def announce(self) -> None:
        await Housekeeping(self.parts(), CLIENT, SEALER).announce(_A_MINUTE)

    async def give_up(self) -> None:
        """Access that no open connection needs is given back to the provider, and forgotten."""
        keeping = Housekeeping(self.parts(), CLIENT, SEALER)
        await keeping.leave_one()
        await keeping.forget_one_grant()

    async def tell(self) -> None:
        await Teller(self.parts()).tell()

    async def status(self, connection: ConnectionId | None) -> str | None:
        """Of a connection; None if there is no such one."""
        return await self.ring.ground.admin.fetchval(
            f"select status from {self.schema}.connections where id = $1", connection
        )
