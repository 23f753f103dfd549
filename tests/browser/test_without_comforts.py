"""The main path without a script, and with the keyboard alone."""

from playwright.async_api import Browser, Page, expect

from browser.steps import WITHIN, NewCompany, connect, log_in


async def test_the_main_path_needs_no_javascript(
    browser: Browser, page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Bracken Plumbing")
    await connect(page, oak.web, oak.organisation)
    await oak.item("Call-out")
    await oak.customer()
    context = await browser.new_context(java_script_enabled=False)
    plain = await context.new_page()
    await log_in(plain, oak.web, oak.email)

    await plain.goto(f"{oak.web}/integrations/qbo/account-mapping")
    await plain.get_by_label("Bulk Assign").select_option(label="4000 Services")
    await plain.get_by_role("button", name="Apply to Unmapped (1)").click()
    await expect(plain.get_by_text("1 unsaved change")).to_be_visible()
    await plain.get_by_role("button", name="Save Changes").click()
    await expect(plain.get_by_text("1 item mapped.")).to_be_visible(timeout=WITHIN)

    await plain.goto(f"{oak.web}/invoices/new")
    await plain.get_by_label("Customer", exact=True).select_option(label="Ann Lee")
    await plain.get_by_label("Date", exact=True).fill("2026-06-15")
    line = plain.get_by_role("group", name="Line 1", exact=True)
    await line.get_by_label("Item").select_option(label="Call-out")
    await line.get_by_label("Quantity").fill("2")
    await plain.get_by_role("button", name="Add lines").click()
    await expect(plain.get_by_role("group", name="Line 5", exact=True)).to_be_visible()
    await plain.get_by_role("button", name="Remove line 5").click()
    await expect(line.get_by_label("Quantity")).to_have_value("2")
    await plain.get_by_role("button", name="Save and send").click()
    await plain.get_by_role("button", name="Sync to QuickBooks").click()
    badge = plain.locator("[data-badge=qbo]").first
    for _ in range(40):
        if await badge.get_attribute("data-state") == "synced":
            break
        await plain.wait_for_timeout(500)
        await plain.reload()
    await expect(badge).to_have_text("Synced to QuickBooks")

    # Menus open, the question before a void is a page, the menu of a phone opens by its address.
    await plain.get_by_label("More", exact=True).click()
    await plain.get_by_role("link", name="Void invoice 1001…").click()
    await expect(plain.get_by_role("button", name="Void invoice 1001")).to_be_visible()
    await plain.set_viewport_size({"width": 390, "height": 844})
    await plain.get_by_label("Menu", exact=True).click()
    await expect(plain.get_by_role("link", name="Customers", exact=True)).to_be_visible()
    await context.close()


async def test_keys_alone_lead_anywhere(page: Page, new_company: NewCompany) -> None:
    oak = await new_company("Maple Plumbing")
    item, customer = await oak.item("Call-out"), await oak.customer()
    for _ in range(3):
        await oak.invoice(customer, item)
    await page.goto(f"{oak.web}/customers")
    await page.keyboard.press("g")
    await page.keyboard.press("i")
    await expect(page.get_by_role("heading", name="Invoices", exact=True)).to_be_visible()
    await page.wait_for_load_state()  # a heading is there before the script that hears keys
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(page.locator("[data-row]").nth(1)).to_have_class("app-current")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Invoice 1002")).to_be_visible()
    await page.wait_for_load_state()
    await page.keyboard.press("]")
    await expect(page.get_by_role("heading", name="Invoice 1001")).to_be_visible()
    await page.wait_for_load_state()
    await page.keyboard.press("[")
    await expect(page.get_by_role("heading", name="Invoice 1002")).to_be_visible()
    await page.wait_for_load_state()
    await page.keyboard.press("e")
    await expect(page.get_by_role("heading", name="Edit invoice 1002")).to_be_visible()

    await page.wait_for_load_state()  # a heading is there before the script that hears keys
    await page.keyboard.press("Control+k")
    field = page.get_by_label("Go to a page, invoice, customer or item")
    await expect(field).to_be_focused()
    await field.fill("ann")
    await expect(page.locator("#go").get_by_role("link", name="Ann Lee").first).to_be_visible()
    await page.keyboard.press("Escape")
    await page.goto(f"{oak.web}/items")
    await page.wait_for_load_state()
    await page.keyboard.press("/")
    await expect(page.get_by_label("Search items")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.locator("h1").click()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()

    # Single keys can be switched off; Ctrl K still works.
    await page.get_by_label("Single keys are on").uncheck()
    await page.get_by_role("button", name="Close").click()
    await page.locator("h1").click()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_have_count(0)
    await page.keyboard.press("Control+k")
    await expect(field).to_be_focused()
