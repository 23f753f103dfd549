"""The lists as CSV files, whole, as their filters say: for a spreadsheet, in words."""

import csv
import io
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from typing import Annotated, Protocol, TypeVar

from contracts.ids import PROVIDER_LABELS, Provider
from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from messaging.database import Tx

from invoice_api.customers import service as customers
from invoice_api.customers.schemas import CustomerShown, CustomersShown
from invoice_api.http.csv_answers import safe_cells
from invoice_api.http.dependencies import TheClock, TheDatabase
from invoice_api.http.paging import MAX_LIMIT, PageRequest, page_request
from invoice_api.invoices import service as invoices
from invoice_api.invoices.schemas import InvoiceShown, InvoicesShown
from invoice_api.items import service as items
from invoice_api.items.schemas import ItemShown, ItemsShown
from invoice_api.sync_status import connections_store
from invoice_api.sync_status.schemas import BadgeShown
from invoice_api.web.invoice_list_pages import TheWanted
from invoice_api.web.invoice_rows import STATUS
from invoice_api.web.record_parts import mapped_at, tab_filter
from invoice_api.web.sessions import AVisit

router = APIRouter(include_in_schema=False)


class _Row(Protocol):
    @property
    def sync(self) -> Mapping[Provider, BadgeShown]: ...


R = TypeVar("R", bound=_Row)
R_co = TypeVar("R_co", bound=_Row, covariant=True)


class _Page(Protocol[R_co]):
    @property
    def data(self) -> tuple[R_co, ...]: ...
    @property
    def next_cursor(self) -> str | None: ...


@router.get("/invoices.csv")
async def invoices_file(
    one: AVisit, database: TheDatabase, clock: TheClock, wanted: TheWanted
) -> Response:
    """Every invoice of the list as its address filters it, the newest first."""

    async def read(tx: Tx, page: PageRequest) -> InvoicesShown:
        return await invoices.list_page(tx, one.caller, clock, page, wanted.states, wanted.records)

    def cells(row: InvoiceShown) -> tuple[str, ...]:
        due = "" if row.due_date is None else row.due_date.isoformat()
        dates = (row.issue_date.isoformat(), due)
        amounts = (row.currency, f"{row.subtotal:f}", f"{row.tax:f}", f"{row.total:f}")
        return (row.number, row.customer_name, *dates, STATUS[row.status], *amounts)

    facts = ("Number", "Customer", "Date", "Due", "Status")
    columns = (*facts, "Currency", "Subtotal", "Tax", "Total")
    return await _file("invoices", columns, one, database, read, cells)


@router.get("/customers.csv")
async def customers_file(
    one: AVisit,
    database: TheDatabase,
    clock: TheClock,
    q: Annotated[str, Query(max_length=200)] = "",
    tab: Annotated[str, Query(max_length=20)] = "all",
) -> Response:
    """Every customer of the list as its address filters it, the newest first."""
    wanted = tab_filter(tab, q)

    async def read(tx: Tx, page: PageRequest) -> CustomersShown:
        return await customers.list_page(
            tx, one.caller, clock, page, wanted, without_email=tab == "no_email"
        )

    def cells(row: CustomerShown) -> tuple[str, ...]:
        return (row.name, row.kind.capitalize(), row.email or "", row.phone or "")

    return await _file("customers", ("Name", "Type", "E-mail", "Phone"), one, database, read, cells)


@router.get("/items.csv")
async def items_file(
    one: AVisit,
    database: TheDatabase,
    clock: TheClock,
    q: Annotated[str, Query(max_length=200)] = "",
    tab: Annotated[str, Query(max_length=20)] = "all",
) -> Response:
    """Every item of the list as its address filters it, the newest first."""
    wanted = tab_filter(tab, q)

    async def read(tx: Tx, page: PageRequest) -> ItemsShown:
        lacking: list[Provider] = []
        if tab == "no_account":
            lacking = await mapped_at(tx, one.caller.company.id)
        return await items.list_page(tx, one.caller, clock, page, wanted, without_account=lacking)

    def cells(row: ItemShown) -> tuple[str, ...]:
        return (row.name, row.sku or "", f"{row.unit_price:f}")

    return await _file("items", ("Name", "SKU", "Price"), one, database, read, cells)


async def _file(
    name: str,
    columns: tuple[str, ...],
    one: AVisit,
    database: TheDatabase,
    read: Callable[[Tx, PageRequest], Awaitable[_Page[R]]],
    cells: Callable[[R], tuple[str, ...]],
) -> Response:
    """Page after page, each in a transaction of its own: a long list is never all in memory."""
    async with database.transaction() as tx:
        known = await connections_store.current_connections(tx, one.caller.company.id)
    providers: list[Provider] = [connection.facts.provider for connection in known]
    heads = [
        f"{PROVIDER_LABELS[provider]}{part}" for provider in providers for part in _PARTS.values()
    ]

    async def lines() -> AsyncGenerator[str]:
        yield _line([*columns, *heads])
        page: PageRequest | None = PageRequest(MAX_LIMIT)
        while page is not None:
            async with database.transaction() as tx:
                shown = await read(tx, page)
            for row in shown.data:
                badges = (row.sync.get(provider) for provider in providers)
                said = [cell for badge in badges for cell in _badge(badge)]
                yield _line([*cells(row), *said])
            more = shown.next_cursor
            page = None if more is None else await page_request(MAX_LIMIT, more)

    return StreamingResponse(
        lines(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


_PARTS = {"state": "", "number": " number", "why": ": what is wrong"}


def _badge(badge: BadgeShown | None) -> tuple[str, str, str]:
    if badge is None:
        return ("", "", "")
    why = "" if badge.cause is None else badge.cause.sentence
    return (badge.label, badge.remote_number or "", why)


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(safe_cells(cells))
    return out.getvalue()
