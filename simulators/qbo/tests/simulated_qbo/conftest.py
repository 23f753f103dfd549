"""One simulator for the session, emptied for each test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from quickbooks import QuickBooks

from .support import Api, Connected, Controls, Stock, build, connected, serving, web


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    with serving(build()) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        patch.setattr(QuickBooks, "api_url_v3", f"{address}/v3")
        patch.setattr(QuickBooks, "sandbox_api_url_v3", f"{address}/v3")
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
def api(oak: Connected) -> Api:
    return oak.api


@pytest.fixture
def stock(controls: Controls, api: Api) -> Stock:
    """A customer and an item on the account of services."""
    del api
    seeded = controls.seed(customers=[{"name": "Ann Lee"}], items=[{"name": "Call-out"}])
    item = seeded["items"][0]
    return Stock(seeded["customers"][0]["id"], item["id"], item["account_id"])


@pytest.fixture
def http(base: str) -> Iterator[httpx.Client]:
    """A client of the running simulator without consent."""
    with web(base) as client:
        yield client
