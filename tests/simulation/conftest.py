"""Processes that play seeds for all tests, and many seeds that all tests ask about."""

from collections import Counter
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from simulation.workers import Played, Players, Wanted

SEEDS = range(56, 84)
"""More: `make simulate`."""

JOBS = 2


@dataclass
class Hunt:
    """What many seeds came to."""

    wrong: list[Played] = field(default_factory=list[Played])
    seen: Counter[str] = field(default_factory=Counter[str])
    seeds: int = 0


@pytest.fixture(scope="session")
def players() -> Generator[Players]:
    """Each with a server of its own; begun once."""
    with closing(Players(JOBS)) as players:
        yield players


@pytest.fixture(scope="session")
def hunted(players: Players) -> Hunt:
    hunt = Hunt()
    with closing(players.play(Wanted(seed) for seed in SEEDS)) as results:
        for played in results:
            hunt.seeds += 1
            hunt.seen.update(played.ended.seen)
            if played.ended.wrong:
                hunt.wrong.append(played)
    return hunt
