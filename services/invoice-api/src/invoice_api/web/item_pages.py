"""Items: the list, one item, the form with its income accounts."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, CompanyId, ItemId, Provider
from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse
from messaging.clock import Clock
from messaging.database import Database, Tx

from invoice_api.http.bodies import parse
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.paging import PageRequest, Paging
from invoice_api.http.problems import Problem
from invoice_api.integrations.connections import provider_of
from invoice_api.integrations.mapping import change_mapping, one_change
from invoice_api.items import service, store
from invoice_api.items.schemas import ItemChanges, ItemShown, NewItem
from invoice_api.peers.orchestrator import Orchestrator, TheOrchestrator
from invoice_api.sync_status import connections_store
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import Accounts
from invoice_api.web.invoice_views import ListNews
from invoice_api.web.item_link_pages import made_for_lines_without
from invoice_api.web.live import list_url, live_url
from invoice_api.web.pages import Form, Shell, Undo
from invoice_api.web.reading import given
from invoice_api.web.record_parts import (
    account_cell,
    accounts_at,
    address,
    link_cards,
    mapped_at,
    tab_filter,
    tabs,
)
from invoice_api.web.record_views import ItemFormPage, RecordRow, RecordsPage
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit, inside
from invoice_api.web.timelines import asked_for, deeds_of, history, told_there
from invoice_api.web.views import badge_views, first_words, form_of

router = APIRouter(prefix="/items", include_in_schema=False)

_REQUIRED = ("name", "unit_price")
_OPTIONAL = ("sku", "description")


@router.get("")
async def show_items(
    one: AVisit,
    database: TheDatabase,
    clock: TheClock,
    orchestrator: TheOrchestrator,
    render: TheRenderer,
    page: Paging,
    q: Annotated[str, Query(max_length=200)] = "",
    tab: Annotated[str, Query(max_length=20)] = "all",
) -> Response:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "Items", "items")
        company = one.caller.company.id
        connections = await connections_store.current_connections(tx, company)
    providers: list[Provider] = [c.facts.provider for c in connections]
    accounts = await accounts_at(orchestrator, one, providers)
    mapped: list[Provider] = [one for one in providers if accounts[one].offered]
    async with database.transaction() as tx:
        found = await service.list_page(
            tx,
            one.caller,
            clock,
            page,
            tab_filter(tab, q),
            without_account=mapped if tab == "no_account" else (),
        )
        counts = await _counts(tx, company, mapped, q) if providers else []
    more = found.next_cursor
    return render.page(
        "records.html",
        RecordsPage(
            shell=shell,
            heading="Items",
            kind="item",
            columns=("SKU", "Price"),
            rows=tuple(_row(item, one, accounts) for item in found.data),
            tabs=tabs("/items", tab, q, counts),
            tab=tab,
            query=q,
            new_label="New item",
            new_url="/items/new",
            also=tuple(
                (
                    "Map all accounts"
                    if len(providers) == 1
                    else f"Map all for {PROVIDER_LABELS[provider]}",
                    f"/integrations/{provider}/account-mapping",
                )
                for provider in providers
            ),
            empty="No items yet",
            empty_sentence="Items are your services and products.",
            connected=bool(connections),
            next_url=None if more is None else f"/items?{address(tab, q, cursor=more)}",
            first_url=None if page.before is None else f"/items?{address(tab, q)}",
            here=f"/items?{address(tab, q)}",
            live_url=list_url("item", [str(i.id) for i in found.data]),
            news_url=f"/items/news?{address(tab, q)}",
        ),
    )


@router.get("/news")
async def show_news(
    one: AVisit,
    database: TheDatabase,
    render: TheRenderer,
    q: Annotated[str, Query(max_length=200)] = "",
    tab: Annotated[str, Query(max_length=20)] = "all",
) -> Response:
    """What stands on top of the list by now."""
    page, company = PageRequest(), one.caller.company.id
    async with database.transaction() as tx:
        connections = await connections_store.current_connections(tx, company)
        mapped = await mapped_at(tx, company)
        lacking: Sequence[Provider] = mapped if tab == "no_account" else ()
        found = await store.list_items(
            tx, company, page, tab_filter(tab, q), without_account=lacking
        )
        counts = await _counts(tx, company, mapped, q) if connections else []
    ids = tuple(str(item.id) for item in found[: page.limit])
    return render.fragment("list_news.html", ListNews(ids, tabs("/items", tab, q, counts)))


async def _counts(
    tx: Tx, company: CompanyId, mapped: Sequence[Provider], query: str
) -> list[tuple[str, str, int]]:
    """The tabs of the list, each with how many items it has."""

    async def many(tab: str) -> int:
        lacking = mapped if tab == "no_account" else ()
        return await store.count_items(tx, company, tab_filter(tab, query), without_account=lacking)

    named = [("all", "All"), *([("no_account", "No account")] if mapped else [])]
    named += [("attention", "Needs attention")]
    return [(key, label, await many(key)) for key, label in named]


def _row(item: ItemShown, one: Visit, accounts: Mapping[Provider, Accounts]) -> RecordRow:
    return RecordRow(
        id=str(item.id),
        url=f"/items/{item.id}",
        name=item.name,
        facts=first_words(
            (item.sku, formatters.money(item.unit_price, one.caller.company.currency))
        ),
        badges=badge_views(item.sync, one.eyes, can_write=one.caller.may_act),
        accounts=tuple(
            account_cell(provider, item.income_accounts.get(provider), known)
            for provider, known in accounts.items()
            if known.options
        ),
    )


@router.post("/{item_id}/account")
async def choose_account(
    one: AWrite,
    form: AForm,
    item_id: UUID,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
) -> Response:
    """The drop-down in the list: saved at once, taken back by Undo."""
    known, back = ItemId(item_id), inside(form.get("back", "/items"))
    provider, account = provider_of(form.get("provider", "")), form.get("account") or None
    async with database.transaction() as tx:
        item = await service.load(tx, one.caller, known)
    try:
        await change_mapping(
            database, orchestrator, one.caller, provider, one_change(known, account)
        )
    except Problem as problem:
        return one.told(back, problem.detail, tone="danger")
    fields = (("provider", provider), ("account", form.get("was", "")), ("was", account or ""))
    undo = Undo(f"/items/{known}/account", (*fields, ("back", back)))
    said = f"Account of {item.name} saved." if account else f"{item.name} has no account now."
    return one.told(back, said, undo=undo)


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
    history_of: Annotated[str, Query(alias="history", max_length=20)] = "",
) -> Response:
    known = ItemId(item_id)
    async with database.transaction() as tx:
        made_there = await made_for_lines_without(tx, one, known)
    if made_there is not None:
        # What lines without an item are booked on is a setting there, and no item here.
        return RedirectResponse(f"/integrations/{made_there}/settings#f-no_item_account_id", 303)
    page = await _page(one, known, database, clock, orchestrator, history_of=history_of)
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
    return one.told(f"/items/{known}", "Saved.")


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
    history_of: str = "",
) -> ItemFormPage:
    async with database.transaction() as tx:
        item = await service.load(tx, one.caller, item_id)
        shown = await service.shown(tx, one.caller, clock, item)
        shell = await one.shell(tx, item.name, "items")
        deeds = await deeds_of(tx, one, "item", item.id)
    fields = {"name": item.name, "unit_price": f"{item.unit_price:f}"}
    fields |= {"sku": item.sku or "", "description": item.description or ""}
    fields |= {f"account_{p}": account for p, account in shown.income_accounts.items()}
    record = ("item", str(item.id))
    badges = badge_views(shown.sync, one.eyes, can_write=one.caller.may_act, record=record)
    only_changes, at = asked_for(history_of)
    there = await told_there(orchestrator, one, "item", item.id, list(shown.sync))
    providers = list(shown.sync)
    accounts = await accounts_at(orchestrator, one, providers)
    return ItemFormPage(
        shell=shell,
        form=typed or Form(fields),
        heading=item.name,
        post_url=f"/items/{item.id}",
        badges=badges,
        accounts=tuple(
            account_cell(p, shown.income_accounts.get(p), known)
            for p, known in accounts.items()
            if known.options
        ),
        id=str(item.id),
        live_url=live_url("item", [str(item.id)], badges),
        links=link_cards(
            "item", str(item.id), item.name, shown.sync, there, one.eyes, one.caller.user_id
        ),
        history=history(
            "item",
            deeds,
            there,
            one.eyes,
            one.caller.user_id,
            f"/items/{item.id}",
            only_changes=only_changes,
            at=at,
        ),
        choices={str(p): known.options for p, known in accounts.items()},
    )
