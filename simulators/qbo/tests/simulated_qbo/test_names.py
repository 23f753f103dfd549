"""Customers, vendors and employees: one list of names, through python-quickbooks unchanged."""

from __future__ import annotations

from typing import Any

import pytest
from quickbooks.exceptions import (
    ObjectNotFoundException,
    QuickbooksException,
    UnsupportedException,
    ValidationException,
)

from .sdk import Address, Customer, EmailAddress, PhoneNumber
from .support import Api, Body, Connected, Controls


def _customer(name: str) -> Any:
    customer = Customer()
    customer.DisplayName = name
    return customer


def test_a_customer_is_made_read_changed_and_made_inactive_through_the_sdk(
    controls: Controls, oak: Connected
) -> None:
    customer = _customer("Ann Lee")
    customer.GivenName, customer.FamilyName = "Ann", "Lee"
    customer.PrimaryEmailAddr = EmailAddress()
    customer.PrimaryEmailAddr.Address = "ann@lee.example"
    customer.PrimaryPhone = PhoneNumber()
    customer.PrimaryPhone.FreeFormNumber = "(555) 555-1234"
    customer.BillAddr = Address()
    customer.BillAddr.Line1 = "1 Elm Street"
    made = customer.save(qb=oak.client)
    assert (made.Id, made.SyncToken, made.Active) == ("58", "0", True)
    found = Customer.get(made.Id, qb=oak.client)
    assert found.DisplayName == "Ann Lee"
    assert found.PrimaryEmailAddr.Address == "ann@lee.example"
    assert found.BillAddr.Line1 == "1 Elm Street"
    found.Notes = "by the door"
    changed = found.save(qb=oak.client)
    assert (changed.SyncToken, changed.Notes) == ("1", "by the door")
    changed.Active = False
    gone = changed.save(qb=oak.client)
    assert (gone.DisplayName, gone.Active) == ("Ann Lee (deleted)", False)
    assert gone.FullyQualifiedName == "Ann Lee (deleted)"
    assert Customer.all(qb=oak.client) == []
    listed = controls.books()["customers"]
    assert [(each["id"], each["active"]) for each in listed] == [("58", False)]


def test_an_answer_has_the_fields_of_a_recorded_one(api: Api) -> None:
    body: Body = {
        "DisplayName": "Test Customer May",
        "GivenName": "Test",
        "FamilyName": "Customer",
        "PrimaryEmailAddr": {"Address": "testcustomer@example.com"},
        "PrimaryPhone": {"FreeFormNumber": "(555) 555-1234"},
        "BillAddr": {
            "Line1": "123 Test Street",
            "City": "Mountain View",
            "Country": "USA",
            "CountrySubDivisionCode": "CA",
            "PostalCode": "94042",
        },
        "Notes": "a note",
    }
    answer = api.post("customer", body)
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert answer.headers["intuit_tid"]
    told = answer.json()
    assert set(told) == {"Customer", "time"}
    made = told["Customer"]
    address_id = made["BillAddr"].pop("Id")
    assert int(address_id) > 0
    stamps = made.pop("MetaData")
    assert stamps["CreateTime"] == stamps["LastUpdatedTime"]
    assert "." not in stamps["CreateTime"]
    assert told["time"][:19] == stamps["CreateTime"][:19]
    assert told["time"][19] == "."
    assert made == {
        **body,
        "Taxable": True,
        "Job": False,
        "BillWithParent": False,
        "Balance": 0,
        "BalanceWithJobs": 0,
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "PreferredDeliveryMethod": "Print",
        "IsProject": False,
        "domain": "QBO",
        "sparse": False,
        "Id": "58",
        "SyncToken": "0",
        "FullyQualifiedName": "Test Customer May",
        "PrintOnCheckName": "Test Customer",
        "Active": True,
        "DefaultTaxCodeRef": {"value": "2"},
    }


def test_a_query_row_differs_from_a_read_as_recorded(api: Api) -> None:
    made = api.create("customer", {"DisplayName": "Ann"})
    row = api.query("select * from Customer")["Customer"][0]
    assert row["ClientEntityId"] == "0"
    assert row["V4IDPseudonym"]
    assert "DefaultTaxCodeRef" not in row
    del row["ClientEntityId"], row["V4IDPseudonym"], made["DefaultTaxCodeRef"]
    assert row == made


def test_a_sparse_update_changes_what_it_says_and_clears_what_it_empties(api: Api) -> None:
    made = api.create("customer", {"DisplayName": "Ann", "Notes": "n", "CompanyName": "Lee"})
    ids: Body = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    changed = api.create("customer", {**ids, "CompanyName": "Lee & Co", "Notes": ""})
    assert (changed["CompanyName"], changed["DisplayName"]) == ("Lee & Co", "Ann")
    assert "Notes" not in changed
    assert changed["sparse"] is False


def test_a_full_update_clears_what_it_leaves_out(api: Api) -> None:
    made = api.create("customer", {"DisplayName": "Ann", "Notes": "n"})
    changed = api.create(
        "customer", {"Id": made["Id"], "SyncToken": "0", "DisplayName": "Ann B"}, operation="update"
    )
    assert (changed["DisplayName"], changed["SyncToken"]) == ("Ann B", "1")
    assert "Notes" not in changed


def test_a_sparse_update_that_changes_nothing_is_no_new_version(
    controls: Controls, api: Api
) -> None:
    made = api.create("customer", {"DisplayName": "Ann"})
    controls.post("clock", {"advance_seconds": 5})
    same = api.create(
        "customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "DisplayName": "Ann"}
    )
    assert same == made


def test_another_version_is_a_stale_object(oak: Connected) -> None:
    made = _customer("Ann").save(qb=oak.client)
    made.Notes = "first"
    made.save(qb=oak.client)
    with pytest.raises(QuickbooksException) as stale:
        made.save(qb=oak.client)
    assert stale.value.error_code == 5010


def test_names_are_unique_across_customers_vendors_and_employees(
    controls: Controls, oak: Connected
) -> None:
    controls.seed(vendors=[{"name": "Acme"}], employees=[{"name": "Bob Hill"}])
    _customer("Ann Lee").save(qb=oak.client)
    for taken in ("Acme", "ACME ", "bob hill", "Ann LEE"):
        with pytest.raises(QuickbooksException) as refused:
            _customer(taken).save(qb=oak.client)
        assert refused.value.error_code == 6240
    controls.change("customers", "60", {"active": False})
    _customer("Ann Lee").save(qb=oak.client)
    with pytest.raises(QuickbooksException):
        _customer("Ann Lee (deleted)").save(qb=oak.client)


def test_a_taken_name_is_told_in_any_of_its_forms(controls: Controls, api: Api) -> None:
    taken = controls.seed(vendors=[{"name": "Acme"}])["vendors"][0]["id"]
    told = {
        "text": "Another customer, vendor or employee is already using this name. "
        "Please use a different name.",
        "id": f"Id={taken}",
        "null": "null",
    }
    for form, text in told.items():
        controls.set(duplicate_name_detail=form)
        error = api.error("customer", {"DisplayName": "Acme"})
        assert error["Detail"] == f"The name supplied already exists. : {text}"
    controls.set(language="fr")
    assert api.error("customer", {"DisplayName": "Acme"})["Message"] == "Nom en double"


def test_a_second_inactive_one_of_a_name_gets_a_number_or_not(controls: Controls, api: Api) -> None:
    names: list[str] = []
    for form in ("numbered", "same"):
        controls.set(deleted_suffix_repeat=form)
        for _ in range(2):
            made = api.create("customer", {"DisplayName": f"Ann {form}"})
            body: Body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False}
            names.append(api.create("customer", body)["DisplayName"])
    assert names == [
        "Ann numbered (deleted)",
        "Ann numbered (deleted-2)",
        "Ann same (deleted)",
        "Ann same (deleted)",
    ]


def test_an_inactive_customer_comes_back_with_or_without_its_mark(
    controls: Controls, api: Api
) -> None:
    made = api.create("customer", {"DisplayName": "Ann"})
    ids: Body = {"Id": made["Id"], "sparse": True}
    api.create("customer", {**ids, "SyncToken": "0", "Active": False})
    back = api.create("customer", {**ids, "SyncToken": "1", "Active": True})
    assert (back["DisplayName"], back["Active"]) == ("Ann (deleted)", True)
    again = api.create("customer", {**ids, "SyncToken": "2", "DisplayName": "Ann"})
    assert again["DisplayName"] == "Ann"
    controls.set(reactivate_strips_suffix=True)
    api.create("customer", {**ids, "SyncToken": "3", "Active": False})
    assert api.create("customer", {**ids, "SyncToken": "4", "Active": True})["DisplayName"] == "Ann"


def test_an_inactive_customer_cant_be_edited_unless_set_so(controls: Controls, api: Api) -> None:
    made = api.create("customer", {"DisplayName": "Ann"})
    ids: Body = {"Id": made["Id"], "sparse": True}
    api.create("customer", {**ids, "SyncToken": "0", "Active": False})
    edit: Body = {**ids, "SyncToken": "1", "Notes": "n"}
    assert api.error("customer", edit)["code"] == "610"
    controls.set(edit_inactive="allow")
    assert api.create("customer", edit)["Notes"] == "n"


def test_a_customer_who_owes_cant_be_made_inactive(controls: Controls, api: Api) -> None:
    seeded = controls.seed(
        customers=[{"name": "Ann"}],
        items=[{"name": "Visit"}],
        invoices=[{"customer": "Ann", "lines": [{"item": "Visit", "unit_price": "10"}]}],
    )
    owner = seeded["customers"][0]["id"]
    body: Body = {"Id": owner, "SyncToken": "0", "sparse": True, "Active": False}
    error = api.error("customer", body)
    assert error["Message"] == "Delete List Has Balance Error"
    controls.post("payments", {"organisation": "Oak", "invoice_id": seeded["invoices"][0]["id"]})
    assert api.create("customer", body)["Active"] is False


def test_customers_cant_be_deleted(controls: Controls, oak: Connected) -> None:
    made = _customer("Ann").save(qb=oak.client)
    with pytest.raises(UnsupportedException):
        oak.client.delete_object("Customer", f'{{"Id":"{made.Id}","SyncToken":"0"}}')
    controls.set(delete_name_list="2010")
    with pytest.raises(ValidationException) as refused:
        oak.client.delete_object("Customer", f'{{"Id":"{made.Id}","SyncToken":"0"}}')
    assert refused.value.error_code == 2010


def test_an_id_that_isnt_there_is_610(oak: Connected) -> None:
    with pytest.raises(ObjectNotFoundException):
        Customer.get("999999", qb=oak.client)


@pytest.mark.parametrize(
    ("field", "limit"),
    [
        ("DisplayName", 500),
        ("Title", 16),
        ("GivenName", 100),
        ("CompanyName", 100),
        ("PrintOnCheckName", 110),
        ("Notes", 2000),
        ("ResaleNum", 16),
    ],
)
def test_lengths_are_refused_with_field_and_numbers(api: Api, field: str, limit: int) -> None:
    error = api.error("customer", {"DisplayName": "Ann", field: "x" * (limit + 1)})
    assert error["element"] == field
    assert error["code"] == "2050"
    assert f"Max:{limit} supported. Supplied length:{limit + 1}" in error["Detail"]
    assert api.post("customer", {"DisplayName": "Ann", field: "x" * limit}).status_code == 200


def test_all_lengths_are_told_at_once(api: Api) -> None:
    answer = api.post("customer", {"DisplayName": "A", "Title": "x" * 17, "Suffix": "x" * 17})
    elements = [each["element"] for each in answer.json()["Fault"]["Error"]]
    assert elements == ["Title", "Suffix"]


def test_the_limits_nobody_is_sure_of_have_a_switch(controls: Controls, api: Api) -> None:
    controls.set(company_name_limit=50, person_name_limit=25)
    assert (
        "Max:50" in api.error("customer", {"DisplayName": "A", "CompanyName": "x" * 51})["Detail"]
    )
    assert "Max:25" in api.error("customer", {"DisplayName": "A", "GivenName": "x" * 26})["Detail"]


@pytest.mark.parametrize("address", ["nobody", "a@b", "@b.co", "a@b.co, nobody"])
def test_what_is_no_email_address_is_2210(api: Api, address: str) -> None:
    body: Body = {"DisplayName": "Ann", "PrimaryEmailAddr": {"Address": address}}
    assert api.error("customer", body)["code"] == "2210"


@pytest.mark.parametrize("name", ["A: B", "A\tB", "A\nB"])
def test_colons_tabs_and_newlines_are_refused_in_names(
    controls: Controls, api: Api, name: str
) -> None:
    assert api.error("customer", {"DisplayName": name})["code"] == "6000"
    controls.set(bad_name_code="2040")
    assert api.error("customer", {"DisplayName": name})["code"] == "2040"


def test_a_customer_needs_some_name(controls: Controls, api: Api) -> None:
    assert api.error("customer", {"Notes": "n"})["code"] == "2020"
    controls.set(missing_name_code="6080")
    assert api.error("customer", {"Notes": "n"})["code"] == "6080"
    made = api.create("customer", {"GivenName": "Ann", "FamilyName": "Lee"})
    assert made["DisplayName"] == "Ann Lee"


def test_names_outside_ascii_are_kept(api: Api) -> None:
    for name in ("Łukasz Żółć", "Café 🔧 & Söhne", "O'Brien \\ Sons", '"Quoted"'):
        made = api.create("customer", {"DisplayName": name})
        assert made["DisplayName"] == name
        escaped = name.replace("\\", "\\\\").replace("'", "\\'")
        found = api.query(f"select * from Customer where DisplayName = '{escaped}'")
        assert [each["Id"] for each in found["Customer"]] == [made["Id"]]


def test_a_sub_customers_full_name_holds_its_parents(api: Api) -> None:
    parent = api.create("customer", {"DisplayName": "Level 1"})
    for level in range(2, 6):
        parent = api.create(
            "customer",
            {"DisplayName": f"Level {level}", "ParentRef": {"value": parent["Id"]}, "Job": True},
        )
    assert parent["FullyQualifiedName"] == "Level 1:Level 2:Level 3:Level 4:Level 5"
    deeper: Body = {"DisplayName": "Level 6", "ParentRef": {"value": parent["Id"]}}
    assert api.error("customer", deeper)["code"] == "6180"


def test_a_merged_customer_is_inactive_or_gone_and_the_survivor_has_its_invoices(
    controls: Controls, api: Api
) -> None:
    seeded = controls.seed(
        customers=[{"name": "Ann"}, {"name": "Ann Lee"}],
        items=[{"name": "Visit"}],
        invoices=[{"customer": "Ann", "lines": [{"item": "Visit", "unit_price": "10"}]}],
    )
    old, new = (each["id"] for each in seeded["customers"])
    controls.change("customers", old, {"merge_into": new})
    books = controls.books()
    assert [each["customer_id"] for each in books["invoices"]] == [new]
    assert [each["balance"] for each in books["customers"]] == ["0.00", "10.00"]
    assert api.get(f"customer/{old}").json()["Customer"]["Active"] is False
    controls.set(merged_customer="not_found")
    assert api.get(f"customer/{old}").json()["Fault"]["Error"][0]["code"] == "610"
