"""The lists of customers and items: tabs with counts, invoices that wait, what to do first."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from contracts.causes import cause_of
from contracts.sync import SyncState
from invoice_api.invoices import store as invoices_store

from .test_pages import browser, log_in
from .test_read_tables import Books, Service


@pytest.fixture
async def oak(service: Service) -> AsyncIterator[tuple[Books, str]]:
    signed_up = await service.sign_up()
    books = Books(service, signed_up)
    yield books, signed_up["email"]
    await books.web.aclose()


def tabs(page: str) -> dict[str, str]:
    found = re.findall(
        r'class="app-tab"[^>]*href="([^"]*)">([^<]*?)(?: <b>([\d,]+)</b>)?</a>', page
    )
    return {f"{label} {count}".strip(): url.replace("&amp;", "&") for url, label, count in found}


def names(page: str) -> list[str]:
    return re.findall(r"data-open>([^<]*)</a>", page)


async def test_customers_have_tabs_with_counts_and_their_waiting_invoices(
    service: Service, oak: tuple[Books, str]
) -> None:
    books, email = oak
    async with browser(service) as web:
        await log_in(web, email)
        none = (await web.get("/customers")).text
        assert "No customers yet" in none
        assert "Import Customers" not in none

        await books.hear(books.opened())
        none = (await web.get("/customers")).text
        assert "Import your customers from QuickBooks, or add the first." in none
        assert 'href="/integrations/qbo/import"' in none

        made: dict[str, str] = {}
        for name, address in (("Ann", "ann@x.example"), ("Bob", None), ("Cid", "cid@x.example")):
            body = {"name": name} | ({"email": address} if address else {})
            made[name] = (await books.web.post("/customers", json=body)).json()["id"]
        await books.hear(
            books.succeeded(made["Ann"], entity="customer"),
            books.state(
                made["Cid"],
                SyncState.BLOCKED,
                entity="customer",
                cause=cause_of("customer_name_taken", customer="Cid"),
            ),
        )
        line = {"description": "Visit", "quantity": "1", "unit_price": "5"}
        sold = {"customer_id": made["Cid"], "lines": [line], "issue_date": "2099-01-01"}
        for _ in range(2):
            invoice = (await books.web.post("/invoices", json=sold)).json()["id"]
            await books.web.post(f"/invoices/{invoice}/send")
            await books.hear(books.state(invoice, SyncState.BLOCKED, cause=cause_of("our_mistake")))
        page = (await web.get("/customers")).text
        found = tabs(page)
        assert list(found) == [
            "All 3",
            "Not in QuickBooks 2",
            "No e-mail 1",
            "Needs attention 1",
        ]
        assert "Invoices waiting" in page
        [row] = re.findall(r"(?s)<tr data-row[ >].*?</tr>", page.split(">Bob<")[0])[:1]
        assert ">2<" in row, row
        assert 'href="/integrations/qbo/import">Import Customers</a>' in page
        for label, shown in (
            ("Not in QuickBooks 2", ["Cid", "Bob"]),
            ("No e-mail 1", ["Bob"]),
            ("Needs attention 1", ["Cid"]),
        ):
            assert names((await web.get(found[label])).text) == shown, label


async def test_items_have_tabs_with_counts(service: Service, oak: tuple[Books, str]) -> None:
    books, email = oak
    await books.hear(books.opened())
    for name in ("Pipe", "Visit"):
        await books.web.post("/items", json={"name": name, "unit_price": "5"})
    async with browser(service) as web:
        await log_in(web, email)
        found = tabs((await web.get("/items")).text)
        assert list(found) == ["All 2", "No account 2", "Needs attention 0"]
        assert names((await web.get(found["No account 2"])).text) == ["Visit", "Pipe"]


class _RollbackError(Exception):
    pass


async def test_the_tabs_of_a_company_read_no_other_company_s_states(
    oak: tuple[Books, str], service: Service
) -> None:
    books, _ = oak
    await books.hear(books.opened())
    customer = (await books.web.post("/customers", json={"name": "Ann Lee"})).json()["id"]
    for _ in range(3):
        body = {"customer_id": customer, "lines": [{"unit_price": "5.00"}]}
        assert (await books.web.post("/invoices", json=body)).status_code == 201
    read = (
        "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)"
        " FROM pg_stat_xact_user_tables WHERE relname = 'record_states'"
    )

    async def count() -> None:
        async with service.parts.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO record_states"
                " (connection_id, entity, record_id, company_id, provider, state, folded)"
                " SELECT gen_random_uuid(), 'invoice', gen_random_uuid(), $1, 'qbo', 'synced', '{}'"
                " FROM generate_series(1, 20000)",
                uuid4(),
            )
            await tx.execute("ANALYZE record_states")
            before = int(await tx.fetchval(read))
            await invoices_store.count_by_state(tx, books.company)
            found.append(int(await tx.fetchval(read)) - before)
            raise _RollbackError

    found: list[int] = []
    with pytest.raises(_RollbackError):
        await count()
    assert found[0] < 1_000, found
