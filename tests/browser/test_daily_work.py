"""What a bookkeeper does in a day: a blocked invoice, a lost sign-in, Sync Now, many items."""

import httpx
from playwright.async_api import Page, expect
from testkit import Stack

from browser.steps import WITHIN, NewCompany, agree, becomes, connect, map_all, shot, switch_on


async def test_z10_a_blocked_invoice_says_why_and_goes_after_the_fix_in_place(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Birch Plumbing")
    await connect(page, oak.web, oak.organisation)
    await switch_on(page, oak.web)
    item = await oak.item("Drain unblocking")
    customer = await oak.customer("Maria Gomez", None)
    invoice = await oak.invoice(customer, item, send=True)
    await page.goto(f"{oak.web}/invoices/{invoice}")
    card = page.locator("[data-cause]")

    # First the customer's e-mail, in the card itself; then the account, in the same place.
    await becomes(page, "waiting")
    await card.get_by_label("E-mail", exact=True).fill("maria@gomez.example")
    await card.get_by_role("button", name="Save e-mail").click()
    await becomes(page, "blocked")
    await expect(card.get_by_role("heading", name="Items need an income account")).to_be_visible()
    await card.get_by_label("Account", exact=True).select_option(label="4000 Services")
    await shot(page, "invoice-fix-in-place")
    await card.get_by_role("button", name="Save and sync").click()
    await becomes(page, "synced")
    timeline = page.get_by_role("region", name="Timeline")
    await expect(timeline.get_by_role("listitem").first).to_be_visible()
    await timeline.get_by_role("link", name="Only changes").click()
    await expect(page.get_by_role("link", name="Only changes")).to_have_attribute(
        "aria-current", "true"
    )


async def test_z13_a_lost_sign_in_is_one_banner_and_what_was_held_goes_after_reconnect(
    page: Page, stack: Stack, new_company: NewCompany
) -> None:
    oak = await new_company("Cedar Plumbing")
    await connect(page, oak.web, oak.organisation)
    await switch_on(page, oak.web)
    item, customer = await oak.item("Call-out"), await oak.customer()
    await map_all(page, oak.web, 1)
    async with httpx.AsyncClient(base_url=stack.endpoints["simulators"]["qbo"]) as books:
        await books.post(
            "/_sim/faults",
            json={
                "kind": "revoke",
                "match": {"path": "", "organisation": oak.organisation},
                "times": 1,
            },
        )
        invoice = await oak.invoice(customer, item, send=True)
        await page.goto(f"{oak.web}/invoices/{invoice}")
        await becomes(page, "held")
        await page.goto(f"{oak.web}/customers")
        banner = page.get_by_role("alert").filter(has_text="QuickBooks")
        await expect(banner).to_have_count(1)
        await expect(banner).to_contain_text("Nothing is lost")
        await shot(page, "banner-reconnect")
        await banner.get_by_role("link", name="Reconnect QuickBooks").click()
        await agree(page, oak.organisation)
        await expect(
            page.get_by_role("heading", name=f"QuickBooks: {oak.organisation}")
        ).to_be_visible(timeout=WITHIN)
        await page.goto(f"{oak.web}/invoices/{invoice}")
        await becomes(page, "synced")
        await expect(page.get_by_role("alert")).to_have_count(0)


async def test_z8_sync_now_sends_what_isnt_there_and_says_how_it_ended(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Elder Plumbing")
    await connect(page, oak.web, oak.organisation)
    await page.goto(f"{oak.web}/integrations/qbo/settings")
    await page.get_by_label("Start date").fill("2020-01-01")
    await page.get_by_role("button", name="Save settings").click()
    await expect(page.get_by_text("Settings saved.")).to_be_visible()
    item, customer = await oak.item("Call-out"), await oak.customer()
    for _ in range(3):
        await oak.invoice(customer, item, send=True)
    await map_all(page, oak.web, 1)

    await page.get_by_role("link", name="Sync Now").click()
    await expect(page.get_by_text("3 to send")).to_be_visible(timeout=WITHIN)
    for kind in ("Customers", "Items", "Invoices"):
        await page.get_by_label(kind, exact=True).check()
    await shot(page, "sync-now")
    await page.get_by_role("button", name="Sync", exact=True).click()
    run = page.locator("[data-run]")
    await expect(run).to_have_attribute("data-run-state", "done", timeout=WITHIN)
    await expect(run).to_contain_text("done")
    await shot(page, "sync-now-done")
    await page.goto(f"{oak.web}/invoices?tab=synced")
    await expect(page.locator("[data-row]")).to_have_count(3)

    await page.goto(f"{oak.web}/integrations/qbo/recent")
    await expect(page.locator("[data-row]").first).to_be_visible()
    await shot(page, "recent-syncs")
    await page.goto(f"{oak.web}/integrations/qbo/sync-now")
    await expect(page.get_by_text("Everything is in QuickBooks").first).to_be_visible()


async def test_a_mapping_of_many_items_is_staged_over_pages_and_marks_what_others_changed(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Hazel Plumbing")
    await connect(page, oak.web, oak.organisation)
    ids = [await oak.item(f"Part {n:03}") for n in range(120)]
    here = f"{oak.web}/integrations/qbo/account-mapping"
    await page.goto(here)
    await expect(page.get_by_text("120 of 120 items have no account.")).to_be_visible()
    await expect(page.locator("[data-mapping]")).to_have_count(50)

    # One by one on the first page, kept over paging; then in bulk over all pages.
    await page.get_by_label("Part 000", exact=True).select_option(label="4010 Parts")
    await expect(page.get_by_text("1 unsaved change")).to_be_visible()
    await page.get_by_role("button", name="Next 50").click()
    await expect(page.get_by_label("Part 050", exact=True)).to_be_visible()
    await expect(page.get_by_text("1 unsaved change")).to_be_visible()
    await page.get_by_label("Bulk Assign").select_option(label="4000 Services")
    await page.get_by_role("button", name="Apply to Unmapped (119)").click()
    await expect(page.get_by_text("120 unsaved changes")).to_be_visible()
    await shot(page, "account-mapping-many", first_only=True)

    # Meanwhile someone else maps one of them.
    accounts = (await oak.api.get("/integrations/qbo/accounts")).json()["data"]
    parts = next(row["id"] for row in accounts if row["name"] == "Parts")
    other = await oak.api.put(
        "/integrations/qbo/account-mapping",
        json={"items": [{"item_id": ids[7], "account_id": parts}]},
    )
    assert other.status_code == 200, other.text
    await page.get_by_role("button", name="Save Changes").click()
    await expect(page.get_by_text("Someone else changed 1 item meanwhile.")).to_be_visible(
        timeout=WITHIN
    )
    await expect(page.get_by_text("Someone else has chosen 4010 Parts meanwhile.")).to_be_visible()
    await page.get_by_role("button", name="Keep mine").click()
    await page.get_by_role("button", name="Save Changes").click()
    await expect(page.get_by_text("120 items mapped.")).to_be_visible(timeout=WITHIN)
    saved = (await oak.api.get("/integrations/qbo/account-mapping")).json()["items"]
    by_item = {row["item_id"]: row["account_id"] for row in saved}
    services = next(row["id"] for row in accounts if row["name"] == "Services")
    assert by_item[ids[0]] == parts
    assert {by_item[one] for one in ids[1:]} == {services}

    # All of it is taken back: what was there before this save, theirs too.
    await page.get_by_role("button", name="Undo", exact=True).click()
    await expect(page.get_by_text("120 items mapped as before.")).to_be_visible(timeout=WITHIN)
    saved = (await oak.api.get("/integrations/qbo/account-mapping")).json()["items"]
    by_item = {row["item_id"]: row["account_id"] for row in saved}
    assert by_item[ids[7]] == parts
    assert {by_item[one] for n, one in enumerate(ids) if n != 7} == {None}
