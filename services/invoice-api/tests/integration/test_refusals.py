"""What is refused, how it is said, and that nothing of another company ever shows."""

import json
from collections.abc import AsyncGenerator
from typing import Any
from uuid import uuid4

import httpx
import pytest

Service = Any
Json = dict[str, Any]

PROBLEM = "application/problem+json"
_NOBODY_S = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
async def web(service: Service) -> httpx.AsyncClient:
    return await service.company()


CUSTOMER = {"name": "Ann Lee", "kind": "homeowner"}

BAD: list[tuple[str, Any, int, str, str | None]] = [
    ("/customers", '{"name": "Ann"', 400, "malformed_json", None),
    ("/customers", '{"name": "\\ud800"}', 400, "malformed_json", None),
    ("/customers", "", 400, "malformed_json", None),
    ("/customers", "[]", 422, "invalid", ""),
    ("/customers", {}, 422, "invalid", "name"),
    ("/customers", {"name": "  "}, 422, "invalid", "name"),
    ("/customers", {"name": "x" * 256}, 422, "invalid", "name"),
    ("/customers", {"name": "a\u0000b"}, 422, "invalid", "name"),
    ("/customers", {"name": 7}, 422, "invalid", "name"),
    ("/customers", {**CUSTOMER, "kind": "robot"}, 422, "invalid", "kind"),
    ("/customers", {**CUSTOMER, "email": "ann"}, 422, "invalid", "email"),
    ("/customers", {**CUSTOMER, "vip": True}, 422, "invalid", "vip"),
    ("/customers", {**CUSTOMER, "id": str(uuid4())}, 422, "invalid", "id"),
    ("/customers", {**CUSTOMER, "address": {"street": "x"}}, 422, "invalid", "address.street"),
    ("/items", {"name": "Pipe", "unit_price": 6.75}, 422, "invalid", "unit_price"),
    ("/items", {"name": "Pipe", "unit_price": 6}, 422, "invalid", "unit_price"),
    ("/items", {"name": "Pipe", "unit_price": "6,75"}, 422, "invalid", "unit_price"),
    ("/items", {"name": "Pipe", "unit_price": "1e3"}, 422, "invalid", "unit_price"),
    ("/items", {"name": "Pipe", "unit_price": "NaN"}, 422, "invalid", "unit_price"),
    ("/items", {"name": "Pipe", "unit_price": "1.1234567"}, 422, "invalid", "unit_price"),
    (
        "/items",
        {"name": "Pipe", "income_accounts": {"qbo": "79"}},
        422,
        "invalid",
        "income_accounts.qbo",
    ),
    ("/signup", {"company_name": "Oak"}, 422, "invalid", "email"),
    (
        "/signup",
        {"company_name": "Oak", "email": "a@b", "password": "short"},
        422,
        "invalid",
        "password",
    ),
    (
        "/signup",
        {"company_name": "Oak", "email": "a@b", "password": "long enough", "time_zone": "Oz"},
        422,
        "invalid",
        "time_zone",
    ),
    (
        "/signup",
        {"company_name": "Oak", "email": "a@b", "password": "long enough", "currency": "usd"},
        422,
        "invalid",
        "currency",
    ),
]


@pytest.mark.parametrize(("path", "body", "status", "code", "field"), BAD)
async def test_bad_input_is_refused_and_names_its_field(
    web: httpx.AsyncClient, path: str, body: Any, status: int, code: str, field: str | None
) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    answer = await web.post(path, content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["detail"]
    if field is not None:
        assert field in [error["field"] for error in answer.json()["errors"]]


INVOICE: list[tuple[Json, int, str, str]] = [
    ({"lines": [{"quantity": 2}]}, 422, "invalid", "lines.0.quantity"),
    ({"lines": [{"quantity": "1"}]}, 422, "invalid", "lines.0.unit_price"),
    ({"lines": [{"item_id": str(uuid4())}]}, 422, "invalid", "lines.0.item_id"),
    ({"lines": [{"unit_price": "1"}] * 2001}, 422, "invalid", "lines"),
    (
        {"lines": [{"unit_price": "1", "description": "x" * 1001}]},
        422,
        "invalid",
        "lines.0.description",
    ),
    (
        {"lines": [{"unit_price": "1", "discount_percent": "100.01"}]},
        422,
        "invalid",
        "lines.0.discount_percent",
    ),
    (
        {"lines": [{"unit_price": "1", "discount_percent": "-1"}]},
        422,
        "invalid",
        "lines.0.discount_percent",
    ),
    (
        {"lines": [{"unit_price": "1", "tax_rate_id": str(uuid4())}]},
        422,
        "invalid",
        "lines.0.tax_rate_id",
    ),
    (
        {"lines": [{"unit_price": "999999999999", "quantity": "999999999999"}]},
        422,
        "invalid",
        "lines.0.quantity",
    ),
    ({"currency": "XXQ"}, 422, "invalid", "currency"),
    ({"currency": "eur"}, 422, "invalid", "currency"),
    ({"prices_include_tax": "yes"}, 422, "invalid", "prices_include_tax"),
    ({"issue_date": "2026-02-30"}, 422, "invalid", "issue_date"),
    ({"issue_date": 20000}, 422, "invalid", "issue_date"),
    ({"issue_date": "2026-06-15T00:00:00Z"}, 422, "invalid", "issue_date"),
    ({"customer_id": "7"}, 422, "invalid", "customer_id"),
    ({"customer_id": str(uuid4())}, 422, "invalid", "customer_id"),
    ({"number": ""}, 422, "invalid", "number"),
    ({"status": "sent"}, 422, "invalid", "status"),
    ({"total": "5.00"}, 422, "invalid", "total"),
]


@pytest.mark.parametrize(("fields", "status", "code", "field"), INVOICE)
async def test_an_invoice_that_cannot_be_is_refused_and_names_its_field(
    web: httpx.AsyncClient, fields: Json, status: int, code: str, field: str
) -> None:
    customer = (await web.post("/customers", json=CUSTOMER)).json()["id"]
    answer = await web.post("/invoices", json={"customer_id": customer, "lines": [], **fields})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert (await web.get("/invoices")).json()["data"] == []


async def test_a_discount_of_nothing_is_no_discount(web: httpx.AsyncClient) -> None:
    customer = (await web.post("/customers", json=CUSTOMER)).json()["id"]
    line = {"unit_price": "1", "discount_percent": "0", "tax_rate_id": None}
    body = {"customer_id": customer, "currency": "USD", "lines": [line]}
    assert (await web.post("/invoices", json=body)).status_code == 201


async def test_what_is_too_large_is_refused(web: httpx.AsyncClient) -> None:
    answer = await web.post("/customers", content=b" " * (5 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    async def trickle() -> AsyncGenerator[bytes]:
        for _ in range(6):
            yield b" " * 1024 * 1024

    answer = await web.post("/customers", content=trickle())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_an_invoice_too_long_to_travel_is_refused_by_name(web: httpx.AsyncClient) -> None:
    customer = (await web.post("/customers", json=CUSTOMER)).json()["id"]
    line = {"unit_price": "1", "description": "水" * 1000}
    body = {"customer_id": customer, "lines": [line] * 1400}
    answer = await web.post("/invoices", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "lines")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/customers/7", 404, "not_found"),
        ("GET", f"/invoices/{_NOBODY_S}", 404, "not_found"),
        ("PUT", "/customers", 405, "method_not_allowed"),
        ("GET", "/customers?limit=0", 422, "invalid"),
        ("GET", "/customers?limit=many", 422, "invalid"),
        ("GET", "/customers?cursor=%20", 422, "invalid"),
        ("GET", "/invoices?sync_state=lost", 422, "invalid"),
        ("GET", "/integrations/sage/accounts", 404, "not_found"),
        ("GET", f"/tax-rates/{_NOBODY_S}", 404, "not_found"),
        ("POST", "/integrations/xero/connect", 501, "not_yet"),
    ],
)
async def test_the_framework_s_own_refusals_are_problems_too(
    web: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await web.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["status"] == status


@pytest.mark.parametrize("header", [None, "Bearer tb_wrong", "Bearer", "Basic eDp5"])
async def test_without_a_good_key_nothing_is_shown(service: Service, header: str | None) -> None:
    async with service.client() as web:
        headers = {} if header is None else {"Authorization": header}
        for method, path in (
            ("GET", "/customers"),
            ("POST", "/customers"),
            ("GET", f"/invoices/{_NOBODY_S}"),
            ("GET", "/integrations"),
            ("GET", "/events"),
            ("GET", "/tax-rates"),
        ):
            answer = await web.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_another_company_s_records_are_not_there(service: Service) -> None:
    ours, theirs = await service.company(), await service.company()
    customer = (await ours.post("/customers", json=CUSTOMER)).json()["id"]
    item = (await ours.post("/items", json={"name": "Pipe", "unit_price": "1"})).json()["id"]
    body = {"customer_id": customer, "lines": [{"item_id": item}]}
    invoice = (await ours.post("/invoices", json=body)).json()["id"]
    sync = {"provider": "qbo"}
    tries = [
        ("GET", f"/customers/{customer}", None),
        ("PATCH", f"/customers/{customer}", {"name": "Mine"}),
        ("GET", f"/items/{item}", None),
        ("PATCH", f"/items/{item}", {"name": "Mine"}),
        ("PATCH", f"/items/{item}", {"income_accounts": {"qbo": "79"}}),
        ("GET", f"/invoices/{invoice}", None),
        ("PATCH", f"/invoices/{invoice}", {"memo": "Mine"}),
        *(
            ("POST", f"/invoices/{invoice}/{move}", None)
            for move in ("finalize", "send", "void", "mark-paid")
        ),
        *(
            ("POST", f"/{kind}/sync", sync)
            for kind in (f"customers/{customer}", f"items/{item}", f"invoices/{invoice}")
        ),
        ("POST", f"/invoices/{invoice}/actions/ignore", sync),
        ("POST", f"/customers/{customer}/actions/save_email", {**sync, "email": "a@b"}),
        ("GET", f"/invoices/{invoice}/preflight?provider=qbo", None),
        ("GET", f"/invoices/{invoice}/timeline?provider=qbo", None),
    ]
    for method, path, sent in tries:
        answer = await theirs.request(method, path, json=sent)
        wanted = {404} if "save_email" not in path else {404, 409}
        assert answer.status_code in wanted, (method, path, answer.text)
    borrowed = await theirs.post("/invoices", json=body)
    assert (borrowed.status_code, borrowed.json()["code"]) == (422, "invalid")
    for path in ("/customers", "/items", "/invoices"):
        assert (await theirs.get(path)).json()["data"] == []
    assert (await ours.get(f"/invoices/{invoice}")).json()["status"] == "draft"
    assert (await ours.get(f"/customers/{customer}")).json()["name"] == "Ann Lee"


async def test_a_viewer_looks_and_changes_nothing(service: Service) -> None:
    signed_up = await service.sign_up()
    async with service.client(signed_up["api_key"]) as web:
        customer = (await web.post("/customers", json=CUSTOMER)).json()["id"]
        async with service.parts.database.transaction() as tx:
            await tx.execute(
                "UPDATE users SET role = 'viewer' WHERE lower(email) = $1", signed_up["email"]
            )
        assert (await web.get(f"/customers/{customer}")).status_code == 200
        for method, path, sent in (
            ("POST", "/customers", CUSTOMER),
            ("PATCH", f"/customers/{customer}", {"name": "Bob"}),
            ("POST", f"/customers/{customer}/sync", {"provider": "qbo"}),
            ("POST", "/integrations/qbo/connect", None),
            ("POST", "/integrations/qbo/disconnect", None),
            ("PUT", "/integrations/qbo/settings", {"sync_customers": True}),
            ("POST", "/api-keys", {"name": "More"}),
        ):
            answer = await web.request(method, path, json=sent)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), path


async def test_the_interface_describes_itself(service: Service) -> None:
    async with service.client() as web:
        document = (await web.get("/openapi.json")).json()
        docs = await web.get("http://127.0.0.1:8000/api/docs")
    assert docs.status_code == 200
    assert "<code>POST /api/v1/invoices</code>" in docs.text
    assert "<code>unit_price</code> string or null" in docs.text
    assert "<script" not in docs.text
    assert "https://" not in docs.text
    body = document["paths"]["/api/v1/invoices"]["post"]["requestBody"]
    assert body["content"]["application/json"]["schema"]["$ref"].endswith("/NewInvoice")
    assert "NewLine" in document["components"]["schemas"]
