"""Questions, ranges and drop-downs: the focus comes back, a choice is found by any of its words."""

import asyncio
import re
from typing import Literal

import pytest
from playwright.async_api import Page, Route, expect

from browser.steps import NewCompany, connect, shot


async def test_a_question_before_void_and_disconnect_gives_the_focus_back(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Teasel Plumbing")
    await connect(page, oak.web, oak.organisation)
    invoice = await oak.invoice(await oak.customer(), await oak.item("Call-out"))
    await page.goto(f"{oak.web}/invoices/{invoice}")
    menu = page.get_by_label("More", exact=True)
    question = page.get_by_role("dialog", name="Void invoice 1001")
    void = page.get_by_role("link", name="Void invoice 1001…")
    for leave in ("Escape", "Keep it"):
        await menu.focus()
        await page.keyboard.press("Enter")
        await void.focus()
        await page.keyboard.press("Enter")
        await expect(question).to_be_visible()
        # What changes nothing has the focus first.
        await expect(question.get_by_role("link", name="Keep it")).to_be_focused()
        await page.keyboard.press("Escape" if leave == "Escape" else "Enter")
        await expect(question).to_be_hidden()
        await expect(menu).to_be_focused()
        await expect(void).to_be_hidden()
    await expect(page.get_by_text("Draft", exact=True).first).to_be_visible()

    await page.goto(f"{oak.web}/integrations")
    link = page.get_by_role("link", name="Disconnect…")
    await link.click()
    question = page.get_by_role("dialog", name="Disconnect QuickBooks")
    await expect(question).to_contain_text("Nothing is deleted in QuickBooks.")
    await expect(question).to_contain_text(f"Our access to {oak.organisation}")
    await shot(page, "disconnect-question")
    await question.get_by_role("link", name="Stay connected").click()
    await expect(question).to_be_hidden()
    await expect(link).to_be_focused()
    await link.click()
    await question.get_by_role("button", name="Disconnect QuickBooks").click()
    await expect(page.get_by_text("QuickBooks is disconnected.")).to_be_visible()


async def test_a_range_is_selected_by_keys_and_an_account_by_any_word_of_it(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Sorrel Plumbing")
    await connect(page, oak.web, oak.organisation)
    await oak.item("Boiler part")
    item, customer = await oak.item("Call-out"), await oak.customer()

    # The first steps have Bulk Assign right there; typing finds "4010 Parts" and "4000 Services".
    await page.goto(f"{oak.web}/start")
    bulk = page.get_by_label("Bulk Assign")
    await bulk.focus()
    await page.keyboard.type("parts")
    await expect(bulk.locator("option:checked")).to_have_text("4010 Parts")
    await shot(page, "first-steps-bulk-assign")
    await page.get_by_role("button", name="Apply to Unmapped (2)").click()
    await expect(page.get_by_text("2 items mapped.")).to_be_visible()
    await expect(page.get_by_label("Bulk Assign")).to_have_count(0)

    await page.goto(f"{oak.web}/integrations/qbo/account-mapping")
    field = page.get_by_label("Call-out", exact=True)
    await field.focus()
    await page.keyboard.type("serv")
    await expect(field.locator("option:checked")).to_have_text("4000 Services")
    await expect(page.get_by_text("1 unsaved change")).to_be_visible()
    await page.keyboard.press("Control+s")
    await expect(page.get_by_text("1 item mapped.")).to_be_visible()

    for _ in range(5):
        await oak.invoice(customer, item)
    await page.goto(f"{oak.web}/invoices")
    await page.wait_for_load_state()
    for key in ("j", "j", "x", "j", "j", "Shift+X"):
        await page.keyboard.press(key)
    await expect(page.get_by_text("3 selected, $769.14")).to_be_visible()
    await expect(page.get_by_label("Select invoice 1001")).not_to_be_checked()
    await expect(page.get_by_label("Select invoice 1002")).to_be_checked()
    await page.keyboard.press("Escape")
    await expect(page.locator("[data-select]:checked")).to_have_count(0)
    # The same with the mouse.
    await page.get_by_label("Select invoice 1001").check()
    await page.get_by_label("Select invoice 1004").click(modifiers=["Shift"])
    await expect(page.locator("[data-select]:checked")).to_have_count(4)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
async def test_what_takes_long_leaves_the_old_list_at_60_percent_under_a_bar(
    page: Page, new_company: NewCompany, motion: Literal["no-preference", "reduce"]
) -> None:
    oak = await new_company("Teak Plumbing")
    await oak.invoice(await oak.customer(), await oak.item("Call-out"))
    await page.emulate_media(reduced_motion=motion)
    await page.goto(f"{oak.web}/invoices")
    # The browser's tools wait for the page that comes; the old page keeps what it looked like.
    await page.evaluate("""() => window.setInterval(() => {
        const card = document.querySelector('.card');
        const bar = getComputedStyle(card, '::before');
        const table = getComputedStyle(card.querySelector('table'));
        const looks = [table.opacity, bar.opacity, bar.height];
        const kept = JSON.parse(sessionStorage.getItem('looks') || '[]');
        sessionStorage.setItem('looks', JSON.stringify([...kept, [...looks, bar.animationName]]));
    }, 50)""")

    async def late(route: Route) -> None:
        await asyncio.sleep(1.5)
        await route.continue_()

    await page.route(re.compile(r"tab=draft"), late)
    draft = page.get_by_role("link", name="Draft 1")
    await draft.click()
    await expect(draft).to_have_attribute("aria-current", "page")
    looks = await page.evaluate("JSON.parse(sessionStorage.getItem('looks'))")
    assert looks[0][0] == "1"
    assert looks[-1][:3] == ["0.6", "1", "3px"]
    assert ("app-pass" in looks[-1][3]) == (motion == "no-preference")
    await expect(page.locator(".card table")).to_have_css("opacity", "1")
