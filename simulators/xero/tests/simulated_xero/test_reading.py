"""Lists: filters, orders, pages, what has changed since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from .support import Api, Controls, Stock


@pytest.fixture
def people(controls: Controls, api: Api) -> Api:
    """Five contacts, a second apart."""
    for name, number in (("Ann", "n1"), ("Bo", None), ("Zoé", "n3"), ("ann-2", None), ("Cy", "n5")):
        more = {"ContactNumber": number} if number else {}
        api.put("Contacts", {"Name": name, "EmailAddress": f"{name[0]}@x.example", **more})
        controls.post("clock", {"advance_seconds": 1})
    return api


def names(api: Api, **query: str) -> list[str]:
    return [each["Name"] for each in api.rows("Contacts", **query)]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ('Name=="ann"', ["Ann"]),
        ('Name="ZOE"', ["Zoé"]),
        ('Name!="Ann" AND Name.StartsWith("ann")', ["ann-2"]),
        ('Name.Contains("o")', ["Bo", "Zoé"]),
        ('Name.ToLower().EndsWith("Y")', ["Cy"]),
        ('ContactNumber=="N1" OR ContactNumber=="n5"', ["Ann", "Cy"]),
        ('(ContactNumber=="n1"||ContactNumber=="n3")&&Name!="Ann"', ["Zoé"]),
        ("ContactNumber==null", ["Bo", "ann-2"]),
        ('ContactNumber!=null&&ContactNumber.StartsWith("n")', ["Ann", "Zoé", "Cy"]),
        ("IsCustomer==false", ["Ann", "Bo", "Zoé", "ann-2", "Cy"]),
        ("IsCustomer", []),
        ('EmailAddress=="b@x.example"', ["Bo"]),
        ('ContactStatus=="ACTIVE" and Name > "b"', ["Bo", "Zoé", "Cy"]),
        ("UpdatedDateUTC>=DateTime(2001,01,01)", ["Ann", "Bo", "Zoé", "ann-2", "Cy"]),
        ('ContactNumber=="nobody"', []),
    ],
)
def test_a_where_picks_what_it_says(people: Api, where: str, found: list[str]) -> None:
    assert names(people, where=where) == found


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ('Name=="ann', "Unterminated string literal"),
        ("Nonsense==1", "No property or field 'Nonsense' exists in type 'Contact'"),
        ("Name==1", "incompatible with operand types"),
        ('ContactNumber.StartsWith("n")', "Object reference not set"),
        ('Name=="a" Name=="b"', "Syntax error"),
        ("(Name==null", "')' expected"),
        ("Name==", "Expression expected"),
        ("Name # 1", "Syntax error"),
    ],
)
def test_a_bad_where_says_what_is_wrong_with_it(people: Api, where: str, told: str) -> None:
    answer = people.get("Contacts", where=where)
    assert answer.status_code == 400
    body = answer.json()
    assert (body["ErrorNumber"], body["Type"]) == (16, "QueryParseException")
    assert told in body["Message"]


def test_an_order_is_by_update_unless_said(people: Api) -> None:
    assert names(people, order="Name ASC") == ["Ann", "ann-2", "Bo", "Cy", "Zoé"]
    assert names(people, order="Name DESC")[0] == "Zoé"
    assert names(people, order="UpdatedDateUTC DESC")[0] == "Cy"
    people.post("Contacts", {"ContactNumber": "n1", "FirstName": "x"})
    assert names(people)[-1] == "Ann"
    answer = people.get("Contacts", order="Name BACKWARDS")
    assert answer.json()["Message"] == "OrderBy not supported"


def test_pages_are_numbered_from_one_and_told_only_where_asked_for(people: Api) -> None:
    assert "pagination" not in people.get("Contacts").json()
    answer = people.get("Contacts", page="2", pageSize="2").json()
    assert list(answer)[-2:] == ["pagination", "Contacts"]
    assert answer["pagination"] == {"page": 2, "pageSize": 2, "pageCount": 3, "itemCount": 5}
    assert [each["Name"] for each in answer["Contacts"]] == ["Zoé", "ann-2"]
    assert names(people, page="9") == []
    for size, taken in (("5000", 1000), ("x", 100), ("0", 1)):
        answer = people.get("Contacts", page="1", pageSize=size).json()
        assert answer["pagination"]["pageSize"] == taken
    summary = people.get("Contacts", summaryOnly="True").json()
    assert summary["pagination"]["page"] == 1
    assert "Addresses" not in summary["Contacts"][0]


def test_ids_and_search_terms_narrow_a_list(people: Api) -> None:
    wanted = people.rows("Contacts", where='Name=="Bo" OR Name=="Cy"')
    ids = ",".join(each["ContactID"] for each in wanted)
    assert names(people, IDs=ids) == ["Bo", "Cy"]
    assert names(people, searchTerm="ZOE") == ["Zoé"]
    assert names(people, searchTerm="n5") == ["Cy"]


def test_what_changed_since_is_found_to_the_second(controls: Controls, people: Api) -> None:
    updated = people.rows("Contacts", where='Name=="Cy"')[0]["UpdatedDateUTC"]
    moment = datetime.fromtimestamp(int(updated[6:19]) / 1000, UTC)
    exactly = moment.strftime("%Y-%m-%dT%H:%M:%S")

    def since(value: str) -> list[str]:
        answer = people.send("GET", "Contacts", None, {"If-Modified-Since": value})
        assert answer.status_code == 200, answer.text
        return [each["Name"] for each in answer.json()["Contacts"]]

    assert since(exactly) == ["Cy"]
    assert since(f"{exactly}+00:00") == ["Cy"]
    assert since(format_datetime(moment, usegmt=True)) == ["Cy"]
    later = (moment + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%S")
    assert since(later) == []
    controls.set(modified_since_boundary="exclusive")
    assert since(exactly) == []
    controls.set(modified_since_empty="304")
    answer = people.send("GET", "Contacts", None, {"If-Modified-Since": later})
    assert (answer.status_code, answer.content) == (304, b"")
    answer = people.send("GET", "Contacts", None, {"If-Modified-Since": "yesterday"})
    assert answer.status_code == 412


def test_invoice_lists_are_slim_unless_paged_or_by_status(
    controls: Controls, api: Api, stock: Stock
) -> None:
    first = api.put("Invoices", stock.invoice(InvoiceNumber="A", Reference="Job 7"))[0]
    api.put("Invoices", stock.invoice(InvoiceNumber="B", Status="DRAFT"))
    assert [each["LineItems"] for each in api.rows("Invoices")] == [[], []]
    slim = api.rows("Invoices")[0]["Contact"]
    assert list(slim)[:2] == ["ContactID", "Name"]
    assert "UpdatedDateUTC" not in slim
    for query in ({"page": "1"}, {"Statuses": "DRAFT,AUTHORISED"}):
        rows = api.rows("Invoices", **query)
        assert all(len(each["LineItems"]) == 1 for each in rows)
        assert "ValidationErrors" not in rows[0]["LineItems"][0]

    def numbers(**query: str) -> list[str]:
        return [each["InvoiceNumber"] for each in api.rows("Invoices", **query)]

    assert numbers(InvoiceNumbers="A,C") == ["A"]
    assert numbers(Statuses="draft") == ["B"]
    assert numbers(ContactIDs=stock.customer, searchTerm="job") == ["A"]
    assert numbers(IDs=first["InvoiceID"]) == ["A"]
    assert numbers(createdByMyApp="True") == ["A", "B"]
    assert numbers(where=f'Contact.ContactID==guid("{stock.customer}")') == ["A", "B"]
    assert numbers(where='Contact.Name=="ann lee" AND Status=="DRAFT"') == ["B"]
    assert numbers(where='Type=="ACCREC" AND AmountDue>20.5 AND Status!="DRAFT"') == ["A"]
    assert numbers(where="Date>=DateTime(2026,09,14)&&Date<DateTime(2026,09,15)") == ["A", "B"]
    assert numbers(where='InvoiceNumber=="a"') == ["A"]
    assert numbers(order="InvoiceNumber DESC") == ["B", "A"]


def test_items_and_accounts_are_never_paged(controls: Controls, api: Api) -> None:
    controls.seed(items=[{"name": f"Item {each}", "sku": str(each)} for each in range(3)])
    for path in ("Items", "Accounts", "TaxRates"):
        answer = api.get(path, page="1", pageSize="1").json()
        assert "pagination" not in answer
        assert len(answer[path]) == 3
    assert len(api.rows("Accounts", where='Class=="REVENUE" AND Status=="ACTIVE"')) == 2
    assert len(api.rows("Items", where='Code=="1"')) == 1
