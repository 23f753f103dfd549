"""`/_sim/*`, the pages, and what every process serves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from .support import Api, Body, Connected, Controls, Stock, sale

EVERYTHING: Body = {
    "accounts": [{"code": "200", "name": "Service revenue"}, {"name": "Fuel", "type": "expense"}],
    "customers": [
        {"name": "Ann Lee", "email": "ann@lee.example", "company_name": "Lee & Co"},
        {"name": "Old Joe", "active": False},
    ],
    "vendors": [{"name": "Acme"}],
    "employees": [{"name": "Bob"}],
    "items": [
        {"name": "Call-out", "sku": "CALL", "unit_price": "128.19", "account_code": "200"},
        {"name": "Old", "active": False},
    ],
    "invoices": [
        {
            "customer": "Ann Lee",
            "number": "7",
            "date": "2026-06-15",
            "lines": [{"item": "Call-out", "quantity": "2", "unit_price": "128.19"}],
        }
    ],
}


def test_a_seed_is_sown_once(controls: Controls) -> None:
    first = controls.seed("Oak Books", **EVERYTHING)
    assert first["organisation"]["name"] == "Oak Books"
    assert [each["code"] for each in first["accounts"]] == ["200", None]
    assert [each["type"] for each in first["accounts"]] == ["income", "expense"]
    assert [each["name"] for each in first["customers"]] == ["Ann Lee", "Old Joe (deleted)"]
    assert first["items"][0]["account_id"] == first["accounts"][0]["id"]
    assert first["invoices"][0]["total"] == "256.38"
    names = {kind: rows for kind, rows in EVERYTHING.items() if kind != "invoices"}
    again = controls.seed("oak books", **names)
    for kind in ("accounts", "customers", "vendors", "employees", "items"):
        assert [each["id"] for each in again[kind]] == [each["id"] for each in first[kind]]
    books = controls.books("Oak Books")
    assert [len(books[kind]) for kind in ("accounts", "customers", "items")] == [5, 2, 2]
    assert books["invoices"][0]["number"] == "7"


def test_a_seed_that_cant_be_is_refused_with_the_reason(controls: Controls) -> None:
    controls.seed("Oak", vendors=[{"name": "Ann"}])
    for wrong, status in (
        ({"customers": [{"name": "Ann"}]}, 409),
        ({"customers": [{"title": "Ann"}]}, 422),
        ({"items": [{"name": "A", "account_code": "1"}]}, 409),
        ({"accounts": [{"name": "A", "type": "gold"}]}, 409),
        ({"invoices": [{"customer": "X", "lines": [{"item": "A", "unit_price": "1"}]}]}, 409),
    ):
        answer = controls.http.post("/_sim/seed", json={"organisation": "Oak", **wrong})
        assert answer.status_code == status
        assert answer.json()["detail"]
    assert controls.http.post("/_sim/seed", json={}).status_code == 422


def test_an_unknown_organisation_or_record_is_404_and_says_what_there_is(
    controls: Controls,
) -> None:
    controls.seed("Oak")
    told = controls.http.get("/_sim/books", params={"organisation": "Elm"})
    assert (told.status_code, told.json()["detail"]) == (
        404,
        "There is no organisation Elm. There are: Oak.",
    )
    for path, word in (("gadgets/1", "kind"), ("customers/1", "customer 1")):
        told = controls.http.delete(f"/_sim/records/{path}", params={"organisation": "Oak"})
        assert told.status_code == 404
        assert word in told.json()["detail"]


def test_books_are_read_by_name_in_any_case_and_by_id(controls: Controls) -> None:
    realm = controls.seed("Oak")["organisation"]["id"]
    assert controls.books("oak") == controls.books(realm)
    assert set(controls.books("Oak")) >= {
        "organisation",
        "customers",
        "items",
        "accounts",
        "invoices",
    }


def test_requests_say_when_what_and_how_many(controls: Controls, api: Api, stock: Stock) -> None:
    items = [{"bId": str(at), "operation": "create", "Invoice": stock.invoice()} for at in range(3)]
    api.post("batch", {"BatchItemRequest": items}, requestid="r")
    api.get("query", query="select * from Invoice")
    rows = controls.get("requests", organisation="Oak")
    assert set(rows[0]) >= {"at", "method", "path", "status", "records", "broke_limit"}
    last = [(row["method"], row["path"].split("/")[-1], row["records"]) for row in rows[-2:]]
    assert last == [("POST", "batch", 3), ("GET", "query", 3)]
    assert rows[-2]["requestid"] == "r"
    assert rows[0]["path"] == "/oauth2/v1/tokens/bearer"
    assert datetime.fromisoformat(rows[-1]["at"]).tzinfo is not None
    assert controls.get("requests", since=rows[-1]["at"]) == rows[-1:]
    assert len(controls.get("requests")) > len(rows)


def test_a_bookkeepers_changes_are_new_versions(controls: Controls, api: Api, stock: Stock) -> None:
    made = api.create("invoice", stock.invoice())
    edits: list[tuple[str, str, Body]] = [
        ("customers", stock.customer, {"name": "Ann B", "email": "ann@b.example"}),
        ("customer", stock.customer, {"phone": "1", "company_name": "B", "notes": "n"}),
        ("items", stock.item, {"name": "Visit", "sku": "V", "unit_price": "5.5"}),
        ("accounts", stock.income, {"name": "Work", "code": "4001"}),
        ("invoices", made["Id"], {"number": "9", "memo": "m", "date": "2026-01-01"}),
        ("invoices", made["Id"], {"fields": {"CustomerMemo": {"value": "hello"}}}),
    ]
    for kind, identifier, change in edits:
        before = controls.get(f"records/{kind}/{identifier}", organisation="Oak")["version"]
        shown = controls.change(kind, identifier, change)
        assert int(shown["version"]) == int(before) + 1
    books = controls.books()
    assert (books["customers"][0]["name"], books["items"][0]["name"]) == ("Ann B", "Visit")
    assert (books["invoices"][0]["number"], books["invoices"][0]["memo"]) == ("9", "m")
    assert books["invoices"][0]["customer_memo"] == "hello"


def test_a_bookkeeper_changes_totals_and_lines_voids_and_deletes(
    controls: Controls, api: Api, stock: Stock
) -> None:
    made = api.create("invoice", stock.invoice(Line=[sale(stock.item, 2, 10), sale(stock.item)]))
    changed = controls.change("invoices", made["Id"], {"total": "125.50"})
    assert [changed["total"], changed["balance"]] == ["125.50", "125.50"]
    lines = [{"item_id": stock.item, "quantity": "3", "unit_price": "1.10"}]
    assert controls.change("invoices", made["Id"], {"lines": lines})["total"] == "3.30"
    assert controls.change("invoices", made["Id"], {"status": "void"})["status"] == "void"
    assert controls.change("invoices", made["Id"], {"memo": "m"})["status"] == "void"
    assert controls.delete("invoices", made["Id"])["status"] == "deleted"
    where = {"organisation": "Oak"}
    again = controls.http.delete(f"/_sim/records/invoices/{made['Id']}", params=where)
    assert again.status_code == 409


def test_a_bookkeeper_changes_a_taxed_total_and_leaves_its_tax(
    controls: Controls, api: Api, stock: Stock
) -> None:
    controls.set(tax_mode="ast", ast_percent="10")
    line = sale(stock.item, 1, 100, TaxCodeRef={"value": "TAX"})
    made = api.create("invoice", stock.invoice(Line=[line]))
    changed = controls.change("invoices", made["Id"], {"total": "120"})
    assert (changed["total"], changed["tax"]) == ("120.00", "10.00")


def test_a_bookkeeper_makes_a_customer_inactive_who_owes(
    controls: Controls, api: Api, stock: Stock
) -> None:
    api.create("invoice", stock.invoice())
    gone = controls.change("customers", stock.customer, {"active": False})
    assert (gone["active"], gone["balance"]) == (False, "0.00")
    assert controls.books()["invoices"][0]["status"] == "open"


def test_a_deleted_payment_opens_its_invoice_again(
    controls: Controls, api: Api, stock: Stock
) -> None:
    made = api.create("invoice", stock.invoice())
    paid = controls.post("payments", {"organisation": "Oak", "invoice_id": made["Id"]})
    controls.delete("payments", paid["id"])
    shown = controls.books()["invoices"][0]
    assert (shown["status"], shown["balance"]) == ("open", "256.38")


@pytest.mark.parametrize("kind", ["customers", "items", "accounts", "vendors"])
def test_deleting_a_name_makes_it_inactive_and_it_can_come_back(
    controls: Controls, kind: str
) -> None:
    controls.seed(customers=[{"name": "A"}], items=[{"name": "A"}], vendors=[{"name": "B"}])
    one = controls.books()[kind][0]
    gone = controls.delete(kind, one["id"])
    assert (gone["active"], gone["name"]) == (False, f"{one['name']} (deleted)")
    back = controls.change(kind, one["id"], {"active": True})
    assert (back["active"], back["name"]) == (True, one["name"])


def test_settings_are_read_changed_and_refused_by_name(controls: Controls) -> None:
    controls.seed("Oak")
    told = controls.set(country="CA", lock_date="2026-01-31", refuse_duplicate_numbers=True)
    assert (told["currency"], told["tax_mode"]) == ("CAD", "codes")
    assert controls.get("organisation", organisation="Oak") == told
    assert controls.set(currency="EUR")["currency"] == "EUR"
    where = {"organisation": "Oak"}
    for wrong in ({"country": "FR"}, {"lock": "2026"}, {"tax_mode": "some"}):
        refused = controls.http.put("/_sim/organisation", params=where, json=wrong)
        assert refused.status_code == 422
        assert refused.json()["detail"][0]["loc"] == list(wrong)
    controls.put("organisation", {"country": "AU"})
    controls.seed("Elm")
    assert controls.get("organisation", organisation="Elm")["country"] == "AU"


def test_the_clock_only_moves_forward(controls: Controls) -> None:
    before = datetime.fromisoformat(controls.get("clock")["now"])
    after = datetime.fromisoformat(controls.post("clock", {"advance_seconds": 3600})["now"])
    assert 3600 <= (after - before).total_seconds() < 3700
    assert controls.http.post("/_sim/clock", json={"advance_seconds": -1}).status_code == 422


def test_a_reset_empties_one_organisations_books_or_everything(
    controls: Controls, oak: Connected, stock: Stock
) -> None:
    oak.api.create("invoice", stock.invoice())
    controls.post("reset", {"organisation": "Oak"})
    books = controls.books()
    assert (books["customers"], books["invoices"], len(books["accounts"])) == ([], [], 3)
    assert oak.api.get("preferences").status_code == 200
    controls.fault(kind="revoke")
    controls.post("reset")
    assert controls.get("books") == []
    assert controls.get("faults") == []
    assert oak.api.get("preferences").status_code == 401
    again = controls.seed("Oak")["organisation"]["id"]
    assert again != oak.api.realm


def test_the_books_page_lists_and_changes_without_scripts(
    controls: Controls, api: Api, stock: Stock
) -> None:
    made = api.create("invoice", stock.invoice(DocNumber="1001"))
    index = controls.http.get("/_sim/")
    assert 'href="/_sim/books.html?organisation=Oak"' in index.text
    assert controls.http.get("/").text == index.text

    def act(**fields: str) -> str:
        whole = {"organisation": "Oak", **fields}
        answer = controls.http.post("/_sim/books.html", data=whole, follow_redirects=True)
        assert answer.status_code == 200
        return answer.text

    page = controls.http.get("/_sim/books.html", params={"organisation": "Oak"}).text
    for shown in ("1001", "256.38", "Ann Lee", "Call-out", "Services"):
        assert shown in page
    assert "<script" not in page
    who = {"kind": "customers", "id": stock.customer}
    assert "Ann &lt;b&gt;" in act(**who, action="save", name="Ann <b>", email="")
    assert "Ann &lt;b&gt; (deleted)" in act(**who, action="deactivate")
    act(**who, action="activate")
    bill = {"kind": "invoices", "id": made["Id"]}
    act(**bill, action="save", number="2002", memo="m", total="300")
    act(**bill, action="pay")
    assert "can&#39;t be paid" in act(**bill, action="pay")
    shown = controls.books()["invoices"][0]
    assert [shown[name] for name in ("number", "memo", "total", "status")] == [
        "2002",
        "m",
        "300.00",
        "paid",
    ]
    act(**bill, action="delete")
    assert controls.books()["invoices"][0]["status"] == "deleted"
    item = {"kind": "items", "id": stock.item}
    act(**item, action="deactivate")
    assert controls.books()["items"][0]["active"] is False
    act(**item, action="activate")
    assert controls.books()["items"][0]["name"] == "Call-out"
    assert "no action" in act(**item, action="explode")


def test_an_invoice_is_found_where_the_web_application_has_it(
    controls: Controls, api: Api, stock: Stock
) -> None:
    made = api.create("invoice", stock.invoice())["Id"]
    there = controls.http.get("/app/invoice", params={"txnId": made})
    assert there.headers["location"] == f"/_sim/books.html?organisation=Oak#invoice-{made}"
    page = controls.http.get("/app/invoice", params={"txnId": made}, follow_redirects=True)
    assert f'id="invoice-{made}"' in page.text
    nowhere = controls.http.get("/app/invoice", params={"txnId": "999"})
    assert "Organisations" in nowhere.text


def test_every_process_path_answers(controls: Controls, api: Api) -> None:
    api.get("preferences")
    assert controls.http.get("/livez").json() == {"status": "alive"}
    assert controls.http.get("/readyz").status_code == 200
    metrics = controls.http.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    line = 'qbo_simulator_requests_total{kind="preferences",status="200"}'
    assert any(each.startswith(line) for each in metrics.text.splitlines())


def test_the_controls_document_themselves(controls: Controls) -> None:
    document: Any = controls.http.get("/_sim/openapi.json").json()
    assert "/_sim/faults" in document["paths"]
