"""Duels: short stories around one mechanism. Cast, deeds and faults are few; a seed mingles them.

A plot brings its cast into position in peace and then lets a handful of moves go by lot. After it
all must come to rest, and the same checker as for every story reads what is left.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from contracts.ids import RecordId
from contracts.invoicing import InvoiceSnapshot
from contracts.sync import SyncState

from simulation.bus import Queue
from simulation.mixes import Mix
from simulation.office import PRICES
from simulation.story import Driver
from simulation.transport import Fate

Plot = Callable[["Stage"], Coroutine[Any, Any, None]]
Deed = Callable[[], Coroutine[Any, Any, object]]

CALM = Mix("duel", fates={"fine": 1}, refuses_numbers=0.0)
"""Nothing goes wrong but what the plot brings."""
ALL_MOVES = ("relay", "consume", "work", "check", "time")
_PATIENCE = 600
"""Turns after which a plot that gets nowhere fails."""

_CROWD = 6
"""Beyond so many tasks none is begun."""


@dataclass(frozen=True)
class Duel:
    """`scenarios` are those it comes through by name."""

    name: str
    plot: Plot
    mix: Mix = CALM
    scenarios: tuple[str, ...] = ()


@dataclass
class Stage(Driver):
    """A driver that plays a plot."""

    plot: Plot = field(kw_only=True)
    moves: ClassVar[tuple[str, ...]] = ALL_MOVES

    async def drive(self) -> None:
        """Set up, play, leave in peace."""
        ring = self.ring
        self.calm(on=True)
        await ring.companies[0].open()
        await ring.office.customer("Ann Lee")
        await ring.office.item("Call-out")
        await ring.sweep_records()
        await ring.companies[0].map_all()
        await self.plot(self)
        self.calm(on=True)
        ring.transport.away_until = None
        self.scheduler.story.append("--- left in peace")
        await self._rest()

    # --- how this provider's requests and commands are called

    @property
    def create(self) -> str:
        """A create of one invoice."""
        return self.ring.connector.side.create_invoice

    @property
    def batch(self) -> str:
        """One of several."""
        return self.ring.connector.side.batch_invoices or self.create

    @property
    def commands(self) -> Queue:
        """Where its commands wait."""
        return self.ring.commands

    # --- what a plot is made of

    def calm(self, *, on: bool) -> None:
        """Whether bus and way are without faults; what a plot named to go wrong still does."""
        self.ring.transport.calm = self.ring.bus.calm = on

    async def settle(self) -> None:
        """Everybody does what there is to do, in peace."""
        before = self.ring.bus.calm
        self.calm(on=True)
        for seconds in (0.0, 1.0, 1.0, 5.0, 60.0):
            await self.scheduler.until(self._alone, "the others end")
            await self.pass_time(seconds)
            for _ in range(30):
                if not await self._round():
                    break
            if await self._at_rest():
                break
        self.calm(on=before)

    def let_go(self, name: str) -> None:
        """Who was caught goes on."""
        self.scheduler.hold(name, on=False)
        self.scheduler.snared = None

    async def alone_with(self, name: str) -> None:
        """Until all have ended but that one, which stands still."""
        scheduler = self.scheduler
        await scheduler.until(lambda: len(scheduler.alive()) == 2, f"all but {name} end")

    async def mingle(
        self,
        turns: int,
        *deeds: Deed,
        moves: Sequence[str] = ALL_MOVES,
        without: str = "",
        crowd: int = _CROWD,
    ) -> None:
        """So many turns by lot: the deeds, in their order, among moves of these kinds."""
        rng, left = self.scheduler.rng, list(deeds)
        for turn in range(turns):
            await self.scheduler.point("driver")
            if left and rng.randrange(turns - turn) < 2 * len(left):
                self.start(left.pop(0))
            elif len(self.scheduler.alive()) <= crowd:
                await self.move(*moves, without=without)
        for deed in left:
            self.start(deed)

    async def reach(
        self,
        what: str,
        reached: Callable[[], bool],
        *,
        moves: Sequence[str] = ALL_MOVES,
        without: str = "",
    ) -> None:
        """Moves by lot until that is so.

        Raises:
            AssertionError: it doesn't become so.
        """
        for _ in range(_PATIENCE):
            if reached():
                return
            await self.scheduler.point("driver")
            alive = len(self.scheduler.alive())
            if alive <= _CROWD:
                # Time doesn't run away from those who have something to do.
                held = self.scheduler.snared is not None
                idle = alive <= 1 + held
                kinds = moves if idle else tuple(kind for kind in moves if kind != "time")
                await self.move(*kinds, without=without)
        raise AssertionError(f"not reached: {what}")

    async def caught(self, name: str, label: str, **others: Any) -> str:
        """Moves by lot until a task of that name stands at that point; it stays there."""
        scheduler = self.scheduler
        scheduler.snare, scheduler.snared = (name, label), None
        await self.reach(f"{name} at {label}", lambda: scheduler.snared is not None, **others)
        assert scheduler.snared is not None
        return scheduler.snared

    async def move(self, *kinds: str, without: str = "") -> bool:
        """One move of these kinds, by lot, if any is possible; none that `without` names."""
        possible = {
            name: move
            for name, move in (await self._possible()).items()
            if name.startswith(kinds) and not (without and without in name)
        }
        if not possible:
            return False
        names = list(possible)
        (chosen,) = self.scheduler.rng.choices(names, [possible[name][0] for name in names])
        await possible[chosen][1]()
        return True

    def start(self, deed: Deed) -> None:
        """A task of its own that does this."""
        self.ring.start(f"office/{getattr(deed, '__name__', 'deed').strip('_')}", deed)

    def fates(self, *fates: Fate) -> None:
        """What becomes of the next writes at the provider, one after the other."""
        self.ring.transport.planned += fates

    async def send(self) -> None:
        """An invoice of the first price."""
        await self.ring.office.send(PRICES[0])

    def edits(self, price: int, at: int = -1) -> Deed:
        """Another of the office's prices for an invoice; the last one unless said."""

        async def edit() -> None:
            await self.ring.office.change(at, price=PRICES[price])

        return edit

    async def create_again(self) -> None:
        """The button of the last invoice, which is gone there."""
        await self.click("create_again")

    async def states(self, *wanted: SyncState) -> None:
        """Raises AssertionError unless the invoices, in the order they were sent, are so."""
        known = await self.ring.sights.states("invoice", self.ring.companies[0].connection)
        found = tuple(known.get(RecordId(one), "none") for one in self.ring.office.invoices)
        assert found == wanted, f"invoices are {', '.join(found)}"

    async def invoice(self, at: int = -1) -> InvoiceSnapshot:
        """One of the office's invoices as it is saved."""
        wanted = self.ring.office.invoices[at]
        return next(
            one
            for one in await self.ring.office.snapshots()
            if isinstance(one, InvoiceSnapshot) and one.id == wanted
        )

    async def click(self, action: str, at: int = -1, **fields: object) -> None:
        """A person presses a button of an invoice."""
        one = await self.invoice(at)
        self.scheduler.story.append(f"click {action} on {str(one.id)[-4:]}")
        await self.ring.companies[0].click(action, one, fields)
