"""Problems by clicks: only what is ticked is fixed, and what one form holds is saved together."""

import pytest
from playwright.async_api import Page, expect

from browser.steps import WITHIN, NewCompany, becomes, connect, map_all, shot, switch_on


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


@pytest.mark.does_without("/problems-listed/")
async def test_due_dates_that_are_missing_are_saved_together(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Valerian Plumbing")
    await connect(page, oak.web, oak.organisation, "Xero", "val")
    await switch_on(page, oak.web, "xero")
    customer, item = await oak.customer(), await oak.item("Call-out")
    await map_all(page, oak.web, 1, "xero")
    invoices = [await oak.invoice(customer, item, send=True, due=None) for _ in range(3)]
    for invoice in invoices:
        await page.goto(f"{oak.web}/invoices/{invoice}")
        await becomes(page, "blocked", "xero")
    await page.goto(f"{oak.web}/integrations/xero/problems")
    form = page.get_by_role("form", name="Due dates missing or wrong")
    await expect(page.get_by_role("heading", name="Due dates missing or wrong: 3")).to_be_visible()
    await expect(form.get_by_label("Due date of Invoice")).to_have_count(3)
    await shot(page, "problems-together")
    # Nothing typed, nothing saved; a date before the invoice's own is said at its field.
    save = form.get_by_role("button", name="Save what is filled in")
    await save.click()
    await expect(page.get_by_text("Nothing was filled in")).to_be_visible()
    first = form.get_by_label("Due date of Invoice 1001")
    await first.fill("2026-06-01")
    await form.get_by_label("Due date of Invoice 1002").fill("2026-07-01")
    await save.click()
    await expect(first).to_have_value("2026-06-01")
    await expect(first).to_have_attribute("aria-invalid", "true")
    await expect(first).to_be_focused()
    # The second is saved and goes; the others are due so many days after their date.
    await page.goto(f"{oak.web}/invoices/{invoices[1]}")
    await becomes(page, "synced", "xero")
    await page.goto(f"{oak.web}/integrations/xero/problems")
    days = form.get_by_label("Those left empty are due so many days after their date")
    await days.fill("soon")
    await save.click()
    await expect(form.get_by_text("Write days from 0 to 365, such as 30.")).to_be_visible()
    await days.fill("14")
    await save.click()
    await expect(page.get_by_text("2 invoices saved.")).to_be_visible()
    await expect(page.get_by_text("Nothing needs you")).to_be_visible(timeout=WITHIN)
    for invoice in (invoices[0], invoices[2]):
        assert (await oak.api.get(f"/invoices/{invoice}")).json()["due_date"] == "2026-06-29"
        await page.goto(f"{oak.web}/invoices/{invoice}")
        await becomes(page, "synced", "xero")
