"""The conversation's steps that need no neighbour, body for body."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from contracts.connections import ConnectionOpened, Organisation
from contracts.ids import CompanyId, ConnectionId, MessageId, RemoteId, UserId
from invoice_api.sync_status.projector import on_connections

Service = Any
Json = dict[str, Any]


@pytest.fixture
async def oak(service: Service) -> Json:
    return await service.sign_up()


async def connect(service: Service, company_id: str) -> ConnectionId:
    """As when its connector says for the first time that QuickBooks is connected."""
    ids = service.parts.ids
    connection = ConnectionId(ids.new())
    now = service.parts.clock.now()
    message = ConnectionOpened(
        id=MessageId(ids.new()),
        occurred_at=now,
        company_id=CompanyId(UUID(company_id)),
        correlation_id=ids.new(),
        provider="qbo",
        connection_id=connection,
        epoch=1,
        organisation=Organisation(id=RemoteId("913"), name="Oak Books"),
        opened_by=UserId(ids.new()),
        opened_at=now.replace(year=2020),
    )
    async with service.parts.database.transaction() as tx:
        await on_connections(tx, [message])
    return connection


async def create(web: httpx.AsyncClient, path: str, body: Json) -> Json:
    answer = await web.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_step_1_a_company_signs_up_once(service: Service, oak: Json) -> None:
    assert oak["api_key"].startswith("tb_")
    assert UUID(oak["company_id"]).version == 7
    async with service.client() as web:
        again = await web.post(
            "/signup",
            json={
                "company_name": "Oak Plumbing",
                "email": oak["email"].upper(),
                "password": "correct horse battery 9",
                "time_zone": "America/New_York",
                "currency": "USD",
            },
        )
    assert again.status_code == 409
    assert again.headers["content-type"] == "application/problem+json"
    assert again.json()["code"] == "email_taken"


async def test_step_2_before_connecting(service: Service, oak: Json) -> None:
    async with service.client(oak["api_key"]) as web:
        rows = (await web.get("/integrations")).json()["data"]
        assert [row["provider"] for row in rows] == ["qbo", "xero", "freshbooks"]
        for row in rows:
            assert row == {
                **row,
                "status": "not_connected",
                "organisation": None,
                "token_health": None,
                "settings": None,
                "counts": {},
            }
        accounts = await web.get("/integrations/qbo/accounts")
    assert (accounts.status_code, accounts.json()["code"]) == (409, "not_connected")


async def test_steps_6_and_7_a_draft_and_why_it_cannot_sync(service: Service, oak: Json) -> None:
    await connect(service, oak["company_id"])
    async with service.client(oak["api_key"]) as web:
        customer = await create(
            web,
            "/customers",
            {"name": "Ann Lee", "kind": "homeowner", "email": "ann@lee.example"},
        )
        assert customer["links"] == []
        assert customer["sync"]["qbo"] == {
            **customer["sync"]["qbo"],
            "state": "not_synced",
            "label": "Not synced",
            "provider": "qbo",
            "remote_id": None,
            "remote_url": None,
            "remote_number": None,
            "synced_at": None,
            "actions": ["sync"],
        }
        item = await create(
            web, "/items", {"name": "Call-out", "sku": "CALL", "unit_price": "128.19"}
        )
        assert item["income_accounts"] == {}
        assert item["unit_price"] == "128.19"
        assert "state" in item["sync"]["qbo"]
        invoice = await create(
            web,
            "/invoices",
            {
                "customer_id": customer["id"],
                "issue_date": "2026-06-15",
                "due_date": "2026-07-15",
                "currency": "USD",
                "lines": [
                    {
                        "item_id": item["id"],
                        "description": "Call-out visit",
                        "quantity": "2",
                        "unit_price": "128.19",
                    }
                ],
            },
        )
        assert invoice == {
            **invoice,
            "number": "1001",
            "status": "draft",
            "issue_date": "2026-06-15",
            "subtotal": "256.38",
            "tax": "0.00",
            "total": "256.38",
        }
        assert invoice["lines"][0] == {
            **invoice["lines"][0],
            "item_id": item["id"],
            "description": "Call-out visit",
            "quantity": "2",
            "unit_price": "128.19",
            "amount": "256.38",
        }
        badge = invoice["sync"]["qbo"]
        assert badge["state"] == "not_eligible"
        assert badge["cause"]["code"] == "invoice_draft"
        assert badge["actions"] == ["finalize"]

        refused = await web.post(f"/invoices/{invoice['id']}/sync", json={"provider": "qbo"})
        assert refused.status_code == 409
        assert refused.headers["content-type"] == "application/problem+json"
        problem = refused.json()
        assert problem == {
            "type": problem["type"],
            "title": "Still a draft",
            "status": 409,
            "code": "invoice_draft",
            "detail": "Invoice 1001 is a draft. Finalize it and it can go to QuickBooks.",
        }

        sent = await web.post(f"/invoices/{invoice['id']}/send")
        assert (sent.status_code, sent.json()["status"]) == (200, "sent")
        assert sent.json()["sync"]["qbo"]["actions"] == ["sync"]
