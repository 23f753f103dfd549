"""Each rule taken away is found, beginning with the seed that found it last.

A seed shifts whenever the code under it changes its statements; then one of the next finds it.
Others: `make simulate-planted`.
"""

from contextlib import closing

import pytest

from simulation.planted import PLANTED, Planted
from simulation.workers import Players, Wanted

SEEDS, SEEDS_OF_A_DUEL = 100, 20
"""So many are tried at most; a duel is about the rule and needs few."""
_UNPLAYABLE = ("AssertionError", "ValueError", "IndexError")
"""A plot that couldn't be played: the checker has to tell, not the plot."""


def _name(bug: Planted) -> str:
    return bug.name


@pytest.mark.parametrize("bug", [bug for bug in PLANTED if bug.seed is not None], ids=_name)
def test_a_planted_bug_is_found(bug: Planted, players: Players) -> None:
    first, most = bug.seed or 0, SEEDS if bug.duel is None else SEEDS_OF_A_DUEL
    wanted = (Wanted(seed, bug.name) for seed in range(first, first + most))
    tried = 0
    with closing(players.play(wanted, ahead=1)) as results:
        for tried, played in enumerate(results, start=1):
            if played.ended.wrong:
                found = played.ended
                print(f"{bug.name}: seed {found.seed}, {tried} tried: {found.wrong[0]}")
                assert not found.wrong[0].startswith(_UNPLAYABLE), found.wrong[0]
                return
    raise AssertionError(f"without the rule that {bug.rule}, {tried} seeds hold")
