"""Forms while someone writes: amounts at once, leaving asks, what sign-up guesses and shows."""

import pytest
from playwright.async_api import Browser, Dialog, Page, expect
from testkit import Stack

from browser.judging import faults
from browser.steps import NewCompany, connect


async def test_amounts_show_as_one_types_and_leaving_asks(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Rowan Plumbing")
    item = await oak.item("Call-out")
    await oak.customer()
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    await page.goto(f"{oak.web}/invoices/new")
    line = page.get_by_role("group", name="Line 1")
    await line.get_by_label("Price").fill("$1,250.50")
    await expect(line.locator("output")).to_have_text("$1,250.50")
    await line.get_by_label("Quantity").fill("1,5")
    await line.get_by_label("Discount %").fill("10%")
    await expect(line.locator("output")).to_have_text("$1,688.18")
    second = page.get_by_role("group", name="Line 2")
    await second.get_by_label("Item").select_option(item)
    await expect(second.locator("output")).to_have_text("$128.19")
    await expect(page.get_by_text("Lines come to $1,816.37 before tax")).to_be_visible()
    assert not await faults(page, "light")
    await page.set_viewport_size({"width": 390, "height": 844})
    for name in ("Cancel", "Save and send", "Save invoice"):
        fits = await page.locator(".app-sticky .btn", has_text=name).last.evaluate(
            "e => e.scrollWidth <= e.clientWidth + 1 && e.scrollHeight <= e.clientHeight + 1"
        )
        assert fits, name
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, wide
    await page.set_viewport_size({"width": 1280, "height": 800})

    page.on("dialog", stay)
    await page.get_by_role("link", name="Customers", exact=True).click()
    await expect(line.get_by_label("Price")).to_have_value("$1,250.50")
    assert asked == ["beforeunload"]
    await page.get_by_label("Customer", exact=True).select_option(label="Ann Lee")
    await page.get_by_role("button", name="Save invoice").click()
    await expect(page.get_by_text("$1,816.37").first).to_be_visible()
    for path, field in (("/customers/new", "Name"), ("/items/new", "Price")):
        await page.goto(f"{oak.web}{path}")
        await page.get_by_label(field, exact=True).fill("12")
        await page.get_by_role("link", name="Invoices", exact=True).click()
        await expect(page.get_by_label(field, exact=True)).to_have_value("12")
        await page.get_by_label(field, exact=True).fill("")
        await page.get_by_role("link", name="Invoices", exact=True).click()
        await expect(page.get_by_role("heading", name="Invoices", exact=True)).to_be_visible()
    assert asked == ["beforeunload"] * 3


@pytest.mark.does_without("/settings")
async def test_an_emptied_start_date_is_asked_for(page: Page, new_company: NewCompany) -> None:
    oak = await new_company("Campion Plumbing")
    await connect(page, oak.web, oak.organisation)
    await page.goto(f"{oak.web}/integrations/qbo/settings")
    start = page.get_by_label("Start date")
    await start.fill("")
    await page.get_by_role("button", name="Save settings").click()
    await expect(page.get_by_role("alert")).to_contain_text("Start date: Choose the start date.")
    await expect(start).to_have_attribute("aria-invalid", "true")
    await page.goto(f"{oak.web}/integrations/qbo/settings")
    await expect(start).not_to_have_value("")


async def test_sign_up_guesses_the_currency_shows_the_password_and_says_how_strong_it_is(
    browser: Browser, stack: Stack
) -> None:
    context = await browser.new_context(locale="en-GB")
    page = await context.new_page()
    await page.goto(f"{stack.endpoints['web']}/signup")
    await expect(page.get_by_label("Currency")).to_have_value("GBP")
    password = page.get_by_label("Password")
    await password.fill("short")
    await expect(page.get_by_text("Too short: 3 more.")).to_be_visible()
    await password.fill("correct horse battery 9")
    await expect(page.get_by_text("Strong.")).to_be_visible()
    await page.get_by_role("button", name="Show what you type").click()
    await expect(password).to_have_attribute("type", "text")
    assert not await faults(page, "light")
    await page.get_by_label("Company name").fill("Fir")
    await page.get_by_label("E-mail").fill("nowhere")
    await page.get_by_role("button", name="Create company").click()
    await expect(page.get_by_text("Type the password again: it isn't kept.")).to_be_visible()
    await expect(page.get_by_label("Currency")).to_have_value("GBP")
    await context.close()
