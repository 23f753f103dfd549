"""Duels about connections end well, and come through the scenarios that they are about.

More seeds: `make simulate SEEDS=50 ARGS="--duel other_books"`.
"""

from contextlib import closing

import pytest

from simulation.duels_connections import DUELS
from simulation.workers import Players, Wanted

SEEDS = 4
_OF_NO_SCENARIO = [duel.name for duel in DUELS if not duel.scenarios]

pytestmark = [pytest.mark.early, pytest.mark.xdist_group("simulation")]


@pytest.mark.parametrize("name", _OF_NO_SCENARIO)
def test_a_duel_ends_well(name: str, players: Players) -> None:
    _ends_well(players, name)


def test_s81_nothing_meant_for_the_books_that_were_left_comes_into_others(
    players: Players,
) -> None:
    _ends_well(players, "other_books", "81")


def test_s88_of_all_lanes_one_probes_a_provider_that_is_away(players: Players) -> None:
    _ends_well(players, "away_for_all", "88")


def test_s94_a_link_while_a_command_is_out_is_refused(players: Players) -> None:
    _ends_well(players, "link_while_out", "94")


def _ends_well(players: Players, name: str, scenario: str | None = None) -> None:
    """In every seed; and each came through that scenario."""
    wanted = (Wanted(seed, duel=name) for seed in range(SEEDS))
    with closing(players.play(wanted)) as results:
        for played in results:
            ended = played.ended
            again = f'make simulate SEEDS=1 FROM={ended.seed} ARGS="--duel {name}"'
            assert not ended.wrong, "\n".join([*ended.story[-60:], *ended.wrong, again])
            if scenario is not None:
                assert ended.seen.get(scenario), f"seed {ended.seed} missed scenario {scenario}"
