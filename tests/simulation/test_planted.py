"""Each rule taken away is found, by a seed that is known to. Others: `make simulate-planted`."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from simulation.planted import PLANTED, Planted
from simulation.workers import Wanted, play

CAUGHT = [bug for bug in PLANTED if bug.seed is not None]


@pytest.fixture(scope="module")
def wrong() -> Iterator[dict[str, list[str]]]:
    wanted = (Wanted(bug.seed or 0, bug.name) for bug in CAUGHT)
    with closing(play(wanted, 2)) as results:
        yield {played.wanted.planted: played.ended.wrong for played in results}


def _name(bug: Planted) -> str:
    return bug.name


@pytest.mark.parametrize("bug", CAUGHT, ids=_name)
def test_a_planted_bug_is_found(wrong: dict[str, list[str]], bug: Planted) -> None:
    assert wrong[bug.name], f"without the rule that {bug.rule}, seed {bug.seed} holds"
