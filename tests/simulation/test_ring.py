"""The ring comes to rest as it should, whatever is lost, late, doubled or killed."""

import pytest

from simulation.ring import Ground
from simulation.story import run_seed

SEEDS = 10
"""More: `make simulate`."""

FOUND: tuple[int, ...] = ()
"""Seeds beyond these that once found something. (3 found a reconnect whose mark was lost.)"""


@pytest.mark.parametrize("seed", [*range(SEEDS), *FOUND])
async def test_what_is_left_at_rest_is_right(on: Ground, seed: int) -> None:
    ended = await run_seed(on, seed)
    assert not ended.wrong, "\n".join([*ended.story[-80:], *ended.wrong])


async def test_a_seed_tells_the_same_story_again(on: Ground) -> None:
    first, again = await run_seed(on, 5), await run_seed(on, 5)
    assert first.story == again.story
