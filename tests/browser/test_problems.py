"""Problems by clicks: only what is ticked is fixed, and a tick outlives what the page is told."""

from playwright.async_api import Page, expect

from browser.steps import WITHIN, NewCompany, becomes, connect, switch_on


async def test_a_tick_outlives_live_news_and_only_it_is_fixed(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Bistort Plumbing")
    await connect(page, oak.web, oak.organisation)
    await switch_on(page, oak.web)
    customer = await oak.customer()
    items = [await oak.item(name) for name in ("Call-out", "Drain")]
    invoices = [await oak.invoice(customer, item, send=True) for item in items]
    for invoice in invoices:
        await page.goto(f"{oak.web}/invoices/{invoice}")
        await becomes(page, "blocked")
    await page.goto(f"{oak.web}/integrations/qbo/problems")
    group = page.locator("[data-group=item_account_unmapped]")
    await expect(group).to_contain_text("2 invoices")
    await group.get_by_text("Show 2").click()
    tick = group.locator(f"input[value='{invoices[0]}']")
    await tick.check()
    await expect(group.get_by_text("Only for the ones ticked below.")).to_be_visible()
    await group.get_by_label("Account", exact=True).select_option(label="4000 Services")
    await page.locator("h1").click()
    async with page.expect_response("**/integrations/qbo/problems"):
        await page.evaluate("htmx.trigger(document.getElementById('groups'), 'catch-up')")
    await page.wait_for_function("!document.querySelector('#groups.htmx-request')")
    await expect(tick).to_be_checked()
    await group.get_by_role("button", name="Save for all of them").click()
    await expect(page.get_by_text("Fixed. 1 record is on the way")).to_be_visible(timeout=WITHIN)
    await page.goto(f"{oak.web}/invoices/{invoices[0]}")
    await becomes(page, "synced")
    await page.goto(f"{oak.web}/invoices/{invoices[1]}")
    await becomes(page, "blocked")
