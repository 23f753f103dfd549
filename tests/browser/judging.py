"""What axe says of a page, and the words that it shouldn't have."""

import re
from functools import cache
from pathlib import Path

from playwright.async_api import Page

_ROOT = Path(__file__).resolve().parents[2]
_AXE = _ROOT / "services/invoice-api/frontend/node_modules/axe-core/axe.min.js"
_SLIPPED = (
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\bNone\b(?!: add new| of )"
)
"""An id, or a value that wasn't there; "None: add new" is a button's own word."""


async def faults(page: Page, theme: str) -> list[str]:
    """What axe finds serious or worse; of the dark theme its colours: the rest is the same."""
    await page.evaluate(_script())
    colours = {"runOnly": ["color-contrast"]} if theme == "dark" else {}
    options = {"resultTypes": ["violations"], **colours}
    found = await page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:160]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


async def bad_words(page: Page) -> list[str]:
    """What slipped in, and what the glossary says that no page says.

    Of the menu, notes and questions too; what is folded away, such as the provider's own
    words, isn't read.
    """
    text: str = await page.locator("body").inner_text()
    return [
        found[0] for pattern in (re.compile(_SLIPPED), never()) for found in pattern.finditer(text)
    ]


@cache
def never() -> re.Pattern[str]:
    """The right column of the glossary's table of the pages; as it is written, or all lower."""
    _, _, pages = (_ROOT / "docs/glossary.md").read_text().partition("## On the pages")
    rows = [line.split("|")[2] for line in pages.splitlines() if line.startswith("| ")]
    words = [word.strip() for row in rows[1:] for word in row.split(",")]
    either = {word for one in words for word in (one, one[:1].upper() + one[1:])}
    ends = [rf"(?<!\w){re.escape(word)}(?!\w)" for word in sorted(either)]
    return re.compile("|".join(ends))


@cache
def _script() -> str:
    return _AXE.read_text()
