"""Limits, their headers, writes that meet, and the server's time-out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from .sdk import FreshBooksError
from .support import Connected, Controls, connected, invoice

PATH = "users/clients"


def _limits(controls: Controls, **limits: object) -> None:
    controls.put("limits", {"enforced": True, **limits})


def _made(oak: Connected) -> httpx.Response:
    return oak.api.post(PATH, {"client": {"organization": "Lee"}})


def test_every_answer_carries_the_four_headers_a_200_too(
    controls: Controls, oak: Connected
) -> None:
    _limits(controls)
    for answer, limit in (
        (oak.api.get(PATH), 600),
        (_made(oak), 250),
        (oak.api.get("/auth/api/v1/users/me"), 600),
        (oak.api.get("users/clients/1"), 600),
    ):
        assert answer.headers["x-ratelimit-limit"] == str(limit)
        left = int(answer.headers["retry-after"])
        assert 0 <= left < 60
        assert answer.headers["x-api-version"] == "2023-02-20"
    assert int(oak.api.get(PATH).headers["x-ratelimit-remaining"]) == 597


def test_posts_have_their_own_window_of_sixty_seconds(controls: Controls, oak: Connected) -> None:
    _limits(controls, posts_per_minute=2)
    assert [_made(oak).status_code for _ in range(3)] == [200, 200, 429]
    assert oak.api.get(PATH).status_code == 200
    last = _made(oak)
    assert last.headers["x-ratelimit-remaining"] == "0"
    assert 58 <= int(last.headers["retry-after"]) <= 60
    broken = [each for each in controls.get("requests", organisation="Oak") if each["broke_limit"]]
    assert [(each["status"], each["limit"]) for each in broken] == [(429, "posts_per_minute")] * 2
    assert len(controls.books()["customers"]) == 2
    controls.post("clock", {"advance_seconds": 60})
    assert _made(oak).status_code == 200


def test_the_sdk_waits_as_retry_after_says_and_never_repeats_a_post(
    controls: Controls, oak: Connected
) -> None:
    _limits(controls, posts_per_minute=0, requests_per_minute=1, window_scale=0.01)
    with pytest.raises(FreshBooksError) as error:
        oak.client()
    assert error.value.status_code == 429
    for _ in range(2):
        oak.sdk.clients.list(oak.account)
    rows = controls.get("requests", organisation="Oak")
    posts = [each for each in rows if each["method"] == "POST" and each["path"].endswith(PATH)]
    assert len(posts) == 1


@pytest.mark.parametrize("body", ["json", "errors", "text", "html"])
def test_the_429_has_switches(controls: Controls, oak: Connected, body: str) -> None:
    _limits(controls, requests_per_minute=0, throttle_body=body, retry_after_on_refusal=False)
    answer = oak.api.get(PATH)
    assert answer.status_code == 429
    assert "retry-after" not in answer.headers
    assert ("json" in answer.headers["content-type"]) == (body in ("json", "errors"))
    _limits(controls, headers=False)
    assert not [each for each in oak.api.get(PATH).headers if each.startswith("x-ratelimit")]


def test_the_key_of_the_windows_and_whether_refusals_count_have_switches(
    controls: Controls,
) -> None:
    with connected(controls.base, "Oak") as oak, connected(controls.base, "Elm") as elm:
        _limits(controls, requests_per_minute=1)
        assert [each.api.get(PATH).status_code for each in (oak, elm, oak)] == [200, 200, 429]
        _limits(controls, key="app")
        assert [each.api.get(PATH).status_code for each in (oak, elm)] == [200, 429]
        _limits(controls, key="token")
        assert [each.api.get(PATH).status_code for each in (oak, elm)] == [200, 200]


def test_writes_to_one_record_at_the_same_time_conflict(controls: Controls, oak: Connected) -> None:
    made = oak.client()
    controls.put("limits", {"latency_ms": 300})

    def write(name: str) -> int:
        headers = {"Authorization": f"Bearer {oak.api.token}"}
        path = f"{controls.base}/accounting/account/{oak.account}/users/clients/{made.id}"
        body = {"client": {"organization": name}}
        return httpx.put(path, json=body, headers=headers, trust_env=False).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(write, ("A", "B"))) == [200, 409]
        controls.set(conflicts="never")
        assert sorted(pool.map(write, ("A", "B"))) == [200, 200]


def test_creates_at_the_same_time_conflict_only_if_the_account_is_said_to(
    controls: Controls, oak: Connected
) -> None:
    client = oak.client()
    controls.put("limits", {"latency_ms": 300})

    def create(_: int) -> Any:
        headers = {"Authorization": f"Bearer {oak.api.token}"}
        path = f"{controls.base}/accounting/account/{oak.account}/invoices/invoices"
        body = {"invoice": invoice(client)}
        return httpx.post(path, json=body, headers=headers, trust_env=False)

    with ThreadPoolExecutor(3) as pool:
        assert [each.status_code for each in pool.map(create, range(3))] == [200] * 3
        controls.set(conflicts="account", conflict_writers=2)
        answers = sorted(pool.map(create, range(3)), key=lambda each: each.status_code)
    assert [each.status_code for each in answers] == [200, 200, 409]
    assert answers[2].json()["response"]["errors"][0]["errno"] == 409
    numbers = [each["number"] for each in controls.books()["invoices"]]
    assert len(numbers) == len(set(numbers)) == 5


def test_the_server_gives_up_and_writes_nothing(controls: Controls, oak: Connected) -> None:
    controls.put("limits", {"server_timeout_seconds": 0.01, "latency_ms": 50})
    assert _made(oak).status_code == 504
    assert controls.books()["customers"] == []


def test_an_account_that_ended_is_refused_with_1042(controls: Controls, oak: Connected) -> None:
    controls.set(subscription="cancelled")
    me: Any = oak.sdk.current_user().data
    assert me["subscription_statuses"] == {oak.account: "cancelled"}
    with pytest.raises(FreshBooksError) as error:
        oak.sdk.clients.list(oak.account)
    assert (error.value.status_code, error.value.error_code) == (403, 1042)
    controls.set(inactive_blocks="writes", inactive_account="402-1042")
    assert len(oak.sdk.clients.list(oak.account)) == 0
    with pytest.raises(FreshBooksError) as error:
        oak.client()
    assert error.value.status_code == 402


def test_a_membership_may_lack_an_account(controls: Controls, oak: Connected) -> None:
    controls.set(account_missing=True, role="client")
    me: Any = oak.sdk.current_user().data
    membership = me["business_memberships"][0]
    assert (membership["role"], membership["business"]["account_id"]) == ("client", None)
    assert me["permissions"] == {}
