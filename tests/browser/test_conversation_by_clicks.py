"""The conversation by clicks: sign-up to a green badge, without a reload."""

import httpx
from playwright.async_api import Page, expect
from testkit import Stack

from browser.steps import WITHIN, connect, shot, sign_up, switch_on


async def add_customer(page: Page, web: str) -> None:
    await page.goto(f"{web}/customers/new")
    await page.get_by_label("Name", exact=True).fill("Ann Lee")
    await page.get_by_label("Homeowner", exact=True).check()
    await page.get_by_label("E-mail", exact=True).fill("ann@lee.example")
    await page.get_by_role("button", name="Save customer").click()
    await expect(page.get_by_role("heading", name="Ann Lee")).to_be_visible()


async def add_item(page: Page, web: str) -> None:
    await page.goto(f"{web}/items/new")
    await page.get_by_label("Name", exact=True).fill("Call-out")
    await page.get_by_label("SKU", exact=True).fill("CALL")
    await page.get_by_label("Price", exact=True).fill("128.19")
    await page.get_by_role("button", name="Save item").click()
    await expect(page.get_by_role("heading", name="Call-out")).to_be_visible()


async def add_invoice(page: Page, web: str, number: str) -> str:
    await page.goto(f"{web}/invoices/new")
    await page.get_by_label("Customer", exact=True).select_option(label="Ann Lee")
    await page.get_by_label("Date", exact=True).fill("2026-06-15")
    await page.get_by_label("Due", exact=True).fill("2026-07-15")
    line = page.get_by_role("group", name="Line 1", exact=True)
    await line.get_by_label("Item").select_option(label="Call-out")
    await line.get_by_label("Description").fill("Call-out visit")
    await line.get_by_label("Quantity").fill("2")
    await line.get_by_label("Price").fill("128.19")
    await page.get_by_role("button", name="Save invoice").click()
    await expect(page.get_by_role("heading", name=f"Invoice {number}")).to_be_visible()
    return page.url


async def test_z5_z7_a_sent_invoice_turns_green_without_a_reload(page: Page, stack: Stack) -> None:
    web = stack.endpoints["web"]
    async with httpx.AsyncClient(base_url=stack.endpoints["simulators"]["qbo"]) as books:
        await books.post(
            "/_sim/seed",
            json={
                "organisation": "Elm Books",
                "accounts": [{"code": "200", "name": "Service revenue"}],
            },
        )
        await sign_up(page, web, "Elm Plumbing", "joe@elm.example")
        await connect(page, web, "Elm Books")
        await switch_on(page, web)
        await add_customer(page, web)
        await add_item(page, web)
        url = await add_invoice(page, web, "1001")

        # A draft: no Sync button, and the reason in a line.
        await expect(page.get_by_text("Only finalized invoices can sync.")).to_be_visible()
        await expect(page.get_by_role("button", name="Sync to QuickBooks")).to_have_count(0)
        await shot(page, "invoice-draft")

        await page.get_by_role("button", name="Send", exact=True).click()
        badge = page.locator("[data-badge=qbo]")
        await expect(badge).to_have_attribute("data-state", "blocked", timeout=WITHIN)
        await expect(badge).to_have_text("Needs attention")
        await expect(page.get_by_text("Items need an income account")).to_be_visible()
        await shot(page, "invoice-blocked")

        # From here on this page isn't loaded again: the badge must change by itself.
        await page.evaluate("window.stillHere = true")
        mapping = await page.context.new_page()
        await mapping.goto(f"{web}/integrations/qbo/account-mapping")
        await mapping.get_by_label("Bulk Assign").select_option(label="200 Service revenue")
        await mapping.get_by_role("button", name="Apply to Unmapped (1)").click()
        await shot(mapping, "account-mapping")
        await mapping.get_by_role("button", name="Save Changes").click()
        await expect(mapping.get_by_text("1 item mapped.")).to_be_visible()

        await expect(badge).to_have_attribute("data-state", "synced", timeout=WITHIN)
        await expect(badge).to_have_text("Synced to QuickBooks")
        assert await page.evaluate("window.stillHere") is True
        assert page.url == url
        await expect(page.get_by_role("button", name="Sync to QuickBooks")).to_have_count(0)
        await shot(page, "invoice-synced")

        held = (await books.get("/_sim/books", params={"organisation": "Elm Books"})).json()
        assert [row["number"] for row in held["invoices"]] == ["1001"]

        await page.goto(f"{web}/invoices")
        await expect(page.locator("[data-badge=qbo]")).to_have_text("Synced to QuickBooks")
        await shot(page, "invoices")


async def test_z6_switched_off_the_gray_button_syncs_live(page: Page, stack: Stack) -> None:
    web = stack.endpoints["web"]
    await sign_up(page, web, "Ash Plumbing", "joe@ash.example")
    await connect(page, web, "Ash Books")
    await add_customer(page, web)
    await add_item(page, web)
    await page.goto(f"{web}/integrations/qbo/account-mapping")
    await page.get_by_label("Call-out", exact=True).select_option(label="4000 Services")
    await page.get_by_role("button", name="Save Changes").click()
    await expect(page.get_by_text("1 item mapped.")).to_be_visible()
    await add_invoice(page, web, "1001")
    await page.get_by_role("button", name="Send", exact=True).click()
    button = page.get_by_role("button", name="Sync to QuickBooks")
    await expect(button).to_be_visible()
    await shot(page, "invoice-not-synced")
    await button.click()
    await expect(page.locator("[data-badge=qbo]")).to_have_attribute(
        "data-state", "synced", timeout=WITHIN
    )
    await expect(button).to_have_count(0)
