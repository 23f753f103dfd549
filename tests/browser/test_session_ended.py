"""A session that ends while someone types: after the log-in the page is as it was."""

import re

from playwright.async_api import Page, expect

from browser.steps import PASSWORD, NewCompany, connect, shot


async def end_session(page: Page) -> None:
    await page.context.clear_cookies()


async def log_in_again(page: Page, email: str) -> None:
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    await expect(page.get_by_text("what you typed comes back")).to_be_visible()
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()


async def test_what_was_typed_is_back_in_its_form_after_the_log_in(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Rue Plumbing")
    await connect(page, oak.web, oak.organisation)
    await oak.item("Call-out")
    await oak.customer()
    await page.goto(f"{oak.web}/invoices/new")
    await page.get_by_label("Customer", exact=True).select_option(label="Ann Lee")
    await page.get_by_label("Date", exact=True).fill("2026-06-15")
    await page.get_by_label("Prices include tax").check()
    for n in range(1, 6):
        if n > 1:
            await page.get_by_role("button", name="Add lines").click()
        line = page.get_by_role("group", name=f"Line {n}", exact=True)
        await line.get_by_label("Description").fill(f"Visit {n}")
        await line.get_by_label("Quantity").fill(str(n))
        await line.get_by_label("Price").fill("10")
    await page.get_by_role("button", name="Remove line 2").click()
    await end_session(page)
    await page.get_by_role("button", name="Save invoice").last.click()
    await shot(page, "log-in-with-a-form-kept")
    await log_in_again(page, oak.email)
    await expect(page.get_by_text("What you typed is back, and not saved yet.")).to_be_visible()
    await expect(page).to_have_url(f"{oak.web}/invoices/new")
    await expect(page.get_by_label("Customer", exact=True)).to_have_value(re.compile("."))
    await expect(page.get_by_label("Date", exact=True)).to_have_value("2026-06-15")
    await expect(page.get_by_label("Prices include tax")).to_be_checked()
    quantities = page.locator("[data-line] [data-quantity]")
    assert [await q.input_value() for q in await quantities.all()][:4] == ["1", "3", "4", "5"]
    await shot(page, "form-back-after-log-in")
