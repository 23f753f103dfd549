"""The first steps, each done where it stands, and ticked by what is so."""

import re

import httpx
import pytest
from playwright.async_api import Page, expect
from testkit import Stack

from browser.steps import WITHIN, NewCompany, agree, becomes, shot

LABELS = {"qbo": "QuickBooks", "xero": "Xero", "freshbooks": "FreshBooks"}


@pytest.mark.parametrize("provider", LABELS)
async def test_from_nothing_to_the_first_invoice_without_leaving_the_steps(
    page: Page, stack: Stack, new_company: NewCompany, provider: str
) -> None:
    label = LABELS[provider]
    oak = await new_company(f"Hazel {label} Plumbing")
    async with httpx.AsyncClient(base_url=stack.endpoints["simulators"][provider]) as books:
        names = [{"name": "Bea Poe", "email": "bea@poe.example"}, {"name": "Cy Ray"}]
        body = {"organisation": oak.organisation, "customers": names}
        assert (await books.post("/_sim/seed", json=body)).is_success
    await oak.customer("Bea P", "bea@poe.example")
    await oak.invoice(await oak.customer(), await oak.item("Call-out"))

    start = f"{oak.web}/start"
    await page.goto(start)
    for name in LABELS.values():
        await expect(page.get_by_role("link", name=f"Connect {name}")).to_be_visible()
    if provider == "qbo":
        await shot(page, "first-steps-new")
    await page.get_by_role("link", name=f"Connect {label}").click()
    await agree(page, oak.organisation, oak.email)
    await expect(page.get_by_role("heading", name=f"{label}: {oak.organisation}")).to_be_visible(
        timeout=WITHIN
    )

    # What is there is counted as soon as it was read; the steps follow by themselves.
    await page.goto(start)
    customers = page.locator("#step-customers")
    for _ in range(40):
        if "2 in" in await customers.inner_text():
            break
        await page.wait_for_timeout(500)
        await page.goto(start)
    await expect(customers).to_contain_text(f"2 in {label}; 1 looks like yours.")
    if provider != "freshbooks":
        accounts = page.locator("#step-accounts")
        await accounts.get_by_label("Bulk Assign").select_option(label="4000 Services")
        await accounts.get_by_role("button", name="Apply to Unmapped (1)").click()
        await expect(page.get_by_text("1 item mapped.")).to_be_visible()

    # A finalized invoice is sent from here, before anything goes by itself.
    [invoice] = (await oak.api.get("/invoices")).json()["data"]
    if provider == "xero":
        due = await oak.api.patch(f"/invoices/{invoice['id']}", json={"due_date": "2026-07-15"})
        assert due.is_success, due.text
    assert (await oak.api.post(f"/invoices/{invoice['id']}/finalize")).is_success
    switch = page.locator("#step-switch")
    await page.goto(start)
    await switch.get_by_label("Start date").fill("2020-01-01")
    await switch.get_by_label("Sync Invoices").check()
    await switch.get_by_label("Sync Customers").check()
    await switch.get_by_role("button", name="Save settings").click()
    await expect(page.get_by_text("Settings saved.")).to_be_visible()
    await expect(switch).to_have_class(re.compile("app-step-done"))
    if provider == "qbo":
        await shot(page, "first-steps-invoice")
    await page.locator("#step-invoice").get_by_role("button", name=f"Sync to {label}").click()
    await becomes(page, "synced", provider)
    await page.goto(start)
    await expect(page.locator("#step-invoice")).to_have_class(re.compile("app-step-done"))
