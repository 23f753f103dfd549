"""Which slots a request takes, and whether there is room. Pure; the counting is in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from connector_kit.provider import Concurrency, EntityFacts, Limit, Provider


@dataclass(frozen=True)
class Slot:
    """What one request takes of one limit. `window` is scaled; 0 for a concurrency."""

    limit: Limit | Concurrency
    units: int
    window: float


@dataclass(frozen=True)
class Room:
    """What of each limit is taken, by name, at this moment."""

    taken: Mapping[str, int]
    ending: Mapping[str, int] = field(default_factory=dict[str, int])
    """Of what is taken, what comes free within the limit's `given_back`."""

    def holds(self, slots: Sequence[Slot], *, click: bool) -> bool:
        """Whether all slots fit. What is kept for clicks is room for a click only."""
        return all(
            self.taken.get(slot.limit.name, 0) + slot.units
            <= usable(slot.limit, click=click, ending=self.ending.get(slot.limit.name, 0))
            for slot in slots
        )


def usable(limit: Limit | Concurrency, *, click: bool, ending: int = 0) -> int:
    """How many units of the limit may be taken by a click, or by anything else.

    Units that are `ending` soon take the place of as many kept for clicks.
    """
    return limit.count if click else limit.count - max(limit.reserve - ending, 0)


def giving_back(provider: Provider, scale: float) -> dict[str, float]:
    """The limits that give their reserve back, and how many scaled seconds before."""
    return {
        limit.name: limit.given_back * scale
        for limit in provider.limits
        if isinstance(limit, Limit) and limit.given_back > 0 and limit.reserve > 0
    }


@dataclass(frozen=True)
class Left:
    """What a response says is left of a limit, for this connection."""

    slot: Slot
    units: int


def left_there(slots: Sequence[Slot], headers: Mapping[str, str]) -> list[Left]:
    """What a response says of the limits its request spent. A header that is no number is none."""
    found: list[Left] = []
    for slot in slots:
        if isinstance(slot.limit, Limit) and slot.limit.remaining_header is not None:
            said = headers.get(slot.limit.remaining_header.lower(), "").strip()
            if said.isascii() and said.isdecimal():
                found.append(Left(slot, int(said)))
    return found


def slots_of(provider: Provider, meter: str, units: int, scale: float) -> tuple[Slot, ...]:
    """What a request of this meter and so many units takes, by the provider's regime.

    Raises:
        KeyError: the regime names a limit that the provider doesn't have.
    """
    limits = {limit.name: limit for limit in provider.limits}
    regime = provider.regimes[provider.regime]
    found: list[Slot] = []
    for spent in regime.get(meter, ()):
        limit = limits[spent.limit]
        window = limit.seconds * scale if isinstance(limit, Limit) else 0.0
        found.append(Slot(limit, units if spent.per == "unit" else 1, window))
    return tuple(found)


def most_units(provider: Provider, meter: str, room: Room, *, click: bool, at_most: int) -> int:
    """The largest number of units up to `at_most` that a request of this meter has room for."""
    for units in range(at_most, 0, -1):
        if room.holds(slots_of(provider, meter, units, 1.0), click=click):
            return units
    return 0


def eta(
    provider: Provider, entity: EntityFacts, rank: int, ready_at: datetime, scale: float
) -> datetime:
    """When the record that is number `rank` (from 0) in line about goes, full requests assumed."""
    slowest = timedelta(0)
    for slot in slots_of(provider, entity.batch_meter, entity.batch, scale):
        if isinstance(slot.limit, Limit):
            requests = max(usable(slot.limit, click=False) // slot.units, 1)
            windows = ceil((rank + 1) / (requests * entity.batch)) - 1
            slowest = max(slowest, timedelta(seconds=windows * slot.window))
    return ready_at + slowest
