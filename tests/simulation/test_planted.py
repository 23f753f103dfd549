"""Each rule taken away is found, beginning with the seed that found it last.

A seed shifts whenever the code under it changes its statements; then one of the next finds it.
Others: `make simulate-planted`.
"""

from contextlib import closing

import pytest

from simulation.planted import PLANTED, Planted
from simulation.workers import Wanted, play

SEEDS = 100


def _name(bug: Planted) -> str:
    return bug.name


@pytest.mark.parametrize("bug", [bug for bug in PLANTED if bug.seed is not None], ids=_name)
def test_a_planted_bug_is_found(bug: Planted) -> None:
    first = bug.seed or 0
    wanted = (Wanted(seed, bug.name) for seed in range(first, first + SEEDS))
    with closing(play(wanted, 2)) as results:
        found = next((played for played in results if played.ended.wrong), None)
    assert found is not None, f"without the rule that {bug.rule}, {SEEDS} seeds hold"
    print(f"{bug.name}: seed {found.ended.seed}: {found.ended.wrong[0]}")
