"""What a person does, as the browser tests do it."""

import itertools
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import FloatRect, Page, expect
from testkit import Stack

SHOTS = Path(__file__).resolve().parents[2] / "docs" / "ui"
WITHIN = int(os.environ.get("WITHIN_MS", "20000"))
"""How long what happens by itself may take; a machine that is busy otherwise is given longer."""
PASSWORD = "correct horse battery 9"
_numbers = itertools.count(1)


async def shot(page: Page, name: str, *, first_only: bool = False) -> None:
    """Keeps a picture for docs/ui when SCREENSHOTS=1; otherwise nothing in the tree changes.

    A long page is cut in pieces, `name-2` and on, of a phone's, and with `first_only`, the
    first alone: a picture stays small enough to be kept with the source.
    """
    if os.environ.get("SCREENSHOTS") != "1":
        return
    SHOTS.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size
    assert size is not None
    width = size["width"]
    height = max(await page.evaluate("document.documentElement.scrollHeight"), size["height"])
    # What sticks to the window's lower edge stands at the page's end then, not in its middle.
    await page.set_viewport_size({"width": width, "height": height})
    tops = [0] if width < _WIDE or first_only else list(range(0, height, _TALLEST))
    for number, top in enumerate(tops, 1):
        clip: FloatRect = {
            "x": 0,
            "y": top,
            "width": width,
            "height": min(_TALLEST, height - top),
        }
        path = SHOTS / (f"{name}.png" if number == 1 else f"{name}-{number}.png")
        # A hidden caret would be a style of its own, which the pages' policy refuses.
        await page.screenshot(path=path, clip=clip, caret="initial")
    await page.set_viewport_size(size)


_WIDE = 1_000
_TALLEST = 1_600


@dataclass
class Company:
    """A company of its own, its API client, and where its pages are."""

    web: str
    api: httpx.AsyncClient
    email: str
    organisation: str

    async def make(self, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.api.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def item(self, name: str, **more: Any) -> str:
        return str((await self.make("/items", name=name, unit_price="128.19", **more))["id"])

    async def customer(self, name: str = "Ann Lee", email: str | None = "ann@lee.example") -> str:
        return str((await self.make("/customers", name=name, email=email))["id"])

    async def invoice(
        self, customer: str, item: str, *, send: bool = False, due: str | None = "2026-07-15"
    ) -> str:
        made = await self.make(
            "/invoices",
            customer_id=customer,
            issue_date="2026-06-15",
            due_date=due,
            lines=[{"item_id": item, "description": "Visit", "quantity": "2"}],
        )
        if send:
            sent = await self.api.post(f"/invoices/{made['id']}/send")
            assert sent.status_code == 200, sent.text
        return str(made["id"])


NewCompany = Callable[[str], Awaitable[Company]]
"""The fixture `new_company`: a company by this name, with the page logged in to it."""


async def company(stack: Stack, page: Page, name: str) -> Company:
    """Made by the API, logged in by the page."""
    web = stack.endpoints["web"]
    email = f"joe{next(_numbers)}@{name.split()[0].lower()}.example"
    api = httpx.AsyncClient(base_url=f"{web}/api/v1", timeout=20)
    answer = await api.post(
        "/signup",
        json={
            "company_name": name,
            "email": email,
            "password": PASSWORD,
            "time_zone": "America/New_York",
            "currency": "USD",
        },
    )
    assert answer.status_code == 201, answer.text
    api.headers["Authorization"] = f"Bearer {answer.json()['api_key']}"
    await log_in(page, web, email)
    return Company(web, api, email, f"{name} Books")


async def log_in(page: Page, web: str, email: str, password: str = PASSWORD) -> None:
    await page.goto(f"{web}/login")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("heading", name="Invoices", exact=True)).to_be_visible()


async def sign_up(page: Page, web: str, name: str, email: str) -> None:
    await page.goto(f"{web}/signup")
    await page.get_by_label("Company name").fill(name)
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await shot(page, "sign-up")
    await page.get_by_role("button", name="Create company").click()
    await expect(page.get_by_role("heading", name="Invoices", exact=True)).to_be_visible()


async def agree(page: Page, organisation: str, username: str = "joe") -> None:
    """The provider's own consent page. Who logs in there twice has what they agreed to before."""
    await page.locator("[name=username]").fill(username)
    field = page.locator("[name=organisation]").first
    tag = await field.get_attribute("list")
    options = await page.locator("select[name=organisation]").count()
    if options and tag is None:
        await field.select_option(organisation)
    else:
        await field.fill(organisation)
    await page.locator("[name=decision][value=approve]").click()


async def connect(
    page: Page, web: str, organisation: str, label: str = "QuickBooks", username: str = "joe"
) -> None:
    await page.goto(f"{web}/integrations")
    await page.get_by_role("region", name=label).get_by_role("link", name="Connect").click()
    await agree(page, organisation, username)
    await expect(page.get_by_role("heading", name=f"{label}: {organisation}")).to_be_visible(
        timeout=WITHIN
    )


async def switch_on(page: Page, web: str, provider: str = "qbo") -> None:
    await page.goto(f"{web}/integrations/{provider}/settings")
    invoices = page.get_by_label("Sync Invoices")
    await expect(invoices).not_to_be_checked()
    await invoices.check()
    await page.get_by_label("Sync Customers").check()
    await page.get_by_label("Start date").fill("2020-01-01")
    await page.get_by_role("button", name="Save settings").click()
    await expect(page.get_by_text("Settings saved.")).to_be_visible()
    await expect(page.get_by_label("Sync Invoices")).to_be_checked()


async def map_all(page: Page, web: str, count: int, provider: str = "qbo") -> None:
    """Bulk Assign, Apply to Unmapped, Save Changes."""
    await page.goto(f"{web}/integrations/{provider}/account-mapping")
    bulk = page.get_by_label("Bulk Assign")
    await expect(bulk).to_be_visible(timeout=WITHIN)
    await bulk.select_option(label="4000 Services")
    await page.get_by_role("button", name=f"Apply to Unmapped ({count})").click()
    await expect(page.get_by_text("unsaved change")).to_be_visible()
    await page.get_by_role("button", name="Save Changes").click()
    items = "item" if count == 1 else "items"
    await expect(page.get_by_text(f"{count} {items} mapped.")).to_be_visible(timeout=WITHIN)


async def becomes(page: Page, state: str, provider: str = "qbo") -> None:
    """The badge reaches this state by itself."""
    badge = page.locator(f"[data-badge={provider}]").first
    await expect(badge).to_have_attribute("data-state", state, timeout=WITHIN)
