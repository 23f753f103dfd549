"""The keyboard alone: the skip link, the order of Tab, menus."""

from playwright.async_api import Page, expect

from browser.steps import NewCompany


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
    for _ in range(9):
        await page.keyboard.press("Tab")
        names.append(await focused(page))
    assert [name.split("\n")[0] for name in names] == [
        "Tallybridge",
        "Invoices",
        "Customers",
        "Items",
        "Integrations",
        "Notices",
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
