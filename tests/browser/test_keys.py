"""Single keys: each acts on what is shown as current or ticked, and on nothing else."""

import re

import httpx
from playwright.async_api import Page, expect
from testkit import Stack

from browser.steps import WITHIN, NewCompany, becomes, connect, map_all


async def from_2020(page: Page, web: str) -> None:
    """Every invoice can be synced, and none goes by itself."""
    await page.goto(f"{web}/integrations/qbo/settings")
    await page.get_by_label("Start date").fill("2020-01-01")
    await page.get_by_role("button", name="Save settings").click()
    await expect(page.get_by_text("Settings saved.")).to_be_visible()


async def test_s_syncs_the_current_row_or_those_ticked_and_nothing_by_a_stray_press(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Larch Plumbing")
    await connect(page, oak.web, oak.organisation)
    await from_2020(page, oak.web)
    item, customer = await oak.item("Call-out"), await oak.customer()
    await map_all(page, oak.web, 1)
    ids = [await oak.invoice(customer, item, send=True) for _ in range(4)]
    rows = page.locator("[data-row]")
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)

    # Newest first: 1004 on top. No row is current, none is ticked.
    await page.goto(f"{oak.web}/invoices")
    await expect(rows.get_by_role("button", name="Sync to QuickBooks")).to_have_count(4)
    await page.keyboard.press("s")
    # The row below the top one, chosen by its key.
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("s")
    await page.wait_for_url(f"**/invoices/{ids[2]}**")
    assert [re.sub(r".*/invoices/", "", url) for url in sent] == [f"{ids[2]}/sync"]

    # Two ticked, another one current: those ticked, as Sync in the bar does.
    sent.clear()
    await page.goto(f"{oak.web}/invoices")
    await page.get_by_label("Select invoice 1001").check()
    await page.get_by_label("Select invoice 1002").check()
    await page.keyboard.press("j")
    await page.keyboard.press("s")
    await expect(page.get_by_text("2 started")).to_be_visible()
    assert [re.sub(r".*/invoices/", "", url) for url in sent] == ["selected"]

    # On its own page: that invoice.
    await page.goto(f"{oak.web}/invoices/{ids[3]}")
    await page.keyboard.press("s")
    await becomes(page, "synced")


async def test_g_and_a_letter_leads_to_lists_t_to_the_timeline_f_to_the_fix(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Medlar Plumbing")
    await connect(page, oak.web, oak.organisation)
    await from_2020(page, oak.web)
    item, customer = await oak.item("Call-out"), await oak.customer()
    invoice = await oak.invoice(customer, item, send=True)
    await page.goto(f"{oak.web}/invoices")
    await page.get_by_role("button", name="Sync to QuickBooks").click()
    await page.goto(f"{oak.web}/invoices/{invoice}")
    await becomes(page, "blocked")

    await page.keyboard.press("t")
    await expect(page.locator("#timeline")).to_be_focused()
    await page.keyboard.press("f")
    await expect(page.locator("[data-cause]").get_by_label("Account", exact=True)).to_be_focused()

    # From the fields of a form no key leads away.
    await page.keyboard.press("g")
    await page.keyboard.press("c")
    await expect(page).to_have_url(re.compile(f"/invoices/{invoice}"))
    await page.goto(f"{oak.web}/invoices")
    # Nothing to fix is chosen: the focus stays, and doesn't go to the search.
    await page.keyboard.press("f")
    await expect(page.locator("input:focus, select:focus")).to_have_count(0)
    await page.keyboard.press("j")
    await page.keyboard.press("f")
    await expect(page.get_by_role("link", name="Fix", exact=True)).to_be_focused()

    for key, name in (("c", "Customers"), ("t", "Items")):
        await page.keyboard.press("g")
        await page.keyboard.press(key)
        await expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        await page.wait_for_load_state()
    await page.keyboard.press("g")
    await page.keyboard.press("p")
    await expect(page).to_have_url(re.compile("/integrations/qbo/problems"))
    await page.wait_for_load_state()
    await page.keyboard.press("j")
    await page.keyboard.press("f")
    group = page.get_by_role("region", name="Items need an income account")
    await expect(group.get_by_label("Account", exact=True)).to_be_focused()


async def test_in_the_mapping_u_goes_on_to_the_next_and_arrows_and_enter_stay_in_the_form(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Quince Plumbing")
    await connect(page, oak.web, oak.organisation)
    for name in ("Part A", "Part B", "Part C", "Part D"):
        await oak.item(name)
    here = f"{oak.web}/integrations/qbo/account-mapping"
    await page.goto(here)
    await expect(page.get_by_label("Bulk Assign")).to_be_visible(timeout=WITHIN)
    async with page.expect_response(re.compile("/stage")):
        await page.get_by_label("Part B", exact=True).select_option(label="4010 Parts")

    # One after the other: B has one, D is the last, then it begins again.
    for name in ("Part A", "Part C", "Part D", "Part A"):
        await page.evaluate("document.activeElement.blur()")
        await page.keyboard.press("u")
        await expect(page.get_by_label(name, exact=True)).to_be_focused()

    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_label("Part B", exact=True)).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_label("Part A", exact=True)).to_be_focused()
    # Enter opens the list of accounts and sends nothing.
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(page.get_by_label("Part A", exact=True)).to_be_focused()
    await expect(page.get_by_text("1 unsaved change")).to_be_visible()
    await expect(page).to_have_url(here)


async def test_b_and_h_set_the_type_of_the_rows_ticked_here_or_of_the_current_one(
    page: Page, stack: Stack, new_company: NewCompany
) -> None:
    oak = await new_company("Sloe Plumbing")
    names = ("Acme Heating LLC", "Baker Supplies Inc", "Carter Motors LLC")
    people = [{"name": n, "email": f"{n[:4].lower()}@there.example"} for n in names]
    async with httpx.AsyncClient(base_url=stack.endpoints["simulators"]["qbo"]) as books:
        seeded = {"organisation": oak.organisation, "customers": people}
        assert (await books.post("/_sim/seed", json=seeded)).is_success
    await connect(page, oak.web, oak.organisation)
    await page.goto(f"{oak.web}/integrations/qbo/import")
    await page.get_by_role("button", name=re.compile("Load (customers|again)")).click()
    rows = [page.get_by_role("row", name=re.compile(name)) for name in names]
    await expect(rows[2]).to_be_visible(timeout=WITHIN)
    await expect(page.locator("[data-run]")).to_have_count(0, timeout=WITHIN)
    await page.reload()
    for row in rows:
        await expect(row.get_by_role("radio", name="Business")).to_be_checked()
        await expect(row.get_by_role("checkbox")).to_be_checked()

    # All are ticked for the import; nobody chose them here, so it is the current row alone.
    await page.keyboard.press("j")
    async with page.expect_response(re.compile("/import/choice")):
        await page.keyboard.press("h")
    await expect(rows[0].get_by_role("radio", name="Homeowner")).to_be_checked()
    await expect(rows[1].get_by_role("radio", name="Business")).to_be_checked()

    # Ticked by hand: those, wherever one stands.
    for row in rows[1:]:
        await row.get_by_role("checkbox").uncheck()
        await row.get_by_role("checkbox").check()
    async with page.expect_response(re.compile("/import/choice")):
        await page.keyboard.press("h")
    for row in rows:
        await expect(row.get_by_role("radio", name="Homeowner")).to_be_checked()
    await page.keyboard.press("j")
    async with page.expect_response(re.compile("/import/choice")):
        await page.keyboard.press("b")
    await expect(rows[0].get_by_role("radio", name="Homeowner")).to_be_checked()
    for row in rows[1:]:
        await expect(row.get_by_role("radio", name="Business")).to_be_checked()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Business or homeowner")
