"""What a page says when it lost touch, and that it goes on by itself."""

import re

import pytest
from playwright.async_api import Page, expect

from browser.steps import NewCompany, connect, map_all, shot, switch_on

PAUSED_AFTER = 20_000


@pytest.mark.does_without("/live", "/assets/htmx.js")
async def test_live_updates_that_stop_say_so_and_go_on_by_themselves(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Tansy Plumbing")
    await connect(page, oak.web, oak.organisation)
    await switch_on(page, oak.web)
    item, customer = await oak.item("Call-out"), await oak.customer()
    await map_all(page, oak.web, 1)
    invoice = await oak.invoice(customer, item)
    # The stream isn't to be had for a while; the page itself is.
    live = re.compile(r"/live\?")
    await page.route(live, lambda route: route.fulfill(status=503))
    await page.goto(f"{oak.web}/invoices/{invoice}")
    said = page.get_by_text("Live updates paused.")
    await expect(said).to_be_visible(timeout=PAUSED_AFTER)
    await expect(page.get_by_role("link", name="Refresh")).to_be_visible()
    await shot(page, "live-updates-paused")
    await page.unroute(live)
    await expect(said).to_be_hidden(timeout=PAUSED_AFTER)
    sent = await oak.api.post(f"/invoices/{invoice}/send")
    assert sent.status_code == 200
    await expect(page.locator("[data-badge=qbo]").first).to_have_attribute(
        "data-state", "synced", timeout=PAUSED_AFTER
    )
