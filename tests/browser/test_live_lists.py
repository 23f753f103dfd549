"""Pages that somebody sits on: what changes elsewhere shows by itself, and nothing jumps."""

import asyncio
import re
from collections.abc import AsyncGenerator

import httpx
import pytest
from playwright.async_api import Page, Route, expect
from testkit import Stack, eventually

from browser.steps import (
    WITHIN,
    Company,
    NewCompany,
    agree,
    becomes,
    connect,
    map_all,
    switch_on,
)


@pytest.fixture
async def books(stack: Stack) -> AsyncGenerator[httpx.AsyncClient]:
    """The provider's simulator."""
    async with httpx.AsyncClient(base_url=stack.endpoints["simulators"]["qbo"]) as there:
        yield there


async def working(new_company: NewCompany, page: Page, name: str) -> tuple[Company, str, str]:
    """A company whose invoices go by themselves; a customer and an item with an account."""
    oak = await new_company(name)
    await connect(page, oak.web, oak.organisation)
    await switch_on(page, oak.web)
    item, customer = await oak.item("Call-out"), await oak.customer()
    await map_all(page, oak.web, 1)
    return oak, customer, item


async def same_page(page: Page) -> None:
    """Marks the page as it is: a reload would lose the mark."""
    await page.evaluate("document.body.dataset.sat = '1'")


async def still_there(page: Page) -> None:
    await expect(page.locator("body")).to_have_attribute("data-sat", "1")


async def test_the_reconnect_banner_and_the_count_of_problems_come_and_go_on_any_page(
    page: Page, new_company: NewCompany, books: httpx.AsyncClient
) -> None:
    oak, customer, item = await working(new_company, page, "Aspen Plumbing")
    # A form has no list or badge of its own; somebody types in it meanwhile.
    await page.goto(f"{oak.web}/customers/new")
    await same_page(page)
    name = page.get_by_label("Name", exact=True)
    await name.fill("Ann")
    await oak.invoice(customer, await oak.item("Drain unblocking"), send=True)
    icon = page.locator("#open-problems")
    await expect(icon).to_have_attribute("title", "Accounting: 1 need attention")
    await expect(icon).to_have_attribute("href", "/integrations/qbo/problems")
    await expect(page.locator("#attention")).to_have_text("1")
    await expect(name).to_be_focused()
    await expect(name).to_have_value("Ann")
    await still_there(page)

    await page.goto(f"{oak.web}/invoices")
    await same_page(page)
    search = page.get_by_label("Search number, customer, amount")
    await search.focus()
    match = {"path": "", "organisation": oak.organisation}
    await books.post("/_sim/faults", json={"kind": "revoke", "match": match, "times": 1})
    await oak.invoice(customer, item, send=True)
    banner = page.get_by_role("alert").filter(has_text="QuickBooks")
    await expect(banner).to_be_visible()
    await expect(banner).to_contain_text("Nothing is lost")
    await expect(search).to_be_focused()
    # Reconnected in another window, it goes from this one.
    other = await page.context.new_page()
    await other.goto(f"{oak.web}/integrations/qbo/connect")
    await agree(other, oak.organisation)
    await expect(banner).to_have_count(0, timeout=WITHIN)
    await still_there(page)


async def test_what_changed_before_anyone_listened_shows_too(
    page: Page, new_company: NewCompany
) -> None:
    oak, customer, _ = await working(new_company, page, "Comfrey Plumbing")
    # The page is read, and its stream begins only when the invoice is there already.
    listens = asyncio.Event()

    async def late(route: Route) -> None:
        await listens.wait()
        await route.continue_()

    live = re.compile(r"/live\?")
    await page.route(live, late)
    await page.goto(f"{oak.web}/invoices")
    await expect(page.get_by_text("No invoices yet")).to_be_visible()
    await oak.invoice(customer, await oak.item("Drain unblocking"), send=True)

    async def stopped() -> None:
        shown = (await oak.api.get("/integrations/qbo/causes")).json()["data"]
        assert [group["count"] for group in shown] == [1], shown

    await eventually(stopped, within=WITHIN / 1000)
    await same_page(page)
    listens.set()
    await expect(page.locator("#attention")).to_have_text("1")
    await expect(page.get_by_role("link", name="Needs attention 1")).to_be_visible()
    await expect(page.get_by_role("link", name="1 new: show")).to_be_visible()
    await still_there(page)


async def test_an_open_list_counts_anew_gathers_new_rows_and_none_jumps_under_the_pointer(
    page: Page, new_company: NewCompany
) -> None:
    oak, customer, item = await working(new_company, page, "Beech Plumbing")
    first = await oak.invoice(customer, item, send=True)
    await page.goto(f"{oak.web}/invoices")
    await becomes(page, "synced")
    await expect(page.get_by_role("link", name="Synced 1", exact=True)).to_be_visible()
    await same_page(page)
    row = page.locator("[data-row]").filter(has_text="1001")
    await row.hover()
    before = await row.bounding_box()

    other = await oak.item("Drain unblocking")
    for _ in range(2):
        await oak.invoice(customer, other, send=True)
    await expect(page.get_by_role("link", name="Needs attention 2")).to_be_visible()
    await expect(page.get_by_role("link", name="All 3", exact=True)).to_be_visible()
    show = page.get_by_role("link", name="2 new: show")
    await expect(show).to_be_visible()
    strip = page.get_by_role("link", name=re.compile("2 invoices.*aren't in QuickBooks"))
    await expect(strip).to_have_count(1)
    assert await row.bounding_box() == before
    await page.mouse.move(640, 5)
    await expect(strip).to_be_visible()
    await expect(page.locator("#list-strip")).not_to_have_css("height", "0px")
    await still_there(page)
    await show.click()
    await expect(page.locator("[data-row]")).to_have_count(3)
    await expect(show).to_have_count(0)
    assert first


@pytest.mark.parametrize("kind", ["invoices", "customers", "items"])
async def test_a_list_that_was_empty_says_what_came(
    page: Page, new_company: NewCompany, kind: str
) -> None:
    oak = await new_company(f"Cypress{kind.capitalize()} Plumbing")
    await connect(page, oak.web, oak.organisation)
    await switch_on(page, oak.web)
    await page.goto(f"{oak.web}/{kind}")
    await expect(page.get_by_text(f"No {kind} yet")).to_be_visible()
    await same_page(page)
    item = await oak.item("Call-out")
    accounts = (await oak.api.get("/integrations/qbo/accounts")).json()["data"]
    mapped = {"items": [{"item_id": item, "account_id": accounts[0]["id"]}]}
    assert (await oak.api.put("/integrations/qbo/account-mapping", json=mapped)).is_success
    await oak.invoice(await oak.customer(), item, send=True)
    show = page.get_by_role("link", name="1 new: show")
    await expect(show).to_be_visible()
    await still_there(page)
    await show.click()
    await expect(page.locator("[data-row]")).to_have_count(1)


async def test_recent_syncs_show_a_run_come_and_go_and_count_each_row_once(
    page: Page, new_company: NewCompany
) -> None:
    oak, customer, item = await working(new_company, page, "Dogwood Plumbing")
    first = await oak.invoice(customer, item, send=True)
    await page.goto(f"{oak.web}/invoices/{first}")
    await becomes(page, "synced")
    await page.goto(f"{oak.web}/integrations/qbo/recent")
    await expect(page.locator("[data-row]").first).to_be_visible()
    await same_page(page)
    # In line, then synced: one row that this page doesn't show yet.
    second = await oak.invoice(customer, item, send=True)
    await expect(page.get_by_role("link", name="1 new: show")).to_be_visible()
    other = await page.context.new_page()
    await other.goto(f"{oak.web}/invoices/{second}")
    await becomes(other, "synced")
    await expect(page.get_by_role("link", name="1 new: show")).to_be_visible()

    await still_there(page)


async def test_a_sync_now_started_elsewhere_stands_on_recent_syncs_as_long_as_it_runs(
    page: Page, new_company: NewCompany, books: httpx.AsyncClient
) -> None:
    oak = await new_company("Elm Plumbing")
    await connect(page, oak.web, oak.organisation)
    await page.goto(f"{oak.web}/integrations/qbo/settings")
    await page.get_by_label("Start date").fill("2020-01-01")
    await page.get_by_role("button", name="Save settings").click()
    await expect(page.get_by_text("Settings saved.")).to_be_visible()
    item, customer = await oak.item("Call-out"), await oak.customer()
    await map_all(page, oak.web, 1)
    await oak.invoice(customer, item, send=True)
    await page.goto(f"{oak.web}/integrations/qbo/recent")
    await expect(page.get_by_text("No syncs yet")).to_be_visible()
    await same_page(page)

    match = {"method": "POST", "path": "", "organisation": oak.organisation}
    slow = {"kind": "delay", "delay_ms": 3_000, "match": match, "times": 3}
    assert (await books.post("/_sim/faults", json=slow)).is_success
    kinds = {"customers": True, "items": True, "invoices": True}
    answer = await oak.api.post("/integrations/qbo/sync", json=kinds)
    assert answer.status_code == 202, answer.text
    run = page.locator("[data-run]")
    await expect(run).to_be_visible()
    await expect(run).to_contain_text("Sync Now")
    await expect(run).to_have_count(0, timeout=2 * WITHIN)
    await expect(page.get_by_role("link", name=re.compile(r"\d+ new: show"))).to_be_visible()
    await still_there(page)


async def test_a_page_that_nobody_looks_at_gives_its_stream_back_and_catches_up_later(
    page: Page, new_company: NewCompany
) -> None:
    # A browser has six connections to a host: seven open pages would be one too many.
    oak, customer, item = await working(new_company, page, "Hornbeam Plumbing")
    await page.clock.install()
    streams: list[str] = []
    page.on("request", lambda one: streams.append(one.url) if "/live?" in one.url else None)
    await page.goto(f"{oak.web}/invoices")
    await expect(page.get_by_text("No invoices yet")).to_be_visible()
    looked_at = """away => {
        Object.defineProperty(document, "hidden", {configurable: true, value: away});
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    await page.evaluate(looked_at, True)
    async with page.expect_event("requestfailed", lambda one: "/live?" in one.url):
        await page.clock.fast_forward(25_000)
    await oak.invoice(customer, item)
    assert len(streams) == 1
    await page.evaluate(looked_at, False)
    await expect(page.get_by_role("link", name="1 new: show")).to_be_visible()
    assert len(streams) == 2
