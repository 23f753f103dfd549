"""Whatever a client sends: an answer of the API's own, never a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from .support import Api, Controls, Stock

_NAMES = (
    *("Name", "ContactID", "Contact", "Phones", "PhoneType", "Addresses", "ContactPersons"),
    *("ContactStatus", "Type", "Status", "Date", "DueDate", "LineItems", "LineItemID"),
    *("Quantity", "UnitAmount", "LineAmount", "TaxAmount", "TaxType", "ItemCode", "AccountCode"),
    *("AccountID", "DiscountRate", "DiscountAmount", "LineAmountTypes", "Total", "Url", "Code"),
    *("Reference", "InvoiceNumber", "CurrencyCode", "CurrencyRate", "SalesDetails", "UnitPrice"),
    *("IsSold", "TaxComponents", "Rate"),
)
_VALUES = some.sampled_from(
    (
        *("", "x", "DRAFT", "AUTHORISED", "ACCREC", "Inclusive", "2026-09-14", "4000", "CALLOUT"),
        *("/Date(9" + "9" * 30 + ")/", "http://[", "é<", "1e5000", True, None),
        *(0, 1, -1, 0.005, 1e308, 10**30),
    )
)
_OBJECTS = some.recursive(
    some.dictionaries(some.sampled_from(_NAMES), _VALUES, max_size=4),
    lambda inner: some.dictionaries(
        some.sampled_from(_NAMES), _VALUES | inner | some.lists(inner, max_size=2), max_size=5
    ),
    max_leaves=12,
)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=some.sampled_from(["Contacts", "Items", "Invoices", "Accounts", "TaxRates"]),
    method=some.sampled_from(["PUT", "POST"]),
    summarize=some.sampled_from(["true", "false"]),
    elements=some.lists(_OBJECTS, max_size=3),
)
def test_no_body_brings_it_down(
    api: Api, path: str, method: str, summarize: str, elements: list[Any]
) -> None:
    body = json.loads(json.dumps({path: elements}))
    answer = api.send(method, path, body, None, summarizeErrors=summarize)
    assert answer.status_code in (200, 400, 404), answer.text
    assert api.get(path).status_code == 200


def test_numbers_too_large_for_an_amount_refuse_the_request(api: Api, stock: Stock) -> None:
    line = {"Description": "x", "Quantity": 1e300, "UnitAmount": 1, "AccountCode": "4000"}
    answer = api.send("PUT", "Invoices", stock.invoice(LineItems=[line]))
    assert (answer.status_code, answer.json()["ErrorNumber"]) == (400, 14)
    assert "Invoices[0].LineItems[0].Quantity" in answer.json()["Message"]


def test_a_where_may_name_many_and_not_nest_too_deeply(api: Api) -> None:
    api.put("Contacts", {"Name": "7"})
    many = " OR ".join(f'Name=="{each}"' for each in range(400))
    assert len(api.rows("Contacts", where=many)) == 1
    deep = api.get("Contacts", where="(" * 200 + "Name==null")
    assert (deep.status_code, deep.json()["ErrorNumber"]) == (400, 16)


def test_a_number_in_an_address_may_hold_anything(api: Api) -> None:
    made = api.put("Contacts", {"Name": "A", "ContactNumber": "fs:a/b c%20"})[0]
    found = api.rows("Contacts/fs:a%2Fb%20c%2520")
    assert found[0]["ContactID"] == made["ContactID"]


@pytest.mark.parametrize("uri", ["http://[", "ftp://x.example/", "//x.example"])
def test_an_address_that_cannot_be_read_is_refused(controls: Controls, uri: str) -> None:
    query = {"client_id": "a", "response_type": "code", "scope": "openid", "redirect_uri": uri}
    page = controls.http.get("/identity/connect/authorize", params=query)
    assert page.status_code == 400
