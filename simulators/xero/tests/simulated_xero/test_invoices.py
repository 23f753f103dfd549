"""Invoices: amounts, tax, numbers, statuses, and what they refuse."""

from __future__ import annotations

import pytest

from .support import Api, Body, Controls, Stock

NOT_MODIFIABLE = "Invoice not of valid status for modification"
ARCHIVED = (
    "The contact with the specified contact details has been archived. The contact must be "
    "un-archived before creating new invoices or credit notes."
)


def line(**more: object) -> Body:
    return {"Description": "Work", "Quantity": 1, "UnitAmount": 10, "AccountCode": "4000"} | more


@pytest.fixture
def taxed(controls: Controls, stock: Stock) -> Stock:
    """In New Zealand, where tax is 15 %."""
    controls.set(country="NZ")
    return stock


def test_an_invoice_comes_back_with_its_contact_lines_and_sums(api: Api, taxed: Stock) -> None:
    row = api.put("Invoices", taxed.invoice(Reference="Job"))[0]
    assert (row["SubTotal"], row["TotalTax"], row["Total"]) == (21.0, 3.15, 24.15)
    assert (row["AmountDue"], row["AmountPaid"]) == (24.15, 0.0)
    assert row["InvoiceNumber"] == "INV-0001"
    assert (row["Date"], row["DateString"]) == (
        "/Date(1789344000000+0000)/",
        "2026-09-14T00:00:00",
    )
    assert row["Contact"]["Name"] == "Ann Lee"
    assert row["Contact"]["IsCustomer"] is True
    shown = row["LineItems"][0]
    assert (shown["LineAmount"], shown["TaxAmount"], shown["TaxType"]) == (21.0, 3.15, "OUTPUT2")
    assert shown["Item"]["Code"] == shown["ItemCode"] == "CALLOUT"
    assert shown["AccountCode"] == "4000"
    assert shown["ValidationErrors"] == []
    assert "HasAttachments" not in row


@pytest.mark.parametrize(
    ("amounts", "prices", "sums"),
    [
        ("Exclusive", (10.5, 10.5), (21.0, 3.16, 24.16)),
        ("Inclusive", (541.25, 500), (905.43, 135.82, 1041.25)),
        ("NoTax", (10, 20), (30.0, 0.0, 30.0)),
        # Rounded each line, then summed: 0.0045 three times is nothing.
        ("Exclusive", (0.03, 0.03, 0.03), (0.09, 0.0, 0.09)),
        ("Exclusive", (0.1, 0.1), (0.2, 0.04, 0.24)),
    ],
)
def test_tax_is_rounded_for_each_line_and_then_summed(
    api: Api, taxed: Stock, amounts: str, prices: tuple[float, ...], sums: tuple[float, ...]
) -> None:
    lines = [line(UnitAmount=each) for each in prices]
    row = api.put("Invoices", taxed.invoice(LineAmountTypes=amounts, LineItems=lines))[0]
    assert (row["SubTotal"], row["TotalTax"], row["Total"]) == sums


def test_exact_halves_of_a_cent_go_up_unless_set_otherwise(
    controls: Controls, api: Api, taxed: Stock
) -> None:
    wanted = taxed.invoice(LineItems=[line(UnitAmount=0.3)])
    assert api.put("Invoices", wanted)[0]["TotalTax"] == 0.05
    controls.set(tax_ties="half_even")
    assert api.put("Invoices", wanted)[0]["TotalTax"] == 0.04


def test_discounts_and_amounts_that_are_sent(api: Api, stock: Stock) -> None:
    lines = [
        line(UnitAmount=100, DiscountRate=12.5),
        line(UnitAmount=100, DiscountAmount=10),
        line(UnitAmount=None, LineAmount=33.33),
        {"Description": "Just words"},
    ]
    row = api.put("Invoices", stock.invoice(LineItems=lines))[0]
    assert [each["LineAmount"] for each in row["LineItems"]] == [87.5, 90.0, 33.33, 0.0]
    assert (row["Total"], row["TotalDiscount"], row["IsDiscounted"]) == (210.83, 22.5, True)


def test_prices_are_rounded_to_two_decimals_unless_four_are_asked_for(
    api: Api, stock: Stock
) -> None:
    wanted = stock.invoice(LineItems=[line(UnitAmount=1.23456, Quantity=100)])
    assert api.put("Invoices", wanted)[0]["Total"] == 123.0
    row = api.put("Invoices", wanted, unitdp="4")[0]
    assert (row["Total"], row["LineItems"][0]["UnitAmount"]) == (123.46, 1.2346)
    one = f"Invoices/{row['InvoiceID']}"
    assert api.rows(one)[0]["LineItems"][0]["UnitAmount"] == 1.23
    assert api.rows(one, unitdp="4")[0]["LineItems"][0]["UnitAmount"] == 1.2346


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"Contact": None}, "A Contact must be specified for this type of transaction"),
        ({"Contact": {}}, "The Contact must contain at least 1 of the following elements"),
        ({"Contact": {"ContactID": "1"}}, "could not be found"),
        ({"LineItems": []}, "One or more line items must be specified"),
        ({"Status": "PAID"}, "Invoice not of valid status for creation"),
        ({"DueDate": None}, "The document DueDate field must be specified"),
        ({"CurrencyCode": "EUR"}, "Organisation is not subscribed to currency EUR"),
        ({"Url": "https://xero.example/1"}, "Url"),
        ({"InvoiceNumber": "é"}, "InvoiceNumber"),
        ({"Reference": "x" * 256}, "maximum length of 255"),
        ({"Total": 1}, "The invoice total does not equal the sum of the lines."),
        ({"LineItems": [line(AccountCode=None)]}, "The account code or ID must be specified"),
        (
            {"LineItems": [line(AccountCode="999")]},
            "Account code '999' is not a valid code for this document.",
        ),
        ({"LineItems": [line(AccountCode="090")]}, "Account code '090' is not a valid code"),
        (
            {"LineItems": [line(AccountCode="5000")]},
            "Account code '5000' has been archived, or has been deleted. Each line item must "
            "reference a valid account.",
        ),
        ({"LineItems": [line(TaxType="No")]}, "The TaxType code No does not exist or cannot be"),
        (
            {"LineItems": [line(TaxType="INPUT")]},
            "The TaxType code 'INPUT' cannot be used with account code '4000'.",
        ),
        ({"LineItems": [line(Description="")]}, "The description field is mandatory for each"),
        ({"LineItems": [line(ItemCode="No")]}, "Item Code is invalid."),
        (
            {"LineItems": [line(LineAmount=9.99)]},
            "The line total 9.99 does not match the expected line total 10",
        ),
        ({"LineItems": [line(UnitAmount=-1)]}, "negative"),
    ],
)
def test_bad_invoices_are_refused(
    controls: Controls, api: Api, stock: Stock, changes: Body, told: str
) -> None:
    controls.seed(
        accounts=[
            {"code": "090", "name": "Bank", "type": "bank"},
            {"code": "5000", "name": "Old", "active": False},
        ]
    )
    assert told in api.wrong("PUT", "Invoices", stock.invoice(**changes))[0]
    assert api.rows("Invoices") == []


def test_a_draft_takes_an_unknown_account_with_a_warning(api: Api, stock: Stock) -> None:
    draft = stock.invoice(Status=None, DueDate=None, LineItems=[line(AccountCode="600")])
    row = api.put("Invoices", draft, summarizeErrors="false")[0]
    assert (row["Status"], row["StatusAttributeString"]) == ("DRAFT", "WARNING")
    told = "Account code '600' has been removed as it does not match a recognised account."
    assert row["Warnings"] == [{"Message": told}]
    assert "AccountCode" not in row["LineItems"][0]
    approve = {"Status": "AUTHORISED", "DueDate": "2026-10-01"}
    assert api.wrong("POST", f"Invoices/{row['InvoiceID']}", approve) == [
        "The account code or ID must be specified"
    ]


def test_numbers_are_unique_and_go_on_from_the_highest(
    controls: Controls, api: Api, stock: Stock
) -> None:
    api.put("Invoices", stock.invoice(InvoiceNumber="INV-0041"))
    assert api.put("Invoices", stock.invoice())[0]["InvoiceNumber"] == "INV-0042"
    twice = stock.invoice(InvoiceNumber="INV-0041")
    assert api.wrong("PUT", "Invoices", twice) == ["Invoice # must be unique."]
    changed = api.post("Invoices", stock.invoice(InvoiceNumber="INV-0041", Reference="r"))[0]
    assert changed["Reference"] == "r"
    api.send("POST", f"Invoices/{changed['InvoiceID']}", {"Status": "VOIDED"})
    assert api.wrong("PUT", "Invoices", twice) == ["Invoice # must be unique."]
    assert api.wrong("POST", "Invoices", twice) == [NOT_MODIFIABLE]
    controls.set(reuse_dead_number="allow")
    new = api.put("Invoices", twice)[0]
    assert new["InvoiceID"] != changed["InvoiceID"]
    assert api.rows("Invoices/INV-0041")[0]["InvoiceID"] == new["InvoiceID"]


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        (("DRAFT", "SUBMITTED", "DRAFT", "AUTHORISED"), "DRAFT"),
        (("DRAFT", "DELETED"), "DRAFT"),
        (("SUBMITTED", "AUTHORISED"), "SUBMITTED"),
        (("SUBMITTED", "DELETED"), "AUTHORISED"),
        (("DRAFT",), "VOIDED"),
        (("AUTHORISED",), "DELETED"),
        (("AUTHORISED",), "PAID"),
        (("AUTHORISED", "VOIDED"), "VOIDED"),
    ],
)
def test_only_the_legal_changes_of_status_are_made(
    api: Api, stock: Stock, path: tuple[str, ...], refused: str
) -> None:
    row = api.put("Invoices", stock.invoice(Status=path[0]))[0]
    one = f"Invoices/{row['InvoiceID']}"
    for status in path[1:]:
        row = api.send("POST", one, {"Status": status}).json()["Invoices"][0]
        assert row["Status"] == status
    change = {"InvoiceID": row["InvoiceID"], "Status": refused}
    rows = api.post("Invoices", change, summarizeErrors="false")
    assert rows[0]["ValidationErrors"] == [{"Message": NOT_MODIFIABLE}]
    assert (rows[0]["HasErrors"], rows[0]["Total"]) == (True, 21.0)
    assert api.rows(one)[0]["Status"] == path[-1]


def test_void_and_deleted_invoices_stay_listed_with_nothing_due(api: Api, stock: Stock) -> None:
    first = api.put("Invoices", stock.invoice())[0]["InvoiceID"]
    draft = api.put("Invoices", stock.invoice(Status="DRAFT"))[0]["InvoiceID"]
    void = api.send("POST", f"Invoices/{first}", {"Status": "VOIDED"})
    assert void.json()["Invoices"][0]["AmountDue"] == 21.0
    api.send("POST", f"Invoices/{draft}", {"Status": "DELETED"})
    rows = [(each["Status"], each["AmountDue"]) for each in api.rows("Invoices")]
    assert sorted(rows) == [("DELETED", 0.0), ("VOIDED", 0.0)]


def test_lines_are_changed_by_their_id_added_and_left_out(api: Api, stock: Stock) -> None:
    row = api.put("Invoices", stock.invoice(LineItems=[line(), line(Description="Two")]))[0]
    first, _ = row["LineItems"]
    change = {
        "InvoiceID": row["InvoiceID"],
        "LineItems": [{"LineItemID": first["LineItemID"], "Quantity": 3}, line(UnitAmount=5)],
    }
    after = api.post("Invoices", change)[0]
    assert [each["LineAmount"] for each in after["LineItems"]] == [30.0, 5.0]
    assert after["LineItems"][0]["LineItemID"] == first["LineItemID"]
    assert after["LineItems"][0]["Description"] == "Work"
    same = api.post("Invoices", {"InvoiceID": row["InvoiceID"], "Reference": "x"})[0]
    assert same["LineItems"] == after["LineItems"]


def test_payments_freeze_amounts_and_forbid_voiding(
    controls: Controls, api: Api, stock: Stock
) -> None:
    row = api.put("Invoices", stock.invoice())[0]
    one = f"Invoices/{row['InvoiceID']}"
    pay = {"organisation": "Oak", "invoice_id": row["InvoiceID"]}
    part = controls.post("payments", pay | {"amount": "1.00"})
    assert part["invoice"]["status"] == "open"
    assert api.rows(one)[0]["AmountDue"] == 20.0
    controls.post("payments", pay)
    paid = api.rows(one)[0]
    assert (paid["Status"], paid["AmountPaid"], len(paid["Payments"])) == ("PAID", 21.0, 2)
    assert paid["FullyPaidOnDate"].startswith("/Date(")
    assert api.wrong("POST", one, {"Status": "VOIDED"}) == [
        "The status VOIDED cannot be applied to the invoice because it has payments or credit "
        "notes allocated to it."
    ]
    told = ["This document cannot be edited as it has a payment or credit note allocated to it."]
    assert api.wrong("POST", one, {"LineItems": [line()]}) == told
    assert api.wrong("POST", one, {"Date": "2026-09-15"}) == told
    same = paid["LineItems"][0]["LineItemID"]
    allowed = {
        "Reference": "new",
        "DueDate": "2026-12-01",
        "LineItems": [{"LineItemID": same, "Description": "Other words"}],
    }
    after = api.send("POST", one, allowed).json()["Invoices"][0]
    assert (after["Reference"], after["Status"]) == ("new", "PAID")
    for each in controls.books()["invoices"][0]["payments"]:
        controls.delete("payments", each)
    assert api.rows(one)[0]["Status"] == "AUTHORISED"


def test_nothing_may_be_done_before_the_lock_date(
    controls: Controls, api: Api, stock: Stock
) -> None:
    row = api.put("Invoices", stock.invoice())[0]
    for lock in ("lock_date", "end_of_year_lock_date"):
        controls.put("organisation", {lock: "2026-09-14"}, organisation="Oak")
        told = "The document date cannot be before the period lock date"
        one = f"Invoices/{row['InvoiceID']}"
        for change in ({"Reference": "x"}, {"Status": "VOIDED"}):
            assert api.wrong("POST", one, change)[0].startswith(told)
        assert api.wrong("PUT", "Invoices", stock.invoice())[0].startswith(told)
        assert api.put("Invoices", stock.invoice(Date="2026-09-15"))
        assert api.put("Invoices", stock.invoice(Status="DRAFT"))
        controls.put("organisation", {lock: None}, organisation="Oak")


def test_a_plan_has_room_for_so_many_approved_invoices(
    controls: Controls, api: Api, stock: Stock
) -> None:
    controls.set(plan_limit=1)
    api.put("Invoices", stock.invoice())
    draft = api.put("Invoices", stock.invoice(Status="DRAFT"))[0]["InvoiceID"]
    told = ["You have reached the limit of invoices you can approve"]
    assert api.wrong("PUT", "Invoices", stock.invoice()) == told
    assert api.wrong("POST", f"Invoices/{draft}", {"Status": "AUTHORISED"}) == told
    controls.post("clock", {"advance_seconds": 32 * 86400})
    controls.set(plan_limit=2)
    with_new_token = controls.books()["invoices"]
    assert len(with_new_token) == 2


def test_an_archived_contact_takes_no_new_invoice(
    controls: Controls, api: Api, stock: Stock
) -> None:
    row = api.put("Invoices", stock.invoice())[0]
    controls.change("customers", stock.customer, {"active": False})
    assert api.wrong("PUT", "Invoices", stock.invoice()) == [ARCHIVED]
    change = {"InvoiceID": row["InvoiceID"], "Reference": "x"}
    assert api.post("Invoices", change)[0]["Reference"] == "x"


def test_a_contact_given_by_name_is_found_or_made_and_other_fields_change_it(
    api: Api, stock: Stock
) -> None:
    person = {"ContactID": stock.customer, "ContactPersons": [{"FirstName": "Bo"}]}
    api.post("Contacts", person)
    found = api.put("Invoices", stock.invoice(Contact={"Name": "ANN LEE"}))[0]
    assert found["Contact"]["ContactID"] == stock.customer
    made = api.put("Invoices", stock.invoice(Contact={"Name": "Cy", "EmailAddress": "c@y.example"}))
    assert made[0]["Contact"]["EmailAddress"] == "c@y.example"
    change = {"ContactID": stock.customer, "EmailAddress": "new@lee.example"}
    after = api.put("Invoices", stock.invoice(Contact=change))[0]["Contact"]
    assert (after["EmailAddress"], after["ContactPersons"]) == ("new@lee.example", [])


def test_subscribed_currencies_may_be_used(controls: Controls, api: Api, stock: Stock) -> None:
    controls.set(currencies=["EUR"])
    row = api.put("Invoices", stock.invoice(CurrencyCode="EUR", CurrencyRate=0.5))[0]
    assert (row["CurrencyCode"], row["CurrencyRate"]) == ("EUR", 0.5)


def test_dates_are_taken_in_every_form_and_default_to_the_organisations_today(
    controls: Controls, api: Api, stock: Stock
) -> None:
    controls.set(country="NZ")
    for form in ("2026-09-14", "2026-09-14T00:00:00", "/Date(1789344000000)/"):
        row = api.put("Invoices", stock.invoice(Date=form))[0]
        assert row["DateString"] == "2026-09-14T00:00:00"
    assert "Date" in api.put("Invoices", stock.invoice(Date=None))[0]
