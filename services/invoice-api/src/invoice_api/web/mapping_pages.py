"""Account Mapping: every item on the right income account, in minutes for thousands of items."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, get_args
from urllib.parse import urlencode
from uuid import UUID

from contracts.causes.words import NOUNS
from contracts.ids import PROVIDER_LABELS, ItemId, Provider
from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse, RedirectResponse
from messaging.database import Tx

from invoice_api.http.problems import Problem, invalid_field
from invoice_api.integrations import mapping, staging, staging_store
from invoice_api.integrations.staging_store import Counts, Desk, ItemRow, Show
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import Accounts, accounts_of, principal_of
from invoice_api.web.integration_pages import Peers, ThePeers, head_of
from invoice_api.web.mapping_views import AccountMappingPage, MappingRow
from invoice_api.web.pages import Tab, Undo
from invoice_api.web.sessions import AForm, AVisit, AWrite, FormLists, Typed, Visit, inside
from invoice_api.web.views import told_of

router = APIRouter(prefix="/integrations/{provider}/account-mapping", include_in_schema=False)

PAGE = 50
_STAMP = re.compile(r"[^0-9T]")
_SHOWS: tuple[Show, ...] = get_args(Show)
_TABS: Mapping[Show, str] = {
    "all": "All",
    "unmapped": "Unmapped",
    "archived": "",
    "changed": "Changed",
    "conflicts": "Changed by someone else",
}


@router.get("")
async def show_mapping(
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    render: TheRenderer,
    refresh: str = "",
    show: str = "all",
    q: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    bulk: Annotated[str, Query(max_length=200)] = "",
    since: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    wanted = _show_of(show)
    shown = await _page(
        one, provider, peers, wanted, q.strip(), page, None, bulk=bulk, refresh=bool(refresh)
    )
    shown = replace(shown, read_again=bool(since) and since != shown.since)
    return render.page("account_mapping.html", shown)


def _show_of(text: str) -> Show:
    for known in _SHOWS:
        if known == text:
            return known
    return "all"


async def _page(
    one: Visit,
    provider: Provider,
    peers: Peers,
    show: Show,
    words: str,
    number: int,
    problem: str | None,
    *,
    bulk: str = "",
    refresh: bool = False,
) -> AccountMappingPage:
    integration = await peers.integration(one, provider)
    head = head_of(integration, "account-mapping", peers.connectors)
    accounts, away = Accounts(), False
    counts, rows, waiting = Counts(0, 0, 0, 0, 0, 0), list[ItemRow](), None
    used: dict[ItemId, int] = {}
    if head.status != "not_connected":
        try:
            accounts = await accounts_of(
                peers.orchestrator, principal_of(one.caller), provider, refresh=refresh
            )
        except Problem:
            away = True
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, f"{head.label} account mapping", "integrations")
        if head.status != "not_connected":
            desk = await staging.desk_of(tx, one.caller, provider)
            gone = [account.value for account in accounts.archived]
            counts = await staging_store.count(tx, desk, gone)
            rows = await staging_store.page(
                tx, desk, show, words, gone, PAGE + 1, (number - 1) * PAGE
            )
            used = await staging_store.used_on(
                tx, one.caller.company.id, [row.item for row in rows[:PAGE]]
            )
            waiting = await staging_store.held_by_accounts(
                tx, one.caller.company.id, desk.connection
            )
    return AccountMappingPage(
        shell=shell,
        head=head,
        rows=tuple(_row(row, accounts, used, away=away) for row in rows[:PAGE]),
        accounts=accounts.options,
        archived=accounts.archived,
        tabs=_tabs(provider, counts, show, words),
        show=show,
        query=words,
        page=number,
        pages=number + (1 if len(rows) > PAGE else 0),
        total=counts.all,
        unmapped=counts.unmapped,
        open=counts.open,
        staged=counts.changed,
        waiting=None if waiting is None else _waiting(*waiting),
        as_of=(
            None
            if accounts.as_of is None
            else one.eyes.moment(datetime.fromisoformat(accounts.as_of))
        ),
        refreshing=accounts.refreshing,
        offered=accounts.offered,
        problem=problem,
        bulk=bulk,
        accounts_away=away,
        since="" if accounts.as_of is None else _STAMP.sub("", accounts.as_of),
    )


def _waiting(count: int, amount: object, currency: str) -> str:
    money = formatters.money(str(amount), currency)
    return f"{count:,} {'invoice' if count == 1 else 'invoices'}, {money}"


def _tabs(provider: Provider, counts: Counts, show: Show, words: str) -> tuple[Tab, ...]:
    numbers: dict[Show, int] = {
        "all": counts.all,
        "unmapped": counts.unmapped,
        "archived": counts.archived,
        "changed": counts.changed,
        "conflicts": counts.conflicts,
    }
    gone = f"{NOUNS[provider]['inactive'].capitalize()} account"
    return tuple(
        Tab(label or gone, numbers[key], _address(provider, key, words, 1), key == show)
        for key, label in _TABS.items()
        if numbers[key] or key in {"all", "unmapped", show}
    )


def _address(provider: Provider, show: str, words: str, page: int) -> str:
    values = {
        "show": "" if show == "all" else show,
        "q": words,
        "page": "" if page == 1 else str(page),
    }
    query = urlencode({name: value for name, value in values.items() if value})
    return f"/integrations/{provider}/account-mapping" + (f"?{query}" if query else "")


def _row(row: ItemRow, accounts: Accounts, used: Mapping[ItemId, int], *, away: bool) -> MappingRow:
    names = {o.value: o.label for o in (*accounts.options, *accounts.archived)}
    was = _named(row.account, names)
    count = used.get(row.item, 0)
    current = row.effective or ""
    return MappingRow(
        item_id=str(row.item),
        name=row.name,
        sku=row.sku or "",
        used_on=f"{count:,} {'invoice' if count == 1 else 'invoices'}" if count else "—",
        account_id=current,
        original=row.account or "",
        note=f"was {was}" if row.staged else None,
        conflict=f"Someone else has chosen {was} meanwhile." if row.conflict else None,
        archived=bool(current) and not away and current not in {o.value for o in accounts.options},
    )


def _named(account: str | None, names: Mapping[str, str]) -> str:
    return "none" if account is None else names.get(account, "another account")


@router.post("/stage")
async def stage_one(provider: Provider, one: AWrite, form: AForm, peers: ThePeers) -> Response:
    """One drop-down, the moment it is changed; how many changes wait now."""
    async with peers.database.transaction() as tx:
        desk = await staging.desk_of(tx, one.caller, provider)
        item = _item(form.get("item", ""))
        await staging_store.stage(tx, desk, {item: form.get("account") or None})
        counts = await staging_store.count(tx, desk, ())
    return JSONResponse({"staged": counts.changed, "open": counts.open})


@router.post("")
async def change(
    provider: Provider, one: AWrite, typed: FormLists, peers: ThePeers, render: TheRenderer
) -> Response:
    """Every button of the page: what its drop-downs say is staged first, then the button acts."""
    do = typed.one("do") or "save"
    show, words = typed.one("show") or "all", typed.one("words")
    number = int(typed.one("page")) if typed.one("page").isdigit() else 1
    async with peers.database.transaction() as tx:
        desk = await staging.desk_of(tx, one.caller, provider)
        if do != "undo":
            await staging_store.stage(tx, desk, _chosen(typed))
        match do:
            case "undo":
                await staging_store.forget(tx, desk)
            case "unmapped" | "selected":
                if (said := await _assign(tx, desk, do, typed)) is not None:
                    return one.told(_address(provider, show, words, number), said, tone="warning")
            case _ if do.startswith("theirs."):
                await staging_store.forget(tx, desk, [_item(do.removeprefix("theirs."))])
            case _ if do.startswith("ours."):
                row = (await staging_store.staged(tx, desk)).get(_item(do.removeprefix("ours.")))
                if row is not None:
                    await staging_store.stage(tx, desk, {_item(do.removeprefix("ours.")): row[0]})
            case _:
                pass
    if do == "save":
        return await _save(provider, one, peers, render, number)
    if do.startswith("/integrations/"):
        return RedirectResponse(inside(do), 303)
    if do.isdigit():
        number = int(do)
    bulk = f"bulk={typed.one('bulk_account_id')}" if do in {"unmapped", "selected"} else ""
    address = _address(provider, show, words, number)
    glue = "&" if "?" in address else "?"
    return RedirectResponse(address + (glue + bulk if bulk else ""), 303)


async def _assign(tx: Tx, desk: Desk, do: str, typed: Typed) -> str | None:
    """Bulk Assign; what is missing where it can't be."""
    account = typed.one("bulk_account_id")
    if not account:
        return "Choose an account beside Bulk Assign first."
    if do == "unmapped":
        await staging_store.stage_unmapped(tx, desk, account)
        return None
    ticked = [_item(value) for value in typed.all("ids")]
    if not ticked:
        return "Tick the items first."
    await staging_store.stage(tx, desk, dict.fromkeys(ticked, account))
    return None


async def _save(
    provider: Provider, one: Visit, peers: Peers, render: TheRenderer, number: int
) -> Response:
    async with peers.database.transaction() as tx:
        desk = await staging.desk_of(tx, one.caller, provider)
        waiting = await staging_store.held_by_accounts(tx, one.caller.company.id, desk.connection)
    here = _address(provider, "all", "", 1)
    try:
        saved = await staging.save(peers.database, peers.orchestrator, one.caller, provider)
    except Problem as problem:
        reasons = "; ".join(error.message for error in problem.errors) or problem.detail
        said = f"Not saved, and nothing you chose is lost: {reasons}"
        page = await _page(one, provider, peers, "changed", "", 1, said)
        return render.page("account_mapping.html", page, problem.status)
    if saved.conflicts:
        many = "1 item" if saved.conflicts == 1 else f"{saved.conflicts} items"
        said = f"Someone else changed {many} meanwhile. Choose for each, then save again."
        page = await _page(one, provider, peers, "conflicts", "", 1, said)
        return render.page("account_mapping.html", page, 412)
    if not saved.items:
        return one.told(_address(provider, "all", "", number), "Nothing was changed.", tone="info")
    said = f"{saved.items:,} {'item' if saved.items == 1 else 'items'} mapped."
    if waiting is not None:
        held = waiting[0]
        said += f" {held:,} {'invoice is' if held == 1 else 'invoices are'} being looked at again."
    undo = Undo(f"/integrations/{provider}/account-mapping/undo-last", ())
    return one.told(here, said, undo=undo)


@router.post("/undo-last")
async def undo_last(provider: Provider, one: AWrite, peers: ThePeers) -> Response:
    """The items of the last save as they were before it."""
    here = f"/integrations/{provider}/account-mapping"
    try:
        done = await staging.undo_last(peers.database, peers.orchestrator, one.caller, provider)
    except Problem as problem:
        said = f"Not taken back yet, and nothing you chose is lost: {told_of(problem)}"
        return one.told(f"{here}?show=changed", said, tone="danger")
    if done is None:
        return one.told(here, "There is nothing to take back.", tone="info")
    if done.conflicts:
        many = "1 item" if done.conflicts == 1 else f"{done.conflicts:,} items"
        said = f"Someone else changed {many} meanwhile. Choose for each, then save."
        return one.told(f"{here}?show=conflicts", said, tone="warning")
    if not done.items:
        said = "As before, beside what you chose meanwhile: Save Changes writes both."
        return one.told(f"{here}?show=changed", said, tone="info")
    items = "1 item" if done.items == 1 else f"{done.items:,} items"
    label = PROVIDER_LABELS[provider]
    return one.told(here, f"{items} mapped as before. What is in {label} already stays as it is.")


def _chosen(typed: Typed) -> dict[ItemId, str | None]:
    """The drop-downs that differ from what was saved when the page was made."""
    was = {n.removeprefix("was."): v for n, v in typed.pairs if n.startswith("was.")}
    return {
        _item(name.removeprefix("account.")): value or None
        for name, value in typed.pairs
        if name.startswith("account.") and value != was.get(name.removeprefix("account."), value)
    }


def _item(text: str) -> ItemId:
    try:
        return ItemId(UUID(text))
    except ValueError:
        raise invalid_field("item_id", "isn't one of your items") from None


@router.post("/apply")
async def apply_to_unmapped(
    provider: Provider, one: AWrite, form: AForm, peers: ThePeers
) -> Response:
    """The fix in Problems: one account for all items that have none."""
    account = form.get("account_id", "")
    if not account:
        raise invalid_field("account_id", "choose an income account first")
    applied = await mapping.apply_to_unmapped(
        peers.database, peers.orchestrator, one.caller, provider, account
    )
    said = f"{applied.mapped} {'item' if applied.mapped == 1 else 'items'} mapped."
    return one.told(inside(form.get("back", "/invoices")), said)
