"""The keyboard alone: the skip link, the order of Tab, dialogs, menus, selection, the mapping."""

from playwright.async_api import Page, expect

from browser.steps import NewCompany, connect


async def focused(page: Page) -> str:
    """The name of what has the focus, as a person would read it."""
    name: str = await page.evaluate(
        "() => { const e = document.activeElement;"
        " return (e.getAttribute('aria-label') || e.innerText || e.id || e.tagName).trim(); }"
    )
    return name


async def test_tab_goes_from_the_skip_link_through_the_menu_and_menus_close_by_escape(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Acacia Plumbing")
    await page.goto(f"{oak.web}/customers")
    await page.keyboard.press("Tab")
    assert await focused(page) == "Skip to content"
    await expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    names: list[str] = []
    for _ in range(8):
        await page.keyboard.press("Tab")
        names.append(await focused(page))
    assert [name.split("\n")[0] for name in names] == [
        "Tallybridge",
        "Invoices",
        "Customers",
        "Items",
        "Integrations",
        "Settings",
        "Keys ?",
        "search",
    ]
    # The skip link leaves all of that behind.
    await page.reload()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#content")).to_be_focused()
    await page.keyboard.press("Tab")
    assert await focused(page) == "New customer" or "Import" in await focused(page)

    menu = page.locator("header summary")
    await menu.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Log out")).to_be_visible()
    await page.keyboard.press("Tab")
    assert await focused(page) == "Settings"
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    await expect(menu).to_be_focused()


async def test_a_dialog_keeps_the_focus_and_gives_it_back(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Bay Plumbing")
    item, customer = await oak.item("Call-out"), await oak.customer()
    invoice = await oak.invoice(customer, item)
    await page.goto(f"{oak.web}/invoices/{invoice}")
    more = page.get_by_label("More", exact=True)
    await more.focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    void = page.get_by_role("link", name="Void invoice 1001…")
    await expect(void).to_be_focused()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Void invoice 1001")
    await expect(dialog).to_be_visible()
    for _ in range(6):
        await page.keyboard.press("Tab")
        inside = await page.evaluate(
            "() => document.activeElement === document.body"
            " || document.querySelector('dialog[open]').contains(document.activeElement)"
        )
        assert inside, await focused(page)
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(void).to_be_focused()


async def test_rows_are_chosen_by_range_and_cleared(page: Page, new_company: NewCompany) -> None:
    oak = await new_company("Cherry Plumbing")
    await connect(page, oak.web, oak.organisation)
    item, customer = await oak.item("Call-out"), await oak.customer()
    for _ in range(4):
        await oak.invoice(customer, item)
    await page.goto(f"{oak.web}/invoices")
    for key in ("j", "x", "j", "j", "Shift+x"):
        await page.keyboard.press(key)
    await expect(page.get_by_text("3 selected, $769.14")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("3 selected")).to_be_hidden()
    await expect(page.locator("[data-select]:checked")).to_have_count(0)


async def test_the_mapping_is_done_and_saved_without_a_mouse(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Dogwood Plumbing")
    await connect(page, oak.web, oak.organisation)
    for name in ("Boiler part", "Call-out", "Drain unblocking"):
        await oak.item(name)
    await page.goto(f"{oak.web}/integrations/qbo/account-mapping")
    await expect(page.get_by_label("Bulk Assign")).to_be_visible()
    await page.keyboard.press("u")
    first = page.get_by_label("Boiler part", exact=True)
    await expect(first).to_be_focused()
    await page.keyboard.type("4010")
    await expect(page.get_by_text("1 unsaved change")).to_be_visible()
    await page.locator("h1").click()
    await page.keyboard.press("u")
    await expect(page.get_by_label("Call-out", exact=True)).to_be_focused()
    await page.keyboard.type("4000")
    await expect(page.get_by_text("2 unsaved changes")).to_be_visible()
    await page.keyboard.press("Control+s")
    await expect(page.get_by_text("2 items mapped.")).to_be_visible()
    await expect(page.get_by_text("1 of 3 items have no account.")).to_be_visible()
