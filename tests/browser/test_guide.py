"""docs/guide, step by step in one company: a label that changed on either side fails here."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from playwright.async_api import Page
from testkit import Stack, eventually

from browser.guide import GUIDE, Reader, act_of, pages, perform, steps_of
from browser.steps import WITHIN, Company, NewCompany

CUSTOMERS = [
    {"name": "Acme Heating LLC", "email": "ap@acme.example"},
    {"name": "Oak Street 9", "email": "nine@street.example"},
]


async def seed_customers(books: httpx.AsyncClient, alder: Company, provider: str) -> None:
    """Customers that are at the provider before anyone connects."""
    body = {"organisation": alder.organisation, "customers": CUSTOMERS}
    assert (await books.post("/_sim/seed", json=body)).is_success


async def end_the_sign_in(books: httpx.AsyncClient, alder: Company, provider: str) -> None:
    """Someone removes our access there: once all customers are there, so that nothing but what the
    reader sends meets it."""

    async def all_there() -> None:
        rows = (await alder.api.get("/customers", params={"limit": 200})).json()["data"]
        left = [row["name"] for row in rows if row["sync"][provider]["state"] != "synced"]
        assert not left, left

    await eventually(all_there, within=WITHIN / 1000)
    answer = await books.post("/_sim/disconnect", json={"organisation": alder.organisation})
    assert answer.is_success


LABELS = {"qbo": "QuickBooks", "xero": "Xero", "freshbooks": "FreshBooks"}

BEFORE: dict[tuple[str, str], Callable[[httpx.AsyncClient, Company, str], Awaitable[None]]] = {
    ("01-connect.md", "Connect your books"): seed_customers,
    ("11-disconnect.md", "When QuickBooks ended the sign-in"): end_the_sign_in,
}
"""What isn't the reader's doing: it happens before the section's first step."""


def test_every_page_of_the_guide_is_listed_and_every_step_can_be_performed() -> None:
    listed = pages()
    assert sorted(listed) == sorted(
        path.name for path in GUIDE.glob("*.md") if path.name != "README.md"
    )
    for page in listed:
        steps = steps_of(page)
        assert steps, f"{page} has no steps"
        for step in steps:
            act_of(step)
    headings = {(step.page, step.section) for page in listed for step in steps_of(page)}
    assert set(BEFORE) <= headings


OTHERWISE = {
    ("03-map-accounts.md", "One by one"),
    ("03-map-accounts.md", "All the others at once"),
    ("04-map-taxes.md", "Its tax in your books"),
    ("09-problems.md", "An item without an account"),
}
"""What the guide says is different with FreshBooks, which chooses accounts and taxes by itself."""


@pytest.mark.parametrize("provider", LABELS)
async def test_what_the_guide_says_works_as_written(
    page: Page, stack: Stack, new_company: NewCompany, provider: str
) -> None:
    label = LABELS[provider]
    alder = await new_company("Alder Plumbing")
    reader = Reader(page, alder.organisation)
    async with httpx.AsyncClient(base_url=stack.endpoints["simulators"][provider]) as books:
        section: tuple[str, str] | None = None
        for step in [one for name in pages() for one in steps_of(name, label)]:
            if provider == "freshbooks" and (step.page, step.section) in OTHERWISE:
                continue
            if (step.page, step.section) != section:
                section = (step.page, step.section)
                before = BEFORE.get((step.page, step.section.replace(label, "QuickBooks")))
                if before is not None:
                    await before(books, alder, provider)
            await perform(reader, step)
