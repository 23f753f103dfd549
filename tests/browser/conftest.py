"""A headless Chromium: Debian's, because a browser isn't a Python package."""

import os
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

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

SHOTS = Path(__file__).resolve().parents[2] / "docs" / "ui"


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


def where(said: ConsoleMessage) -> str:
    return f"{said.text} {said.location.get('url', '')}"


@pytest.fixture
async def page(browser: Browser) -> AsyncGenerator[Page]:
    """A fresh window of 1280 × 800; whatever the page writes to its console as an error fails."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    opened = await context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda said: wrong.append(where(said)) if said.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    await context.close()
    # A browser asks every host for this icon; the provider's pages have none.
    assert not [said for said in wrong if not said.endswith("/favicon.ico")], wrong
