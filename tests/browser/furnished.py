"""A company with something in every list, and its pages."""

from pathlib import Path

import httpx
from playwright.async_api import Page, expect

from browser.steps import (
    WITHIN,
    Company,
    NewCompany,
    agree,
    becomes,
    connect,
    map_all,
    switch_on,
)

JUNE = (Path(__file__).resolve().parents[2] / "docs/guide/june.csv").read_bytes()
PAGES = {
    "invoices": "/invoices",
    "invoices-attention": "/invoices?tab=attention",
    "invoices-nothing-found": "/invoices?q=nobody",
    "invoice-new": "/invoices/new",
    "invoice-import": "/invoices/import",
    "customers": "/customers",
    "customer-new": "/customers/new",
    "items": "/items",
    "item-new": "/items/new",
    "integrations": "/integrations",
    "problems": "/integrations/qbo/problems",
    "ignored": "/integrations/qbo/ignored",
    "recent": "/integrations/qbo/recent",
    "account-mapping": "/integrations/qbo/account-mapping",
    "tax-mapping": "/integrations/qbo/tax-mapping",
    "books-match": "/integrations/qbo/match",
    "provider-settings": "/integrations/qbo/settings",
    "import-customers": "/integrations/qbo/import",
    "sync-now": "/integrations/qbo/sync-now",
    "disconnect": "/integrations/qbo/disconnect",
    "not-connected": "/integrations/freshbooks/settings",
    "second-provider": "/integrations/xero/connect",
    "settings": "/settings",
    "people": "/settings/people",
    "api-keys": "/settings/api-keys",
    "notices": "/notices",
    "notice-choice": "/settings/notices",
    "tax-rates": "/tax-rates",
    "first-steps": "/start",
    "search": "/search?q=a",
    "keys": "/keys",
    "patterns": "/patterns",
}
PRESSED = {"selection": "What would stop them", "selection-ignore": "Ignore…"}
"""Pages behind a button of the list, with all of its invoices ticked."""
NOWHERE = "/invoices/0197a000-0000-7000-8000-000000000000"
"""A page that isn't there says so with the status of its kind."""


async def furnish(
    new_company: NewCompany, page: Page, books: str, name: str
) -> tuple[Company, dict[str, str]]:
    """A company with something in every list, and the pages to look at."""
    oak = await new_company(name)
    await seed_books(books, oak.organisation)
    await connect(page, oak.web, oak.organisation)
    await switch_on(page, oak.web)
    item, customer = await oak.item("Call-out", sku="CALL"), await oak.customer()
    await map_all(page, oak.web, 1)
    other = await oak.item("Drain unblocking", sku="DRAIN")
    gomez = await oak.customer("Maria Gomez", None)
    synced = await oak.invoice(customer, item, send=True)
    blocked = await oak.invoice(customer, other, send=True)
    await oak.invoice(gomez, item, send=True)
    draft = await oak.invoice(customer, item)
    await oak.make("/tax-rates", name="City tax", percent="8")
    await page.goto(f"{oak.web}/invoices/{synced}")
    await becomes(page, "synced")
    await page.goto(f"{oak.web}/invoices/{blocked}")
    await becomes(page, "blocked")
    more = {
        "invoice-synced": f"/invoices/{synced}",
        "invoice-blocked": f"/invoices/{blocked}",
        "invoice-draft": f"/invoices/{draft}",
        "invoice-edit": f"/invoices/{draft}/edit",
        "invoice-void": f"/invoices/{draft}/void",
        "customer": f"/customers/{gomez}",
        "customer-link": f"/customers/{gomez}/link/qbo",
        "item": f"/items/{item}",
        "item-link": await items_there(oak, page, other),
        "ignore": "/integrations/qbo/problems/item_account_unmapped/ignore",
        "run": await sync_now(oak),
        "import-run": await imported(oak),
        "not-found": NOWHERE,
    }
    return oak, PAGES | more | dict.fromkeys(PRESSED, "/invoices")


async def trouble(
    new_company: NewCompany, page: Page, xero: str, name: str
) -> tuple[Company, dict[str, str]]:
    """A company with two connections whose sign-in at Xero has ended, and its pages."""
    oak = await new_company(name)
    await connect(page, oak.web, oak.organisation)
    await switch_on(page, oak.web)
    await page.goto(f"{oak.web}/integrations/xero/connect?sure=1")
    await agree(page, oak.organisation, oak.email)
    await expect(page.get_by_role("heading", name=f"Xero: {oak.organisation}")).to_be_visible(
        timeout=WITHIN
    )
    await switch_on(page, oak.web, "xero")
    item, customer = await oak.item("Call-out"), await oak.customer()
    await map_all(page, oak.web, 1)
    await map_all(page, oak.web, 1, "xero")
    ignored = await oak.invoice(await oak.customer("Maria Gomez", None), item, send=True)
    await page.goto(f"{oak.web}/invoices/{ignored}")
    await becomes(page, "waiting")
    fields = {"provider": "qbo", "why": "Entered by hand"}
    answer = await oak.api.post(f"/invoices/{ignored}/actions/ignore", json=fields)
    assert answer.is_success, answer.text
    async with httpx.AsyncClient(base_url=xero) as books:
        gone = await books.post("/_sim/disconnect", json={"organisation": oak.organisation})
        assert gone.is_success
    held = await oak.invoice(customer, item, send=True)
    await page.goto(f"{oak.web}/invoices/{held}")
    await becomes(page, "synced")
    await becomes(page, "held", "xero")
    return oak, {
        "held-invoices": "/invoices",
        "held-invoice": f"/invoices/{held}",
        "held-invoice-ignored": f"/invoices/{ignored}",
        "held-customers": "/customers",
        "held-items": "/items",
        "held-integrations": "/integrations",
        "held-problems": "/integrations/xero/problems",
        "held-ignored": "/integrations/qbo/ignored",
        "held-recent": "/integrations/xero/recent",
        "held-sync-now": "/integrations/xero/sync-now",
        "held-settings": "/integrations/xero/settings",
    }


async def seed_books(books: str, organisation: str) -> None:
    """Items and customers that were there before."""
    rows = [("Boiler part", "B-7", "42.00"), ("Drain clearing", "DRAIN", "180.00")]
    items = [{"name": name, "sku": sku, "unit_price": price} for name, sku, price in rows]
    async with httpx.AsyncClient(base_url=books) as there:
        customers = [
            {"name": "Acme Heating LLC", "email": "ap@acme.example"},
            {"name": "Petra Gomez", "email": "petra@home.example"},
            {"name": "Zoe Park"},
        ]
        body = {"organisation": organisation, "items": items, "customers": customers}
        assert (await there.post("/_sim/seed", json=body)).is_success


async def items_there(oak: Company, page: Page, item: str) -> str:
    """The page on which an item is linked, once the items there have been read."""
    there = f"/items/{item}/link/qbo"
    await page.goto(f"{oak.web}{there}")
    await expect(page.get_by_text("Linked to Call-out")).to_be_visible(timeout=WITHIN)
    return there


async def sync_now(oak: Company) -> str:
    """The page of a Sync Now that was pressed."""
    kinds = {"customers": True, "items": True, "invoices": True}
    answer = await oak.api.post("/integrations/qbo/sync", json=kinds)
    assert answer.status_code == 202, answer.text
    return f"/runs/{answer.json()['run']['id']}"


async def imported(oak: Company) -> str:
    """The page of an import of the guide's own file."""
    answer = await oak.api.post("/imports/invoices", files={"file": ("june.csv", JUNE)})
    assert answer.status_code == 202, answer.text
    return f"/invoices/import/{answer.json()['run']['id']}"


async def invitation(oak: Company) -> str:
    """Where someone who was invited chooses a password."""
    made = await oak.make("/users", email=f"new.{oak.email}", name="Ann New", role="office")
    return str(made["invitation"]["url"]).removeprefix(oak.web)
