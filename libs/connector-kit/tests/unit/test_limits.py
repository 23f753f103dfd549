"""Slots, room and times: which limits a request spends and when there is room."""

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from connector_kit.auth import Auth
from connector_kit.limits import Room, eta, most_units, slots_of
from connector_kit.provider import (
    Concurrency,
    EntityFacts,
    Limit,
    Meter,
    OAuthFacts,
    Operations,
    Provider,
)
from connector_kit.timing import Timing, backoff
from hypothesis import given
from hypothesis import strategies as st

ENTITY = EntityFacts(
    batch=30, mark=True, unique=True, single_meter="single", batch_meter="batch", lookup_lag=10
)
PROVIDER = Provider(
    name="qbo",
    label="Plain",
    hosts={},
    oauth=OAuthFacts(scopes=(), pkce=False, refresh_grace=0, refresh_retries=0),
    entities={"invoice": ENTITY},
    limits=(
        Limit("minute", 500, 60.0, reserve=20),
        Limit("batches", 40, 60.0),
        Concurrency("at_once", 10, reserve=1),
    ),
    regimes={
        "each": {
            "batch": (Meter("batches"), Meter("minute", "unit"), Meter("at_once")),
            "single": (Meter("minute"),),
        },
        "one": {"batch": (Meter("batches"), Meter("minute"))},
    },
    regime="each",
    server_timeout=120.0,
    operations=cast("Operations", None),
    auth=cast("Auth", None),
)


def test_a_request_spends_what_the_regime_says() -> None:
    each = {slot.limit.name: slot.units for slot in slots_of(PROVIDER, "batch", 30, 1.0)}
    assert each == {"batches": 1, "minute": 30, "at_once": 1}
    assert [slot.units for slot in slots_of(PROVIDER, "single", 1, 1.0)] == [1]
    assert slots_of(PROVIDER, "oauth", 1, 1.0) == ()


def test_windows_are_scaled_and_concurrency_has_none() -> None:
    windows = {slot.limit.name: slot.window for slot in slots_of(PROVIDER, "batch", 30, 0.05)}
    assert windows == {"batches": 3.0, "minute": 3.0, "at_once": 0.0}


def test_the_reserve_is_room_for_clicks_only() -> None:
    room = Room({"minute": 480})
    single = slots_of(PROVIDER, "single", 1, 1.0)
    assert not room.holds(single, click=False)
    assert room.holds(single, click=True)
    assert not Room({"minute": 500}).holds(single, click=True)


@given(taken=st.integers(0, 500), batches=st.integers(0, 40), click=st.booleans())
def test_the_most_units_fit_and_one_more_does_not(taken: int, batches: int, click: bool) -> None:
    room = Room({"minute": taken, "batches": batches})
    most = most_units(PROVIDER, "batch", room, click=click, at_most=30)
    if most:
        assert room.holds(slots_of(PROVIDER, "batch", most, 1.0), click=click)
    if most < 30:
        assert not room.holds(slots_of(PROVIDER, "batch", most + 1, 1.0), click=click)


def test_the_eta_counts_windows_of_full_requests() -> None:
    ready = datetime(2026, 6, 1, tzinfo=UTC)
    # 16 batches of 30 fit into 480 of a minute.
    assert eta(PROVIDER, ENTITY, 0, ready, 1.0) == ready
    assert eta(PROVIDER, ENTITY, 479, ready, 1.0) == ready
    assert eta(PROVIDER, ENTITY, 480, ready, 1.0) == ready + timedelta(minutes=1)
    assert eta(PROVIDER, ENTITY, 9_999, ready, 1.0) == ready + timedelta(minutes=20)


def test_quiet_until_is_server_timeout_lag_and_margin_after_send_by() -> None:
    assert Timing.of(PROVIDER).quiet_after(ENTITY) == 160.0
    assert Timing.of(PROVIDER, scale=0.05).quiet_after(ENTITY) == 36.5


@pytest.mark.parametrize(("failures", "seconds"), [(1, 2), (2, 4), (3, 8), (8, 256), (9, 300)])
def test_backing_off_doubles_up_to_five_minutes(failures: int, seconds: int) -> None:
    assert backoff(failures) == timedelta(seconds=seconds)
    assert backoff(failures + 1_000) == timedelta(minutes=5)
