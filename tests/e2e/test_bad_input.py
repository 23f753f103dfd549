"""Bad input meets a clear error that names the field; nothing is lost and no process goes down."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from contracts.topics import TOPICS
from office import Office, connected_office, office
from testkit import Stack

NOT_JSON = (b"{", b"", b"nothing", b"\xff\xfe", b'{"name": "a",}', b"[1, 2", b'"text"', b"null")


@asynccontextmanager
async def watched(stack: Stack) -> AsyncGenerator[None]:
    """What happens inside must not end any process."""
    before = stack.endpoints["pids"]
    yield
    assert stack.endpoints["pids"] == before


def problem(answer: httpx.Response, status: int, code: str) -> list[str]:
    """Checks that it is this problem; the fields it names."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    body = answer.json()
    assert body["code"] == code, body
    assert {"type", "title", "status", "detail"} <= set(body)
    assert "Traceback" not in answer.text
    return [error["field"] for error in body.get("errors", [])]


async def send(oak: Office, path: str, body: object) -> httpx.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await oak.web.post(path, content=raw, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("path", ["/signup", "/customers", "/items", "/invoices"])
async def test_what_is_not_json_is_refused_by_name(stack: Stack, path: str) -> None:
    async with watched(stack), office(stack) as oak:
        await oak.sign_up()
        for raw in NOT_JSON:
            answer = await send(oak, path, raw)
            assert answer.status_code in {400, 422}, (raw, answer.text)
            assert answer.json()["code"] in {"malformed_json", "invalid"}, (raw, answer.text)


async def test_each_bad_field_is_named_and_nothing_is_made(stack: Stack) -> None:
    async with watched(stack), office(stack) as oak:
        await oak.sign_up()
        ann, item = await oak.customer(), await oak.item()
        line = {"item_id": item["id"], "description": "x", "quantity": "1", "unit_price": "1.00"}
        good = {
            "customer_id": ann["id"],
            "issue_date": "2026-06-15",
            "currency": "USD",
            "lines": [line],
        }
        unknown = {**line, "item_id": str(uuid4())}
        table: list[tuple[str, object, str]] = [
            ("/customers", {"kind": "homeowner"}, "name"),
            ("/customers", {"name": " ", "kind": "homeowner"}, "name"),
            ("/customers", {"name": "a" * 10_000, "kind": "homeowner"}, "name"),
            ("/customers", {"name": "Ann", "kind": "robot"}, "kind"),
            ("/customers", {"name": "Ann", "kind": "homeowner", "email": "nowhere"}, "email"),
            ("/customers", {"name": "Ann", "kind": "homeowner", "colour": "red"}, "colour"),
            ("/customers", {"name": 7, "kind": "homeowner"}, "name"),
            ("/items", {"name": "Pipe", "unit_price": 12.5}, "unit_price"),
            ("/items", {"name": "Pipe", "unit_price": "twelve"}, "unit_price"),
            ("/items", {"name": "Pipe", "unit_price": "NaN"}, "unit_price"),
            ("/items", {"name": "Pi\u0000pe", "unit_price": "1.00"}, "name"),
            ("/invoices", {**good, "issue_date": "15/06/2026"}, "issue_date"),
            ("/invoices", {**good, "issue_date": "2026-02-30"}, "issue_date"),
            ("/invoices", {**good, "currency": "dollars"}, "currency"),
            ("/invoices", {**good, "customer_id": "nobody"}, "customer_id"),
            ("/invoices", {**good, "customer_id": str(uuid4())}, "customer_id"),
            ("/invoices", {**good, "lines": [{**line, "quantity": 2}]}, "lines.0.quantity"),
            ("/invoices", {**good, "lines": [unknown]}, "lines.0.item_id"),
            ("/invoices", {**good, "lines": [line] * 2_001}, "lines"),
            (
                "/invoices",
                {**good, "lines": [{**line, "description": "x" * 1_001}]},
                "lines.0.description",
            ),
            ("/invoices", {**good, "currency": "XXQ"}, "currency"),
            (
                "/invoices",
                {**good, "lines": [{**line, "discount_percent": "101"}]},
                "lines.0.discount_percent",
            ),
            (
                "/invoices",
                {**good, "lines": [{**line, "tax_rate_id": str(uuid4())}]},
                "lines.0.tax_rate_id",
            ),
            ("/tax-rates", {"name": "Sales tax", "percent": "101"}, "percent"),
            ("/tax-rates", {"name": "Sales tax", "percent": 8}, "percent"),
        ]
        for path, body, field in table:
            fields = problem(await send(oak, path, body), 422, "invalid")
            assert field in fields, (path, str(body)[:200], fields)
        assert (await oak.web.get("/invoices")).json()["data"] == []
        assert len((await oak.web.get("/customers")).json()["data"]) == 1
        assert len((await oak.web.get("/items")).json()["data"]) == 1


async def test_a_huge_body_is_refused_before_it_is_read(stack: Stack) -> None:
    async with watched(stack), office(stack) as oak:
        await oak.sign_up()
        problem(await send(oak, "/customers", b'"' + b"x" * 6_000_000 + b'"'), 413, "too_large")


async def test_s65_another_companys_records_answer_404_everywhere(stack: Stack) -> None:
    async with connected_office(stack, "Oak") as oak, connected_office(stack, "Fir") as fir:
        ann, item = await oak.customer(), await oak.item()
        invoice = await oak.invoice(ann, [item])
        for kind, record in (("customer", ann), ("item", item), ("invoice", invoice)):
            path = f"/{kind}s/{record['id']}"
            assert (await fir.web.get(path)).status_code == 404
            assert (await fir.web.patch(path, json={})).status_code == 404
            assert (await fir.sync(kind, record)).status_code == 404
            ignored = await fir.web.post(
                f"{path}/actions/ignore", json={"provider": "qbo", "why": "x"}
            )
            assert ignored.status_code == 404
        for action in ("finalize", "send", "void", "mark-paid"):
            refused = await fir.web.post(f"/invoices/{invoice['id']}/{action}")
            assert refused.status_code == 404, action
        preflight = f"/invoices/{invoice['id']}/preflight?provider=qbo"
        timeline = f"/invoices/{invoice['id']}/timeline?provider=qbo"
        assert (await fir.web.get(preflight)).status_code == 404
        assert (await fir.web.get(timeline)).status_code == 404
        mapped = await fir.web.put(
            "/integrations/qbo/account-mapping",
            json={"items": [{"item_id": item["id"], "item_name": "x", "account_id": "1"}]},
        )
        assert mapped.status_code in {404, 422}, mapped.text
        for path in ("/customers", "/items", "/invoices"):
            assert (await fir.web.get(path)).json()["data"] == []
        assert (await oak.badge("invoice", invoice))["state"] == "not_eligible"


async def test_without_a_key_or_with_a_wrong_one_nothing_answers(stack: Stack) -> None:
    async with office(stack) as oak:
        for header in ({}, {"Authorization": "Bearer tb_wrong"}, {"Authorization": "Basic xyz"}):
            for path in ("/customers", "/integrations", "/events", f"/invoices/{uuid4()}"):
                answer = await oak.web.get(path, headers=header)
                assert answer.status_code == 401, path


async def test_broken_and_oversized_messages_on_every_topic_stop_nobody(stack: Stack) -> None:
    async with watched(stack), connected_office(stack) as oak:
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        producer = AIOKafkaProducer(
            bootstrap_servers=stack.endpoints["kafka"], max_request_size=5_000_000
        )
        await producer.start()
        try:
            for topic in TOPICS:
                for value in (None, b"", b"{}", b"[" * 5_000, b"x" * 4_000_000):
                    await producer.send_and_wait(topic.name, value, key=b"k")
        finally:
            await producer.stop()
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        await oak.badge_when("invoice", invoice, "synced")
        assert await oak.numbers() == ["1001"]
