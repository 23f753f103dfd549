"""Items: the list, one item, the form with its income accounts."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, ItemId
from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse
from messaging.clock import Clock
from messaging.database import Database

from invoice_api.http.bodies import parse
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.paging import Paging
from invoice_api.http.problems import Problem
from invoice_api.integrations.mapping import change_mapping, one_change
from invoice_api.items import service
from invoice_api.items.schemas import ItemChanges, ItemShown, NewItem
from invoice_api.peers.orchestrator import Orchestrator, TheOrchestrator
from invoice_api.sync_status.filters import SyncFilter
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import account_options, principal_of
from invoice_api.web.live import live_url
from invoice_api.web.pages import Form, ItemFormPage, RecordRow, RecordsPage, Shell
from invoice_api.web.reading import given
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit
from invoice_api.web.views import badge_views, first_words, form_of

router = APIRouter(prefix="/items", include_in_schema=False)

_REQUIRED = ("name", "unit_price")
_OPTIONAL = ("sku", "description")


@router.get("")
async def show_items(
    one: AVisit,
    database: TheDatabase,
    clock: TheClock,
    render: TheRenderer,
    page: Paging,
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    async with database.transaction() as tx:
        wanted = SyncFilter(query=q or None)
        found = await service.list_page(tx, one.caller, clock, page, wanted)
        shell = await one.shell(tx, "Items", "items")
    more = found.next_cursor
    return render.page(
        "records.html",
        RecordsPage(
            shell=shell,
            heading="Items",
            kind="item",
            columns=("SKU", "Price"),
            rows=tuple(_row(item, one) for item in found.data),
            query=q,
            new_label="New item",
            new_url="/items/new",
            empty="Items are your services and products. Add the first.",
            next_url=None if more is None else f"?{urlencode({'q': q, 'cursor': more})}",
            live_url=live_url("item", [str(i.id) for i in found.data]),
        ),
    )


def _row(item: ItemShown, one: Visit) -> RecordRow:
    return RecordRow(
        id=str(item.id),
        url=f"/items/{item.id}",
        name=item.name,
        facts=first_words(
            (item.sku, formatters.money(item.unit_price, one.caller.company.currency))
        ),
        badges=badge_views(item.sync, one.eyes, can_write=one.caller.may_act),
    )


@router.get("/new")
async def show_new(one: AVisit, database: TheDatabase, render: TheRenderer) -> Response:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "New item", "items")
    return render.page("item_form.html", _new_page(Form(), shell))


@router.post("/new")
async def create(
    one: AWrite, form: AForm, database: TheDatabase, ids: TheIds, render: TheRenderer
) -> Response:
    try:
        wanted = parse(NewItem, given(form, _REQUIRED, _OPTIONAL))
        async with database.transaction() as tx:
            made = await service.create(tx, one.caller, ids, wanted)
    except Problem as problem:
        async with database.transaction() as tx:
            shell = await one.shell(tx, "New item", "items")
        page = _new_page(form_of(form, problem), shell)
        return render.page("item_form.html", page, problem.status)
    return RedirectResponse(f"/items/{made.id}", 303)


@router.get("/{item_id}")
async def show_item(
    one: AVisit,
    item_id: UUID,
    database: TheDatabase,
    clock: TheClock,
    orchestrator: TheOrchestrator,
    render: TheRenderer,
) -> Response:
    page = await _page(one, ItemId(item_id), database, clock, orchestrator)
    return render.page("item_form.html", page)


@router.post("/{item_id}")
async def change(
    one: AWrite,
    form: AForm,
    item_id: UUID,
    database: TheDatabase,
    clock: TheClock,
    ids: TheIds,
    orchestrator: TheOrchestrator,
    render: TheRenderer,
) -> Response:
    """Saves the item; a chosen account goes to the orchestrator first, or nothing is saved."""
    known = ItemId(item_id)
    try:
        changes = parse(ItemChanges, given(form, _REQUIRED, _OPTIONAL))
        async with database.transaction() as tx:
            before = await service.load(tx, one.caller, known)
            shown = await service.shown(tx, one.caller, clock, before)
        for provider in shown.sync:
            account = form.get(f"account_{provider}")
            if account is not None and (account or None) != shown.income_accounts.get(provider):
                change_of_one = one_change(known, account or None)
                await change_mapping(database, orchestrator, one.caller, provider, change_of_one)
        async with database.transaction() as tx:
            await service.change(tx, one.caller, ids, known, changes)
    except Problem as problem:
        typed = form_of(form, problem)
        page = await _page(one, known, database, clock, orchestrator, typed)
        return render.page("item_form.html", page, problem.status)
    return RedirectResponse(f"/items/{known}", 303)


def _new_page(form: Form, shell: Shell) -> ItemFormPage:
    return ItemFormPage(
        shell=shell,
        form=form,
        heading="New item",
        post_url="/items/new",
        badges=(),
        accounts=(),
        id=None,
        live_url=None,
    )


async def _page(
    one: Visit,
    item_id: ItemId,
    database: Database,
    clock: Clock,
    orchestrator: Orchestrator,
    typed: Form | None = None,
) -> ItemFormPage:
    async with database.transaction() as tx:
        item = await service.load(tx, one.caller, item_id)
        shown = await service.shown(tx, one.caller, clock, item)
        shell = await one.shell(tx, item.name, "items")
    fields = {"name": item.name, "unit_price": f"{item.unit_price:f}"}
    fields |= {"sku": item.sku or "", "description": item.description or ""}
    fields |= {f"account_{p}": account for p, account in shown.income_accounts.items()}
    principal = principal_of(one.caller)
    accounts = [
        (provider, PROVIDER_LABELS[provider], options)
        for provider in shown.sync
        if (options := await account_options(orchestrator, principal, provider))
    ]
    return ItemFormPage(
        shell=shell,
        form=typed or Form(fields),
        heading=item.name,
        post_url=f"/items/{item.id}",
        badges=badge_views(shown.sync, one.eyes, can_write=one.caller.may_act),
        accounts=tuple(accounts),
        id=str(item.id),
        live_url=live_url("item", [str(item.id)]),
    )
