"""Connect, map where there is something to map, send: each provider in its own words."""

import pytest
from playwright.async_api import Page, expect

from browser.steps import NewCompany, becomes, connect, map_all, shot, switch_on

OTHERS = {"xero": "Xero", "freshbooks": "FreshBooks"}
NAMES = {"QuickBooks", "Xero", "FreshBooks"}
TABS = ("problems", "recent", "account-mapping", "tax-mapping", "import", "sync-now", "settings")


@pytest.mark.parametrize("provider", OTHERS)
async def test_an_invoice_goes_to_each_provider_whose_pages_name_no_other(
    page: Page, new_company: NewCompany, provider: str
) -> None:
    label = OTHERS[provider]
    oak = await new_company(f"Privet {label} Plumbing")
    await connect(page, oak.web, oak.organisation, label)
    await switch_on(page, oak.web, provider)
    item, customer = await oak.item("Call-out"), await oak.customer()
    if provider == "freshbooks":
        await page.goto(f"{oak.web}/integrations/{provider}/account-mapping")
        await expect(page.get_by_text("FreshBooks chooses the account")).to_be_visible()
    else:
        await map_all(page, oak.web, 1, provider)
    invoice = await oak.invoice(customer, item, send=True)
    await page.goto(f"{oak.web}/invoices/{invoice}")
    await becomes(page, "synced", provider)
    await expect(page.locator(f"[data-badge={provider}]").first).to_have_text(f"Synced to {label}")
    await shot(page, f"{provider}-invoice-synced")
    for tab in TABS:
        await page.goto(f"{oak.web}/integrations/{provider}/{tab}")
        await expect(
            page.get_by_role("heading", name=f"{label}: {oak.organisation}")
        ).to_be_visible()
        words = await page.locator("main").inner_text()
        assert not [name for name in NAMES - {label} if name in words], tab
        await shot(page, f"{provider}-{tab}")
    await page.goto(f"{oak.web}/integrations/{provider}/disconnect")
    await expect(page.get_by_text(f"Nothing is deleted in {label}.")).to_be_visible()
    await page.get_by_role("button", name=f"Disconnect {label}").click()
    await expect(page.get_by_text(f"{label} is disconnected. Nothing was deleted")).to_be_visible()
    await page.goto(f"{oak.web}/invoices/{invoice}")
    await expect(page.get_by_role("heading", name="Invoice 1001")).to_be_visible()
