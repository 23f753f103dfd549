"""Loads of customers whose second page comes late, garbled or not at all: none is lost."""

import asyncpg
import pytest
from by_pages import hidden, pages_of
from messaging.database import Row
from office import WITHIN, Json, Office, connected_office
from provider_side import fault, hits, mend
from providers import ALL
from testkit import Stack, eventually

from scenarios.test_customers import address, review, run_over, seed

EACH = pytest.mark.parametrize("provider", ALL)
MANY = 1205
READS = {
    "qbo": {"path": "/query", "contains": "STARTPOSITION"},
    "xero": {"path": "/Contacts", "method": "GET"},
    "freshbooks": {"path": "/users/clients", "method": "GET"},
}
FAULTS: dict[str, dict[str, object]] = {
    "delay": {"delay_ms": 3_000},
    "garbage": {"form": "truncated"},
    "text": {"kind": "garbage", "form": "text"},
    "empty": {"kind": "garbage", "form": "empty"},
    "status": {"status": 500},
}


async def struck_on_page_two(oak: Office, kind: str, **more: object) -> tuple[Json, str]:
    """A load under way whose first page is there, and whose second is struck by this fault."""
    reads = READS[oak.provider]
    first = await fault(oak, "delay", **reads, delay_ms=800, when="after", times=1)
    begun = await oak.web.post(address(oak, "/load"), json={})
    assert begun.status_code == 202, begun.text

    async def reading() -> None:
        assert await hits(oak, first) == 1

    await eventually(reading, within=WITHIN)
    how = {"kind": kind, **FAULTS[kind], **more}
    identifier = await fault(oak, **reads, **how)  # type: ignore[arg-type]
    return begun.json()["run"], identifier


async def all_are_there(oak: Office) -> None:
    names: set[str] = set()
    cursor = ""
    while True:
        query = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = await review(oak, **query)
        names |= {row["name"] for row in page["data"]}
        cursor = page["next_cursor"] or ""
        if not cursor:
            break
    assert names == {f"Customer {n:04}" for n in range(MANY)}


@EACH
@pytest.mark.parametrize("kind", FAULTS)
async def test_s23_a_second_page_that_fails_for_a_while_loses_nobody(
    quick: Stack, provider: str, kind: str
) -> None:
    async with connected_office(quick, provider=provider) as oak:
        await seed(oak, *({"name": f"Customer {n:04}"} for n in range(MANY)))
        begun, identifier = await struck_on_page_two(oak, kind, times=2)
        run = await run_over(oak, begun)
        assert (run["state"], run["done"] >= MANY) == ("done", True), run
        assert await hits(oak, identifier) == 2
        await all_are_there(oak)


@EACH
async def test_s23_a_load_that_was_interrupted_says_so_and_continues_where_it_was(
    quick: Stack, provider: str
) -> None:
    async with connected_office(quick, provider=provider) as oak, pages_of(oak) as web:
        await seed(oak, *({"name": f"Customer {n:04}"} for n in range(MANY)))
        begun, identifier = await struck_on_page_two(oak, "status")

        async def striking() -> None:
            assert await hits(oak, identifier) >= 1

        await eventually(striking, within=WITHIN)
        admin: asyncpg.Connection[Row] = await asyncpg.connect(quick.endpoints["database_url"])
        try:
            await admin.execute(
                "update sync_orchestrator.customer_loads set moved_at = moved_at - interval"
                " '20 minutes', asked_at = asked_at - interval '20 minutes' where load_id = $1",
                begun["id"],
            )
        finally:
            await admin.close()
        stopped = await run_over(oak, begun)
        assert (stopped["state"], stopped["about"]) == ("stopped", "interrupted")
        assert stopped["done"] < MANY, stopped
        at = f"/integrations/{provider}/import"
        shown = (await web.get(at)).text
        assert f"Interrupted at {stopped['done']:,}" in shown
        if provider != "freshbooks":  # whose first part is several of its pages
            assert f"Interrupted at 1,000 of about {MANY:,}" in shown
            assert "1,000 loaded: 1,000 new" in shown
        await mend(oak, identifier)
        answer = await web.post(f"{at}/load", data={"csrf": hidden(shown, "csrf")})
        assert answer.headers["location"] == at
        run = await run_over(oak, begun)
        assert (run["state"], run["done"] >= MANY, run["id"]) == ("done", True, begun["id"]), run
        await all_are_there(oak)
        shown = (await web.get(at)).text
        assert "Interrupted" not in shown
        assert f"{MANY:,} loaded" in shown
