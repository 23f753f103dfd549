"""One simulator for the session, emptied for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from xero_python.api_client.oauth2 import TokenApi

from .support import Api, Controls, Stock, build, connected, serving

# The official OpenAPI files aren't ours to keep here: with no folder that holds them there is
# nothing to compare with.
collect_ignore = [] if os.environ.get("SHARED") else ["test_official_files.py"]


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    with serving(build()) as address, pytest.MonkeyPatch.context() as patch:
        patch.setattr(TokenApi, "refresh_token_url", f"{address}/connect/token")
        patch.setattr(TokenApi, "revoke_token_url", f"{address}/connect/revocation")
        yield address


@pytest.fixture
def controls(base: str) -> Iterator[Controls]:
    """The controls of an empty simulator without limits."""
    controls = Controls(base)
    controls.post("reset")
    controls.put("limits", {"enforced": False})
    yield controls
    controls.close()


@pytest.fixture
def api(controls: Controls) -> Iterator[Api]:
    """The organisation Oak, connected."""
    with connected(controls.base, "Oak") as one:
        yield one


@pytest.fixture
def stock(controls: Controls, api: Api) -> Stock:
    """A contact and an item on the account of services."""
    del api
    seeded = controls.seed(
        customers=[{"name": "Ann Lee"}], items=[{"name": "Call-out", "sku": "CALLOUT"}]
    )
    return Stock(seeded["customers"][0]["id"], seeded["items"][0]["sku"])
