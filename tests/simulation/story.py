"""One seed: what happens to the ring, by lot, until it is left in peace and must come to rest."""

import hashlib
import random
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from contracts.topics import INVOICING
from messaging.database import Row
from sync_orchestrator.app import PACKAGE as ORCHESTRATOR

from simulation.bus import Waiting
from simulation.checking import problems
from simulation.connectors import ConnectorSide
from simulation.due import due_sql, rest_sql
from simulation.ground import OFFICE, Ground
from simulation.kernel import Scheduler, StuckError
from simulation.mixes import Mix, of_seed
from simulation.people import People
from simulation.restoring import Restoring
from simulation.ring import Ring, new_ring
from simulation.sides import QUICKBOOKS, Cast

Move = Callable[[], Coroutine[Any, Any, None]]
"""Begins something that may happen next."""

MAX_STEPS = 40_000
_LONG = 4.0
"""A longer jump waits until no transaction is open: the database ends sessions that idle."""

_OFFICES = ((("Ann Lee", "Bob Oak"), "Call-out"), (("Cat Elm", "Dan Ash"), "Repair"))
"""Customers and an item of each company."""

_LOST_FOR = (2.0, 12.0, 40.0, 170.0)
_REST = (0, 1, 5, 20, 60, 170, 60, 60, 200, 400, 400, 600, 60, 900, 60, 900, 60, 1200, 60, 4000)
"""How long peace waits before it looks again whether all has come to rest."""
_WORK = ("work", "check", "load", "run")
"""What is done of itself when it is due."""
_ROUNDS = 30
_MUCH_GOES = 0.5
_TRIES = 4
"""How often persons try what was refused as "being sent"."""
_SWEEP = 60
"""Sweeps come after so long, and at once when peace begins."""


@dataclass
class Ended:
    """How a seed ended."""

    seed: int
    steps: int
    seconds: float
    wrong: list[str]
    story: list[str] = field(repr=False, default_factory=list[str])
    seen: dict[str, int] = field(default_factory=dict[str, int])
    """How often each situation came about that a scenario is about."""
    cpu: float = 0.0
    raised: bool = False
    """A task raised or a plot couldn't be played: nobody read what is left."""
    cast: Cast = ()
    """At which provider each company was."""

    @property
    def found(self) -> list[str]:
        """What the checker found wrong at rest. A crash is no finding."""
        return [] if self.raised else self.wrong

    @property
    def digest(self) -> str:
        """Two runs with the same digest told the same story."""
        return hashlib.sha256("\n".join(self.story).encode()).hexdigest()[:16]


async def run_seed(
    ground: Ground,
    seed: int,
    planted: Callable[[Ground], AbstractAsyncContextManager[object]] = nullcontext,
    mix: Mix | None = None,
    driver: "Callable[[Ring], Driver] | None" = None,
    cast: Cast | None = None,
) -> Ended:
    """Play a seed on this database and check what is left."""
    began = time.monotonic()
    await ground.clear()
    scheduler = Scheduler(seed)
    wrong: list[str]
    seen: dict[str, int] = {}
    raised = False
    mix = mix or of_seed(seed)
    cast = cast or QUICKBOOKS
    async with planted(ground):
        try:
            ring = new_ring(scheduler, ground, mix, cast)
            scheduler.story.append(f"mix {mix.name}, at {', '.join(cast)}")
            scheduler.spawn("driver", (driver or Driver)(ring).drive())
            await scheduler.run(ground.watcher, MAX_STEPS)
            wrong = await problems(ring)
            seen = dict(ring.sights.counts)
        except (Exception, StuckError) as error:  # whatever a task raised is the seed's failure
            wrong, raised = [f"{type(error).__name__}: {error}"], True
        finally:
            await scheduler.abandon()
    took = time.monotonic() - began
    return Ended(
        seed, scheduler.steps, took, wrong, scheduler.story, seen, raised=raised, cast=cast
    )


@dataclass
class Driver:
    """Chooses what happens next."""

    ring: Ring
    probed: tuple[tuple[int, datetime], Row] | None = None
    """What was due, and when that was asked."""
    people: People = field(init=False)
    _broken: Iterator[int] = field(init=False, default_factory=count)

    def __post_init__(self) -> None:
        self.people = People(self.ring)

    @property
    def scheduler(self) -> Scheduler:
        return self.ring.scheduler

    async def drive(self) -> None:
        ring, rng = self.ring, self.scheduler.rng
        await self._set_up()
        turns = rng.randint(60, 160)
        restoring = (
            Restoring(ring, self.pass_time, self.work_on, turns) if ring.mix.restores else None
        )
        ahead = self._when_much_goes(turns)
        for turn in range(turns):
            await self.scheduler.point("driver")
            if turn == ahead:
                self.scheduler.story.append("--- the services get far")
                await self.work_on()
            if restoring is not None:
                await restoring.turn(turn)
            for _ in range(rng.choice((1, 1, 2, 4))):
                if len(self.scheduler.alive()) < 10:
                    await self._one_thing()
        if restoring is not None:
            await restoring.turn(turns)
        ring.transport.calm = ring.bus.calm = True
        ring.transport.away_until = None
        self.scheduler.story.append("--- left in peace")
        await self._rest()

    def _when_much_goes(self, turns: int) -> int | None:
        """In half of the stories records are there before the story's second part begins: else most
        of it is over before the first has gone."""
        lot = random.Random(f"ahead {self.scheduler.seed}")
        return lot.randrange(turns // 2) if lot.random() < _MUCH_GOES else None

    async def _set_up(self) -> None:
        ring, rng = self.ring, self.scheduler.rng
        for company, (names, item) in zip(ring.companies, _OFFICES, strict=False):
            office = company.office
            ring.transport.calm = True
            await company.open()
            ring.transport.calm = False
            for n in range(rng.randint(1, 2)):
                await office.customer(names[n])
            await office.item(item)
            if rng.random() < 0.85:
                await ring.sweep_records()
                await company.map_all()
            for _ in range(rng.randint(1, 3)):
                await office.send()

    async def work_on(self) -> None:
        """The services go on for a while, undisturbed: as a rule invoices get there."""
        for seconds in (0.0, 2.0, 30.0):
            await self.scheduler.until(self._alone, "the others end")
            await self.pass_time(seconds)
            self.ring.start("orchestrator/feed", self.ring.sweep_records)
            for _ in range(_ROUNDS):
                if not await self._round():
                    break

    async def _one_thing(self) -> None:
        things = await self._possible()
        names = list(things)
        (chosen,) = self.scheduler.rng.choices(names, [things[name][0] for name in names])
        await things[chosen][1]()

    async def _possible(self) -> dict[str, tuple[float, Move]]:
        """What may happen next, with its weight."""
        ring = self.ring
        probe = await self._due()
        possible: dict[str, tuple[float, Move]] = {
            "time": (4, self._time_passes),
            "person": (3.5, self.people.here),
            "there": (0.7, self.people.there),
            "kill": (1.2, self._kill),
            "pause": (1.0, self._pause),
            "review": (0.5, self._begin("orchestrator/review", ring.review)),
            "records": (0.4, self._begin("orchestrator/feed", ring.sweep_records)),
            **self._now_and_then(),
            "connection": (0.25, self.people.connection),
            "poison": (0.05, self._poison),
            "away": (0, self._away),
        }
        if ring.bus.echoes:
            possible["echo"] = (2, ring.bus.echo)
        for name, weight in ring.mix.things.items():
            possible[name] = (weight, possible[name][1])
        for schema in (ORCHESTRATOR, *ring.schemas, OFFICE):
            if "outbox" in ring.databases[schema].wakes:
                possible[f"relay {schema}"] = (4, self._relay(schema))
        for queue in ring.bus.waiting():
            name = f"{self._reader(queue[1])}/consume {queue[0].split('.')[1]}"
            possible[f"consume {queue}"] = (4, self._consume(name, queue))
        for connector in ring.connectors.values():
            at, service = self._named(connector)
            alive = self.scheduler.alive
            if probe[f"lanes_{connector.schema}"] and len(alive(f"{service}/work")) < 3:
                possible[f"work{at}"] = (5, self._begin(f"{service}/work", connector.work))
            if probe[f"requests_{connector.schema}"] and len(alive(f"{service}/check")) < 2:
                possible[f"check{at}"] = (3, self._begin(f"{service}/check", connector.check))
        if probe["runs"]:
            possible["run"] = (2, self._begin("orchestrator/run", ring.advance))
        for connector in ring.connectors.values():
            at, service = self._named(connector)
            if probe[f"loads_{connector.schema}"]:
                possible[f"load{at}"] = (0.5, self._begin(f"{service}/load", connector.load))
        return possible

    def _now_and_then(self) -> dict[str, tuple[float, Move]]:
        """What a connector does of itself from time to time."""
        moves: dict[str, tuple[float, Move]] = {}
        for connector in self.ring.connectors.values():
            at, service = self._named(connector)
            moves[f"tell{at}"] = (0.2, self._begin(f"{service}/tell", connector.tell))
            announce = self._begin(f"{service}/announce", connector.announce)
            moves[f"announce{at}"] = (0.3, announce)
        return moves

    def _named(self, connector: ConnectorSide) -> tuple[str, str]:
        """What its moves are called besides, and its service: shorter where it is the only one."""
        if len(self.ring.connectors) == 1:
            return "", "connector"
        return f" {connector.side.name}", f"connector-{connector.side.name}"

    def _reader(self, reader: str) -> str:
        """The service that a reader of a topic is."""
        if reader.startswith("connector"):
            return "connector" if len(self.ring.connectors) == 1 else reader
        return "office" if reader == "invoice-api" else "orchestrator"

    async def _due(self) -> Row:
        """What the connectors' tables hold that may be worked on now."""
        as_of = (self.scheduler.moved, self.scheduler.now)
        if self.probed is None or self.probed[0] != as_of:
            due = due_sql(self.ring.schemas)
            row = await self.ring.ground.admin.fetchrow(due, self.scheduler.now)
            assert row is not None
            self.probed = (as_of, row)
        return self.probed[1]

    def _begin(self, name: str, work: Callable[[], Coroutine[Any, Any, object]]) -> Move:
        async def begin() -> None:
            self.ring.start(name, work)

        return begin

    def _relay(self, schema: str) -> Move:
        async def begin() -> None:
            self.ring.databases[schema].wakes.discard("outbox")
            name = {ORCHESTRATOR: "orchestrator", OFFICE: "office"}.get(schema)
            name = name or self._reader(schema.replace("_", "-"))
            self.ring.start(f"{name}/relay", lambda: self.ring.relay(schema))

        return begin

    def _consume(self, name: str, queue: tuple[str, str]) -> Move:
        async def begin() -> None:
            self.ring.start(name, lambda: self.ring.consume(queue))

        return begin

    # --- what goes wrong, and time

    async def _time_passes(self) -> None:
        await self.pass_time(self.scheduler.rng.choice(self.ring.mix.jumps))

    async def pass_time(self, seconds: float) -> None:
        """Time goes on. What the provider is to do in it is done when its time comes."""
        scheduler = self.scheduler
        if seconds > _LONG and scheduler.in_transactions():
            seconds = 1.0
        target = scheduler.now + timedelta(seconds=seconds)
        while (due := scheduler.next_wake("there/")) is not None and due <= target:
            scheduler.now = max(scheduler.now, due)
            await scheduler.until(self._provider_is_up_to_date, "the provider works")
        scheduler.now = max(scheduler.now, target)
        scheduler.story.append(f"time {scheduler.now:%H:%M:%S}")

    def _provider_is_up_to_date(self) -> bool:
        due = self.scheduler.next_wake("there/")
        return due is None or due > self.scheduler.now

    async def _kill(self) -> None:
        scheduler = self.scheduler
        alive = [name for name in scheduler.alive() if name.startswith(("orch", "conn"))]
        if alive:
            one = scheduler.rng.choice(alive)
            scheduler.kill(one.split("/")[0] if scheduler.rng.random() < 0.15 else one)

    async def _pause(self) -> None:
        scheduler = self.scheduler
        alive = [name for name in scheduler.alive() if name.startswith("connector")]
        if alive:
            scheduler.pause(scheduler.rng.choice(alive), scheduler.rng.choice(_LOST_FOR))

    async def _poison(self) -> None:
        """What nobody can read comes among invoicing events."""
        ring = self.ring
        queue = (INVOICING.name, "sync-orchestrator")
        if queue in ring.bus.waiting():
            ring.sights.poisons += 1
            # Each another: the very same message is set apart once, however often it comes.
            broken = f'{{"nth": {next(self._broken)}, "type": "invoicing.invoice_sent.v1"'
            ring.bus.queues[queue].append(Waiting(broken.encode()))
            ring.sights.saw("84")

    async def _away(self) -> None:
        """The provider goes away for a while."""
        seconds = self.scheduler.rng.choice((60, 120, 300))
        self.ring.transport.away_until = self.scheduler.now + timedelta(seconds=seconds)
        self.scheduler.story.append(f"there: away for {seconds} s")

    # --- peace

    async def _rest(self) -> None:
        """Until all has come to rest; and again after persons did what was left to them."""
        await self._quiet()
        for _ in range(_TRIES):
            left = [company for company in self.ring.companies if company.unattended]
            if not left:
                break
            for company in left:
                self.ring.start("office/put_right", company.put_right)
            await self._quiet()
        self.ring.start("peace/states", self.ring.sweep_states)
        await self.scheduler.until(self._alone, "the others end")

    async def _quiet(self) -> None:
        ring, scheduler = self.ring, self.scheduler
        for at, seconds in enumerate(_REST):
            await scheduler.until(self._alone, "the others end")
            for company in ring.companies:
                if await company.status() != "open":
                    ring.start("office/connection", company.connect)
                    await scheduler.until(self._alone, "connected again")
                if company.connection not in company.switched:
                    ring.start("office/switch_on", company.switch_on)
                    await scheduler.until(self._alone, "switched on")
            await self.pass_time(seconds)
            if at == 0 or seconds >= 400:
                for company in ring.companies:
                    ring.start("office/map", company.map_all)
            if at == 0 or seconds >= _SWEEP:
                announced = [one.announce for one in ring.connectors.values()]
                told = [one.tell for one in ring.connectors.values()]
                for work in (ring.sweep_records, *announced, ring.review, *told):
                    ring.start(f"peace/{work.__name__}", work)
                    await scheduler.until(self._alone, "the others end")
            if seconds >= _SWEEP:
                ring.start("peace/sweep", ring.sweep)
            for _ in range(_ROUNDS):
                if not await self._round():
                    break
            if seconds and await self._at_rest():
                break

    async def _round(self) -> bool:
        """Everybody does what there is to do; whether there was anything."""
        possible = await self._possible()
        something = [
            name
            for name in possible
            if name.startswith(("relay", "consume")) or name.split()[0] in _WORK
        ]
        for name in something:
            await possible[name][1]()
        await self.scheduler.until(self._alone, "the others end")
        return bool(something)

    async def _at_rest(self) -> bool:
        found = await self.ring.ground.admin.fetchval(rest_sql(self.ring.schemas))
        return bool(found) and not self.ring.bus.waiting()

    def _alone(self) -> bool:
        return len(self.scheduler.alive()) == 1
