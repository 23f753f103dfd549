"""One conversation with the outside interface, from sign-up to the second invoice in the books.

A plumber signs up, connects a provider, switches both switches on, adds a customer and an item and
sends an invoice. It is blocked until the item has an income account, where the provider has any;
then it goes by itself, and the books hold exactly one of each. The next invoice needs no one.
"""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest
from described_answers import DescribedAnswers
from office import WITHIN, Json, consent
from providers import ALL, AT
from testkit import Stack, eventually

INCOME_ACCOUNTS = [
    {"code": "200", "name": "Service revenue"},
    {"code": "210", "name": "Parts revenue"},
]


async def sign_up(web: httpx.AsyncClient, company: str, email: str) -> str:
    answer = await web.post(
        "/signup",
        json={
            "company_name": company,
            "email": email,
            "password": "correct horse battery 9",
            "time_zone": "America/New_York",
            "currency": "USD",
        },
    )
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert {"company_id", "user_id", "api_key"} <= set(body)
    assert body["api_key"].startswith("tb_")
    return str(body["api_key"])


@pytest.mark.parametrize("provider", ALL)
async def test_the_conversation_goes_round(stack: Stack, provider: str) -> None:
    web_url = stack.endpoints["web"]
    simulator = stack.endpoints["simulators"][provider]
    there, label = AT[provider], AT[provider].label
    email = f"joe@{provider}.oak.example"
    async with (
        httpx.AsyncClient(base_url=f"{web_url}/api/v1", timeout=15) as web,
        httpx.AsyncClient(base_url=simulator, timeout=15) as books,
        httpx.AsyncClient(timeout=15) as browser,
    ):
        document = (await web.get("/openapi.json")).json()
        described = DescribedAnswers(document)
        web.event_hooks["response"].append(described.hook)

        # 1 Sign up
        key = await sign_up(web, "Oak Plumbing", email)
        again = await web.post(
            "/signup",
            json={
                "company_name": "Oak Plumbing",
                "email": email,
                "password": "correct horse battery 9",
                "time_zone": "America/New_York",
                "currency": "USD",
            },
        )
        assert (again.status_code, again.json()["code"]) == (409, "email_taken")
        web.headers["Authorization"] = f"Bearer {key}"

        # 2 Before connecting
        before = (await web.get("/integrations")).json()["data"]
        assert [row["provider"] for row in before] == ["qbo", "xero", "freshbooks"]
        for row in before:
            assert row == {
                **row,
                "status": "not_connected",
                "organisation": None,
                "token_health": None,
                "settings": None,
                "counts": {},
            }
        accounts = await web.get(f"/integrations/{provider}/accounts")
        assert (accounts.status_code, accounts.json()["code"]) == (409, "not_connected")

        # 3 Connect
        seeded = await books.post(
            "/_sim/seed", json={"organisation": "Oak Books", "accounts": INCOME_ACCOUNTS}
        )
        assert seeded.status_code == 200, seeded.text
        await refuse_consent(web, browser, provider)
        await connect(web, browser, web_url, provider)

        # 4 Settings
        settings = await web.get(f"/integrations/{provider}/settings")
        today = datetime.now(ZoneInfo("America/New_York")).date()
        shown = settings.json()
        assert shown.pop("start_date") in {str(today), str(today - timedelta(days=1))}
        assert shown == {
            **shown,
            "sync_customers": False,
            "sync_invoices": False,
            "gone_there": "make_again",
            "rounding_account_id": None,
            "post_in_closed_period": "never",
        }
        switched = await web.put(
            f"/integrations/{provider}/settings",
            json={"sync_customers": True, "sync_invoices": True, "start_date": "2020-01-01"},
        )
        assert switched.status_code == 200, switched.text
        assert switched.json()["sync_invoices"] is True
        assert switched.json()["start_date"] == "2020-01-01"
        assert switched.headers["etag"] != settings.headers["etag"]

        # 5 Accounts
        account_id = await service_account(web, provider)

        # 6 Customer, items, invoice
        customer = await created(
            web,
            "/customers",
            {"name": "Ann Lee", "kind": "homeowner", "email": "ann@lee.example"},
        )
        assert customer["links"] == []
        assert "state" in customer["sync"][provider]
        item = await created(
            web, "/items", {"name": "Call-out", "sku": "CALL", "unit_price": "128.19"}
        )
        assert item["income_accounts"] == {}
        assert "state" in item["sync"][provider]
        invoice = await created(web, "/invoices", invoice_of(customer["id"], item["id"]))
        assert invoice["number"] == "1001"
        assert invoice["status"] == "draft"
        assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == (
            "256.38",
            "0.00",
            "256.38",
        )
        assert invoice["lines"][0]["amount"] == "256.38"
        badge = invoice["sync"][provider]
        assert badge["state"] == "not_eligible"
        assert badge["cause"]["code"] == "invoice_draft"
        assert badge["actions"] == ["finalize"]

        # 7 A draft can't sync
        path = f"/invoices/{invoice['id']}"
        refused = await web.post(f"{path}/sync", json={"provider": provider})
        assert refused.status_code == 409
        assert refused.headers["content-type"].startswith("application/problem+json")
        problem = refused.json()
        assert problem == {
            **problem,
            "title": "Still a draft",
            "status": 409,
            "code": "invoice_draft",
            "detail": f"Invoice 1001 is a draft. Finalize it and it can go to {label}.",
        }
        assert "type" in problem

        # 8 Sent, and blocked
        sent = await web.post(f"{path}/send")
        assert (sent.status_code, sent.json()["status"]) == (200, "sent")
        if there.offers_accounts:
            await says_what_is_missing(web, path, provider)

        # 9 Fixed: it goes by itself
        async with web.stream("GET", "/events", params={"invoice": invoice["id"]}) as events:
            assert events.status_code == 200
            seen = asyncio.create_task(badges_until(events, invoice["id"], "synced"))
            if there.offers_accounts:
                mapped = await web.post(
                    f"/integrations/{provider}/account-mapping/apply-to-unmapped",
                    json={"account_id": account_id},
                )
                assert (mapped.status_code, mapped.json()) == (200, {"mapped": 1})
            synced = await badge_when(web, path, provider, "synced")
            assert await asyncio.wait_for(seen, WITHIN) == synced
        assert synced == {
            **synced,
            "label": f"Synced to {label}",
            "remote_number": "1001",
            "cause": None,
            "actions": ["open_there"] if there.links else [],
        }
        assert synced["remote_id"]
        assert synced["synced_at"].endswith("Z")
        assert datetime.fromisoformat(synced["synced_at"]) <= datetime.now(UTC)

        # 10 The books hold exactly one of each
        held = (await books.get("/_sim/books", params={"organisation": "Oak Books"})).json()
        assert held["organisation"]["name"] == "Oak Books"
        [customer_there] = held["customers"]
        assert customer_there == {
            **customer_there,
            "name": "Ann Lee",
            "email": "ann@lee.example",
            "active": True,
        }
        accounts_there = {row["id"]: row["name"] for row in held["accounts"]}
        account_there = account_id if there.offers_accounts else None
        assert account_there is None or accounts_there[account_there] == "Service revenue"
        [item_there] = held["items"]
        assert item_there == {
            **item_there,
            "name": "Call-out",
            "sku": "CALL" if there.keeps_sku else item_there["sku"],
            "active": True,
            "account_id": account_there,
        }
        [invoice_there] = held["invoices"]
        [line_there] = invoice_there.pop("lines")
        assert invoice_there == {
            **invoice_there,
            "id": synced["remote_id"],
            "number": "1001",
            "customer_id": customer_there["id"],
            "date": "2026-06-15",
            "due_date": "2026-07-15",
            "currency": "USD",
            "status": "open",
            "total": "256.38",
            "tax": "0.00",
        }
        assert line_there == {
            **line_there,
            "item_id": item_there["id"],
            "description": "Call-out visit",
            "quantity": "2",
            "unit_price": "128.19",
            "amount": "256.38",
            "account_id": account_there,
        }

        # 11 The next invoice goes on its own
        second = await created(web, "/invoices", invoice_of(customer["id"], item["id"]))
        await web.post(f"/invoices/{second['id']}/send")
        await badge_when(web, f"/invoices/{second['id']}", provider, "synced")
        held = (await books.get("/_sim/books", params={"organisation": "Oak Books"})).json()
        assert sorted(row["number"] for row in held["invoices"]) == ["1001", "1002"]
        assert len(held["customers"]) == len(held["items"]) == 1
        assert not described.wrong, "\n".join(described.wrong)
        assert described.counted.total() > 20


async def says_what_is_missing(web: httpx.AsyncClient, path: str, provider: str) -> None:
    """The invoice is blocked until its item has an account; preflight says the same."""
    blocked = await badge_when(web, path, provider, "blocked")
    assert blocked == {
        **blocked,
        "label": "Needs attention",
        "provider": provider,
        "remote_id": None,
        "remote_url": None,
        "remote_number": None,
        "synced_at": None,
        "actions": ["retry", "ignore"],
    }
    cause = blocked["cause"]
    assert cause == {
        **cause,
        "code": "item_account_unmapped",
        "group": "item_account_unmapped",
        "who": "fix_record",
        "title": "Items need an income account",
        "sentence": f'"Call-out" has no income account for {AT[provider].label}, so invoice 1001'
        " can't be posted.",
        "fixes": [
            {"action": "choose_account", "label": "Choose account", "fields": ["account_id"]}
        ],
        "also": [],
    }
    assert "details" in cause
    preflight = await web.get(f"{path}/preflight", params={"provider": provider})
    assert preflight.status_code == 200, preflight.text
    assert preflight.json()["ready"] is False
    assert [p["code"] for p in preflight.json()["problems"]] == ["item_account_unmapped"]
    assert preflight.json()["problems"][0]["sentence"] == cause["sentence"]


async def refuse_consent(web: httpx.AsyncClient, browser: httpx.AsyncClient, provider: str) -> None:
    """Scenario 2: declined at the provider, said so, nothing stored."""
    started = await web.post(f"/integrations/{provider}/connect", json={})
    callback = await consent(
        browser, started.json()["authorize_url"], "Oak Books", "deny", f"joe-{provider}"
    )
    back = await browser.get(callback)
    assert back.status_code == 303
    assert back.headers["location"].endswith(
        f"/integrations/{provider}/settings?connect=consent_declined"
    )
    assert (await integration(web, provider))["status"] == "not_connected"


async def integration(web: httpx.AsyncClient, provider: str) -> Json:
    rows: list[Json] = (await web.get("/integrations")).json()["data"]
    return next(row for row in rows if row["provider"] == provider)


async def connect(
    web: httpx.AsyncClient, browser: httpx.AsyncClient, web_url: str, provider: str
) -> None:
    started = await web.post(f"/integrations/{provider}/connect")
    assert started.status_code == 200, started.text
    authorize_url = started.json()["authorize_url"]
    assert re.search(r"/connect\?ticket=", authorize_url)
    first = await browser.get(authorize_url)
    asked = parse_qs(urlsplit(first.headers["location"]).query)
    assert {"client_id", "response_type", "scope", "redirect_uri", "state"} <= set(asked)
    started = await web.post(f"/integrations/{provider}/connect")
    callback = await consent(
        browser, started.json()["authorize_url"], "Oak Books", username=f"joe-{provider}"
    )
    back = await browser.get(callback)
    assert back.status_code == 303, back.text
    assert back.headers["location"] == f"{web_url}/integrations/{provider}/settings"

    async def connected() -> None:
        row = await integration(web, provider)
        assert row["status"] == "connected"
        assert row["organisation"]["name"] == "Oak Books"

    await eventually(connected, within=WITHIN)


async def service_account(web: httpx.AsyncClient, provider: str) -> str | None:
    """The id of an income account; None where the provider offers none, which is said."""
    found: list[Json] = []
    offers_accounts = AT[provider].offers_accounts

    async def listed() -> None:
        answer = await web.get(f"/integrations/{provider}/accounts")
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["offered"] is offers_accounts
        assert {"as_of", "refreshing"} <= set(body)
        found[:] = [row for row in body["data"] if row["name"] == "Service revenue"]
        assert bool(found) is offers_accounts

    await eventually(listed, within=WITHIN)
    if not offers_accounts:
        return None
    assert found[0] == {**found[0], "code": "200", "active": True}
    return str(found[0]["id"])


async def created(web: httpx.AsyncClient, path: str, body: Json) -> Json:
    answer = await web.post(path, json=body)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def invoice_of(customer_id: str, item_id: str) -> Json:
    return {
        "customer_id": customer_id,
        "issue_date": "2026-06-15",
        "due_date": "2026-07-15",
        "currency": "USD",
        "lines": [
            {
                "item_id": item_id,
                "description": "Call-out visit",
                "quantity": "2",
                "unit_price": "128.19",
            }
        ],
    }


async def badge_when(web: httpx.AsyncClient, path: str, provider: str, state: str) -> Json:
    """The provider's badge of what is at `path`, once it is in this state."""
    latest: Json = {}

    async def there() -> None:
        latest.update((await web.get(path)).json()["sync"][provider])
        assert latest["state"] == state, latest

    await eventually(there, within=WITHIN)
    return latest


async def badges_until(events: httpx.Response, record: str, state: str) -> Json:
    """Reads the event stream until this record's badge has this state."""
    kind = ""
    async for line in events.aiter_lines():
        if line.startswith("event:"):
            kind = line.removeprefix("event:").strip()
        elif line.startswith("data:") and kind == "badge":
            data = json.loads(line.removeprefix("data:"))
            if data["id"] == record and data["badge"]["state"] == state:
                return dict(data["badge"])
    raise AssertionError("the event stream ended")
