"""The controls: books, seeds, changes by a bookkeeper, settings, clock, pages, memory."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from .support import Api, Body, Controls, Stock, build, connected, serving


def test_books_have_the_neutral_shape(controls: Controls, api: Api, stock: Stock) -> None:
    api.put("Invoices", stock.invoice(InvoiceNumber="A-1"))
    books = controls.books()
    assert books["organisation"] == {"id": api.tenant, "name": "Oak"}
    customer, item, invoice = books["customers"][0], books["items"][0], books["invoices"][0]
    assert {key: customer[key] for key in ("id", "name", "email", "active")} == {
        "id": stock.customer,
        "name": "Ann Lee",
        "email": None,
        "active": True,
    }
    services = books["accounts"][0]
    assert (services["code"], services["name"], services["active"]) == ("4000", "Services", True)
    assert (item["name"], item["sku"], item["active"]) == ("Call-out", "CALLOUT", True)
    assert item["account_id"] == services["id"]
    wanted = {
        "number": "A-1",
        "customer_id": stock.customer,
        "date": "2026-09-14",
        "due_date": "2026-09-28",
        "currency": "USD",
        "status": "open",
        "total": "21.00",
        "tax": "0.00",
    }
    assert {key: invoice[key] for key in wanted} == wanted
    line = invoice["lines"][0]
    assert (line["item_id"], line["description"]) == (item["id"], "Work")
    assert (line["quantity"], line["unit_price"], line["amount"]) == ("2", "10.50", "21.00")
    assert line["account_id"] == services["id"]


def test_requests_are_listed_as_in_the_other_simulators(controls: Controls, api: Api) -> None:
    body = {"Contacts": [{"Name": "A"}, {"Name": "B"}]}
    api.send("PUT", "Contacts", body, {"Idempotency-Key": "k"})
    row = controls.get("requests", organisation="Oak")[-1]
    assert set(row) == {
        "at",
        "method",
        "path",
        "status",
        "records",
        "broke_limit",
        "limit",
        "organisation",
        "requestid",
        "fault",
        "milliseconds",
    }
    assert (row["method"], row["path"], row["status"]) == ("PUT", "/api.xro/2.0/Contacts", 200)
    assert (row["records"], row["broke_limit"], row["requestid"]) == (2, False, "k")
    assert controls.get("requests", since="2100-01-01T00:00:00Z") == []


def test_a_seed_is_sown_once(controls: Controls) -> None:
    seed: Body = {
        "customers": [
            {"name": "Ann Lee", "email": "ann@lee.example", "company_name": "Lee Ltd"},
            {"name": "Gone", "active": False},
        ],
        "vendors": [{"name": "Supplies"}],
        "items": [{"name": "Call-out", "sku": "C", "unit_price": "12.5"}],
        "accounts": [{"code": "4020", "name": "Sundries"}, {"name": "Bank", "type": "bank"}],
        "invoices": [
            {
                "customer": "Ann Lee",
                "number": "S-1",
                "lines": [{"item": "Call-out", "unit_price": "12.5"}],
            }
        ],
    }
    sown = controls.seed(**seed)
    assert [each["active"] for each in sown["customers"]] == [True, False]
    assert sown["accounts"][0]["type"] == "income"
    seed.pop("invoices")
    again = controls.seed(**seed)
    assert again["customers"][0]["id"] == sown["customers"][0]["id"]
    books = controls.books()
    assert [each["name"] for each in books["vendors"]] == ["Supplies"]
    assert (books["invoices"][0]["total"], books["invoices"][0]["state"]) == (
        "12.50",
        "AUTHORISED",
    )
    bad = {"organisation": "Oak", "items": [{"name": "x", "account_code": "9"}]}
    answer = controls.http.post("/_sim/seed", json=bad)
    assert (answer.status_code, answer.json()["detail"]) == (409, "items: there is no account 9")


def test_a_bookkeeper_can_do_what_the_api_refuses(
    controls: Controls, api: Api, stock: Stock
) -> None:
    invoice = api.put("Invoices", stock.invoice())[0]["InvoiceID"]
    assert controls.delete("customers", stock.customer)["active"] is False
    assert controls.change("customers", stock.customer, {"active": True})["active"] is True
    changed = controls.change("customers", stock.customer, {"name": "Ann L", "phone": "1"})
    assert (changed["name"], changed["phone"]) == ("Ann L", "1")
    item = controls.books()["items"][0]["id"]
    assert controls.change("items", item, {"name": "Call", "unit_price": "9"})["unit_price"] == (
        "9.00"
    )
    account = controls.books()["accounts"][1]
    assert controls.change("accounts", account["id"], {"active": False})["active"] is False
    assert controls.change("accounts", account["id"], {"type": "expense"})["type"] == "expense"
    after = controls.change("invoices", invoice, {"total": "30", "memo": "m"})
    assert (after["total"], after["reference"]) == ("30.00", "m")
    lines = [{"item_id": item, "unit_price": "4", "quantity": "2"}]
    assert controls.change("invoices", invoice, {"lines": lines})["total"] == "8.00"
    assert controls.delete("invoices", invoice)["status"] == "void"
    draft = api.put("Invoices", stock.invoice(Status="DRAFT"))[0]["InvoiceID"]
    assert controls.delete("invoices", draft)["status"] == "deleted"
    assert controls.delete("items", item)["active"] is False
    refused = controls.http.patch(
        f"/_sim/records/invoices/{draft}", json={"memo": "x"}, params={"organisation": "Oak"}
    )
    assert refused.status_code == 409
    assert "not of valid status" in refused.json()["detail"]
    wire = controls.get(f"records/invoices/{draft}", organisation="Oak")["wire"]
    assert wire["Status"] == "DELETED"


def test_what_is_not_there_is_a_404_that_says_what_is(controls: Controls, api: Api) -> None:
    del api
    for path, told in (
        ("books?organisation=Nowhere", "There are: Oak."),
        ("records/ships/1?organisation=Oak", "There is no kind ships."),
        ("records/items/1?organisation=Oak", "Oak has no item 1."),
    ):
        answer = controls.http.get(f"/_sim/{path}")
        assert answer.status_code == 404
        assert told in answer.json()["detail"]


def test_bad_settings_are_named(controls: Controls, api: Api) -> None:
    del api
    for path, body, told in (
        ("organisation?organisation=Oak", {"unknown_id": "sometimes"}, "unknown_id"),
        ("limits", {"window_scale": 0}, "window_scale"),
    ):
        answer = controls.http.put(f"/_sim/{path}", json=body)
        assert answer.status_code == 422
        assert told in answer.text
    assert controls.set(lock_date="2026-01-31", plan_limit=3)["lock_date"] == "2026-01-31"
    assert controls.get("organisation", organisation="Oak")["plan_limit"] == 3


def test_a_reset_forgets_all_or_one_organisations_records(
    controls: Controls, api: Api, stock: Stock
) -> None:
    api.put("Invoices", stock.invoice())
    controls.post("reset", {"organisation": "Oak"})
    books = controls.books()
    assert (books["customers"], books["invoices"], len(books["accounts"])) == ([], [], 3)
    assert api.get("Items").status_code == 200
    controls.post("reset")
    assert controls.get("books") == []
    assert api.get("Items").status_code == 401
    assert controls.seed()["organisation"]["id"] != api.tenant


def test_the_page_shows_the_books_and_changes_them_without_script(
    controls: Controls, api: Api, stock: Stock
) -> None:
    invoice = api.put("Invoices", stock.invoice(InvoiceNumber="<b>1"))[0]["InvoiceID"]
    home = controls.http.get("/", follow_redirects=True)
    assert "Oak" in home.text
    page = controls.http.get("/_sim/books.html", params={"organisation": "Oak"})
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "&lt;b&gt;1" in page.text
    seen = controls.http.get("/AccountsReceivable/View.aspx", params={"InvoiceID": invoice})
    assert seen.headers["location"].endswith(f"#invoice-{invoice}")

    def act(kind: str, identifier: str, action: str, **fields: str) -> str:
        form = {"organisation": "Oak", "kind": kind, "id": identifier, "action": action}
        answer = controls.http.post("/_sim/books.html", data=form | fields, follow_redirects=True)
        assert answer.status_code == 200
        return answer.text

    act("customers", stock.customer, "save", name="Ann L")
    act("customers", stock.customer, "deactivate")
    assert controls.books()["customers"][0]["name"] == "Ann L"
    assert controls.books()["customers"][0]["active"] is False
    act("customers", stock.customer, "activate")
    act("invoices", invoice, "save", number="7", memo="m", total="22")
    changed = controls.books()["invoices"][0]
    assert (changed["number"], changed["total"]) == ("7", "22.00")
    act("invoices", invoice, "pay")
    assert "payments or credit notes allocated" in act("invoices", invoice, "void")
    assert controls.books()["invoices"][0]["status"] == "paid"


def test_the_process_says_how_it_is(controls: Controls, api: Api) -> None:
    api.get("Items")
    assert controls.http.get("/livez").json() == {"status": "alive"}
    assert controls.http.get("/readyz").json()["status"] == "ready"
    metrics = controls.http.get("/metrics").text
    assert 'xero_simulator_requests_total{kind="items",status="200"}' in metrics
    assert 'xero_simulator_records{organisation="' in metrics


@pytest.mark.parametrize("torn", [False, True])
def test_a_state_file_brings_everything_back(tmp_path: Path, torn: bool) -> None:
    state = tmp_path / "state"
    headers = {"Idempotency-Key": "k"}
    body = {"Contacts": [{"Name": "A/B"}]}
    with serving(build(state)) as base, connected(base) as api, closing(Controls(base)) as controls:
        first = api.send("PUT", "Contacts", body, headers)
        sku = controls.seed(items=[{"name": "x", "sku": "s"}])["items"][0]["sku"]
        stock = Stock(first.json()["Contacts"][0]["ContactID"], sku)
        api.put("Invoices", stock.invoice())
        controls.post("clock", {"advance_seconds": 60})
        before = controls.books()
        token, tenant = api.token, api.tenant
    if torn:
        with state.open("ab") as file:
            file.write(b'["record/')
    with serving(build(state)) as base, closing(Controls(base)) as controls:
        api = Api(controls.http, tenant, token)
        assert controls.books() == before
        again = api.send("PUT", "Contacts", body, headers)
        assert (again.status_code, again.content) == (200, first.content)
        assert api.put("Invoices", stock.invoice())[0]["InvoiceNumber"] == "INV-0002"
