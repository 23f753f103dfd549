"""Pages of a provider that wait for something, or that somebody else changes meanwhile."""

import re

import httpx
import pytest
from playwright.async_api import Page, expect
from testkit import Stack

from browser.steps import WITHIN, NewCompany, connect


async def test_account_mapping_shows_accounts_as_soon_as_they_are_loaded_or_read_again(
    page: Page, stack: Stack, new_company: NewCompany
) -> None:
    oak = await new_company("Fir Plumbing")
    await oak.item("Call-out")
    slow = {
        "kind": "delay",
        "delay_ms": 6_000,
        "match": {"path": "/query", "organisation": oak.organisation},
        "times": 4,
    }
    async with httpx.AsyncClient(base_url=stack.endpoints["simulators"]["qbo"]) as books:
        assert (await books.post("/_sim/faults", json=slow)).is_success
    await connect(page, oak.web, oak.organisation)
    await page.goto(f"{oak.web}/integrations/qbo/account-mapping")
    await expect(page.get_by_text("We're still loading your list of accounts.")).to_be_visible()
    await page.evaluate("document.body.dataset.sat = '1'")
    bulk = page.get_by_label("Bulk Assign")
    await expect(bulk).to_be_visible(timeout=3 * WITHIN)
    # What came anew works as what comes with a page.
    await page.get_by_label("Call-out", exact=True).select_option(label="4010 Parts")
    await expect(page.get_by_text("1 unsaved change")).to_be_visible()
    await page.get_by_label("Select all on this page").check()
    await expect(page.get_by_label("Select Call-out")).to_be_checked()

    await expect(page.locator("body")).to_have_attribute("data-sat", "1")
    await page.get_by_role("button", name="Save Changes").click()
    await expect(page.get_by_text("1 item mapped.")).to_be_visible()
    await page.get_by_role("link", name="Refresh", exact=True).click()
    await expect(page.get_by_text("The accounts were read again just now.")).to_be_visible(
        timeout=3 * WITHIN
    )
    await page.get_by_role("link", name="Show", exact=True).click()
    await expect(page.get_by_text("Accounts as of")).to_be_visible()


@pytest.mark.does_without("/integrations/qbo/settings")
async def test_settings_changed_by_someone_else_are_said_and_stand_beside_ones_own(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Gorse Plumbing")
    await connect(page, oak.web, oak.organisation)
    await page.goto(f"{oak.web}/integrations/qbo/settings")
    await page.get_by_label("Sync Invoices").check()
    await expect(page.get_by_text("1 unsaved change")).to_be_visible()
    theirs = {"post_in_closed_period": "first_open_day", "start_date": "2026-02-01"}
    assert (await oak.api.put("/integrations/qbo/settings", json=theirs)).is_success
    await expect(page.get_by_text("Someone changed these settings meanwhile.")).to_be_visible()
    await expect(page.get_by_label("Sync Invoices")).to_be_checked()

    await page.get_by_role("button", name="Save settings").click()
    await expect(page.get_by_text("Someone else saved these settings meanwhile.")).to_be_visible()
    await expect(page.get_by_label("Sync Invoices")).to_be_checked()
    await expect(page.get_by_text("Saved now: off.")).to_have_count(1)
    await expect(page.get_by_text("Saved now: 1 Feb 2026.")).to_be_visible()
    await expect(page.get_by_text("Saved now: Post on the first open day")).to_be_visible()
    # Taken over by hand, saved again.
    await page.get_by_label("Start date").fill("2026-02-01")
    await page.get_by_label("Invoices of a closed month").select_option(value="first_open_day")
    await page.get_by_role("button", name="Save settings").click()
    await expect(page.get_by_text("Settings saved.")).to_be_visible()
    saved = (await oak.api.get("/integrations/qbo/settings")).json()
    assert (saved["sync_invoices"], saved["start_date"]) == (True, "2026-02-01")
    await expect(page.get_by_text("meanwhile")).to_have_count(0)


async def test_first_steps_tick_themselves_while_somebody_looks_at_them(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Heather Plumbing")
    await connect(page, oak.web, oak.organisation)
    item = await oak.item("Call-out")
    await page.goto(f"{oak.web}/start")
    await expect(page.get_by_text("1 of 5 done")).to_be_visible()
    await page.evaluate("document.body.dataset.sat = '1'")
    on = {"sync_invoices": True, "sync_customers": True, "start_date": "2020-01-01"}
    assert (await oak.api.put("/integrations/qbo/settings", json=on)).is_success
    await expect(page.locator("#step-switch")).to_have_class(re.compile("app-step-done"))
    accounts = (await oak.api.get("/integrations/qbo/accounts")).json()["data"]
    mapped = {"items": [{"item_id": item, "account_id": accounts[0]["id"]}]}
    assert (await oak.api.put("/integrations/qbo/account-mapping", json=mapped)).is_success
    await oak.invoice(await oak.customer(), item, send=True)
    await expect(page.locator("#step-invoice")).to_have_class(re.compile("app-step-done"))
    await expect(page.locator("#step-accounts")).to_have_class(re.compile("app-step-done"))
    await expect(page.get_by_text(re.compile("[45] of 5 done"))).to_be_visible()
    await expect(page.locator("body")).to_have_attribute("data-sat", "1")
