"""Products, services and accounts, through python-quickbooks unchanged."""

from __future__ import annotations

from typing import Any

import pytest
from quickbooks.exceptions import QuickbooksException, ValidationException

from .sdk import Account, CompanyInfo, Item, Preferences, Ref, TaxCode, Term
from .support import Api, Body, Connected, Controls


def _accounts(controls: Controls) -> dict[str, str]:
    return {each["code"]: each["id"] for each in controls.books()["accounts"]}


def _item(name: str, account: str) -> Any:
    item = Item()
    item.Name = name
    item.Type = "Service"
    item.IncomeAccountRef = Ref()
    item.IncomeAccountRef.value = account
    return item


def test_a_new_organisation_has_its_three_accounts(controls: Controls, oak: Connected) -> None:
    del oak
    shown = [
        (each["code"], each["name"], each["type"], each["active"])
        for each in controls.books()["accounts"]
    ]
    assert shown == [
        ("4000", "Services", "income", True),
        ("4010", "Parts", "income", True),
        ("6000", "Rent", "expense", True),
    ]


def test_accounts_are_listed_and_made_through_the_sdk(controls: Controls, oak: Connected) -> None:
    account = Account()
    account.Name = "Service revenue"
    account.AccountSubType = "ServiceFeeIncome"
    account.AcctNum = "200"
    made = account.save(qb=oak.client)
    assert (made.AccountType, made.Classification) == ("Income", "Revenue")
    income = Account.where(
        "AccountType = 'Income' AND Active = true", order_by="FullyQualifiedName", qb=oak.client
    )
    assert [each.Name for each in income] == ["Parts", "Service revenue", "Services"]
    assert _accounts(controls)["200"] == made.Id


def test_an_account_answer_has_the_fields_of_a_recorded_one(api: Api) -> None:
    made = api.create("account", {"Name": "Fees", "AccountType": "Income"})
    del made["MetaData"]
    assert made == {
        "Name": "Fees",
        "SubAccount": False,
        "FullyQualifiedName": "Fees",
        "Active": True,
        "Classification": "Revenue",
        "AccountType": "Income",
        "AccountSubType": "OtherPrimaryIncome",
        "CurrentBalance": 0,
        "CurrentBalanceWithSubAccounts": 0,
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "domain": "QBO",
        "sparse": False,
        "Id": "82",
        "SyncToken": "0",
    }
    below = api.create(
        "account",
        {"Name": "Labor", "AccountType": "Income", "ParentRef": {"value": "82"}},
    )
    assert (below["FullyQualifiedName"], below["SubAccount"]) == ("Fees:Labor", True)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Name": "Fees"}, "2020"),
        ({"AccountType": "Income"}, "2020"),
        ({"Name": "Fees", "AccountType": "Nothing"}, "2170"),
        ({"Name": "services", "AccountType": "Income"}, "6240"),
        ({"Name": 'A "B"', "AccountType": "Income"}, "6000"),
        ({"Name": "Fees", "AccountType": "Income", "AcctNum": "12345678"}, "2050"),
    ],
)
def test_accounts_are_checked(api: Api, body: Body, code: str) -> None:
    assert api.error("account", body)["code"] == code


def test_an_item_is_made_changed_and_made_inactive_through_the_sdk(
    controls: Controls, oak: Connected
) -> None:
    income = _accounts(controls)["4000"]
    item = _item("Call-out", income)
    item.UnitPrice = 128.19
    item.Sku = "CALL"
    made = item.save(qb=oak.client)
    assert (made.Id, made.UnitPrice, made.Sku) == ("19", 128.19, "CALL")
    assert made.IncomeAccountRef.name == "Services"
    made.UnitPrice = 130
    changed = made.save(qb=oak.client)
    assert (changed.SyncToken, changed.UnitPrice) == ("1", 130)
    assert [each.Sku for each in Item.all(qb=oak.client)] == ["CALL"]
    changed.Active = False
    gone = changed.save(qb=oak.client)
    assert (gone.Name, gone.FullyQualifiedName) == ("Call-out (deleted)", "Call-out (deleted)")
    assert Item.all(qb=oak.client) == []


def test_an_item_answer_has_the_fields_of_a_recorded_one(controls: Controls, api: Api) -> None:
    income = _accounts(controls)["4010"]
    body: Body = {"Name": "Pipe", "Type": "Service", "IncomeAccountRef": {"value": income}}
    made = api.create("item", body)
    del made["MetaData"]
    assert made == {
        "Name": "Pipe",
        "Active": True,
        "FullyQualifiedName": "Pipe",
        "Taxable": False,
        "UnitPrice": 0,
        "Type": "Service",
        "IncomeAccountRef": {"value": income, "name": "Parts"},
        "PurchaseCost": 0,
        "TrackQtyOnHand": False,
        "DeferredRevenue": False,
        "domain": "QBO",
        "sparse": False,
        "Id": "19",
        "SyncToken": "0",
    }


def test_sku_shows_in_query_rows_if_asked_for_or_set_so(controls: Controls, api: Api) -> None:
    controls.seed(items=[{"name": "Call-out", "sku": "CALL"}])
    assert "Sku" not in api.query("select * from Item")["Item"][0]
    assert api.query("SELECT *, Sku FROM Item")["Item"][0]["Sku"] == "CALL"
    controls.set(sku_in_star=True)
    assert api.query("select * from Item")["Item"][0]["Sku"] == "CALL"


def test_an_items_name_is_its_own(controls: Controls, oak: Connected) -> None:
    income = _accounts(controls)["4000"]
    _item("Call-out", income).save(qb=oak.client)
    with pytest.raises(QuickbooksException) as refused:
        _item("call-OUT", income).save(qb=oak.client)
    assert refused.value.error_code == 6240


def test_an_item_needs_an_active_income_account(controls: Controls, oak: Connected) -> None:
    accounts = _accounts(controls)
    codes: list[int] = []
    for switch in ("6430", "6000", "2500"):
        controls.set(wrong_account_type=switch)
        with pytest.raises(QuickbooksException) as refused:
            _item("Call-out", accounts["6000"]).save(qb=oak.client)
        codes.append(refused.value.error_code)
    assert codes == [6430, 6000, 2500]
    with pytest.raises(ValidationException, match="2500"):
        _item("Call-out", "999").save(qb=oak.client)
    controls.change("accounts", accounts["4010"], {"active": False})
    with pytest.raises(ValidationException, match="made inactive"):
        _item("Call-out", accounts["4010"]).save(qb=oak.client)


@pytest.mark.parametrize(
    ("changes", "code", "element"),
    [
        ({"Name": "x" * 101}, "2050", "Name"),
        ({"Name": ""}, "2020", "Name"),
        ({"Name": "a:b"}, "6000", ""),
        ({"Description": "x" * 4001}, "2050", "Description"),
        ({"Sku": "x" * 101}, "2050", "Sku"),
        ({"UnitPrice": 100_000_000_000}, "2060", "UnitPrice"),
        ({"UnitPrice": "a lot"}, "2060", "UnitPrice"),
        ({"Type": "Gadget"}, "2170", "Type"),
        ({"Type": "Inventory"}, "2020", "AssetAccountRef"),
    ],
)
def test_items_are_checked(
    controls: Controls, api: Api, changes: Body, code: str, element: str
) -> None:
    income = _accounts(controls)["4000"]
    body: Body = {"Name": "Pipe", "Type": "Service", "IncomeAccountRef": {"value": income}}
    error = api.error("item", body | changes)
    assert (error["code"], error["element"]) == (code, element)


def test_an_item_keeps_an_account_that_was_made_inactive_since(
    controls: Controls, api: Api
) -> None:
    item = controls.seed(items=[{"name": "Call-out"}])["items"][0]
    controls.change("accounts", item["account_id"], {"active": False})
    body: Body = {"Id": item["id"], "SyncToken": "0", "sparse": True, "UnitPrice": 5}
    assert api.create("item", body)["UnitPrice"] == 5


def test_the_company_says_who_and_where_it_is(controls: Controls, oak: Connected) -> None:
    info = CompanyInfo.get(oak.api.realm, qb=oak.client)
    assert (info.CompanyName, info.Country) == ("Oak", "US")
    assert oak.api.query("select * from CompanyInfo")["CompanyInfo"][0]["Id"] == "1"
    controls.set(country="UK")
    assert oak.api.get("companyinfo/1").json()["CompanyInfo"]["Country"] == "GB"


def test_preferences_follow_the_settings(controls: Controls, oak: Connected) -> None:
    told = Preferences.get(qb=oak.client)
    assert told.SalesFormsPrefs.CustomTxnNumbers is False
    assert told.CurrencyPrefs.HomeCurrency.value == "USD"
    assert (
        "BookCloseDate"
        not in oak.api.get("preferences").json()["Preferences"]["AccountingInfoPrefs"]
    )
    controls.set(country="CA", custom_numbers=True, lock_date="2026-03-31", multicurrency=True)
    told = oak.api.get("preferences").json()["Preferences"]
    assert told["SalesFormsPrefs"]["CustomTxnNumbers"] is True
    assert told["AccountingInfoPrefs"]["BookCloseDate"] == "2026-03-31"
    assert told["CurrencyPrefs"] == {
        "MultiCurrencyEnabled": True,
        "HomeCurrency": {"value": "CAD", "name": "Canadian Dollar"},
    }
    controls.set(country="US", tax_mode="ast")
    assert oak.api.get("preferences").json()["Preferences"]["TaxPrefs"]["PartnerTaxEnabled"] is True


def test_tax_codes_and_terms_are_listed_through_the_sdk(controls: Controls, oak: Connected) -> None:
    assert {each.Id for each in TaxCode.all(qb=oak.client)} >= {"TAX", "NON", "2"}
    assert [each.Name for each in Term.all(qb=oak.client)] == [
        "Due on receipt",
        "Net 15",
        "Net 30",
        "Net 60",
    ]
    controls.set(country="GB")
    assert "20.0% S" in {each.Name for each in TaxCode.all(qb=oak.client)}
    controls.set(country="US", tax_mode="none")
    assert TaxCode.all(qb=oak.client) == []
