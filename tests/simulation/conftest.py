"""Many seeds, played once for all tests that ask what came of them."""

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from simulation.workers import Played, Wanted, play

SEEDS = range(100, 170)
"""More: `make simulate`."""

JOBS = 2


@dataclass
class Hunt:
    """What many seeds came to."""

    wrong: list[Played] = field(default_factory=list[Played])
    seen: Counter[str] = field(default_factory=Counter[str])
    seeds: int = 0


@pytest.fixture(scope="session")
def hunted() -> Hunt:
    hunt = Hunt()
    with closing(play((Wanted(seed) for seed in SEEDS), JOBS)) as results:
        for played in results:
            hunt.seeds += 1
            hunt.seen.update(played.ended.seen)
            if played.ended.wrong:
                hunt.wrong.append(played)
    return hunt
