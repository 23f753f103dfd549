"""What a page says when it lost touch, and that it goes on by itself."""

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, Route, expect

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


@pytest.mark.does_without("/live", "/assets/htmx.js")
async def test_every_page_with_a_list_says_so_when_its_live_updates_pause(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Yarrow Plumbing")
    await connect(page, oak.web, oak.organisation)
    await oak.invoice(await oak.customer(), await oak.item("Call-out"))
    live = re.compile(r"/live(\?|$)")
    await page.route(live, lambda route: route.fulfill(status=503))
    said = page.get_by_text("Live updates paused. Showing")
    await page.clock.install()
    await page.add_init_script(
        "document.addEventListener('htmx:sseError',"
        " () => { document.documentElement.dataset.lost = '1'; })"
    )

    async def pauses(path: str) -> None:
        await page.goto(f"{oak.web}{path}")
        await expect(page.locator("html")).to_have_attribute("data-lost", "1")
        await page.clock.fast_forward(9_000)
        await expect(said).to_be_hidden()
        await page.clock.fast_forward(2_000)
        await expect(said).to_be_visible()

    for path in (
        "/invoices",
        "/customers",
        "/items?tab=attention",
        "/integrations/qbo/problems",
        "/integrations/qbo/recent",
        "/integrations/qbo/settings",
        "/customers/new",
    ):
        await pauses(path)
        await expect(page.get_by_role("link", name="Refresh").first).to_be_visible()
    # What changed meanwhile is asked for when the stream is back.
    await pauses("/invoices")
    await oak.invoice(await oak.customer("Bob Ray"), await oak.item("Boiler part"))
    await page.unroute(live)
    await expect(said).to_be_hidden(timeout=PAUSED_AFTER)
    await page.clock.run_for(5_000)
    await expect(page.get_by_role("link", name="1 new: show")).to_be_visible()


def said(news: str) -> Callable[[Route], Awaitable[None]]:
    """A live stream of these events and no more."""

    async def answer(route: Route) -> None:
        body = f"retry: 60000\n\n{news}"
        await route.fulfill(status=200, content_type="text/event-stream", body=body)

    return answer


@pytest.mark.does_without("/live", "/assets/htmx.js")
async def test_a_watched_run_is_asked_for_once_an_event_and_its_last_news_isnt_lost(
    page: Page, new_company: NewCompany
) -> None:
    oak = await new_company("Bryony Plumbing")
    await connect(page, oak.web, oak.organisation)
    await page.goto(f"{oak.web}/integrations/qbo/sync-now")
    for kind in ("Customers", "Items", "Invoices"):
        await page.get_by_label(kind, exact=True).check()
    await page.get_by_role("button", name="Sync", exact=True).click()
    run = page.locator("[data-run]")
    await expect(run).to_have_attribute("data-run-state", "done")
    identifier = await run.get_attribute("data-run")
    live = re.compile(r"/live\?")
    # A stream that says so often, at once, that the run changed.
    asked: list[str] = []
    here = f"{oak.web}/runs/{identifier}"
    page.on(
        "request",
        lambda one: (
            asked.append(one.url) if one.url == here and "hx-request" in one.headers else None
        ),
    )
    for events, asks in ((1, 1), (2, 2), (9, 2)):
        asked.clear()
        await page.unroute_all()
        await page.route(live, said(f"event: run-{identifier}\ndata: changed\n\n" * events))
        await page.goto(here)
        # Twice the pause of the block: what is asked late or too often shows by then.
        await page.wait_for_timeout(2_500)
        assert len(asked) == asks, (events, asked)
