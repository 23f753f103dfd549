"""Rate meters on sliding windows."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from .support import Api, Body, Connected, Controls, connected

MINUTE = 60
SECOND = 1


def _statuses(api: Api, count: int) -> list[int]:
    return [api.get("preferences").status_code for _ in range(count)]


def _batch(api: Api, items: int) -> int:
    body: Body = {
        "BatchItemRequest": [
            {"bId": str(at), "Query": "select count(*) from Customer"} for at in range(items)
        ]
    }
    return api.post("batch", body).status_code


@pytest.fixture
def limits(controls: Controls, api: Api) -> Any:
    """Sets limits; the burst limit is off unless asked for."""
    del api

    def put(**changes: object) -> Any:
        whole = {"enforced": True, "requests_per_second": None, **changes}
        return controls.put("limits", whole)

    put()
    return put


def test_the_501st_request_in_a_minute_is_refused_and_recorded(
    controls: Controls, api: Api, limits: Any
) -> None:
    del limits
    assert set(_statuses(api, 500)) == {200}
    refused = api.get("preferences")
    assert refused.status_code == 429
    assert refused.content.startswith(b"<?xml")
    rows = controls.get("requests", organisation="Oak")
    assert [row["broke_limit"] for row in rows[-2:]] == [False, True]
    assert (rows[-1]["status"], rows[-1]["limit"]) == (429, "requests_per_minute")
    controls.post("clock", {"advance_seconds": MINUTE})
    assert _statuses(api, 1) == [200]


def test_the_window_slides(controls: Controls, api: Api, limits: Any) -> None:
    limits(requests_per_minute=4)
    assert _statuses(api, 2) == [200, 200]
    controls.post("clock", {"advance_seconds": 40})
    assert _statuses(api, 3) == [200, 200, 429]
    controls.post("clock", {"advance_seconds": 21})
    assert _statuses(api, 3) == [200, 200, 429]


def test_a_refused_request_takes_no_place(controls: Controls, api: Api, limits: Any) -> None:
    limits(requests_per_minute=1)
    assert _statuses(api, 3) == [200, 429, 429]
    controls.post("clock", {"advance_seconds": MINUTE})
    assert _statuses(api, 1) == [200]


def test_windows_can_be_scaled(controls: Controls, api: Api, limits: Any) -> None:
    limits(requests_per_minute=1, window_scale=0.05)
    assert _statuses(api, 2) == [200, 429]
    controls.post("clock", {"advance_seconds": 3})
    assert _statuses(api, 1) == [200]


def test_ten_a_second_are_the_apps_own(controls: Controls, api: Api, limits: Any) -> None:
    limits(requests_per_second=10, window_scale=30)
    assert _statuses(api, 11) == [200] * 10 + [429]
    with connected(controls.base, "Oak", client_id="another") as another:
        assert _statuses(another.api, 1) == [200]
    assert controls.get("requests")[-1]["broke_limit"] is False


def test_organisations_have_their_own_windows(controls: Controls, api: Api, limits: Any) -> None:
    limits(requests_per_minute=1)
    assert _statuses(api, 2) == [200, 429]
    with connected(controls.base, "Elm") as elm:
        assert _statuses(elm.api, 1) == [200]


def test_forty_batches_a_minute_an_app_and_more_an_organisation(
    controls: Controls, api: Api, limits: Any
) -> None:
    limits(batches_per_minute=2, batches_per_minute_organisation=3)
    assert [_batch(api, 1) for _ in range(3)] == [200, 200, 429]
    assert controls.get("requests")[-1]["limit"] == "batches_per_minute"
    assert _statuses(api, 1) == [200]
    with connected(controls.base, "Oak", client_id="another") as another:
        assert [_batch(another.api, 1) for _ in range(2)] == [200, 429]
    assert controls.get("requests")[-1]["limit"] == "batches_per_minute_organisation"


@pytest.mark.parametrize(("regime", "status"), [("request", 200), ("items", 429)])
def test_a_batch_counts_as_one_or_as_its_items(
    api: Api, limits: Any, regime: str, status: int
) -> None:
    limits(requests_per_minute=50, batch_regime=regime)
    assert [_batch(api, 30), _batch(api, 21)] == [200, status]
    assert _batch(api, 20) == 200


def test_nothing_is_refused_where_limits_are_off(controls: Controls, api: Api, limits: Any) -> None:
    limits(requests_per_minute=0, enforced=False)
    assert _statuses(api, 20) == [200] * 20
    assert not any(row["broke_limit"] for row in controls.get("requests"))


def test_a_plan_counts_reads_by_the_month_and_writes_not_at_all(
    controls: Controls, api: Api, limits: Any
) -> None:
    del limits
    controls.set(plan_limit=2)
    assert _statuses(api, 3) == [200, 200, 429]
    assert controls.get("requests")[-1]["limit"] == "plan_limit"
    assert api.post("customer", {"DisplayName": "Ann"}).status_code == 200
    controls.post("clock", {"advance_seconds": 31 * 24 * 3600})
    with connected(controls.base, "Oak") as later:
        assert _statuses(later.api, 1) == [200]


def test_token_requests_are_not_metered(oak: Connected, limits: Any) -> None:
    limits(requests_per_minute=0)
    oak.auth.refresh()


def test_limits_are_read_and_refused_with_the_fields_name(controls: Controls) -> None:
    told = controls.get("limits")
    assert (told["window_scale"], told["latency_ms"], told["requests_per_minute"]) == (1, 0, 500)
    refused = controls.http.put("/_sim/limits", json={"window_scale": 0})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["window_scale"]
    assert controls.http.put("/_sim/limits", json={"enforce": True}).status_code == 422


def test_the_older_burst_limit_counts_requests_at_the_same_time(
    controls: Controls, api: Api, limits: Any
) -> None:
    limits(concurrent_requests=1)
    controls.fault(kind="delay", delay_ms=60_000, times=1)
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.extend(_statuses(api, 1)))
    thread.start()
    deadline = time.monotonic() + 5
    while not controls.get("faults")[0]["hits"]:
        assert time.monotonic() < deadline
    assert _statuses(api, 1) == [429]
    assert controls.get("requests")[-1]["limit"] == "concurrent_requests"
    controls.post("clock", {"advance_seconds": 60})
    thread.join(5)
    assert answers == [200]
    assert _statuses(api, 1) == [200]


def test_latency_is_added_to_every_answer(controls: Controls, api: Api) -> None:
    controls.put("limits", {"latency_ms": 60})
    api.get("preferences")
    assert controls.get("requests")[-1]["milliseconds"] >= 60
