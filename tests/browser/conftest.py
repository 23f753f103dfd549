"""A headless Chromium: Debian's, because a browser isn't a Python package."""

import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import cast

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect
from testkit import Stack

from browser.steps import WITHIN, Company, NewCompany, company

expect.set_options(timeout=WITHIN)

QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Chromium looks for updates and friends; these keep it on loopback."""


def pytest_configure(config: pytest.Config) -> None:
    """The marker of tests that take something away on purpose."""
    config.addinivalue_line("markers", "does_without(*paths): requests that the test lets fail")


@pytest.fixture(scope="session")
async def browser() -> AsyncGenerator[Browser]:
    found = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    assert found, "install chromium (apt-get install chromium) or name it in CHROMIUM"
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield started
        await started.close()


_named: dict[str, str] = {}
"""Which file and test has the company of this name: its organisation is taken for others."""


@pytest.fixture
async def new_company(
    request: pytest.FixtureRequest, stack: Stack, page: Page
) -> AsyncGenerator[NewCompany]:
    """Makes a company of its own and logs the page in to it. Its name is no other test's."""
    node = cast("pytest.Item", request.node)
    test = node.nodeid.partition("[")[0]
    async with AsyncExitStack() as open_clients:

        async def make(name: str) -> Company:
            other = _named.setdefault(name, test)
            assert other == test, f"{other} has {name}: give this company a name of its own"
            made = await company(stack, page, name)
            open_clients.push_async_callback(made.api.aclose)
            return made

        yield make


def where(said: ConsoleMessage) -> str:
    return f"{said.text} {said.location.get('url', '')}"


@pytest.fixture
async def page(request: pytest.FixtureRequest, browser: Browser) -> AsyncGenerator[Page]:
    """A fresh window of 1280 × 800; whatever the page writes to its console as an error fails.

    A test that takes something away marks the paths that it does without.
    """
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    opened = await context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda said: wrong.append(where(said)) if said.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    await context.close()
    # A browser asks every host for this icon; the provider's pages have none.
    # A refused form is an answer with its page, though a browser calls it a failed load.
    fine = ("/favicon.ico", "/account-mapping")
    node = cast("pytest.Item", request.node)
    mark = node.get_closest_marker("does_without")
    away: tuple[str, ...] = () if mark is None else mark.args
    unmeant = [
        said for said in wrong if not said.endswith(fine) and not any(path in said for path in away)
    ]
    assert not unmeant, unmeant
