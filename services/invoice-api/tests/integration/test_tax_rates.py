"""Tax rates, and what they make of invoices: the API's side."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

Service = Any


@pytest.fixture
async def web(service: Service) -> httpx.AsyncClient:
    return await service.company()


async def rate(web: httpx.AsyncClient, name: str = "Sales tax", percent: str = "8.25") -> str:
    made = await web.post("/tax-rates", json={"name": name, "percent": percent})
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def invoice(web: httpx.AsyncClient, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    ann = await web.post("/customers", json={"name": "Ann Lee", "kind": "homeowner"})
    body = {"customer_id": ann.json()["id"], "lines": lines, **fields}
    made = await web.post("/invoices", json=body)
    assert made.status_code == 201, made.text
    return made.json()


def sums(shown: dict[str, Any]) -> tuple[str, str, str]:
    return shown["subtotal"], shown["tax"], shown["total"]


async def test_a_rate_is_made_once_and_shown(web: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "rate-1"}
    body = {"name": "Sales tax", "percent": "8.25"}
    first = await web.post("/tax-rates", json=body, headers=key)
    again = await web.post("/tax-rates", json=body, headers=key)
    assert (first.status_code, first.text) == (201, again.text)
    assert first.headers["etag"]
    made = first.json()
    assert (made["name"], made["percent"]) == ("Sales tax", "8.25")
    assert (await web.get("/tax-rates")).json() == {"data": [made], "next_cursor": None}
    assert (await web.get(f"/tax-rates/{made['id']}")).json() == made
    taken = await web.post("/tax-rates", json={"name": "sales TAX ", "percent": "9"})
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    assert taken.json()["errors"][0]["field"] == "name"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "percent": "1"}, "name"),
        ({"name": "x" * 101, "percent": "1"}, "name"),
        ({"name": "T", "percent": 1}, "percent"),
        ({"name": "T", "percent": "-1"}, "percent"),
        ({"name": "T", "percent": "100.01"}, "percent"),
        ({"name": "T", "percent": "8.25001"}, "percent"),
        ({"name": "T"}, "percent"),
        ({"name": "T", "percent": "1", "code": "x"}, "code"),
    ],
)
async def test_a_rate_that_cannot_be_names_its_field(
    web: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    refused = await web.post("/tax-rates", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid"), refused.text
    assert refused.json()["errors"][0]["field"] == field


async def test_another_companys_rate_is_not_there(service: Service) -> None:
    ours, theirs = await service.company(), await service.company()
    foreign = await rate(theirs)
    assert (await ours.get(f"/tax-rates/{foreign}")).status_code == 404
    ann = (await ours.post("/customers", json={"name": "A", "kind": "homeowner"})).json()["id"]
    line = {"unit_price": "1", "tax_rate_id": foreign}
    refused = await ours.post("/invoices", json={"customer_id": ann, "lines": [line]})
    assert refused.json()["errors"][0]["field"] == "lines.0.tax_rate_id"


async def test_tax_and_discount_come_to_the_cent(web: httpx.AsyncClient) -> None:
    tax = await rate(web)
    made = await invoice(
        web,
        {"unit_price": "128.19", "quantity": "2", "discount_percent": "10", "tax_rate_id": tax},
        {"unit_price": "0.0375", "quantity": "40"},
    )
    [taxed, plain] = made["lines"]
    assert (taxed["amount"], taxed["tax_amount"]) == ("230.74", "19.04")
    assert (taxed["tax_name"], taxed["tax_percent"]) == ("Sales tax", "8.25")
    assert (plain["amount"], plain["tax_amount"], plain["tax_percent"]) == ("1.50", "0.00", None)
    assert sums(made) == ("232.24", "19.04", "251.28")
    bulk = {"customer_id": made["customer_id"], "lines": [{"unit_price": "1", "tax_rate_id": tax}]}
    [one] = (await web.post("/invoices/bulk", json={"invoices": [bulk]})).json()["data"]
    assert sums(one) == ("1.00", "0.08", "1.08")
    bad = {**bulk, "lines": [{"unit_price": "1", "tax_rate_id": str(uuid4())}]}
    refused = await web.post("/invoices/bulk", json={"invoices": [bulk, bad]})
    assert refused.json()["errors"][0]["field"] == "invoices.1.lines.0.tax_rate_id"


async def test_a_changed_currency_or_kind_of_price_is_worked_out_anew(
    web: httpx.AsyncClient,
) -> None:
    tax = await rate(web, "GST", "15")
    made = await invoice(
        web, {"unit_price": "541.25", "tax_rate_id": tax}, prices_include_tax=True, currency="NZD"
    )
    assert (made["currency"], made["prices_include_tax"]) == ("NZD", True)
    assert sums(made) == ("470.65", "70.60", "541.25")
    path = f"/invoices/{made['id']}"
    apart = (await web.patch(path, json={"prices_include_tax": False})).json()
    assert sums(apart) == ("541.25", "81.19", "622.44")
    yen = (await web.patch(path, json={"currency": "JPY"})).json()
    assert (yen["currency"], sums(yen)) == ("JPY", ("541", "81", "622"))
    same = (await web.patch(path, json={"currency": "JPY"})).json()
    assert same["version"] == yen["version"]
    memo = (await web.patch(path, json={"memo": "x"})).json()
    assert sums(memo) == sums(yen)


async def test_lists_as_csv_have_the_tax(web: httpx.AsyncClient) -> None:
    tax = await rate(web)
    await invoice(web, {"unit_price": "100", "tax_rate_id": tax})
    answer = await web.get("/invoices", headers={"Accept": "text/csv"})
    [head, row] = [line.split(",") for line in answer.text.splitlines()[:2]]
    assert "tax" in head
    assert "8.25" in row
    rates = await web.get("/tax-rates", headers={"Accept": "text/csv"})
    assert rates.text.startswith("id,name,percent")
