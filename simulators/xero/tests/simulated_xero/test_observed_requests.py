"""What was asked of the real API where its answers were observed, asked in the same way."""

from __future__ import annotations

from .support import Api, Controls, Stock

NOBODY = "a46fcb6f-0000-4000-8000-000000000001"


def test_accounts_of_a_bank_and_of_income(controls: Controls, api: Api) -> None:
    for account in (
        {"Code": "090", "Name": "Bank", "Type": "BANK", "BankAccountNumber": "1201020345678000"},
        {"Code": "260", "Name": "Other", "Type": "REVENUE", "Description": "Any other income"},
    ):
        assert api.send("PUT", "Accounts", account).status_code == 200
    bank = next(each for each in api.rows("Accounts") if each["Code"] == "090")
    assert (bank["BankAccountNumber"], bank["Class"]) == ("1201020345678000", "ASSET")


def test_a_contact_with_an_invoice_alone_and_in_a_page(api: Api, stock: Stock) -> None:
    api.put("Invoices", stock.invoice())
    alone = api.rows(f"Contacts/{stock.customer}")[0]
    page = api.get("Contacts", page="1", pageSize="2", includeArchived="True").json()
    assert page["pagination"]["itemCount"] == 1
    for row in (alone, page["Contacts"][0]):
        assert row["Balances"]["AccountsReceivable"]["Outstanding"] == 21.0


def test_a_taken_name_and_an_archived_contact(api: Api) -> None:
    new = {
        "Name": "Acme Plumbing",
        "EmailAddress": "office@acme.example",
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "09 111 1111"}],
        "IsCustomer": True,
    }
    made = api.put("Contacts", new)[0]
    refused = api.send("PUT", "Contacts", {"Contacts": [new]})
    assert refused.status_code == 400
    assert refused.json()["Elements"][0]["EmailAddress"] == "office@acme.example"
    archive = {"ContactID": made["ContactID"], "ContactStatus": "ARCHIVED"}
    assert "StatusAttributeString" in api.post("Contacts", archive, summarizeErrors="False")[0]
    again = api.post("Contacts", archive, summarizeErrors="False")[0]
    assert (again["StatusAttributeString"], again["ContactStatus"]) == ("ERROR", "ARCHIVED")


def test_an_invoice_is_voided_and_another_isn_t_there(api: Api, stock: Stock) -> None:
    made = api.put("Invoices", stock.invoice(Reference="job-1"))[0]
    void = {"InvoiceID": made["InvoiceID"], "Status": "VOIDED"}
    row = api.post("Invoices", void, summarizeErrors="False")[0]
    assert (row["Status"], row["StatusAttributeString"]) == ("VOIDED", "OK")
    missing = api.get(f"Invoices/{NOBODY}")
    assert (missing.status_code, missing.headers["content-type"]) == (
        404,
        "text/html; charset=utf-8",
    )
    assert missing.text == "The resource you're looking for cannot be found"


def test_an_organisation_whose_books_are_closed_and_one_that_is_offline(
    controls: Controls, api: Api
) -> None:
    controls.set(lock_date="2026-03-31")
    assert "PeriodLockDate" in api.rows("Organisation")[0]
    controls.set(organisation_status="offline")
    assert api.get("Organisation").status_code == 503
