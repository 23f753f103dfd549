"""Duels about deciding end well, and come through the scenarios that they are about.

More seeds: `make simulate SEEDS=50 ARGS="--duel old_answers"`.
"""

import pytest

from simulation.duels_deciding import DUELS
from simulation.workers import Players, Wanted

SEEDS = 6
_BY_NAME = {duel.name: duel for duel in DUELS}
_OF_NO_SCENARIO = [duel.name for duel in DUELS if not duel.scenarios]

pytestmark = [pytest.mark.early, pytest.mark.xdist_group("simulation")]


@pytest.mark.parametrize("name", _OF_NO_SCENARIO)
def test_a_duel_ends_well(name: str, players: Players) -> None:
    _ends_well(players, name)


def test_s77_content_b_then_c_then_b_ends_with_b_in_a_duel(players: Players) -> None:
    _ends_well(players, "there_and_back")


def test_s78_a_number_freed_there_and_tried_again_goes(players: Players) -> None:
    _ends_well(players, "fixed_there")


def test_s80_forty_invoices_of_a_customer_gone_there_are_no_problem(players: Players) -> None:
    _ends_well(players, "customer_gone")


def test_s91_what_a_person_voided_unseen_is_removed_and_created_again_once(
    players: Players,
) -> None:
    _ends_well(players, "voided_unknown")


def test_s95_a_refusal_read_before_the_success_leaves_the_link_known(players: Players) -> None:
    _ends_well(players, "refusal_overtakes")


def _ends_well(players: Players, name: str) -> None:
    """In every seed; and each came through the duel's scenarios."""
    for played in players.play(Wanted(seed, duel=name) for seed in range(SEEDS)):
        ended = played.ended
        again = f'make simulate SEEDS=1 FROM={ended.seed} ARGS="--duel {name}"'
        assert not ended.wrong, "\n".join([*ended.story[-60:], *ended.wrong, again])
        for scenario in _BY_NAME[name].scenarios:
            assert ended.seen.get(scenario), f"seed {ended.seed} missed scenario {scenario}"
