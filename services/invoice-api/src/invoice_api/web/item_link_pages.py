"""Which item at a provider is this one? Chosen from a list that is read there when it is opened."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast
from urllib.parse import urlencode
from uuid import UUID

from contracts.causes import CAUSES
from contracts.ids import PROVIDER_LABELS, ItemId, Provider, no_item_id
from contracts.invoicing import ItemSnapshot
from contracts.providers import LINES_CARRY_NO_ITEM
from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse
from messaging.database import Tx

from invoice_api.customer_imports import service as linking
from invoice_api.http.dependencies import TheClock, TheDatabase
from invoice_api.http.problems import Problem, not_found
from invoice_api.integrations.parcels import load_parcel
from invoice_api.integrations.record_routes import TheDesk
from invoice_api.items import service
from invoice_api.peers.orchestrator import TheOrchestrator
from invoice_api.sync_status import connections_store
from invoice_api.sync_status.schemas import BadgeShown
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import principal_of, soon
from invoice_api.web.pages import Shell, Undo
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit, inside

router = APIRouter(include_in_schema=False)

_PAGE = 50


@dataclass(frozen=True)
class ItemThere:
    remote_id: str
    name: str
    sku: str
    price: str
    account: str
    alike: bool
    """Its name or SKU is that of ours."""

    taken_by: str | None
    """Our item that is linked to it already."""

    ours: bool
    """It is what this item is linked to now."""


@dataclass(frozen=True)
class ItemLinkPage:
    shell: Shell
    provider: str
    label: str
    name: str
    back_url: str
    here: str
    """Where the page is, with what is searched for: from it the list is read again."""

    post_url: str
    query: str
    rows: tuple[ItemThere, ...]
    as_of: str | None
    loading: str | None
    since: str
    """As of when the list was that is shown."""

    read_again: bool
    """A newer list than `since` has come meanwhile."""

    next_url: str | None
    first_url: str | None
    accounts_offered: bool = True
    """Whether there is an income account to choose there."""

    by_name: bool = False
    """Whether lines there say the item's name and nothing else of it."""

    refused: str | None = None
    """Why nothing can be listed, as while it isn't connected."""

    away: bool = False


@dataclass(frozen=True)
class WhichItemPage:
    """An invoice's refusal didn't say which of its items it is about."""

    shell: Shell
    label: str
    number: str
    back_url: str
    items: tuple[tuple[str, str], ...]
    """Each one's name and the page on which it is linked."""


@router.get("/items/{item_id}/link/{provider}")
async def choose(
    item_id: UUID,
    provider: Provider,
    one: AVisit,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    render: TheRenderer,
    q: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    back: Annotated[str, Query(max_length=200)] = "",
    since: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Items there that can be invoiced, those like this one first."""
    known = ItemId(item_id)
    async with database.transaction() as tx:
        if provider == await made_for_lines_without(tx, one, known):
            name = _LINES_WITHOUT
        else:
            name = (await service.load(tx, one.caller, known)).name
        shell = await one.shell(tx, f"Link {name}", "items")
    address = _Address(known, provider, q.strip(), inside(back) if back else "")
    wanted = {"item": str(known), "limit": str(_PAGE), "cursor": str(cursor)}
    told: dict[str, Any] = {}
    refused, away = None, False
    try:
        answer = await soon(
            orchestrator.get(
                principal_of(one.caller),
                f"/integrations/{provider}/remote-items",
                wanted | ({"q": address.query} if address.query else {}),
            )
        )
        told = cast("dict[str, Any]", json.loads(answer.text))
    except Problem as problem:
        away = problem.status >= 500
        refused = None if away else problem.detail
    as_of: str | None = told.get("as_of")
    more: str | None = told.get("next_cursor")
    page = ItemLinkPage(
        shell=shell,
        provider=provider,
        label=PROVIDER_LABELS[provider],
        name=name,
        back_url=address.back or f"/items/{known}",
        here=address.url(cursor=str(cursor) if cursor else ""),
        post_url=address.url(),
        query=address.query,
        rows=tuple(_row(row, known, one) for row in told.get("data", ())),
        as_of=None if as_of is None else one.eyes.moment(datetime.fromisoformat(as_of)),
        loading=_loading(told, PROVIDER_LABELS[provider]),
        since=since or as_of or "",
        read_again=bool(since and as_of and since != as_of),
        next_url=None if more is None else address.url(cursor=more),
        first_url=address.url() if cursor else None,
        accounts_offered=bool(told.get("accounts_offered", True)),
        by_name=provider in LINES_CARRY_NO_ITEM,
        refused=refused,
        away=away,
    )
    return render.page("item_link.html", page)


@dataclass(frozen=True)
class _Address:
    item: ItemId
    provider: Provider
    query: str
    back: str

    def url(self, **more: str) -> str:
        said = {"q": self.query, "back": self.back, **more}
        asked = urlencode({name: value for name, value in said.items() if value})
        return f"/items/{self.item}/link/{self.provider}" + (f"?{asked}" if asked else "")


def _row(row: dict[str, Any], item: ItemId, one: Visit) -> ItemThere:
    price: str | None = row.get("unit_price")
    linked: dict[str, Any] | None = row.get("linked_to")
    ours = linked is not None and linked["item_id"] == str(item)
    currency = one.caller.company.currency
    return ItemThere(
        remote_id=str(row["remote_id"]),
        name=str(row["name"]),
        sku=row.get("sku") or "",
        price="" if price is None else formatters.money(price, currency),
        account=row.get("account") or "",
        alike=bool(row.get("alike")),
        taken_by=None if linked is None or ours else linked["name"] or "another item",
        ours=ours,
    )


def _loading(told: dict[str, Any], label: str) -> str | None:
    if not told.get("refreshing"):
        return None
    if told.get("slow"):
        return f"{label} takes longer than usual to list its items. We go on trying."
    loaded, expected = told.get("loaded") or 0, told.get("expected")
    if not loaded:
        return "Loading."
    return f"Loading: {loaded:,} of about {expected:,}." if expected else f"{loaded:,} loaded."


@router.post("/items/{item_id}/link/{provider}")
async def link(
    item_id: UUID,
    provider: Provider,
    one: AWrite,
    form: AForm,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
    desk: TheDesk,
) -> Response:
    """This one there; or have the list read again. A link is taken back by Undo, but for the one
    for lines without items: that is no item here, and an invoice that waits for it is linked."""
    known = ItemId(item_id)
    back = inside(form["back"]) if form.get("back") else ""
    address = _Address(known, provider, form.get("q", ""), back)
    try:
        if not form.get("remote_id"):
            path = f"/integrations/{provider}/remote-items"
            await orchestrator.get(
                principal_of(one.caller), path, {"refresh": "true", "limit": "1"}
            )
            label = PROVIDER_LABELS[provider]
            return one.told(address.url(), f"Loading the items from {label}.", tone="info")
        async with database.transaction() as tx:
            bare = provider == await made_for_lines_without(tx, one, known)
        if bare:
            fields = {"remote_id": form["remote_id"]}
            waiting = _invoice_at(address.back)
            await desk.act(one.caller, provider, "invoice", waiting, "link", fields)
            return one.told(address.back, "Linked.")
        linked = await linking.link(
            database, orchestrator, clock, one.caller, provider, "item", item_id, form["remote_id"]
        )
    except Problem as problem:
        said = "; ".join(error.message for error in problem.errors) or problem.detail
        return one.told(address.url(), said, tone="danger")
    here = address.back or f"/items/{known}"
    before = str(linked.undo.get("remote_id") or "")
    undo = Undo(f"/items/{known}/links/{provider}/undo", (("remote_id", before), ("back", here)))
    return one.told(here, "Linked.", undo=undo)


async def item_in_question(
    one: Visit, desk: TheDesk, provider: Provider, invoice_id: UUID, render: TheRenderer
) -> Response | None:
    """Where the item is chosen that an invoice's cause is about; None if it is about no item."""
    async with desk.database.transaction() as tx:
        parcel = await load_parcel(tx, one.caller, "invoice", invoice_id)
        badge = await desk.badge(tx, one.caller, provider, parcel.facts)
        shell = await one.shell(tx, "Link an item", "invoices")
        subject = _subject_of(badge)
        bare = None if subject is None else await made_for_lines_without(tx, one, subject)
    here = f"/invoices/{invoice_id}"
    if subject is not None and bare == provider:
        return RedirectResponse(_Address(subject, provider, "", here).url(), 303)
    items = items_in_question(badge, parcel.items)
    if not items:
        return None
    urls = [(item.name, _Address(item.id, provider, "", here).url()) for item in items]
    if len(urls) == 1:
        return RedirectResponse(urls[0][1], 303)
    page = WhichItemPage(shell, PROVIDER_LABELS[provider], parcel.facts.name, here, tuple(urls))
    return render.page("item_link_which.html", page)


def is_about_an_item(badge: BadgeShown) -> bool:
    """Whether a record's cause, or the one behind it, stands on an item."""
    code = "" if badge.cause is None else badge.cause.group.partition(".")[0]
    row = CAUSES.get(code)
    return row is not None and row.subject == "item"


def items_in_question(
    badge: BadgeShown, items: tuple[ItemSnapshot, ...]
) -> tuple[ItemSnapshot, ...]:
    """Those of an invoice's items that its cause may be about: the one it names, none if it is
    about something else, any of them if it is about an item and names none."""
    named = named_item(badge, items)
    if named is not None:
        return (named,)
    return items if is_about_an_item(badge) else ()


def named_item(badge: BadgeShown, items: tuple[ItemSnapshot, ...]) -> ItemSnapshot | None:
    """The one of these that the cause names."""
    subject = _subject_of(badge)
    return next((item for item in items if item.id == subject), None)


def _subject_of(badge: BadgeShown) -> ItemId | None:
    said = "" if badge.cause is None else badge.cause.group.partition(".")[2]
    try:
        return ItemId(UUID(said))
    except ValueError:
        return None


_LINES_WITHOUT = "the one for lines without items"


async def made_for_lines_without(tx: Tx, one: Visit, item: ItemId) -> Provider | None:
    """Where this is no item of the company's, but what lines without one are booked on there."""
    connections = await connections_store.current_connections(tx, one.caller.company.id)
    return next(
        (known.facts.provider for known in connections if item == no_item_id(known.facts.id)), None
    )


def _invoice_at(page: str) -> UUID:
    """The invoice whose page this is. Raises the 404 Problem."""
    kind, _, told = page.removeprefix("/").partition("/")
    try:
        invoice = UUID(told)
    except ValueError:
        raise not_found("invoice") from None
    if kind != "invoices":
        raise not_found("invoice")
    return invoice
