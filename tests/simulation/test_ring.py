"""The ring comes to rest as it should, whatever is lost, late, doubled or killed."""

from contextlib import closing

import pytest

from simulation.workers import Wanted, play

SEEDS = 500
"""More: `make simulate`."""

JOBS = 2


@pytest.mark.timeout(1_800)
def test_what_is_left_at_rest_is_right() -> None:
    wanted = (Wanted(seed) for seed in range(SEEDS))
    with closing(play(wanted, JOBS)) as results:
        for played in results:
            ended = played.ended
            assert not ended.wrong, "\n".join(
                [*ended.story[-80:], *ended.wrong, _again(played.wanted)]
            )


def _again(wanted: Wanted) -> str:
    return f"make simulate SEEDS=1 FROM={wanted.seed}"


def test_a_seed_tells_the_same_story_again() -> None:
    """Whatever was played before it, and in whichever process."""
    with closing(play([Wanted(seed) for seed in (5, 7, 8, 5, 7)], JOBS)) as results:
        told = [(played.ended.seed, played.digest) for played in results]
    assert len(told) == 5
    assert len(set(told)) == 3
