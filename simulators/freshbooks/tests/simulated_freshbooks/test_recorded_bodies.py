"""Bodies of the simulator beside those recorded from the real API and kept by the SDKs, key by key.

Collected only where SHARED names the folder with the recordings.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from freshbooks_simulator import refusals

from .support import SHARED, Connected, Controls, line

DATA = Path(SHARED) / "providers" / "data" / "freshbooks"
PYTHON, JAVA = "python-sdk-fixtures", "java-sdk-fixtures"


def _recorded(folder: str, name: str) -> Any:
    return json.loads((DATA / folder / f"{name}.json").read_text())


def _result(body: Any, *path: str) -> Any:
    found = body["response"]["result"]
    for each in path:
        found = found[each]
    return found


def _kind(value: Any) -> str:
    if isinstance(value, (bool, type(None))):
        return "null" if value is None else "bool"
    if isinstance(value, (int, float)):
        return "number"
    return type(value).__name__


def _same(mine: Any, theirs: Any, where: str = "") -> list[str]:
    """What a recording has and we don't, or have of another type (null goes with anything)."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        kept = cast("dict[str, Any]", theirs)
        return [
            wrong
            for key, value in kept.items()
            for wrong in (
                _same(mine[key], value, f"{where}.{key}") if key in mine else [f"{where}.{key}"]
            )
        ]
    if isinstance(theirs, list) and isinstance(mine, list):
        return _same(mine[0], theirs[0], f"{where}[]") if mine and theirs else []
    kinds = {_kind(mine), _kind(theirs)}
    return [] if len(kinds) == 1 or "null" in kinds else [f"{where}: {sorted(kinds)}"]


def test_clients(oak: Connected) -> None:
    made = oak.client(email="john.doe@abcorp.com", p_city="Toronto")
    theirs = _result(_recorded(PYTHON, "create_client_response"), "client")
    assert _same(made.data, theirs) == []
    listed = oak.api.get("users/clients").json()
    assert _same(listed, _recorded(PYTHON, "list_clients_response")) == []
    assert _same(listed, _recorded(JAVA, "list_clients_response")) == []
    query = "?include[]=outstanding_balance"
    oak.invoice(made, status=2)
    mine = oak.api.get(f"users/clients/{made.id}", query).json()
    # test_amount is the SDK's own invention; balances are strings on the wire.
    wrong = _same(mine, _recorded(PYTHON, "get_client_response"))
    assert [each for each in wrong if "amount" not in each] == []


def test_invoices(oak: Connected) -> None:
    lines = [line("Bowls", "5.00", 4, taxName1="HST1", taxAmount1="13"), line("Mugs", "4.00", 6)]
    made = oak.invoice(oak.client(), lines=lines, discount_value="10")
    query = "?include[]=lines&include[]=presentation"
    mine = oak.api.get(f"invoices/invoices/{made.id}", query).json()
    theirs = _recorded(JAVA, "get_invoice_response")
    assert _same(mine, theirs) == []
    assert _result(mine, "invoice", "amount", "amount") == "41.94"
    for key in (
        "discount_total",
        "discount_value",
        "due_offset_days",
        "template",
        "deposit_status",
    ):
        got, kept = _result(mine, "invoice", key), _result(theirs, "invoice", key)
        assert (got["amount"] if isinstance(got, dict) else got) == (
            kept["amount"] if isinstance(kept, dict) else kept
        )
    mine = oak.api.get("invoices/invoices", "?include[]=lines").json()
    assert _same(mine, _recorded(JAVA, "list_invoices_response")) == []


@pytest.mark.parametrize("name", ["get_item_response", "list_items_response"])
def test_items(oak: Connected, name: str) -> None:
    made = oak.item(name="A Cheap Item", sku="SQ1234", inventory="50")
    path = "items/items" if "list" in name else f"items/items/{made.id}"
    assert _same(oak.api.get(path).json(), _recorded(JAVA, name)) == []


@pytest.mark.parametrize("name", ["get_tax_response", "list_taxes_response"])
def test_taxes(oak: Connected, name: str) -> None:
    made = oak.sdk.taxes.create(oak.account, {"name": "HST", "amount": "13", "number": "RT 1234"})
    path = "taxes/taxes" if "list" in name else f"taxes/taxes/{made.id}"
    mine, theirs = oak.api.get(path).json(), _recorded(JAVA, name)
    assert _same(mine, theirs) == []
    assert _same(theirs, mine) == []


def test_payments(controls: Controls, oak: Connected) -> None:
    controls.pay(oak.invoice(oak.client(), status=2).id)
    mine = oak.api.get("payments/payments").json()
    theirs = _recorded(JAVA, "get_payment_response")
    assert _same(_result(mine, "payments")[0], _result(theirs, "payment")) == []
    assert set(_result(mine, "payments")[0]) == set(_result(theirs, "payment"))


def test_ledger_accounts(oak: Connected) -> None:
    path = f"/accounting/businesses/{oak.uuid}/ledger_accounts/accounts"
    mine = oak.api.get(path).json()
    live = _recorded("infiniteroomlabs-live-2026", "ledger_accounts_list")
    assert _same(mine, live) == []
    assert set(mine["data"][0]) == set(live["data"][0])
    for name in ("types", "sub_types"):
        lists = oak.api.get(f"/accounting/ledger_accounts/{name}").json()
        assert lists == _recorded("infiniteroomlabs-live-2026", f"ledger_{name}")
    refused = oak.api.post(path, {})
    kept = _recorded(PYTHON, "create_ledger_account_response__validation_errors")
    assert (refused.status_code, refused.json()) == (400, kept)
    missing = oak.api.get(f"{path}/a_uuid")
    kept = _recorded(PYTHON, "get_ledger_account_response__not_found")
    assert (missing.status_code, missing.json()) == (404, kept)


@pytest.mark.parametrize("folder", [PYTHON, JAVA])
def test_who_the_user_is(oak: Connected, folder: str) -> None:
    mine = oak.api.get("/auth/api/v1/users/me").json()
    wrong = _same(mine, _recorded(folder, "auth_me_response"))
    # These two are keyed by account id.
    by_account = (".response.permissions.", ".response.subscription_statuses.")
    assert [each for each in wrong if not each.startswith(by_account)] == []


def test_errors(controls: Controls, oak: Connected) -> None:
    missing = oak.api.get("users/clients/12345").json()
    assert missing == _recorded(PYTHON, "get_client_response__not_found")
    controls.set(error_form="rpc")
    missing = oak.api.get("users/clients/12345").json()
    assert missing == _recorded(JAVA, "get_client_response__not_found_new")
    oak.api.token = "no"
    kept = _recorded("infiniteroomlabs-live-2026", "auth_error_401")
    for path in ("/auth/api/v1/users/me", "users/clients"):
        answer = oak.api.get(path)
        assert (answer.status_code, answer.json()) == (401, kept)


def test_tokens(oak: Connected) -> None:
    fields = {
        "client_id": "app",
        "client_secret": "secret",
        "grant_type": "refresh_token",
        "refresh_token": oak.sdk.refresh_token,
    }
    mine = oak.api.http.post("/auth/oauth/token", data=fields).json()
    wrong = _same(mine, _recorded(PYTHON, "auth_token_response"))
    assert wrong == [".id_token"]


def test_the_numbers_of_errors_are_the_documented_ones() -> None:
    known = {each["errno"] for each in json.loads((DATA / "errnos.json").read_text())["accounting"]}
    mine = {
        value for name, value in vars(refusals).items() if name.isupper() and isinstance(value, int)
    }
    assert mine <= known
