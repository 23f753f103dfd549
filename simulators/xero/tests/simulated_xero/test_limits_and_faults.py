"""Rate limits and their headers; faults and what they leave behind."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from .support import Api, Controls, Sdk, Stock, agree, connected, exchange, refresh, sdk_for


def contact(name: str) -> dict[str, object]:
    return {"Contacts": [{"Name": name}]}


def test_sixty_a_minute_and_then_an_empty_429(controls: Controls, api: Api) -> None:
    controls.put("limits", {"enforced": True})
    headers: list[httpx.Headers] = []
    for _ in range(60):
        answer = api.get("Organisation")
        assert answer.status_code == 200
        headers.append(answer.headers)
    assert headers[0]["x-minlimit-remaining"] == "59"
    assert headers[0]["x-daylimit-remaining"] == "4999"
    assert headers[0]["x-appminlimit-remaining"] == "9999"
    assert headers[0]["xero-correlation-id"]
    refused = api.get("Organisation")
    assert (refused.status_code, refused.content) == (429, b"")
    assert "content-type" not in refused.headers
    assert refused.headers["x-rate-limit-problem"] == "minute"
    assert refused.headers["x-minlimit-remaining"] == "0"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    controls.post("clock", {"advance_seconds": int(refused.headers["retry-after"])})
    assert api.get("Organisation").status_code == 200
    rows = controls.get("requests", organisation="Oak")
    assert [each["limit"] for each in rows if each["broke_limit"]] == ["requests_per_minute"]


def test_each_organisation_has_its_own_minute_and_the_app_has_one_too(
    controls: Controls, api: Api
) -> None:
    with connected(controls.base, "Elm") as elm:
        controls.put("limits", {"enforced": True, "requests_per_minute": 1})
        assert [each.get("Items").status_code for each in (api, elm, api)] == [200, 200, 429]
        controls.put("limits", {"requests_per_minute": 100, "app_requests_per_minute": 2})
        refused = elm.get("Items")
        assert refused.headers["x-rate-limit-problem"] == "appminute"
        controls.put("limits", {"app_problem": "app"})
        assert elm.get("Items").headers["x-rate-limit-problem"] == "app"


def test_the_day_is_counted_and_its_wait_is_long(controls: Controls, api: Api) -> None:
    controls.put("limits", {"enforced": True, "requests_per_day": 1})
    assert api.get("Items").status_code == 200
    refused = api.get("Items")
    assert refused.headers["x-rate-limit-problem"] == "day"
    assert 86000 < int(refused.headers["retry-after"]) <= 86400


def test_windows_can_be_fixed_or_scaled(controls: Controls, api: Api) -> None:
    controls.put("limits", {"enforced": True, "requests_per_minute": 2, "window": "fixed"})
    statuses: list[int] = []
    for wait in (0, 40, 0, 21, 0):
        controls.post("clock", {"advance_seconds": wait})
        statuses.append(api.get("Items").status_code)
    assert statuses == [200, 200, 429, 200, 200]
    controls.put("limits", {"window": "sliding", "window_scale": 0.01})
    controls.post("clock", {"advance_seconds": 1})
    assert [api.get("Items").status_code for _ in range(2)] == [200, 200]
    assert float(api.get("Items").headers["retry-after"]) <= 0.6
    controls.post("clock", {"advance_seconds": 1})
    assert api.get("Items").status_code == 200


def test_five_at_the_same_time_and_no_more(controls: Controls, api: Api) -> None:
    controls.put("limits", {"enforced": True})
    controls.fault(kind="delay", delay_ms=400, match={"path": "/Items"})
    ready = threading.Barrier(6)

    def read() -> httpx.Response:
        ready.wait(10)
        return api.get("Items")

    with ThreadPoolExecutor(6) as pool:
        answers = [each.result() for each in [pool.submit(read) for _ in range(6)]]
    assert sorted(each.status_code for each in answers) == [200] * 5 + [429]
    refused = next(each for each in answers if each.status_code == 429)
    assert refused.headers["x-rate-limit-problem"] == "concurrent"
    assert "retry-after" not in refused.headers


@pytest.mark.parametrize(("kind", "left"), [("drop_before_commit", 0), ("drop_after_commit", 1)])
def test_a_dropped_connection_gives_no_byte_of_an_answer(
    controls: Controls, api: Api, kind: str, left: int
) -> None:
    made = controls.fault(kind=kind, match={"path": "/contacts", "organisation": "Oak"}, times=1)
    assert made["hits"] == 0
    with pytest.raises(httpx.RemoteProtocolError) as dropped:
        api.send("PUT", "Contacts", contact("A"))
    assert "without sending a response" in str(dropped.value)
    assert len(controls.books()["customers"]) == left
    row = controls.get("requests", organisation="Oak")[-1]
    assert (row["status"], row["fault"]) == (None, kind)
    assert controls.get("faults")[0]["hits"] == 1
    assert api.get("Contacts").status_code == 200


def test_a_cut_answer_breaks_off_in_the_middle(controls: Controls, api: Api) -> None:
    controls.fault(kind="garbage", form="truncated", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        api.send("PUT", "Contacts", contact("A"))
    assert len(controls.books()["customers"]) == 1


def test_garbage_in_other_forms_comes_after_the_work(controls: Controls, api: Api) -> None:
    for form, body in (("text", "<html>"), ("empty", "")):
        controls.fault(kind="garbage", form=form, times=1)
        assert api.send("PUT", "Contacts", contact(form)).text.startswith(body)
    controls.fault(kind="garbage", form="missing_element", times=1)
    two = {"Contacts": [{"Name": "A"}, {"Name": "B"}]}
    answer = api.send("PUT", "Contacts", two, None, summarizeErrors="false")
    assert len(answer.json()["Contacts"]) == 1
    assert len(controls.books()["customers"]) == 4


@pytest.mark.parametrize(
    ("status", "media", "told"),
    [
        (401, "application/json; charset=utf-8", "TokenExpired"),
        (403, "application/json; charset=utf-8", "AuthenticationUnsuccessful"),
        (404, "text/html; charset=utf-8", "cannot be found"),
        (500, "application/json; charset=utf-8", "ErrorNumber"),
        (502, "text/html; charset=utf-8", "Bad Gateway"),
        (503, "text/html; charset=utf-8", "The Xero API is temporarily unavailable"),
    ],
)
def test_injected_statuses_look_like_the_real_ones(
    controls: Controls, api: Api, status: int, media: str, told: str
) -> None:
    controls.fault(kind="status", status=status, match={"path": "/api.xro/2.0/"}, times=1)
    answer = api.send("PUT", "Contacts", contact("A"))
    assert (answer.status_code, answer.headers["content-type"]) == (status, media)
    assert told in answer.text
    assert controls.books()["customers"] == []


def test_a_status_may_commit_say_other_words_or_come_by_lot(controls: Controls, api: Api) -> None:
    controls.fault(kind="status", status=503, commit=True, body="Offline", times=1)
    assert api.send("PUT", "Contacts", contact("A")).text == "Offline"
    assert len(controls.books()["customers"]) == 1
    controls.fault(kind="status", status=429, rate=0.5, seed=1)
    found = [api.get("Items").status_code for _ in range(20)]
    assert 3 < found.count(429) < 17
    controls.http.delete("/_sim/faults")
    assert api.get("Items").status_code == 200


def test_a_revoked_consent_and_a_removed_connection_differ(controls: Controls) -> None:
    for revoke, status, refreshed in (("consent", 401, 400), ("connection", 403, 200)):
        token = exchange(controls.base, agree(controls.base, "Oak")["code"])
        with connected(controls.base, "Oak") as api:
            controls.fault(kind="revoke", revoke=revoke, match={"organisation": "Oak"}, times=1)
            assert api.get("Items").status_code == status
            assert refresh(controls.base, token["refresh_token"]).status_code == refreshed


def test_token_answers_can_be_lost_after_the_token_was_rotated(controls: Controls) -> None:
    first = exchange(controls.base, agree(controls.base, "Oak")["code"])["refresh_token"]
    controls.fault(
        kind="drop_after_commit",
        match={"path": "/connect/token", "organisation": "Oak"},
        times=1,
    )
    with pytest.raises(httpx.RemoteProtocolError):
        refresh(controls.base, first)
    assert refresh(controls.base, first).status_code == 200


def test_a_delayed_request_commits_late_but_not_after_the_servers_time_out(
    controls: Controls, api: Api
) -> None:
    controls.put("limits", {"server_timeout_seconds": 0.2})
    controls.fault(kind="delay", delay_ms=300, times=1)
    assert api.send("PUT", "Contacts", contact("A")).status_code == 504
    assert controls.books()["customers"] == []
    controls.fault(kind="delay", delay_ms=300, when="after", times=1)
    assert api.send("PUT", "Contacts", contact("B")).status_code == 200


def test_an_offline_organisation_says_so(controls: Controls, api: Api) -> None:
    controls.set(organisation_status="offline")
    answer = api.get("Items")
    assert (answer.status_code, answer.text) == (503, "The Organisation is offline")


def test_the_sdk_waits_as_it_is_told_and_goes_on(controls: Controls, stock: Stock) -> None:
    del stock
    sdk: Sdk = sdk_for(controls.base)
    controls.fault(kind="status", status=503, headers={"Retry-After": "0"}, times=2)
    assert sdk.accounting.get_items(sdk.tenant).items[0].code == "CALLOUT"
