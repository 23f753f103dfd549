"""Faults put in by a test: what the client sees, and what is in the books afterwards."""

from __future__ import annotations

import socket
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest
from intuitlib.exceptions import AuthClientError

from .support import Api, Body, Connected, Controls, connected

ANN: Body = {"DisplayName": "Ann"}


def _names(controls: Controls) -> list[str]:
    return [each["name"] for each in controls.books()["customers"]]


def _raw(api: Api, body: bytes) -> bytes:
    """Everything the server sends back until it closes the connection."""
    address = urlsplit(str(api.http.base_url))
    assert address.hostname
    assert address.port
    head = (
        f"POST /v3/company/{api.realm}/customer HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Bearer {api.token}\r\nAccept: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionResetError:
            return received
    return received


@pytest.mark.parametrize(
    ("kind", "left"), [("drop_before_commit", []), ("drop_after_commit", ["Ann"])]
)
def test_a_dropped_request_gets_no_byte_and_is_done_or_not(
    controls: Controls, api: Api, kind: str, left: list[str]
) -> None:
    fault = controls.fault(kind=kind, match={"path": "/customer"}, times=1)
    assert _raw(api, b'{"DisplayName":"Ann"}') == b""
    assert _names(controls) == left
    row = controls.get("requests")[-1]
    assert (row["status"], row["fault"]) == (None, kind)
    assert controls.get("faults")[0]["hits"] == 1
    assert fault == {
        "id": fault["id"],
        "hits": 0,
        "kind": kind,
        "match": {"path": "/customer"},
        "times": 1,
    }
    assert api.post("customer", {"DisplayName": "Bob"}).status_code == 200


def test_a_client_library_sees_a_broken_connection_and_the_server_goes_on(
    controls: Controls, api: Api
) -> None:
    controls.fault(kind="drop_after_commit", times=5)
    for number in range(5):
        with pytest.raises(httpx.TransportError):
            api.post("customer", {"DisplayName": f"C{number}"})
    assert len(_names(controls)) == 5
    assert api.get("preferences").status_code == 200


def test_a_status_is_answered_without_doing_anything_unless_asked(
    controls: Controls, api: Api
) -> None:
    controls.fault(kind="status", status=503, times=1)
    assert api.post("customer", ANN).status_code == 503
    assert _names(controls) == []
    controls.fault(kind="status", status=500, commit=True, times=1)
    assert api.post("customer", ANN).status_code == 500
    assert _names(controls) == ["Ann"]


def test_an_injected_429_and_401_look_real(controls: Controls, api: Api) -> None:
    headers = {"Retry-After": "30"}
    controls.fault(kind="status", status=429, headers=headers, times=1)
    answer = api.get("preferences")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
    assert answer.content.startswith(b"<?xml")
    assert controls.get("requests")[-1]["broke_limit"] is False
    controls.fault(kind="status", status=401, times=1)
    assert api.get("preferences").json()["fault"]["error"][0]["code"] == "3200"
    controls.fault(kind="status", status=400, body='{"Fault":{}}', times=1)
    assert api.get("preferences").json() == {"Fault": {}}


def test_garbage_is_a_page_a_half_nothing_or_a_missing_bid(controls: Controls, api: Api) -> None:
    controls.fault(kind="garbage", times=1)
    answer = api.post("customer", {"DisplayName": "A"})
    assert (answer.status_code, answer.text[:6]) == (200, "<html>")
    controls.fault(kind="garbage", form="empty", times=1)
    assert api.post("customer", {"DisplayName": "B"}).content == b""
    controls.fault(kind="garbage", form="truncated", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        api.post("customer", {"DisplayName": "C"})
    controls.fault(kind="garbage", commit=False, times=1)
    api.post("customer", {"DisplayName": "D"})
    controls.fault(kind="garbage", form="missing_bid", times=1)
    items = [
        {"bId": name, "operation": "create", "Customer": {"DisplayName": name}} for name in "EF"
    ]
    answers = api.post("batch", {"BatchItemRequest": items}).json()["BatchItemResponse"]
    assert [each.get("bId") for each in answers] == ["E", None]
    assert _names(controls) == ["A", "B", "C", "E", "F"]


def test_half_an_answer_is_what_a_raw_client_sees(controls: Controls, api: Api) -> None:
    controls.fault(kind="garbage", form="truncated", times=1)
    received = _raw(api, b'{"DisplayName":"Ann"}')
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert body.startswith(b'{"Customer"')
    assert f"content-length: {len(body)}".encode() not in head.lower()


def test_a_delayed_request_commits_late_even_without_its_client(
    controls: Controls, api: Api
) -> None:
    controls.fault(kind="delay", delay_ms=400, times=1)
    with pytest.raises(httpx.ReadTimeout):
        api.http.post(
            f"/v3/company/{api.realm}/customer", json=ANN, headers=api.headers(), timeout=0.1
        )
    assert _names(controls) == []
    controls.post("clock", {"advance_seconds": 1})
    deadline = time.monotonic() + 5
    while _names(controls) != ["Ann"]:
        assert time.monotonic() < deadline


def test_a_delay_after_the_work_shows_it_in_the_books_first(controls: Controls, api: Api) -> None:
    controls.fault(kind="delay", when="after", delay_ms=60_000, times=1)
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(api.post("customer", ANN)))
    thread.start()
    deadline = time.monotonic() + 5
    while _names(controls) != ["Ann"]:
        assert time.monotonic() < deadline
    assert answers == []
    controls.post("clock", {"advance_seconds": 60})
    thread.join(5)
    assert answers[0].status_code == 200


def test_what_the_servers_time_out_ends_is_never_done(controls: Controls, api: Api) -> None:
    controls.put("limits", {"window_scale": 0.1})
    controls.fault(kind="delay", delay_ms=13_000, times=1)
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(api.post("customer", ANN)))
    thread.start()
    deadline = time.monotonic() + 5
    while not controls.get("faults")[0]["hits"]:
        assert time.monotonic() < deadline
    controls.post("clock", {"advance_seconds": 13})
    thread.join(5)
    assert answers[0].status_code == 504
    assert _names(controls) == []


def test_a_revoked_consent_is_found_at_the_matching_request(
    controls: Controls, oak: Connected
) -> None:
    controls.fault(kind="revoke", match={"path": "/batch", "organisation": "Oak"}, times=1)
    assert oak.api.get("preferences").status_code == 200
    assert oak.api.post("batch", {"BatchItemRequest": []}).status_code == 401
    assert oak.api.get("preferences").status_code == 401
    with pytest.raises(AuthClientError):
        oak.auth.refresh()


def test_a_fault_matches_path_organisation_method_and_body(controls: Controls, api: Api) -> None:
    full = f"/v3/company/{api.realm}/invoice"
    for match in (
        {"path": full},
        {"path": "/invoice"},
        {"organisation": "Elm"},
        {"organisation": "1"},
        {"method": "DELETE"},
        {"contains": "nowhere"},
    ):
        controls.fault(kind="status", status=503, match=match)
    assert api.get("preferences").status_code == 200
    assert [each["hits"] for each in controls.get("faults")] == [0] * 6
    for match in (
        {"path": "/v3/company"},
        {"path": f"/v3/company/{api.realm}/cust"},
        {"path": "/customer"},
        {"organisation": "Oak"},
        {"organisation": api.realm},
        {"method": "post", "contains": '"Ann"'},
    ):
        controls.http.delete("/_sim/faults")
        controls.fault(kind="status", status=503, match=match, times=1)
        assert api.post("customer", ANN).status_code == 503
    with connected(controls.base, "Elm") as elm:
        controls.fault(kind="status", status=503, match={"organisation": "Oak"})
        assert elm.api.get("preferences").status_code == 200


def test_a_rate_draws_by_its_seed(controls: Controls, api: Api) -> None:
    def drawn(seed: int) -> list[int]:
        controls.http.delete("/_sim/faults")
        controls.fault(kind="status", status=503, rate=0.3, seed=seed)
        return [api.get("preferences").status_code for _ in range(40)]

    first = drawn(1)
    assert drawn(1) == first
    assert drawn(2) != first
    assert 4 <= first.count(503) <= 20
    controls.http.delete("/_sim/faults")
    controls.put("limits", {"seed": 1})
    controls.fault(kind="status", status=503, rate=0.3)
    assert [api.get("preferences").status_code for _ in range(40)] == first


def test_a_fault_can_hit_the_token_endpoint(controls: Controls, oak: Connected) -> None:
    match = {"path": "/oauth2/v1/tokens/bearer", "organisation": "Oak"}
    controls.fault(kind="status", status=500, match=match, times=1)
    with pytest.raises(AuthClientError) as refused:
        oak.auth.refresh()
    assert refused.value.status_code == 500
    controls.set(rotate_every_refresh=True)
    controls.fault(kind="drop_after_commit", match=match, times=1)
    with pytest.raises(OSError, match="onnection"):
        oak.auth.refresh()
    with pytest.raises(AuthClientError, match="invalid_grant"):
        oak.auth.refresh()


def test_faults_are_listed_taken_away_and_checked(controls: Controls) -> None:
    first = controls.fault(kind="revoke")["id"]
    second = controls.fault(kind="drop_before_commit")["id"]
    left = controls.http.delete(f"/_sim/faults/{first}").json()
    assert [each["id"] for each in left] == [second]
    assert controls.http.delete("/_sim/faults/99").status_code == 404
    assert controls.http.delete("/_sim/faults").json() == []
    for wrong in (
        {"kind": "explode"},
        {"kind": "status"},
        {"kind": "delay"},
        {"kind": "revoke", "match": {"where": "here"}},
        {"kind": "revoke", "times": 0},
        {"kind": "revoke", "rate": 2},
    ):
        assert controls.http.post("/_sim/faults", json=wrong).status_code == 422
