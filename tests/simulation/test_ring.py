"""The ring comes to rest as it should, whatever is lost, late, doubled or killed.

A scenario's test asserts that its situation came about, and that every seed ended well.
"""

from contextlib import closing

import pytest

from simulation.conftest import SEEDS, Hunt
from simulation.workers import Wanted, play

pytestmark = pytest.mark.timeout(1_800)


def test_what_is_left_at_rest_is_right(hunted: Hunt) -> None:
    for played in hunted.wrong:
        ended = played.ended
        again = f"make simulate SEEDS=1 FROM={ended.seed}"
        raise AssertionError("\n".join([*ended.story[-80:], *ended.wrong, again]))
    assert hunted.seeds == SEEDS


def test_a_seed_tells_the_same_story_again() -> None:
    """Whatever was played before it, and in whichever process."""
    with closing(play([Wanted(seed) for seed in (5, 7, 8, 5, 7)], 2)) as results:
        told = [(played.ended.seed, played.digest) for played in results]
    assert len(told) == 5
    assert len(set(told)) == 3
