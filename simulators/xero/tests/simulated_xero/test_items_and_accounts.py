"""Items, accounts, tax rates and the organisation."""

from __future__ import annotations

import pytest

from .support import Api, Body, Controls, Stock


def test_a_new_organisation_has_three_accounts_and_its_countrys_currency(
    controls: Controls, api: Api
) -> None:
    rows = [(each["Code"], each["Name"], each["Type"]) for each in api.rows("Accounts")]
    assert rows == [
        ("4000", "Services", "REVENUE"),
        ("4010", "Parts", "REVENUE"),
        ("6000", "Rent", "EXPENSE"),
    ]
    assert api.rows("Organisation")[0]["BaseCurrency"] == "USD"
    for country, currency in (("NZ", "NZD"), ("UK", "GBP"), ("AU", "AUD")):
        controls.set(country=country)
        found = api.rows("Organisation")[0]
        assert found["BaseCurrency"] == currency
        assert found["OrganisationID"] == api.tenant


def test_accounts_fill_in_their_countrys_tax_unless_the_organisation_pays_none(
    controls: Controls, api: Api
) -> None:
    assert [each["TaxType"] for each in api.rows("Accounts")] == ["NONE", "NONE", "NONE"]
    controls.set(tax_mode="standard", tax_percent="7.5")
    assert [each["TaxType"] for each in api.rows("Accounts")] == ["OUTPUT", "OUTPUT", "INPUT"]
    assert api.rows("TaxRates/OUTPUT")[0]["EffectiveRate"] == 7.5
    controls.set(country="NZ")
    assert [each["TaxType"] for each in api.rows("Accounts")] == ["OUTPUT2", "OUTPUT2", "INPUT2"]


def test_an_item_takes_its_tax_from_its_account_and_keeps_what_is_not_sent(
    controls: Controls, api: Api
) -> None:
    controls.set(country="NZ")
    sent = {"Code": "A", "Name": "Ay", "SalesDetails": {"UnitPrice": 128.19, "AccountCode": "4000"}}
    made = api.post("Items", sent)[0]
    assert made["SalesDetails"]["TaxType"] == "OUTPUT2"
    assert made["PurchaseDetails"] == {}
    assert made["ValidationErrors"] == []
    assert "+0000" not in made["UpdatedDateUTC"]
    again = api.post("Items", {"Code": "a", "Description": "Longer"})[0]
    assert again["ItemID"] == made["ItemID"]
    assert (again["Name"], again["SalesDetails"]) == ("Ay", made["SalesDetails"])
    listed = api.rows("Items")[0]
    assert "ValidationErrors" not in listed
    assert listed["UpdatedDateUTC"].endswith("+0000)/")
    unsold = api.post("Items", {"Code": "A", "IsSold": False})[0]
    assert unsold["SalesDetails"] == {}
    assert "Description" not in unsold


def test_prices_keep_four_decimals_only_where_asked(api: Api) -> None:
    sent = {"Code": "A", "SalesDetails": {"UnitPrice": 1.23456}}
    for query, kept, shown in (({}, 1.23, 1.23), ({"unitdp": "4"}, 1.2346, 1.23)):
        row = api.send("POST", "Items", sent, None, **query).json()["Items"][0]
        assert row["SalesDetails"]["UnitPrice"] == kept
        assert api.rows("Items")[0]["SalesDetails"]["UnitPrice"] == shown
    assert api.rows("Items", unitdp="4")[0]["SalesDetails"]["UnitPrice"] == 1.2346


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"Name": "x"}, "Code must be specified"),
        ({"Code": "x" * 31}, "maximum length of 30"),
        ({"Code": "x", "Name": "x" * 51}, "maximum length of 50"),
        ({"Code": "x", "SalesDetails": {"AccountCode": "9"}}, "Account must be valid."),
        ({"Code": "x", "SalesDetails": {"TaxType": "TAX9"}}, "The TaxType code TAX9 does not"),
        (
            {"Code": "x", "SalesDetails": {"TaxType": "INPUT", "AccountCode": "4000"}},
            "The TaxType code 'INPUT' cannot be used with account code '4000'.",
        ),
        ({"Code": "x", "IsTrackedAsInventory": True}, "InventoryAssetAccountCode"),
        ({"Code": "TAKEN"}, "Price List Item with Code 'TAKEN' already exists"),
    ],
)
def test_bad_items_are_refused(api: Api, sent: Body, told: str) -> None:
    api.put("Items", {"Code": "TAKEN"})
    assert told in api.wrong("PUT", "Items", sent)[0]


def test_a_deleted_item_is_gone_while_invoices_keep_their_lines(
    controls: Controls, api: Api, stock: Stock
) -> None:
    invoice = api.put("Invoices", stock.invoice())[0]["InvoiceID"]
    item = api.rows("Items")[0]["ItemID"]
    controls.set(delete_used_item="refuse")
    assert api.send("DELETE", f"Items/{item}").status_code == 400
    controls.set(delete_used_item="tracked_only")
    gone = api.send("DELETE", f"Items/{item}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.get(f"Items/{item}").status_code == 404
    assert api.get("Items/CALLOUT").status_code == 404
    line = api.rows(f"Invoices/{invoice}")[0]["LineItems"][0]
    assert line["ItemCode"] == "CALLOUT"
    assert "Item" not in line
    assert api.wrong("PUT", "Invoices", stock.invoice()) == ["Item Code is invalid."]
    # What the invoice has it keeps, also through a change.
    change = {"Reference": "x", "LineItems": [{"LineItemID": line["LineItemID"], "Quantity": 3}]}
    assert api.send("POST", f"Invoices/{invoice}", change).json()["Invoices"][0]["Total"] == 31.5
    assert controls.books()["items"][0]["active"] is False


def test_custom_rates_are_numbered_and_can_be_used(
    controls: Controls, api: Api, stock: Stock
) -> None:
    rate = {"Name": "City", "TaxComponents": [{"Name": "a", "Rate": 3}, {"Name": "b", "Rate": 2}]}
    assert api.put("TaxRates", rate)[0]["TaxType"] == "TAX001"
    lines = [{"Description": "x", "UnitAmount": 10, "AccountCode": "4000", "TaxType": "TAX001"}]
    assert api.put("Invoices", stock.invoice(LineItems=lines))[0]["TotalTax"] == 0.5
    controls.change("taxrates", "TAX001", {"active": False})
    told = api.wrong("PUT", "Invoices", stock.invoice(LineItems=lines))
    assert told[0].startswith("The TaxType code TAX001 does not exist or cannot be used")
