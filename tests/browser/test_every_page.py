"""Every page in both themes, on a phone and before axe; by Tab and without scripts; its words;
pictures of each."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from testkit import Stack

from browser.conftest import where
from browser.reaching import dead_without_script, out_of_reach
from browser.steps import (
    WITHIN,
    Company,
    NewCompany,
    becomes,
    connect,
    log_in,
    map_all,
    shot,
    switch_on,
)

AXE = (
    Path(__file__).resolve().parents[2]
    / "services/invoice-api/frontend/node_modules/axe-core/axe.min.js"
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
OUTSIDE = {"log-in": "/login", "sign-up": "/signup"}
"""What stands before the log-in."""

NOWHERE = "/invoices/0197a000-0000-7000-8000-000000000000"
"""A page that isn't there says so with the status of its kind."""

FORBIDDEN = (
    re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
    re.compile(r"\bHTTP\b|\bJSON\b|\bnull\b|\bundefined\b|\bNone\b"),
    re.compile(r"\b(not_synced|synced_with_difference|removed_there|changed_there|out_of_date)\b"),
    re.compile(r"\bitem\(s\)|\brecord\(s\)|\binvoice\(s\)"),
    re.compile(r"\b(tenant|realm|payload|idempotency|orchestrator|connector|webhook)\b", re.I),
    re.compile(r"\b(Success|Processed|Submit|OK)\b"),
)
"""What a page never says (the wording rules of the causes, and the glossary's "avoid")."""


async def furnish(
    new_company: NewCompany, page: Page, books: str, name: str
) -> tuple[Company, dict[str, str]]:
    """A company with something in every list, and the pages to look at."""
    oak = await new_company(name)
    await seed_items(books, oak.organisation)
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


async def seed_items(books: str, organisation: str) -> None:
    """Items that were there before."""
    rows = [("Boiler part", "B-7", "42.00"), ("Drain clearing", "DRAIN", "180.00")]
    items = [{"name": name, "sku": sku, "unit_price": price} for name, sku, price in rows]
    async with httpx.AsyncClient(base_url=books) as there:
        body = {"organisation": organisation, "items": items}
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


@pytest.mark.timeout(900)
async def test_every_page_is_clean_for_axe_fits_a_phone_and_says_it_in_words(
    browser: Browser, page: Page, stack: Stack, new_company: NewCompany
) -> None:
    books = stack.endpoints["simulators"]["qbo"]
    oak, pages = await furnish(new_company, page, books, "Willow Plumbing")
    outside = OUTSIDE | {"join": await invitation(oak)}
    # A page that stayed open would complain of its stream's end while the others are looked at.
    await page.goto("about:blank")
    script = AXE.read_text()
    wrong: list[str] = []
    for theme, width in (("light", 1280), ("dark", 1280), ("light", 390)):
        context = await browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme="dark" if theme == "dark" else "light",
            locale="en-US",
        )
        seen = await context.new_page()
        said: list[str] = []
        seen.on(
            "console",
            lambda one, kept=said: kept.append(where(one)) if one.type == "error" else None,
        )
        seen.on("pageerror", lambda error, kept=said: kept.append(str(error)))
        for name, path in (outside | pages).items():
            if name == next(iter(pages)):
                await log_in(seen, oak.web, oak.email)
            answer = await seen.goto(f"{oak.web}{path}")
            assert answer is not None
            if answer.status != (404 if path == NOWHERE else 200):
                wrong.append(f"{path} answers {answer.status}")
                continue
            if name in PRESSED:
                await seen.evaluate(
                    "for (const box of document.querySelectorAll('[data-select]')) box.click()"
                )
                await seen.get_by_role("button", name=PRESSED[name]).click()
                await seen.wait_for_url("**/selected/**")
            await expect(seen.locator("h1")).to_have_count(1)
            kind = "phone" if width == 390 else theme
            await shot(seen, f"{kind}-{name}", first_only=kind == "dark")
            wide = await seen.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                wrong.append(f"{path} scrolls sideways at {width}: {wide} px")
            if kind == "light" and name != "patterns":
                wrong += [f"{path} says {word!r}" for word in await bad_words(seen)]
            if kind == "light":
                wrong += [f"{path} by Tab: {one}" for one in await out_of_reach(seen)]
            if kind != "phone":
                wrong += [f"{theme} {path}: {fault}" for fault in await faults(seen, script, theme)]
        await context.close()
        wrong += [
            f"{theme} {width}: {one}" for one in said if not one.endswith(("/favicon.ico", NOWHERE))
        ]
    wrong += await dead_ends(browser, oak, outside, pages)
    assert not wrong, "\n".join(wrong)


async def dead_ends(
    browser: Browser, oak: Company, outside: dict[str, str], pages: dict[str, str]
) -> list[str]:
    """What leads nowhere on any of the pages where no script runs."""
    context = await browser.new_context(java_script_enabled=False, locale="en-US")
    plain = await context.new_page()
    found: list[str] = []
    for name, path in (outside | pages).items():
        if name == next(iter(pages)):
            await log_in(plain, oak.web, oak.email)
        if name not in PRESSED:
            await plain.goto(f"{oak.web}{path}")
            found += [f"{path} without script: {one}" for one in await dead_without_script(plain)]
    await context.close()
    return found


async def faults(page: Page, script: str, theme: str) -> list[str]:
    """What axe finds serious or worse; of the dark theme its colours: the rest is the same."""
    await page.evaluate(script)
    colours = {"runOnly": ["color-contrast"]} if theme == "dark" else {}
    options = {"resultTypes": ["violations"], **colours}
    found = await page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:160]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


async def bad_words(page: Page) -> list[str]:
    """Words that a bookkeeper shouldn't meet outside of Details."""
    text = await page.locator("main").inner_text()
    return [found[0] for pattern in FORBIDDEN for found in pattern.finditer(text)]
