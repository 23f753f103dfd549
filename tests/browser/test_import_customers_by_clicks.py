"""Import Customers by clicks: load, review with reasons, types one by one, import, done, undo."""

import re

import httpx
from playwright.async_api import Page, expect
from testkit import Stack

from browser.steps import WITHIN, connect, shot, sign_up

CUSTOMERS = [
    {"name": "Acme Heating LLC", "email": "ap@acme.example"},
    {"name": "Maria Gomez", "email": "maria.g@home.example"},
    {"name": "Ann Lee", "email": "ann.there@lee.example"},
]


async def test_z2_customers_are_loaded_reviewed_imported_and_taken_back(
    page: Page, stack: Stack
) -> None:
    web = stack.endpoints["web"]
    async with httpx.AsyncClient(base_url=stack.endpoints["simulators"]["qbo"]) as books:
        seeded = {"organisation": "Yew Books", "customers": CUSTOMERS}
        assert (await books.post("/_sim/seed", json=seeded)).is_success
        await sign_up(page, web, "Yew Plumbing", "joe@yew.example")
        for name, email in (("Maria G", "maria.g@home.example"), ("Ann Lee", "ann@lee.example")):
            await page.goto(f"{web}/customers/new")
            await page.get_by_label("Name", exact=True).fill(name)
            await page.get_by_label("Homeowner").check()
            await page.get_by_label("E-mail").fill(email)
            await page.get_by_role("button", name="Save customer").click()
            await expect(page.get_by_role("heading", name=name)).to_be_visible()
        await connect(page, web, "Yew Books")

        await page.goto(f"{web}/integrations/qbo/import")
        await shot(page, "import-customers-start")
        again = page.get_by_role("button", name=re.compile("Load (customers|again)"))
        await again.click()
        acme = page.get_by_role("row", name=re.compile("Acme Heating LLC"))

        async def reviewed() -> None:
            await page.goto(f"{web}/integrations/qbo/import")

        for _ in range(20):
            if await acme.count():
                break
            await page.wait_for_timeout(500)
            await reviewed()
        await expect(acme).to_contain_text("why:")
        await expect(acme.get_by_role("radio", name="Business")).to_be_checked()
        maria = page.get_by_role("row", name=re.compile("Maria Gomez"))
        await expect(maria.get_by_role("combobox").last).to_contain_text("Link: Maria G")
        await expect(maria.get_by_role("checkbox")).to_be_checked()
        # The same name alone is offered, never ticked.
        ann = page.get_by_role("row", name=re.compile("ann.there@lee.example"))
        await expect(ann.get_by_role("checkbox")).not_to_be_checked()
        await shot(page, "import-customers-review")

        # A type chosen is kept when one leaves and comes back.
        async with page.expect_response(re.compile("/import/choice")):
            await acme.get_by_role("radio", name="Homeowner").check()
        await reviewed()
        await expect(acme.get_by_role("radio", name="Homeowner")).to_be_checked()

        await page.get_by_role("button", name="Import Selected").click()
        await expect(page.get_by_text("1 created, 1 linked.")).to_be_visible(timeout=WITHIN)
        await shot(page, "import-customers-done")
        await page.goto(f"{web}/customers")
        await expect(page.get_by_role("link", name="Acme Heating LLC")).to_be_visible()
        held = (await books.get("/_sim/books", params={"organisation": "Yew Books"})).json()
        assert len(held["customers"]) == len(CUSTOMERS), "nothing is pushed back"

        await page.go_back()
        await page.reload()
        await page.get_by_role("button", name="Undo this import").click()
        await expect(page.get_by_text("1 customer was taken back.")).to_be_visible()
        await page.goto(f"{web}/customers")
        await expect(page.get_by_role("link", name="Acme Heating LLC")).to_have_count(0)


async def test_z2_a_tick_is_kept_at_once_and_counts_on_every_page(page: Page, stack: Stack) -> None:
    web = stack.endpoints["web"]
    books_of = "Elder Books"
    async with httpx.AsyncClient(base_url=stack.endpoints["simulators"]["qbo"]) as books:
        names = [f"Customer {n:02}" for n in range(60)]
        customers = [{"name": name} for name in names]
        customers += [{"name": "Ann Lee", "email": "ann.there@lee.example"}]
        seeded = {"organisation": books_of, "customers": customers}
        assert (await books.post("/_sim/seed", json=seeded)).is_success
    await sign_up(page, web, "Elder Plumbing", "joe@elder.example")
    await page.goto(f"{web}/customers/new")
    await page.get_by_label("Name", exact=True).fill("Ann Lee")
    await page.get_by_label("Homeowner").check()
    await page.get_by_role("button", name="Save customer").click()
    await expect(page.get_by_role("heading", name="Ann Lee")).to_be_visible()
    await connect(page, web, books_of)
    review = f"{web}/integrations/qbo/import"
    await page.goto(review)
    bar = page.locator("#selection")
    for _ in range(20):
        if await bar.count() and "60 new" in (await bar.text_content() or ""):
            break
        await page.wait_for_timeout(500)
        await page.goto(review)
    await expect(bar).to_have_text("60 selected: 60 new")

    async with page.expect_response(re.compile("/import/choice")):
        await page.get_by_role("checkbox", name="Import Customer 03").uncheck()
    await expect(bar).to_have_text("59 selected: 59 new")
    # To choose whom she is ticks her.
    ann = page.get_by_role("checkbox", name="Import Ann Lee")
    await expect(ann).not_to_be_checked()
    row = page.get_by_role("row", name=re.compile("ann.there@lee.example"))
    async with page.expect_response(re.compile("/import/choice")):
        await row.get_by_role("combobox").last.select_option(label="New customer")
    await expect(ann).to_be_checked()
    await expect(bar).to_have_text("60 selected: 60 new")
    # All on this page, ticked, unticked and ticked again; leaving by a link keeps it.
    everyone = page.get_by_role("checkbox", name="Tick all on this page")
    await everyone.check()
    await expect(bar).to_have_text("61 selected: 61 new")
    await everyone.uncheck()
    await expect(bar).to_have_text("11 selected: 11 new")
    await everyone.check()
    await expect(bar).to_have_text("61 selected: 61 new")
    async with page.expect_response(re.compile("/import/choice")):
        await page.get_by_role("checkbox", name="Import Customer 03").uncheck()
    await page.get_by_role("link", name=re.compile("^Selected")).click()
    await expect(page.get_by_role("checkbox", name="Import Customer 03")).to_have_count(0)
    await page.get_by_role("button", name="Next page").click()
    await page.get_by_role("checkbox", name="Import Customer 59").uncheck()
    await page.get_by_role("button", name="Back").click()
    await expect(bar).to_have_text("59 selected: 59 new")
    await page.get_by_role("button", name="Import Selected").click()
    await expect(page.get_by_text("59 created.")).to_be_visible(timeout=WITHIN)
