"""U2 on a whole stack: every page of a large company over HTTP, and mapping all of its items."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from testkit import eventually, running_stack

from bench.goals import Asked, at_most
from bench.measuring import load, percentile, table
from bench.offices import PARTS
from tests.office import Office, connected_office

SIZES = {"invoices": 10_000, "customers": 5_000, "items": 4_000}
BLOCKED = 2_000
"""So many invoices were sent and wait for an income account, so that Problems is full."""

FORECASTS = ("/start", "/integrations/qbo/settings", "/integrations/qbo/sync-now", "/integrations")
"""What is looked at before the switches are on too: all of it would be to send then."""

GOAL_MS = 300.0
PAGES = (
    "/invoices",
    "/invoices?tab=attention",
    "/invoices?month=2026-03",
    "/customers",
    "/customers?tab=attention",
    "/items",
    "/items?tab=attention",
    "/integrations",
    "/integrations/qbo/problems",
    "/integrations/qbo/ignored",
    "/integrations/qbo/recent",
    "/integrations/qbo/account-mapping",
    "/integrations/qbo/account-mapping?show=unmapped",
    "/integrations/qbo/account-mapping?q=Item%203999",
    "/integrations/qbo/account-mapping?page=40",
    "/integrations/qbo/tax-mapping",
    "/integrations/qbo/match",
    "/integrations/qbo/import",
    "/integrations/qbo/sync-now",
    "/integrations/qbo/settings",
    "/notices",
    "/settings/notices",
    "/start",
    "/search?q=Customer%204321",
    "/tax-rates",
)

_AT_ONCE = 8
_BULK = 500
_WITHIN = 900.0


async def measure(state: Path, *, rounds: int) -> Sequence[Asked]:
    """Print each page's median and p99, and what the mapping of all items takes."""
    sizes = ", ".join(f"{count:,} {kind}" for kind, count in SIZES.items())
    print(f"U2 pages of a whole stack: {sizes}, {BLOCKED:,} of them stopped; {load()}")
    with running_stack(state, only=PARTS, durable=True) as stack:
        async with (
            connected_office(stack, "Pages") as office,
            httpx.AsyncClient(base_url=office.web_url, timeout=60) as web,
        ):
            await _log_in(web, office)
            await _fill(office)
            before = await _look(web, FORECASTS, rounds, "before the switches are on")
            await _stop(office)
            asked = await _look(web, PAGES, rounds, "of a whole stack")
            await _map(web)
    return [*before, *asked]


async def _fill(office: Office) -> None:
    """By the interface, as a company would have got there in years."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def make(path: str, body: dict[str, Any]) -> str:
        async with gate:
            return str((await office.made(path, **body))["id"])

    def several(kind: str) -> range:
        return range(SIZES[kind])

    items = await asyncio.gather(
        *(
            make("/items", {"name": f"Item {n}", "sku": f"SKU-{n}", "unit_price": "40.00"})
            for n in several("items")
        )
    )
    customers = await asyncio.gather(
        *(
            make("/customers", {"name": f"Customer {n}", "email": f"c{n}@pages.example"})
            for n in several("customers")
        )
    )
    bodies = [
        {
            "customer_id": customers[n % len(customers)],
            "issue_date": f"2026-{n % 11 + 1:02}-{n % 28 + 1:02}",
            "lines": [{"item_id": items[n % len(items)], "quantity": "2"}],
        }
        for n in several("invoices")
    ]
    for at in range(0, len(bodies), _BULK):
        body = {"invoices": bodies[at : at + _BULK], "send": at < BLOCKED}
        answer = await office.web.post("/invoices/bulk", json=body, timeout=120)
        answer.raise_for_status()


async def _stop(office: Office) -> None:
    """Switch on and send all: no item has an account yet, and customers go while pages are read."""
    await office.switch_on()
    await _sync(office, "invoices")

    async def stopped() -> None:
        shown = (await office.web.get("/integrations/qbo/causes", timeout=60)).json()
        assert sum(group["count"] for group in shown["data"]) >= BLOCKED, shown

    await eventually(stopped, within=_WITHIN, every=1)
    await _sync(office, "customers")


async def _sync(office: Office, kind: str) -> None:
    answer = await office.web.post("/integrations/qbo/sync", json={kind: True}, timeout=60)
    answer.raise_for_status()


async def _log_in(web: httpx.AsyncClient, office: Office) -> None:
    login = {name: office.sign_up_body[name] for name in ("email", "password")}
    (await web.post("/api/v1/session", json=login)).raise_for_status()


async def _look(
    web: httpx.AsyncClient, pages: Sequence[str], rounds: int, when: str
) -> Sequence[Asked]:
    """At once after the writing: nothing waits until the database has counted its rows anew."""
    taken: dict[str, list[float]] = {path: [] for path in pages}
    for number in range(rounds + 1):
        for path in pages:
            begun = time.perf_counter()
            answer = await web.get(path)
            passed = (time.perf_counter() - begun) * 1000
            assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
            assert "can't be shown" not in answer.text, path
            # The first time prepares statements and templates.
            if number:
                taken[path].append(passed)
    rows = [
        (path[:60], f"{percentile(ms, 0.5):.0f} ms", f"{percentile(ms, 0.99):.0f} ms")
        for path, ms in sorted(taken.items(), key=lambda one: -percentile(one[1], 0.99))
    ]
    print(table(("page", "p50", "p99"), rows))
    worst = max(percentile(ms, 0.99) for ms in taken.values())
    return [at_most(f"U2 the slowest page's p99 {when}", worst, GOAL_MS, " ms")]


async def _map(web: httpx.AsyncClient) -> None:
    """Bulk Assign over all items as the page's buttons do it, without its script."""
    here = "/integrations/qbo/account-mapping"
    page = (await web.get(here)).text
    token, account = _found(r'name="csrf" value="([^"]+)"', page), _account(page)
    fields = {"csrf": token, "bulk_account_id": account, "show": "all"}
    assigned = await _timed(web, here, fields | {"do": "unmapped"})
    saved = await _timed(web, here, fields | {"do": "save"})
    print(
        f"  Apply to Unmapped ({SIZES['items']:,}): {assigned:.2f} s; Save Changes: {saved:.2f} s"
    )


def _account(page: str) -> str:
    bulk = _found(r'<select[^>]*name="bulk_account_id"(.*?)</select>', page)
    return _found(r'<option value="([^"]+)"', bulk)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    assert found is not None, pattern
    return found[1]


async def _timed(web: httpx.AsyncClient, path: str, fields: dict[str, str]) -> float:
    """Seconds until the button's answer; the page that it leads to isn't counted."""
    begun = time.perf_counter()
    answer = await web.post(path, data=fields)
    assert answer.status_code == 303, (answer.status_code, answer.text[:300])
    return time.perf_counter() - begun
