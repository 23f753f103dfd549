"""What a page says while things change: the last word of a run, and that it lost touch."""

import re

import pytest
from playwright.async_api import Page, expect

from browser.steps import NewCompany, connect, map_all, shot, switch_on

PAUSED_AFTER = 20_000


async def test_a_run_that_ends_within_a_throttles_pause_is_shown_as_ended(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Sorrel Plumbing")
    await connect(page, oak.web, oak.organisation)
    await page.goto(f"{oak.web}/integrations/qbo/sync-now")
    await page.get_by_label("Items", exact=True).check()
    await page.get_by_role("button", name="Sync", exact=True).click()
    run = page.locator("[data-run]")
    await expect(run).to_be_visible()
    await page.wait_for_load_state("load")
    # Two events of the same run at once, as the last two of a quick run come: both are asked for.
    await page.evaluate(
        """async () => {
            const block = document.getElementById("run");
            const name = block.getAttribute("hx-trigger").match(/sse:run-[0-9a-f-]+/)[0];
            const twice = new Promise((resolve) => {
                let asked = 0;
                document.addEventListener("htmx:beforeRequest", (event) => {
                    if (event.target === block) asked += 1;
                    if (asked === 2) resolve();
                });
            });
            for (let n = 0; n < 2; n += 1) {
                window.htmx.trigger(block, name);
                window.htmx.trigger(block, "htmx:sseMessage", { type: name.slice(4) });
            }
            await twice;
        }"""
    )
    await expect(run).to_have_attribute("data-run-state", "done")


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
