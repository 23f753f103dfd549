"""The query language and change data capture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from quickbooks.exceptions import ValidationException

from .sdk import Customer, Invoice, change_data_capture
from .support import Api, Body, Connected, Controls, Stock


@pytest.fixture
def people(controls: Controls, api: Api) -> dict[str, str]:
    """Five customers, one of them inactive; ids by name."""
    del api
    seeded = controls.seed(
        customers=[
            {"name": "Cy", "email": "cy@x.example", "company_name": "Hill & Co"},
            {"name": "Ann"},
            {"name": "bob"},
            {"name": "Dee", "active": False},
            {"name": "Eve O'Neil"},
        ]
    )
    return {each["name"]: each["id"] for each in seeded["customers"]}


def _names(api: Api, statement: str) -> list[str]:
    return [each["DisplayName"] for each in api.query(statement).get("Customer", [])]


@pytest.mark.parametrize(
    ("clause", "names"),
    [
        ("", ["Ann", "bob", "Cy", "Eve O'Neil"]),
        ("where Active = false", ["Dee (deleted)"]),
        ("WHERE Active IN (true, false)", ["Ann", "bob", "Cy", "Dee (deleted)", "Eve O'Neil"]),
        ("where active in (True,False) and DisplayName = 'dee (deleted)'", ["Dee (deleted)"]),
        ("where DisplayName = 'BOB'", ["bob"]),
        ("where DisplayName in ('Ann', 'Cy', 'nobody')", ["Ann", "Cy"]),
        ("where DisplayName like '%b%'", ["bob"]),
        ("where DisplayName like 'a%'", ["Ann"]),
        ("where DisplayName = 'Eve O\\'Neil'", ["Eve O'Neil"]),
        ("where PrimaryEmailAddr = 'cy@x.example'", ["Cy"]),
        ("where CompanyName = 'Hill & Co'", ["Cy"]),
        ("where Balance > '0'", []),
        ("where Balance >= 0 and DisplayName < 'b'", ["Ann"]),
        ("where MetaData.LastUpdatedTime > '2020-01-01T00:00:00-08:00' maxresults 1", ["Ann"]),
        ("orderby DisplayName desc maxresults 2", ["Eve O'Neil", "Cy"]),
        ("ORDER BY DisplayName ASC STARTPOSITION 2 MAXRESULTS 2", ["bob", "Cy"]),
        ("orderby Id maxresults 2 startposition 3", ["bob", "Eve O'Neil"]),
        ("maxresults 0", []),
    ],
)
def test_statements_find(api: Api, people: dict[str, str], clause: str, names: list[str]) -> None:
    del people
    assert _names(api, f"select * from Customer {clause}") == names


def test_envelopes_are_as_recorded(api: Api, people: dict[str, str]) -> None:
    del people
    page = api.query("select * from customer startposition 2 maxresults 2")
    assert (page["startPosition"], page["maxResults"]) == (2, 2)
    assert set(page) == {"Customer", "startPosition", "maxResults"}
    assert api.query("select * from Customer where Id = '0'") == {}
    assert api.query("select count(*) from Customer") == {"totalCount": 4}


def test_only_the_last_page_of_transactions_says_how_many_there_are(api: Api, stock: Stock) -> None:
    made = [api.create("invoice", stock.invoice())["Id"] for _ in range(3)]
    first = api.query("select * from Invoice maxresults 2")
    assert [each["Id"] for each in first["Invoice"]] == [made[2], made[1]]
    assert "totalCount" not in first
    last = api.query("select * from Invoice startposition 3 maxresults 2")
    assert last["totalCount"] == 3


def test_invoices_are_found_by_number_customer_date_and_id(api: Api, stock: Stock) -> None:
    ids = [
        api.create("invoice", stock.invoice(DocNumber=number, TxnDate=day))["Id"]
        for number, day in (("A-1", "2026-01-05"), ("A-2", "2026-02-05"), ("77", "2026-03-05"))
    ]

    def found(clause: str) -> list[str]:
        rows = api.query(f"select * from Invoice where {clause} orderby Id").get("Invoice", [])
        return [each["Id"] for each in rows]

    assert found("DocNumber in ('a-1','77','none')") == [ids[0], ids[2]]
    assert found("DocNumber = '77'") == [ids[2]]
    assert found("DocNumber in ('77','78')") == [ids[2]]
    assert found(f"CustomerRef = '{stock.customer}' and TxnDate >= '2026-02-01'") == ids[1:]
    assert found(f"Id in ('{ids[1]}', '999')") == [ids[1]]
    assert found("TotalAmt = '256.38' and Balance > '0'") == ids


def test_the_default_page_is_a_hundred_and_the_largest_a_thousand(
    controls: Controls, api: Api
) -> None:
    controls.seed(customers=[{"name": f"C{n:04}"} for n in range(1100)])
    assert api.query("select * from Customer")["maxResults"] == 100
    assert api.query("select * from Customer maxresults 1000")["maxResults"] == 1000
    assert api.query("select * from Customer maxresults 2000")["maxResults"] == 1000
    controls.set(max_results_over_cap="error")
    answer = api.get("query", query="select * from Customer maxresults 2000")
    assert answer.json()["Fault"]["Error"][0]["code"] == "4001"


def test_listed_columns_are_tolerated_or_applied(
    controls: Controls, api: Api, people: dict[str, str]
) -> None:
    del people
    statement = "select Id, SyncToken, DisplayName from Customer maxresults 1"
    assert "Taxable" in api.query(statement)["Customer"][0]
    controls.set(projection="apply")
    row = api.query(statement)["Customer"][0]
    assert set(row) == {"Id", "SyncToken", "DisplayName", "domain", "sparse"}


@pytest.mark.parametrize(
    ("statement", "code", "detail"),
    [
        ("select * from Customer where Foo = '1'", "4001", "Property Foo not found for Entity"),
        ("select * from Customer orderby Foo", "4001", "Property Foo not found"),
        ("select Foo from Customer", "4001", "Property Foo not found"),
        ("select * from Customer where PrimaryPhone = '1'", "4001", "is not queryable"),
        ("select * from Gadget", "4001", "Gadget"),
        ("select * from Customer startposition 0", "4001", "value 0 is too small"),
        ("select * from Customer where Id > '5'", "4001", "operator > is not supported"),
        ("select * from Customer where Balance = 'x'", "4001", "isn't a number"),
        ("", "4000", "Encountered"),
        ("update Customer", "4000", "Encountered"),
        ("select * from Customer where DisplayName = 'A' or Id = '1'", "4000", '"or ""'),
        ("select * from Customer where DisplayName != 'A'", "4000", "Lexical error"),
        ("select * from Customer where DisplayName = 'O'Brien'", "4000", "column"),
        ("select * from Customer where DisplayName = 'a\\'", "4000", "Lexical error"),
        ("select * from Customer where DisplayName in ()", "4000", "Encountered"),
        ("select * from Customer maxresults 5 10", "4000", "Encountered"),
        ("select * from Customer order DisplayName", "4000", "Encountered"),
    ],
)
def test_bad_statements_say_where(api: Api, statement: str, code: str, detail: str) -> None:
    answer = api.get("query", query=statement)
    assert answer.status_code == 400
    error = answer.json()["Fault"]["Error"][0]
    assert error["code"] == code
    assert detail in error["Detail"]
    assert "element" not in error


def test_a_statement_may_be_the_posts_body_or_its_parameter(
    api: Api, people: dict[str, str]
) -> None:
    del people
    path = f"/v3/company/{api.realm}/query"
    statement = "select * from Customer where DisplayName = 'Cy'"
    headers = api.headers() | {"Content-Type": "text/plain"}
    by_body = api.http.post(path, content=statement, headers=headers).json()
    by_parameter = api.http.post(path, params={"query": statement}, headers=headers).json()
    assert by_body["QueryResponse"] == by_parameter["QueryResponse"] != {}


def test_the_sdk_lists_filters_and_counts(oak: Connected, people: dict[str, str]) -> None:
    assert Customer.count(qb=oak.client) == 4
    assert Customer.count("Active IN (true, false)", qb=oak.client) == 5
    found = Customer.filter(Active=True, DisplayName="Eve O'Neil", qb=oak.client)
    assert [each.Id for each in found] == [people["Eve O'Neil"]]
    chosen = Customer.choose(["Ann", "Cy"], field="DisplayName", qb=oak.client)
    assert [each.DisplayName for each in chosen] == ["Ann", "Cy"]
    paged = Customer.all(order_by="Id", start_position=2, max_results=2, qb=oak.client)
    assert [each.DisplayName for each in paged] == ["Ann", "bob"]
    with pytest.raises(ValidationException):
        Customer.where("Foo = 'x'", qb=oak.client)


def test_a_query_may_lag_behind_what_was_written(controls: Controls, api: Api) -> None:
    controls.set(query_lag_seconds=30)
    made = api.create("customer", {"DisplayName": "Ann"})
    assert _names(api, "select * from Customer where DisplayName = 'Ann'") == []
    assert api.get(f"customer/{made['Id']}").status_code == 200
    controls.post("clock", {"advance_seconds": 31})
    assert _names(api, "select * from Customer where DisplayName = 'Ann'") == ["Ann"]
    changed: Body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "DisplayName": "Bea"}
    api.create("customer", changed)
    assert _names(api, "select * from Customer") == ["Ann"]
    controls.post("clock", {"advance_seconds": 31})
    assert _names(api, "select * from Customer") == ["Bea"]


def test_changes_since_a_moment_include_deletions(
    controls: Controls, oak: Connected, stock: Stock
) -> None:
    controls.post("clock", {"advance_seconds": 60})
    since = datetime.now(UTC) + timedelta(seconds=30)
    kept = oak.api.create("invoice", stock.invoice())
    gone = oak.api.create("invoice", stock.invoice())
    ids: Body = {"Id": gone["Id"], "SyncToken": "0"}
    oak.api.post("invoice", ids, operation="delete")
    told = oak.api.get("cdc", entities="Customer,Invoice", changedSince=since.isoformat()).json()
    responses = told["CDCResponse"][0]["QueryResponse"]
    assert responses[0] == {}
    assert responses[1]["maxResults"] == responses[1]["totalCount"] == 2
    rows = {each["Id"]: each for each in responses[1]["Invoice"]}
    assert rows[kept["Id"]] == kept
    assert set(rows[gone["Id"]]) == {"domain", "status", "Id", "MetaData"}
    assert rows[gone["Id"]]["status"] == "Deleted"
    changes = change_data_capture([Invoice, Customer], since.isoformat(), qb=oak.client)
    assert {each.Id for each in changes.Invoice} == {kept["Id"], gone["Id"]}


@pytest.mark.parametrize(
    ("entities", "since"),
    [
        ("", "2026-01-01"),
        ("Invoice", "yesterday"),
        ("TaxCode", 0),
        ("Invoice", 31),
    ],
)
def test_change_data_capture_is_checked(api: Api, entities: str, since: str | int) -> None:
    if isinstance(since, int):
        since = (datetime.now(UTC) - timedelta(days=since)).isoformat()
    assert api.get("cdc", entities=entities, changedSince=since).status_code == 400
