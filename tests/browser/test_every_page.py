"""Every page in both themes, on a phone and before axe; by Tab and without scripts; its words;
pictures of each."""

import pytest
from playwright.async_api import Browser, Page, expect
from testkit import Stack

from browser.conftest import where
from browser.furnished import NOWHERE, PRESSED, furnish, invitation, trouble
from browser.judging import bad_words, faults
from browser.reaching import dead_without_script, out_of_order, out_of_reach, too_small
from browser.steps import (
    Company,
    NewCompany,
    log_in,
    shot,
)

OUTSIDE = {"log-in": "/login", "sign-up": "/signup"}
"""What stands before the log-in."""


@pytest.mark.timeout(900)
async def test_every_page_is_clean_for_axe_fits_a_phone_and_says_it_in_words(
    browser: Browser, page: Page, stack: Stack, new_company: NewCompany
) -> None:
    books = stack.endpoints["simulators"]["qbo"]
    oak, pages = await furnish(new_company, page, books, "Willow Plumbing")
    outside = OUTSIDE | {"join": await invitation(oak)}
    # A page that stayed open would complain of its stream's end while the others are looked at.
    await page.goto("about:blank")
    wrong = await swept(browser, oak, outside, pages)
    wrong += await dead_ends(browser, oak, outside, pages)
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(600)
async def test_pages_of_two_connections_with_one_held_are_no_less_clean(
    browser: Browser, page: Page, stack: Stack, new_company: NewCompany
) -> None:
    """The banner, badges of two providers, both Sync buttons, what is held and ignored."""
    simulators = stack.endpoints["simulators"]
    oak, pages = await trouble(new_company, page, simulators["xero"], "Rowan Trouble Plumbing")
    await page.goto("about:blank")
    wrong = await swept(browser, oak, {}, pages)
    assert not wrong, "\n".join(wrong)


async def swept(
    browser: Browser, oak: Company, outside: dict[str, str], pages: dict[str, str]
) -> list[str]:
    """What is wrong with any of the pages: light and dark, and on a phone."""
    wrong: list[str] = []
    for theme, width in (("light", 1280), ("dark", 1280), ("light", 390)):
        context = await browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme="dark" if theme == "dark" else "light",
            locale="en-US",
        )
        seen = await context.new_page()
        said: list[str] = []
        seen.on(
            "console",
            lambda one, kept=said: kept.append(where(one)) if one.type == "error" else None,
        )
        seen.on("pageerror", lambda error, kept=said: kept.append(str(error)))
        for name, path in (outside | pages).items():
            if name == next(iter(pages)):
                await log_in(seen, oak.web, oak.email)
            answer = await seen.goto(f"{oak.web}{path}")
            assert answer is not None
            if answer.status != (404 if path == NOWHERE else 200):
                wrong.append(f"{path} answers {answer.status}")
                continue
            if name in PRESSED:
                await seen.evaluate(
                    "for (const box of document.querySelectorAll('[data-select]')) box.click()"
                )
                await seen.get_by_role("button", name=PRESSED[name]).click()
                await seen.wait_for_url("**/selected/**")
            await expect(seen.locator("h1")).to_have_count(1)
            kind = "phone" if width == 390 else theme
            await shot(seen, f"{kind}-{name}", first_only=kind == "dark")
            wide = await seen.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                wrong.append(f"{path} scrolls sideways at {width}: {wide} px")
            if kind == "phone" and name != "patterns":
                wrong += [f"{path} on a phone: {one}" for one in await too_small(seen)]
            if kind == "light":
                wrong += [f"{path} says {word!r}" for word in await bad_words(seen)]
            if kind == "light":
                reach = await out_of_order(seen) + await out_of_reach(seen)
                wrong += [f"{path} by Tab: {one}" for one in reach]
            if kind != "phone":
                wrong += [f"{theme} {path}: {fault}" for fault in await faults(seen, theme)]
        await context.close()
        wrong += [
            f"{theme} {width}: {one}" for one in said if not one.endswith(("/favicon.ico", NOWHERE))
        ]
    return wrong


async def dead_ends(
    browser: Browser, oak: Company, outside: dict[str, str], pages: dict[str, str]
) -> list[str]:
    """What leads nowhere on any of the pages where no script runs."""
    context = await browser.new_context(java_script_enabled=False, locale="en-US")
    plain = await context.new_page()
    found: list[str] = []
    for name, path in (outside | pages).items():
        if name == next(iter(pages)):
            await log_in(plain, oak.web, oak.email)
        if name not in PRESSED:
            await plain.goto(f"{oak.web}{path}")
            found += [f"{path} without script: {one}" for one in await dead_without_script(plain)]
    await context.close()
    return found
