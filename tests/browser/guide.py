"""The user guide as a list of steps, and each sentence of it performed in a browser.

A step is one sentence of a small set: bold words stand on the page, code is what a person types.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from browser.steps import WITHIN, agree

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide"
BADGE = "[data-badge]"
_PROVIDERS = {"QuickBooks": "qbo", "Xero": "xero", "FreshBooks": "freshbooks"}


@dataclass(frozen=True)
class Step:
    """One numbered line of a page of the guide."""

    page: str
    section: str
    number: int
    text: str

    @property
    def where(self) -> str:
        return f"docs/guide/{self.page}, {self.section}, step {self.number}: {self.text}"


@dataclass(frozen=True)
class Reader:
    """Who does what the guide says, in books of this name."""

    page: Page
    organisation: str


def pages() -> list[str]:
    """The guide's pages in the order of its list of contents."""
    return re.findall(r"^\d+\. \[[^\]]+\]\(([^)]+)\)$", (GUIDE / "README.md").read_text(), re.M)


def steps_of(page: str, label: str = "QuickBooks") -> list[Step]:
    """The page's numbered lines, each with the heading above it; for the provider of this name."""
    section, found = "", list[Step]()
    for line in (GUIDE / page).read_text().splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        numbered = re.match(r"(\d+)\. (.+)$", line)
        if numbered:
            text = numbered[2].replace("QuickBooks", label)
            found.append(Step(page, section, int(numbered[1]), text))
    return found


def act_of(step: Step) -> tuple["Act", Sequence[str]]:
    """What the sentence asks for, with its labels and values. Exactly one sentence must fit."""
    fits = [(act, m.groups()) for form, act in _SENTENCES if (m := form.fullmatch(step.text))]
    assert len(fits) == 1, f"{step.where}: {len(fits)} ways to perform this"
    return fits[0]


async def perform(reader: Reader, step: Step) -> None:
    """Does it as a person would. Raises with the step's place in the guide."""
    act, words = act_of(step)
    try:
        await act(reader, *words)
    except AssertionError as error:
        raise AssertionError(f"{step.where}\n{error}") from error
    except Exception as error:
        raise AssertionError(f"{step.where}\n{type(error).__name__}: {error}") from error


Act = Callable[..., Awaitable[None]]


def _named(label: str) -> re.Pattern[str]:
    """The label whole; the page may add a count to it, and what it counts."""
    return re.compile(rf"^\s*{re.escape(label)}( \(?\d[\d,]*( unread| need attention)?\)?)?\s*$")


def _inside(reader: Reader, place: str | None) -> Page | Locator:
    """The card, group or row of that name; all but the menu, and an open dialog, where none is."""
    if place is None:
        return reader.page.locator(".app-main, dialog[open]")
    card = reader.page.get_by_role("region", name=place, exact=True)
    group = reader.page.get_by_role("group", name=place, exact=True)
    row = reader.page.get_by_role("row").filter(has_text=place)
    return card.or_(group).or_(row)


async def _open(reader: Reader, label: str) -> None:
    menu = reader.page.get_by_role("navigation", name="Pages")
    await menu.get_by_role("link", name=_named(label)).click()
    await expect(reader.page.locator("h1")).to_have_text(label, timeout=WITHIN)


async def _click(reader: Reader, label: str, place: str | None = None) -> None:
    within, name = _inside(reader, place), _named(label)
    found = within.get_by_role("button", name=name).or_(within.get_by_role("link", name=name))
    choice = within.get_by_role("radio", name=name)
    # An empty list offers the same link twice: both lead to the same page.
    await found.or_(choice).filter(visible=True).first.click(timeout=WITHIN)


async def _type(reader: Reader, value: str, label: str, place: str | None = None) -> None:
    await _inside(reader, place).get_by_label(label, exact=True).fill(value, timeout=WITHIN)


async def _set(reader: Reader, label: str, value: str) -> None:
    await _type(reader, value, label)


async def _choose(reader: Reader, value: str, label: str, place: str | None = None) -> None:
    field = _inside(reader, place).get_by_label(label, exact=True)
    await field.select_option(label=value, timeout=WITHIN)


async def _choose_file(reader: Reader, name: str, label: str) -> None:
    await reader.page.get_by_label(label, exact=True).set_input_files(GUIDE / name)


async def _on(reader: Reader, label: str) -> None:
    box = reader.page.get_by_label(label, exact=True)
    await expect(box).not_to_be_checked()
    await box.check()


async def _off(reader: Reader, label: str) -> None:
    box = reader.page.get_by_label(label, exact=True)
    await expect(box).to_be_checked()
    await box.uncheck()


async def _tick(reader: Reader, label: str) -> None:
    await reader.page.get_by_label(label, exact=True).check()


async def _consent(reader: Reader, provider: str) -> None:
    assert provider in _PROVIDERS
    await agree(reader.page, reader.organisation)


async def _see(reader: Reader, text: str) -> None:
    found = reader.page.get_by_text(text).filter(visible=True).first
    await expect(found).to_be_visible(timeout=WITHIN)


async def _badge(reader: Reader, text: str) -> None:
    await expect(reader.page.locator(BADGE).first).to_have_text(text, timeout=WITHIN)


_BOLD, _CODE = r"\*\*([^*]+)\*\*", r"`([^`]+)`"
_SENTENCES: tuple[tuple[re.Pattern[str], Act], ...] = tuple(
    (re.compile(form), act)
    for form, act in (
        (rf"Open {_BOLD}\.", _open),
        (rf"Click {_BOLD}\.", _click),
        (rf"Click {_BOLD} in {_BOLD}\.", _click),
        (rf"Type {_CODE} into {_BOLD}\.", _type),
        (rf"Type {_CODE} into {_BOLD} in {_BOLD}\.", _type),
        (rf"Set {_BOLD} to {_CODE}\.", _set),
        (rf"Choose {_CODE} under {_BOLD}\.", _choose),
        (rf"Choose {_CODE} under {_BOLD} in {_BOLD}\.", _choose),
        (rf"Choose the file {_CODE} under {_BOLD}\.", _choose_file),
        (rf"Turn on {_BOLD}\.", _on),
        (rf"Turn off {_BOLD}\.", _off),
        (rf"Tick {_BOLD}\.", _tick),
        (r"Log in at (QuickBooks|Xero|FreshBooks) and agree\.", _consent),
        (rf"You see {_BOLD}\.?", _see),
        (rf"The badge says {_BOLD}\.", _badge),
    )
)
