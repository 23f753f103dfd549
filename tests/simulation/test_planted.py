"""Each rule taken away is found, beginning with the seed that found it last.

Only what the checker reads at rest counts: a crash, or a plot that can't be played, is no finding.
A seed shifts whenever the code under it changes its statements; then one of the next finds it.
Others: `make simulate-planted`.
"""

from contextlib import closing

import pytest

from simulation.planted import PLANTED, Planted
from simulation.workers import Players, Wanted

SEEDS, SEEDS_OF_A_DUEL = 100, 20
"""So many are tried at most; a duel is about the rule and needs few."""


def _name(bug: Planted) -> str:
    return bug.name


pytestmark = [pytest.mark.early, pytest.mark.xdist_group("simulation")]


@pytest.mark.parametrize("bug", [bug for bug in PLANTED if bug.seed is not None], ids=_name)
def test_a_planted_bug_is_found(bug: Planted, players: Players) -> None:
    first, most = bug.seed or 0, SEEDS if bug.duel is None else SEEDS_OF_A_DUEL
    wanted = (Wanted(seed, bug.name, cast=bug.cast) for seed in range(first, first + most))
    tried, broke_off = 0, list[str]()
    with closing(players.play(wanted, ahead=1)) as results:
        for tried, played in enumerate(results, start=1):
            ended = played.ended
            if ended.found:
                print(f"{bug.name}: seed {ended.seed}, {tried} tried: {ended.found[0]}")
                return
            if ended.raised:
                broke_off.append(f"seed {ended.seed}: {ended.wrong[0]}")
    raise AssertionError(
        f"without the rule that {bug.rule}, {tried} seeds hold or break off: {broke_off[:3]}"
    )
