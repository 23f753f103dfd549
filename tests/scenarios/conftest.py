"""A second stack whose provider is fifty times as fast, for what has to wait for time-outs."""

from pathlib import Path

import pytest
from providers import ALL
from testkit import Stack, running_stack
from testkit.plugin import until_left

SCALE = 0.02


@pytest.fixture(params=ALL)
def provider(request: pytest.FixtureRequest) -> str:
    """A test that takes it runs once for each."""
    return str(request.param)


@pytest.fixture(scope="session")
def quick(request: pytest.FixtureRequest, server_folder: Path) -> Stack:
    """Windows, server time-outs and Retry-After of the provider take a fiftieth of their time.

    An absence there proves something after 8 s instead of 165. Sweeps are each 2 s.
    """
    settings = {
        "*": {"SWEEP_SECONDS": "2", "QUIET_MARGIN_SECONDS": "0.5"},
    }
    running = running_stack(server_folder / "quick", settings=settings, time_scale=SCALE)
    return until_left(request, "quick", running)
