"""One simulator for the session, emptied for each test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from .support import SHARED, Connected, Controls, build, connected, serving, web

collect_ignore = [] if SHARED else ["test_recorded_bodies.py"]


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    with serving(build()) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FRESHBOOKS_API_URL", address)
        patch.setenv("FRESHBOOKS_AUTH_URL", address)
        yield address


@pytest.fixture
def controls(base: str) -> Iterator[Controls]:
    """The controls of an empty simulator without limits."""
    controls = Controls(base)
    controls.post("reset")
    controls.put("limits", {"enforced": False})
    yield controls
    controls.http.close()


@pytest.fixture
def oak(controls: Controls) -> Iterator[Connected]:
    """The organisation Oak, connected."""
    with connected(controls.base, "Oak") as one:
        yield one


@pytest.fixture
def http(base: str) -> Iterator[httpx.Client]:
    """A client of the running simulator without consent."""
    with web(base) as client:
        yield client
