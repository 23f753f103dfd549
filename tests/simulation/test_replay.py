"""A failing seed can be played again."""

from contextlib import closing

import pytest

from simulation.workers import Players, Wanted

pytestmark = [pytest.mark.early, pytest.mark.xdist_group("simulation")]


def test_a_seed_tells_the_same_story_again(players: Players) -> None:
    """Whatever was played before it, and in whichever process."""
    with closing(players.play([Wanted(seed) for seed in (5, 7, 8, 5, 7)])) as results:
        told = [(played.ended.seed, played.digest) for played in results]
    assert len(told) == 5
    assert len(set(told)) == 3
