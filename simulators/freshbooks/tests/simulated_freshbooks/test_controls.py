"""Faults, the books, seeds, changes as a bookkeeper makes them, pages, memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from freshbooks_simulator.app import build as build_app

from .sdk import FreshBooksError
from .support import Connected, Controls, connected, invoice, line, serving

PATH = "users/clients"


def _post(oak: Connected, name: str = "Lee") -> httpx.Response:
    return oak.api.post(PATH, {"client": {"organization": name}})


def _names(controls: Controls) -> list[str]:
    return [each["name"] for each in controls.books()["customers"]]


@pytest.mark.parametrize(
    ("kind", "kept"), [("drop_before_commit", []), ("drop_after_commit", ["Lee"])]
)
def test_a_dropped_connection_gives_no_answer(
    controls: Controls, oak: Connected, kind: str, kept: list[str]
) -> None:
    controls.fault(kind=kind, match={"path": "/users/clients", "organisation": "Oak"}, times=1)
    with pytest.raises(httpx.TransportError):
        _post(oak)
    assert _names(controls) == kept
    assert _post(oak, "Ann").status_code == 200
    rows = [each for each in controls.get("requests", organisation="Oak") if each["fault"]]
    assert [(each["status"], each["fault"]) for each in rows] == [(None, kind)]


def test_a_status_may_come_before_or_after_the_work(controls: Controls, oak: Connected) -> None:
    whole = f"/accounting/account/{oak.account}/users/clients"
    fault = controls.fault(kind="status", status=503, match={"path": whole}, times=1)
    assert set(fault) >= {"id", "hits"}
    assert _post(oak).status_code == 503
    controls.fault(kind="status", status=500, commit=True, times=1)
    assert _post(oak, "Ann").status_code == 500
    assert _names(controls) == ["Ann"]
    controls.fault(kind="status", status=429, headers={"Retry-After": "7"}, times=1)
    answer = _post(oak)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    for status in (400, 401, 409, 422):
        controls.fault(kind="status", status=status, times=1)
        with pytest.raises(FreshBooksError) as error:
            oak.client()
        assert error.value.status_code == status
    assert [each["hits"] for each in controls.get("faults")] == [1] * 7
    controls.http.delete("/_sim/faults")
    assert _post(oak).status_code == 200


@pytest.mark.parametrize("form", ["text", "empty", "truncated"])
def test_garbage_is_what_the_sdk_cannot_read(controls: Controls, oak: Connected, form: str) -> None:
    controls.fault(kind="garbage", form=form, match={"path": "/users/clients"}, times=1)
    with pytest.raises(Exception, match=r".+"):
        oak.client(organization="Lee")
    assert _names(controls) == ["Lee"]


def test_a_delayed_request_commits_though_its_client_has_gone(
    controls: Controls, oak: Connected
) -> None:
    controls.fault(kind="delay", delay_ms=300, match={"path": "/users/clients"}, times=1)
    oak.api.http.timeout = httpx.Timeout(0.1)
    with pytest.raises(httpx.ReadTimeout):
        _post(oak)
    assert _names(controls) == []
    controls.post("clock", {"advance_seconds": 1})
    for _ in range(100):
        if _names(controls):
            break
    assert _names(controls) == ["Lee"]


def test_a_refresh_whose_answer_is_lost_is_a_dead_connection(
    controls: Controls, oak: Connected
) -> None:
    controls.fault(kind="drop_after_commit", match={"path": "/auth/oauth/token"}, times=1)
    fields = {
        "client_id": "app",
        "client_secret": "secret",
        "grant_type": "refresh_token",
        "refresh_token": oak.sdk.refresh_token,
    }
    with pytest.raises(httpx.TransportError):
        oak.api.http.post("/auth/oauth/token", data=fields)
    assert oak.api.http.post("/auth/oauth/token", data=fields).json()["error"] == "invalid_grant"


def test_revoking_as_the_owner_would_ends_the_consents(controls: Controls, oak: Connected) -> None:
    controls.fault(kind="revoke", match={"organisation": "Oak"}, times=1)
    assert oak.api.get(PATH).status_code == 401
    with pytest.raises(FreshBooksError):
        oak.sdk.refresh_access_token()
    with connected(controls.base) as again:
        assert controls.post("disconnect", {"organisation": "Oak"}) == {"revoked": 1}
        assert again.api.get(PATH).status_code == 401


def test_seeds_are_added_once_and_told_in_the_neutral_shape(controls: Controls) -> None:
    content: dict[str, Any] = {
        "customers": [
            {"name": "Ann Lee", "email": "ann@lee.example"},
            {"name": "Bob Ray", "company_name": "Ray Ltd", "active": False},
            {"name": "Acme"},
        ],
        "vendors": [{"name": "Supplies"}],
        "items": [{"name": "Call-out", "sku": "K1", "unit_price": "64.10", "account_code": "4010"}],
        "accounts": [{"code": "4020", "name": "Labour"}],
        "taxes": [{"name": "GST", "percent": "5"}],
        "invoices": [
            {
                "customer": "Ann Lee",
                "number": "7",
                "date": "2026-01-02",
                "lines": [{"item": "Call-out", "unit_price": "64.10", "tax": "GST"}],
            }
        ],
    }
    controls.seed(**content)
    content.pop("invoices")
    controls.seed(**content)
    books = controls.books()
    people = [
        (each["name"], each["email"], each["active"], each["company_name"], each["person"])
        for each in books["customers"]
    ]
    assert people == [
        ("Ann Lee", "ann@lee.example", True, None, "Ann Lee"),
        ("Ray Ltd", None, False, "Ray Ltd", "Bob Ray"),
        ("Acme", None, True, "Acme", None),
    ]
    assert [each["code"] for each in books["accounts"]] == ["4000", "4010", "6000", "4020"]
    parts, found = books["accounts"][1]["id"], books["invoices"][0]
    assert (found["number"], found["status"], found["sent"]) == ("7", "open", True)
    assert (found["total"], found["tax"], found["date"]) == ("67.31", "3.21", "2026-01-02")
    assert found["customer_id"] == books["customers"][0]["id"]
    one = found["lines"][0]
    assert (one["item_id"], one["account_id"]) == (books["items"][0]["id"], parts)
    assert (one["quantity"], one["unit_price"], one["amount"]) == ("1", "64.10", "64.10")
    wrong = {"organisation": "Oak", "items": [{"name": "x", "account_code": "9"}]}
    answer = controls.http.post("/_sim/seed", json=wrong)
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "items: there is no account with code 9",
    )


def test_a_bookkeeper_changes_archives_restores_and_deletes(
    controls: Controls, oak: Connected
) -> None:
    client = oak.client(organization="Lee", email="ann@lee.example")
    item = oak.item(name="Call-out")
    made = oak.invoice(client, invoice_number="1001", discount_value="10")
    parts = controls.books()["accounts"][1]["id"]
    assert controls.change("customers", client.id, {"name": "Lee Ltd"})["name"] == "Lee Ltd"
    assert controls.change("clients", client.id, {"active": False})["vis_state"] == 2
    assert controls.delete("customers", client.id)["vis_state"] == 1
    assert controls.change("customers", client.id, {"active": True})["active"] is True
    assert controls.change("items", item.id, {"account_id": parts})["account_id"] == parts
    assert controls.change("accounts", parts, {"active": False})["active"] is False
    changes = {"total": "90.00", "number": "1002", "memo": "seen", "due_date": "2026-07-09"}
    controls.change("invoices", made.id, {"lines": [{"item_id": str(item.id), "unit_price": "50"}]})
    controls.set(edit_paid="accept")
    oak.sdk.invoices.update(oak.account, made.id, {"discount_value": "0"})
    found = controls.change("invoices", made.id, changes)
    assert (found["total"], found["number"], found["memo"]) == ("90.00", "1002", "seen")
    assert found["due_date"] == "2026-07-09"
    answer = controls.http.patch(
        f"/_sim/records/invoices/{made.id}", json={"status": "void"}, params={"organisation": "Oak"}
    )
    assert (answer.status_code, "no void" in answer.text) == (409, True)
    assert controls.delete("invoices", made.id)["status"] == "deleted"
    assert controls.change("invoices", made.id, {"active": True})["status"] == "open"


def test_paying_and_taking_a_payment_back(controls: Controls, oak: Connected) -> None:
    made = oak.invoice(oak.client(), status=2)
    payment = controls.pay(made.id)
    assert (payment["amount"], payment["invoice"]["status"]) == ("128.20", "paid")
    controls.delete("payments", payment["id"])
    assert controls.books()["invoices"][0]["status"] == "open"
    body = {"organisation": "Oak", "invoice_id": str(made.id), "amount": "200"}
    assert controls.http.post("/_sim/payments", json=body).status_code == 409


def test_a_discount_is_a_line_of_the_books(controls: Controls, oak: Connected) -> None:
    oak.invoice(oak.client(), discount_value="10", lines=[line("A", "100", 1)])
    lines = controls.books()["invoices"][0]["lines"]
    assert [(each["description"], each["amount"]) for each in lines] == [
        (None, "100.00"),
        ("Discount", "-10.00"),
    ]


def test_settings_are_refused_by_name_and_the_country_brings_its_currency(
    controls: Controls, oak: Connected
) -> None:
    assert controls.set(country="CA")["currency"] == "CAD"
    assert oak.client().currency_code == "CAD"
    for path, body in (("organisation?organisation=Oak", {"nonsense": 1}), ("limits", {"x": 1})):
        answer = controls.http.put(f"/_sim/{path}", json=body)
        assert answer.status_code == 422
        assert next(iter(body)) in answer.text
    assert controls.get("organisation", organisation="Oak")["business_id"] == oak.business
    missing = controls.http.get("/_sim/books", params={"organisation": "Elm"})
    assert (missing.status_code, "There are: Oak" in missing.text) == (404, True)


def test_requests_tell_what_was_asked(controls: Controls, oak: Connected) -> None:
    oak.client()
    oak.sdk.clients.list(oak.account)
    rows = controls.get("requests", organisation="Oak")
    told = [(each["method"], each["path"], each["status"], each["records"]) for each in rows]
    account = f"/accounting/account/{oak.account}/users/clients"
    assert told == [
        ("POST", "/auth/oauth/token", 200, 0),
        ("GET", "/auth/api/v1/users/me", 200, 1),
        ("POST", account, 200, 1),
        ("GET", account, 200, 1),
    ]
    assert {"at", "method", "path", "status", "records", "broke_limit"} <= rows[0].keys()
    assert controls.get("requests", organisation="Oak", since="2099-01-01T00:00:00Z") == []


def test_the_pages_work_without_script(controls: Controls, oak: Connected) -> None:
    client = oak.client(organization="<Lee>")
    made = oak.invoice(client)
    oak.item(name="Call-out")
    oak.sdk.taxes.create(oak.account, {"name": "HST", "amount": "13"})
    index = controls.http.get("/")
    assert "Oak" in index.text
    page = controls.http.get("/_sim/books.html", params={"organisation": "Oak"})
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "&lt;Lee&gt;" in page.text

    def press(kind: str, identifier: object, action: str, **more: str) -> None:
        fields = {"organisation": "Oak", "kind": kind, "id": str(identifier), "action": action}
        answer = controls.http.post("/_sim/books.html", data=fields | more)
        assert answer.status_code == 303
        assert "problem=&" in answer.headers["location"] + "&"

    press("customers", client.id, "save", name="Lee Ltd")
    press("customers", client.id, "deactivate")
    press("invoices", made.id, "save", number="77", total="100.00", memo="m")
    press("invoices", made.id, "pay")
    press("invoices", made.id, "delete")
    page = controls.http.get("/_sim/books.html", params={"organisation": "Oak"})
    assert "Restore" in page.text
    press("invoices", made.id, "activate")
    found = controls.books()
    assert (found["invoices"][0]["number"], found["invoices"][0]["status"]) == ("77", "paid")
    assert (found["customers"][0]["name"], found["customers"][0]["vis_state"]) == ("Lee Ltd", 2)


def test_every_process_route_is_there(controls: Controls, oak: Connected) -> None:
    oak.client()
    assert controls.http.get("/livez").json() == {"status": "alive"}
    assert controls.http.get("/readyz").json()["status"] == "ready"
    metrics = controls.http.get("/metrics").text
    assert 'freshbooks_simulator_requests_total{kind="clients",status="200"}' in metrics


def test_a_reset_empties_everything_or_one_organisation(controls: Controls, oak: Connected) -> None:
    oak.client()
    controls.post("reset", {"organisation": "Oak"})
    assert controls.books()["customers"] == []
    assert len(controls.books()["accounts"]) == 3
    assert oak.api.get(PATH).status_code == 200
    controls.post("reset")
    assert controls.get("books") == []
    with connected(controls.base) as again:
        assert again.account != oak.account


def test_a_state_file_keeps_books_consents_and_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "books.jsonl"
    with serving(build_app(state)) as base:
        monkeypatch.setenv("FRESHBOOKS_API_URL", base)
        controls = Controls(base)
        with connected(base) as oak:
            client = oak.client(fname="Ann", lname="Lee")
            oak.invoice(client, invoice_number="A-9")
            controls.set(country="CA")
            controls.post("clock", {"advance_seconds": 100})
        before = controls.books()
        controls.http.close()
    with serving(build_app(state)) as base:
        monkeypatch.setenv("FRESHBOOKS_API_URL", base)
        oak.sdk.base_url = base
        oak.sdk.token_url = f"{base}/auth/oauth/token"
        controls = Controls(base)
        assert controls.books() == before
        assert controls.get("clock")["offset_seconds"] == 100
        oak.sdk.refresh_access_token()
        assert oak.sdk.current_user().business_memberships[0].business.name == "Oak"
        again = oak.client(fname="Ann", lname="Lee")
        assert (again.id, again.username) == (client.id + 2, "annlee2")
        assert oak.sdk.invoices.create(oak.account, invoice(again)).invoice_number == "A-10"
        controls.http.close()


def test_only_known_apps_are_let_in_where_some_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(build_app(None, {"app": "secret"})) as base:
        monkeypatch.setenv("FRESHBOOKS_API_URL", base)
        with connected(base) as oak:
            oak.sdk.client_secret = "wrong"
            with pytest.raises(FreshBooksError) as error:
                oak.sdk.refresh_access_token()
            assert error.value.status_code == 401
        with Controls(base).http as http:
            query = {"client_id": "other", "response_type": "code", "redirect_uri": "http://h/"}
            assert http.get("/oauth/authorize", params=query).status_code == 400
