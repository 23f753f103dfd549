"""Customers and items of many, chosen as one types: by keys and by clicks, before axe."""

import asyncio

from playwright.async_api import Page, expect

from browser.judging import faults
from browser.steps import Company, NewCompany, shot

MANY = 203


async def stock(oak: Company) -> None:
    """More customers and items than a drop-down holds."""
    for begin in range(0, MANY, 20):
        some = range(begin, min(begin + 20, MANY))
        await asyncio.gather(
            *(oak.customer(f"Client {n:03}", f"c{n}@client.example") for n in some),
            *(oak.item(f"Part {n:03}", sku=f"P-{n:03}") for n in some),
        )


async def test_a_customer_and_an_item_of_many_are_chosen_as_one_types(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Cypress Plumbing")
    await stock(oak)
    await page.goto(f"{oak.web}/invoices/new")
    customer = page.get_by_role("combobox", name="Customer")
    await customer.fill("client 01")
    choices = page.get_by_role("listbox", name="Customers").get_by_role("option")
    await expect(choices).to_have_count(10)
    await expect(choices.first).to_have_attribute("aria-selected", "true")
    await shot(page, "invoice-new-find")
    wrong = await faults(page, "light")
    await customer.press("ArrowDown")
    await customer.press("ArrowDown")
    await expect(choices.nth(2)).to_have_attribute("aria-selected", "true")
    await customer.press("Enter")
    await expect(customer).to_have_value("Client 012 · c12@client.example")
    await expect(customer).to_have_attribute("aria-expanded", "false")
    await customer.fill("zebra")
    await expect(page.get_by_text("No customer has “zebra” in it.")).to_be_visible()
    await customer.press("Escape")
    await expect(customer).to_have_value("Client 012 · c12@client.example")

    item = page.get_by_role("group", name="Line 1").get_by_role("combobox", name="Item")
    await item.fill("p-007")
    await page.get_by_role("option", name="Part 007").click()
    await expect(item).to_have_value("Part 007")
    await expect(page.get_by_role("group", name="Line 1").get_by_label("Price")).to_have_value(
        "128.19"
    )
    await page.get_by_role("button", name="Add lines").click()
    last = page.get_by_role("group", name="Line 3").get_by_role("combobox", name="Item")
    await expect(last).to_be_focused()
    await last.fill("part 2")
    await expect(page.get_by_role("option")).to_have_count(3)
    await last.press("Enter")
    await expect(last).to_have_value("Part 200")
    wrong += await faults(page, "light")
    assert not wrong, "\n".join(wrong)
    await page.get_by_role("button", name="Save invoice").click()
    await expect(page.get_by_role("link", name="Client 012")).to_be_visible()
    await expect(page.get_by_text("Part 200").first).to_be_visible()
