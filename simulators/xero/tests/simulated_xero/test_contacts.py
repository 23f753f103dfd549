"""Contacts: uniqueness, matching, merging of what is sent, archiving."""

from __future__ import annotations

import pytest

from .support import Api, Body, Controls, Stock

ZERO = "00000000-0000-0000-0000-000000000000"
ARCHIVED = (
    "The specified contact details matched an archived contact. Archived contacts cannot currently "
    "be edited via the API."
)


def taken(name: str) -> str:
    return (
        f"The contact name {name} is already assigned to another contact. The contact name must "
        "be unique across all active contacts."
    )


def test_a_created_contact_comes_back_with_blanks_filled_in(api: Api) -> None:
    sent = {
        "Name": "Acme Plumbing",
        "EmailAddress": "office@acme.example",
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "09 111 1111"}],
        "IsCustomer": True,
    }
    row = api.put("Contacts", sent)[0]
    assert row["UpdatedDateUTC"].endswith("+0000)/")
    assert row["IsCustomer"] is False
    assert "StatusAttributeString" not in row
    assert row["Addresses"][0] == {
        "AddressType": "STREET",
        "City": "",
        "Region": "",
        "PostalCode": "",
        "Country": "",
    }
    assert row["Phones"][0] == {
        "PhoneType": "DEFAULT",
        "PhoneNumber": "09 111 1111",
        "PhoneAreaCode": "",
        "PhoneCountryCode": "",
    }
    assert [each["PhoneType"] for each in row["Phones"]] == ["DEFAULT", "DDI", "FAX", "MOBILE"]
    listed = api.rows("Contacts")[0]
    assert listed["Addresses"] == [{"AddressType": "POBOX"}, {"AddressType": "STREET"}]
    assert listed["Phones"][1] == {"PhoneType": "DEFAULT", "PhoneNumber": "09 111 1111"}
    assert "Balances" not in listed


def test_a_refused_contact_is_echoed_with_an_id_of_zeros(api: Api) -> None:
    api.put("Contacts", {"Name": "Ann Lee"})
    answer = api.send(
        "PUT", "Contacts", {"Contacts": [{"Name": "ann lee", "Phones": [{"PhoneNumber": "1"}]}]}
    )
    assert answer.status_code == 400
    body = answer.json()
    assert (body["ErrorNumber"], body["Type"]) == (10, "ValidationException")
    element = body["Elements"][0]
    assert (element["ContactID"], element["Name"]) == (ZERO, "ann lee")
    assert element["Phones"] == [{"PhoneNumber": "1", "ValidationErrors": []}]
    assert element["HasValidationErrors"] is True
    assert element["ValidationErrors"] == [{"Message": taken("Ann Lee")}]
    assert "StatusAttributeString" not in element


def test_put_only_creates_and_ignores_an_id_while_post_finds_by_id_number_or_name(
    controls: Controls, api: Api
) -> None:
    first = api.put("Contacts", {"Name": "A", "ContactNumber": "n1", "ContactID": ZERO})[0]
    assert first["ContactID"] != ZERO
    for key in (
        {"ContactID": first["ContactID"]},
        {"ContactNumber": "N1"},
        {"Name": "a"},
    ):
        row = api.post("Contacts", {**key, "FirstName": str(key)})[0]
        assert row["ContactID"] == first["ContactID"]
    assert (
        "The contact number n1"
        in api.wrong("PUT", "Contacts", {"Name": "B", "ContactNumber": "n1"})[0]
    )
    controls.set(post_matching_name="refuse")
    assert api.wrong("POST", "Contacts", {"Name": "a"}) == [taken("a")]


def test_what_is_not_sent_stays_and_phones_merge_by_type(controls: Controls, api: Api) -> None:
    made = api.put(
        "Contacts",
        {
            "Name": "A",
            "FirstName": "Ann",
            "Phones": [{"PhoneType": "MOBILE", "PhoneNumber": "1"}],
            "ContactPersons": [{"FirstName": "Bo"}, {"FirstName": "Cy"}],
        },
    )[0]
    change: Body = {
        "ContactID": made["ContactID"],
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "2"}],
        "ContactPersons": [{"FirstName": "Di"}],
    }
    row = api.post("Contacts", change)[0]
    numbers = {each["PhoneType"]: each["PhoneNumber"] for each in row["Phones"]}
    assert (row["FirstName"], numbers["MOBILE"], numbers["DEFAULT"]) == ("Ann", "1", "2")
    assert [each["FirstName"] for each in row["ContactPersons"]] == ["Di"]
    controls.set(merge_rule="replace")
    row = api.post("Contacts", change)[0]
    numbers = {each["PhoneType"]: each["PhoneNumber"] for each in row["Phones"]}
    assert (numbers["MOBILE"], numbers["DEFAULT"]) == ("", "2")


def test_a_change_that_changes_nothing_is_no_update(controls: Controls, api: Api) -> None:
    made = api.put("Contacts", {"Name": "A"})[0]
    controls.post("clock", {"advance_seconds": 10})
    again = api.post("Contacts", {"ContactID": made["ContactID"], "Name": "A"})[0]
    assert again["UpdatedDateUTC"] == made["UpdatedDateUTC"]
    controls.set(noop_moves_updated=True)
    again = api.post("Contacts", {"ContactID": made["ContactID"], "Name": "A"})[0]
    assert again["UpdatedDateUTC"] > made["UpdatedDateUTC"]


def test_a_contact_cannot_take_another_ones_name(api: Api) -> None:
    api.put("Contacts", {"Name": "A"})
    other = api.put("Contacts", {"Name": "B"})[0]["ContactID"]
    assert api.wrong("POST", f"Contacts/{other}", {"Name": "a"}) == [
        'The existing contact with name "B" cannot be updated to use new name "a". '
        "There is an existing contact with that name."
    ]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"ContactNumber": "1"}, "The Contact must contain at least 1 of the following"),
        ({"Name": "A <B>"}, "angle brackets"),
        ({"Name": "A  B"}, "spaces"),
        ({"Name": "x" * 256}, "maximum length of 255"),
        ({"Name": "A", "EmailAddress": "jörg@x.example"}, "Email address must be valid."),
        ({"Name": "A", "DefaultCurrency": "EUR"}, "not subscribed to currency EUR"),
        ({"Name": "A", "ContactPersons": [{"FirstName": "x"}] * 6}, "at most 5"),
    ],
)
def test_bad_contacts_are_refused(api: Api, sent: Body, told: str) -> None:
    assert told in api.wrong("PUT", "Contacts", sent)[0]


def test_archiving_hides_a_contact_and_ends_its_editing(controls: Controls, api: Api) -> None:
    made = api.put("Contacts", {"Name": "A", "ContactNumber": "n1"})[0]["ContactID"]
    away = {"ContactID": made, "ContactStatus": "ARCHIVED"}
    assert api.post("Contacts", away)[0]["ContactStatus"] == "ARCHIVED"
    assert api.rows("Contacts") == []
    assert len(api.rows("Contacts", includeArchived="True")) == 1
    assert api.get(f"Contacts/{made}").status_code == 200
    for change in (
        away,
        {"ContactID": made, "ContactStatus": "ACTIVE"},
        {"ContactNumber": "n1", "Name": "B"},
    ):
        assert api.wrong("POST", "Contacts", change) == [ARCHIVED]
    assert api.wrong("PUT", "Contacts", {"Name": "B", "ContactNumber": "n1"}) == [ARCHIVED]
    # The name is free again, and the number too if the switch says so.
    assert api.put("Contacts", {"Name": "A"})[0]["ContactID"] != made
    controls.set(archived_number="free")
    assert api.put("Contacts", {"Name": "B", "ContactNumber": "n1"})
    controls.set(unarchive_by_api="allow")
    controls.change("contacts", made, {"name": "C"})
    row = api.post("Contacts", {"ContactID": made, "ContactStatus": "ACTIVE"})[0]
    assert row["ContactStatus"] == "ACTIVE"


def test_a_merged_contact_names_its_survivor_where_paged_or_alone(
    controls: Controls, api: Api, stock: Stock
) -> None:
    invoice = api.put("Invoices", stock.invoice())[0]["InvoiceID"]
    survivor = api.put("Contacts", {"Name": "B"})[0]["ContactID"]
    controls.change("customers", stock.customer, {"merge_into": survivor})
    assert api.rows(f"Contacts/{stock.customer}")[0]["MergedToContactID"] == survivor
    query = {"IDs": stock.customer, "includeArchived": "true"}
    assert "MergedToContactID" not in api.rows("Contacts", **query)[0]
    assert api.rows("Contacts", **query, page="1")[0]["MergedToContactID"] == survivor
    assert api.rows(f"Invoices/{invoice}")[0]["Contact"]["ContactID"] == survivor


def test_an_unknown_id_is_a_404_or_an_error_of_its_element(controls: Controls, api: Api) -> None:
    change = {"ContactID": "11111111-1111-4111-8111-111111111111", "Name": "x"}
    both = {"Contacts": [{"Name": "fine"}, change]}
    answer = api.send("POST", "Contacts", both)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text == "The resource you're looking for cannot be found"
    assert api.rows("Contacts") == []
    controls.set(unknown_id="element")
    rows = api.post("Contacts", *both["Contacts"], summarizeErrors="false")
    assert [each["StatusAttributeString"] for each in rows] == ["OK", "ERROR"]
    told = rows[1]["ValidationErrors"][0]["Message"]
    assert told == "The document with the supplied id was not found for this endpoint."
    assert api.send("POST", f"Contacts/{change['ContactID']}", change).status_code == 404


def test_balances_show_what_is_open_and_overdue(controls: Controls, api: Api, stock: Stock) -> None:
    api.put("Invoices", stock.invoice())
    due = api.put("Invoices", stock.invoice(DueDate="2020-01-01", Date="2020-01-01"))[0]
    receivable = api.rows("Contacts")[0]["Balances"]["AccountsReceivable"]
    assert receivable["Outstanding"] == 42.0
    assert receivable["Overdue"] >= 21.0
    paid = {"organisation": "Oak", "invoice_id": due["InvoiceID"]}
    controls.post("payments", paid)
    receivable = api.rows("Contacts")[0]["Balances"]["AccountsReceivable"]
    assert receivable["Outstanding"] == 21.0
    assert api.rows("Contacts")[0]["IsCustomer"] is True
