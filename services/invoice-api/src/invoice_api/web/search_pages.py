"""Search over everything of the company, the list of keys, and an address for any record."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response
from messaging.database import Tx

from invoice_api.customers import store as customers_store
from invoice_api.http.dependencies import TheDatabase
from invoice_api.http.paging import PageRequest
from invoice_api.invoices import store as invoices_store
from invoice_api.invoices.store import InvoiceFilter
from invoice_api.items import store as items_store
from invoice_api.sync_status.filters import SyncFilter
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.pages import Shell
from invoice_api.web.sessions import AVisit, Visit

router = APIRouter(include_in_schema=False)

_FEW = PageRequest(limit=7)


@dataclass(frozen=True)
class Hit:
    label: str
    beside: str
    url: str


@dataclass(frozen=True)
class Hits:
    heading: str
    rows: tuple[Hit, ...]
    all_url: str


@dataclass(frozen=True)
class SearchPage:
    shell: Shell
    query: str
    groups: tuple[Hits, ...]


@dataclass(frozen=True)
class KeysPage:
    shell: Shell


@router.get("/search")
async def search(
    one: AVisit,
    database: TheDatabase,
    render: TheRenderer,
    q: Annotated[str, Query(max_length=200)] = "",
    part: str = "",
) -> Response:
    """Invoices, customers and items; `part` gives the hits alone, for the dialog."""
    words = q.strip()
    async with database.transaction() as tx:
        groups = await _find(tx, one, words) if words else ()
        shell = await one.shell(tx, "Search", "search")
    template = "search_part.html" if part else "search.html"
    return render.page(template, SearchPage(shell, words, groups))


async def _find(tx: Tx, one: Visit, words: str) -> tuple[Hits, ...]:
    company, wanted = one.caller.company.id, SyncFilter(query=words)
    invoices = await invoices_store.list_invoices(tx, company, _FEW, wanted, InvoiceFilter())
    customers = await customers_store.list_customers(tx, company, _FEW, wanted)
    items = await items_store.list_items(tx, company, _FEW, wanted)
    currency = one.caller.company.currency
    found = (
        Hits(
            "Invoices",
            tuple(
                Hit(
                    f"Invoice {i.snapshot.number}",
                    f"{i.customer_name}, {formatters.money(i.snapshot.total, i.snapshot.currency)}",
                    f"/invoices/{i.snapshot.id}",
                )
                for i in invoices[: _FEW.limit]
            ),
            "/invoices",
        ),
        Hits(
            "Customers",
            tuple(Hit(c.name, c.email or "", f"/customers/{c.id}") for c in customers[:7]),
            "/customers",
        ),
        Hits(
            "Items",
            tuple(
                Hit(i.name, formatters.money(i.unit_price, currency), f"/items/{i.id}")
                for i in items[: _FEW.limit]
            ),
            "/items",
        ),
    )
    return tuple(group for group in found if group.rows)


@router.get("/keys")
async def keys(one: AVisit, database: TheDatabase, render: TheRenderer) -> Response:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "Keys", "keys")
    return render.page("keys.html", KeysPage(shell))
