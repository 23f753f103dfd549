"""Items, taxes and ledger accounts, through freshbooks-sdk unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from .sdk import FilterBuilder, FreshBooksError, VisState
from .support import Connected, Controls, line, refused, said


def _account(controls: Controls, name: str = "Parts") -> str:
    accounts = controls.books()["accounts"]
    return next(each["id"] for each in accounts if each["name"] == name)


def test_an_item_is_made_found_by_its_sku_changed_and_archived(oak: Connected) -> None:
    cost = {"amount": "64.1", "code": "USD"}
    made = oak.item(name="Call-out", sku="K1", unit_cost=cost, type="service", rate="1")
    assert (made.itemid, made.qty, made.inventory) == (made.id, "1", None)
    assert made.data["unit_cost"] == {"amount": "64.10", "code": "USD"}
    assert {"type", "rate"}.isdisjoint(made.data)
    found = oak.sdk.items.list(oak.account, [FilterBuilder().equals("sku", "K1")])
    assert [each.id for each in found] == [made.id]
    oak.item(name="Other")
    ignored = oak.sdk.items.list(oak.account, [FilterBuilder().equals("name", "Call-out")])
    assert len(ignored) == 2
    oak.sdk.items.update(oak.account, made.id, {"description": "An hour"})
    oak.sdk.items.update(oak.account, made.id, {"vis_state": 2})
    after = oak.sdk.items.get(oak.account, made.id)
    assert (after.description, after.vis_state) == ("An hour", VisState.ARCHIVED)
    assert len(oak.sdk.items.list(oak.account)) == 2


@pytest.mark.parametrize(
    ("switch", "status", "errno"),
    [
        ("422-1029", 422, 1029),
        ("409-1029", 409, 1029),
        ("409-409", 409, 409),
        ("422-1004", 422, 1004),
    ],
)
def test_a_name_stays_taken_by_a_deleted_item(
    controls: Controls, oak: Connected, switch: str, status: int, errno: int
) -> None:
    controls.set(duplicate_item_name=switch)
    made = oak.item(name="Call-out")
    oak.sdk.items.delete(oak.account, made.id)
    with pytest.raises(FreshBooksError, match="already exists") as error:
        oak.item(name="call-out ")
    assert refused(error) == (status, errno, "name")
    oak.sdk.items.update(oak.account, made.id, {"vis_state": 0})
    controls.set(item_name_case="sensitive")
    other = oak.item(name="call-out")
    with pytest.raises(FreshBooksError):
        oak.sdk.items.update(oak.account, other.id, {"name": "Call-out"})
    controls.set(duplicate_item_name="accept")
    oak.item(name="Call-out")


def test_an_item_needs_a_name_and_good_figures(oak: Connected) -> None:
    for body, errno, field in (
        ({}, 1001, "name"),
        ({"name": " "}, 1001, "name"),
        ({"name": "a", "unit_cost": {"amount": "much"}}, 1015, "unit_cost.amount"),
        ({"name": "a", "unit_cost": "5"}, 1006, "unit_cost"),
        ({"name": "a", "tax1": 4}, 1012, "tax1"),
    ):
        with pytest.raises(FreshBooksError) as error:
            oak.sdk.items.create(oak.account, body)
        assert refused(error) == (422, errno, field)


def test_an_income_account_is_taken_by_an_update_only(controls: Controls, oak: Connected) -> None:
    parts, rent = _account(controls), _account(controls, "Rent")
    made = oak.item(name="Call-out", account_uuid=parts)
    assert made.account_uuid is None
    after: Any = oak.sdk.items.update(oak.account, made.id, {"account_uuid": parts})
    assert after.account_uuid == parts
    assert controls.books()["items"][0]["account_id"] == parts
    with pytest.raises(FreshBooksError) as error:
        oak.sdk.items.update(oak.account, made.id, {"account_uuid": rent})
    assert refused(error) == (422, 1004, "account_uuid")
    client = oak.client()
    oak.invoice(client, lines=[line("Call-out"), line("Something else")])
    lines = controls.books()["invoices"][0]["lines"]
    assert [each["account_id"] for each in lines] == [parts, None]
    assert [each["item_id"] for each in lines] == [str(made.id), None]


def test_income_accounts_have_switches(controls: Controls, oak: Connected) -> None:
    parts = _account(controls)
    controls.set(item_account="post_and_put", item_account_key="both")
    made = oak.item(name="One", account_uuid=parts)
    assert (made.account_uuid, made.income_account_id) == (parts, parts)
    controls.set(item_account="ignored", item_account_key="none")
    made = oak.item(name="Two")
    after: Any = oak.sdk.items.update(oak.account, made.id, {"account_uuid": parts})
    assert "account_uuid" not in after.data
    assert controls.books()["items"][1]["account_id"] is None


def test_without_advanced_accounting_accounts_are_not_offered(
    controls: Controls, oak: Connected
) -> None:
    parts = _account(controls)
    controls.set(advanced_accounting=False)
    me: Any = oak.sdk.current_user().data
    assert me["business_memberships"][0]["business"]["advanced_accounting_enabled"] is False
    for switch in ("403", "404"):
        controls.set(ledger_without_advanced=switch)
        with pytest.raises(FreshBooksError) as error:
            oak.sdk.ledger_accounts.list(oak.uuid)
        assert error.value.status_code == int(switch)
    controls.set(ledger_without_advanced="ok")
    assert len(oak.sdk.ledger_accounts.list(oak.uuid)) == 3
    made = oak.item(name="Call-out")
    after: Any = oak.sdk.items.update(oak.account, made.id, {"account_uuid": parts})
    assert "account_uuid" not in after.data


def test_ledger_accounts_are_listed_read_made_and_archived(oak: Connected) -> None:
    listed = oak.sdk.ledger_accounts.list(oak.uuid)
    income = [each.name for each in listed if each.type == "income"]
    assert income == ["Services", "Parts"]
    assert listed.pages is None
    body = {"name": "Labour", "number": "4020", "sub_type": "Income", "parent_account": None}
    made: Any = oak.sdk.ledger_accounts.create(oak.uuid, body)
    assert (made.type, made.state, made.auto_created) == ("income", "active", False)
    oak.sdk.ledger_accounts.update(oak.uuid, made.uuid, {"state": "archived"})
    assert oak.sdk.ledger_accounts.get(oak.uuid, made.uuid).state == "archived"


def test_the_ledger_refuses_in_its_own_way(oak: Connected) -> None:
    with pytest.raises(FreshBooksError) as error:
        oak.sdk.ledger_accounts.create(oak.uuid, {"number": "1"})
    details = said(error)
    assert error.value.status_code == 400
    assert [each["field"] for each in details] == ["name", "sub_type", "parent_account"]
    with pytest.raises(FreshBooksError, match="Not found") as missing:
        oak.sdk.ledger_accounts.get(oak.uuid, "a_uuid")
    assert missing.value.status_code == 404
    with pytest.raises(FreshBooksError) as foreign:
        oak.sdk.ledger_accounts.list(oak.account)
    assert foreign.value.status_code == 404


def test_types_sub_types_and_the_report_are_there(oak: Connected) -> None:
    types = oak.api.get("/accounting/ledger_accounts/types").json()["data"]
    assert [each["name"] for each in types] == ["asset", "equity", "expense", "income", "liability"]
    sub_types = oak.api.get("/accounting/ledger_accounts/sub_types").json()["data"]
    income = [each for each in sub_types if each["type"] == "income"]
    assert income == [{"id": 8, "type": "income", "name": "Income", "base_number": "4000"}]
    report = f"/accounting/businesses/{oak.uuid}/reports/chart_of_accounts"
    assert oak.api.get(report).status_code == 403


def test_taxes_are_made_once_and_deleted_for_good(oak: Connected) -> None:
    made: Any = oak.sdk.taxes.create(oak.account, {"name": "HST", "amount": "13", "number": "RT"})
    assert (made.taxid, made.amount, made.compound) == (made.id, "13", False)
    with pytest.raises(FreshBooksError) as error:
        oak.sdk.taxes.create(oak.account, {"name": "hst", "amount": "5"})
    assert refused(error) == (422, 1026, "name")
    with pytest.raises(FreshBooksError) as error:
        oak.sdk.taxes.create(oak.account, {"name": "GST", "amount": "a lot"})
    assert refused(error) == (422, 1018, "amount")
    oak.sdk.taxes.update(oak.account, made.id, {"amount": "13.5"})
    assert oak.sdk.taxes.get(oak.account, made.id).amount == "13.5"
    oak.sdk.taxes.delete(oak.account, made.id)
    assert len(oak.sdk.taxes.list(oak.account)) == 0


def test_inventory_goes_down_with_an_invoice(oak: Connected) -> None:
    made = oak.item(name="Filter", inventory="10", qty=3)
    bought = oak.invoice(oak.client(), lines=[line("Filter", qty=4)])
    after = oak.sdk.items.get(oak.account, made.id)
    assert (after.inventory, after.qty) == ("6", "3")
    oak.sdk.invoices.update(oak.account, bought.id, {"lines": [line("Filter", qty=1)]})
    assert oak.sdk.items.get(oak.account, made.id).inventory == "9"


def test_a_wrong_income_account_is_refused_as_set(controls: Controls, oak: Connected) -> None:
    made = oak.item(name="Call-out")
    parts = _account(controls)
    controls.change("accounts", parts, {"active": False})
    for switch in ("422-1012", "404-1012"):
        controls.set(item_account_checked=switch)
        with pytest.raises(FreshBooksError) as error:
            oak.sdk.items.update(oak.account, made.id, {"account_uuid": parts})
        assert refused(error) == (int(switch[:3]), 1012, "account_uuid")
    controls.set(item_account_checked="accept")
    oak.sdk.items.update(oak.account, made.id, {"account_uuid": parts})
    assert controls.books()["items"][0]["account_id"] == parts


def test_how_long_texts_may_be_has_a_switch(controls: Controls, oak: Connected) -> None:
    controls.set(text_limit=5)
    with pytest.raises(FreshBooksError) as error:
        oak.item(name="Call-out", description="as long as anybody likes")
    assert refused(error) == (422, 1017, "name")
    controls.set(text_limit=None)
    assert oak.item(name="x" * 1000).name == "x" * 1000
