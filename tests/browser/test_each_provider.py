"""The walk with Xero and FreshBooks: connect, map, send, stop, fix, lose the sign-in, go on."""

import httpx
import pytest
from playwright.async_api import Page, expect
from testkit import Stack

from browser.steps import (
    WITHIN,
    NewCompany,
    agree,
    becomes,
    map_all,
    shot,
    switch_on,
)

WALKED = ("xero", "freshbooks")
LABELS = {"qbo": "QuickBooks", "xero": "Xero", "freshbooks": "FreshBooks"}
GONE_THERE = {
    "xero": "Contacts and items archived",
    "freshbooks": "Clients and items deleted",
}
"""What each provider calls records that are kept but no longer used."""

TABS = (
    "problems",
    "recent",
    "match",
    "account-mapping",
    "tax-mapping",
    "import",
    "sync-now",
    "settings",
)


@pytest.mark.parametrize("provider", WALKED)
async def test_the_walk_from_connect_to_reconnect_in_each_providers_own_words(
    page: Page, stack: Stack, new_company: NewCompany, provider: str
) -> None:
    label, web = LABELS[provider], stack.endpoints["web"]
    oak = await new_company(f"Privet {label} Plumbing")
    async with httpx.AsyncClient(base_url=stack.endpoints["simulators"][provider]) as books:
        seeded = [oak.organisation, f"{oak.organisation} Two"]
        for organisation in seeded:
            assert (await books.post("/_sim/seed", json={"organisation": organisation})).is_success

        # Connecting: a sign-in at Xero may reach several organisations, and one is chosen.
        await page.goto(f"{web}/integrations")
        await page.get_by_role("region", name=label).get_by_role("link", name="Connect").click()
        if provider == "xero":
            await page.get_by_label(seeded[1], exact=True).check()
        await agree(page, oak.organisation, oak.email)
        if provider == "xero":
            await expect(page.get_by_role("button", name=seeded[1], exact=True)).to_be_visible()
            await shot(page, "xero-choose-organisation")
            await page.get_by_role("button", name=oak.organisation, exact=True).click()
        await expect(
            page.get_by_role("heading", name=f"{label}: {oak.organisation}")
        ).to_be_visible(timeout=WITHIN)
        await expect(page.locator("[data-connection]")).to_have_text(
            f"Connected to {oak.organisation}"
        )

        # Accounts, where the provider lets us choose them; the switches; an invoice that is sent.
        item, customer = await oak.item("Call-out"), await oak.customer()
        if provider == "freshbooks":
            await page.goto(f"{web}/integrations/{provider}/account-mapping")
            await expect(page.get_by_text("FreshBooks chooses the account")).to_be_visible()
        else:
            await map_all(page, web, 1, provider)
        await switch_on(page, web, provider)
        first = await oak.invoice(customer, item)
        await page.goto(f"{web}/invoices/{first}")
        await page.get_by_role("button", name="Send", exact=True).click()
        await becomes(page, "synced", provider)
        badge = page.locator(f"[data-badge={provider}]").first
        await expect(badge).to_have_text(f"Synced to {label}")
        await shot(page, f"{provider}-invoice-synced")

        # Switched off, an invoice that is sent has the gray button.
        await page.goto(f"{web}/integrations/{provider}/settings")
        await page.get_by_label("Sync Invoices").uncheck()
        await page.get_by_role("button", name="Save settings").click()
        await expect(page.get_by_text("Settings saved.")).to_be_visible()
        second = await oak.invoice(customer, item, send=True)
        await page.goto(f"{web}/invoices/{second}")
        await page.get_by_role("button", name=f"Sync to {label}").click()
        await becomes(page, "synced", provider)
        await expect(page.get_by_role("button", name=f"Sync to {label}")).to_have_count(0)

        # What can't go says why, and goes by itself once that is put right.
        if provider == "freshbooks":
            customer = await oak.customer("Maria Gomez", None)
        else:
            item = await oak.item("Drain unblocking")
        third = await oak.invoice(customer, item, send=True)
        await page.goto(f"{web}/invoices/{third}")
        await page.get_by_role("button", name=f"Sync to {label}").click()
        card = page.locator("[data-cause]")
        if provider == "freshbooks":
            await expect(card).to_contain_text("before we add them to FreshBooks")
            await shot(page, f"{provider}-invoice-blocked")
            await card.get_by_label("E-mail", exact=True).fill("maria@gomez.example")
            await card.get_by_role("button", name="Save e-mail").click()
        else:
            await becomes(page, "blocked", provider)
            await expect(card).to_contain_text(f"no income account for {label}")
            await shot(page, f"{provider}-invoice-blocked")
            await card.get_by_label("Account", exact=True).select_option(label="4000 Services")
            await card.get_by_role("button", name="Save and sync").click()
        await becomes(page, "synced", provider)

        # Access is taken away there: one banner, and after Reconnect what was held goes.
        gone = await books.post("/_sim/disconnect", json={"organisation": oak.organisation})
        assert gone.is_success
        fourth = await oak.invoice(customer, item, send=True)
        await page.goto(f"{web}/invoices/{fourth}")
        await page.get_by_role("button", name=f"Sync to {label}").click()
        await becomes(page, "held", provider)
        banner = page.get_by_role("alert").filter(has_text=label)
        await page.goto(f"{web}/invoices")
        await expect(banner).to_contain_text("1 record waits.")
        await banner.get_by_role("link", name=f"Reconnect {label}").click()
        await agree(page, oak.organisation, oak.email)
        await expect(
            page.get_by_role("heading", name=f"{label}: {oak.organisation}")
        ).to_be_visible(timeout=WITHIN)
        await page.goto(f"{web}/invoices/{fourth}")
        await becomes(page, "synced", provider)
        await expect(page.get_by_role("alert")).to_have_count(0)

    # None of its pages names another provider.
    others = set(LABELS.values()) - {label}
    for tab in TABS:
        await page.goto(f"{web}/integrations/{provider}/{tab}")
        await expect(page.locator("h1")).to_contain_text(label)
        words = await page.locator("main").inner_text()
        assert not [name for name in others if name in words], tab
        if tab == "settings":
            assert f"{GONE_THERE[provider]} in {label}" in words
        await shot(page, f"{provider}-{tab}")
