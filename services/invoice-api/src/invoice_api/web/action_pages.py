"""Buttons on a record: sync, send, void, and what a cause's fixes offer."""

from typing import get_args
from uuid import UUID

from contracts.causes import Action
from contracts.ids import PROVIDER_LABELS, CustomerId, Entity, InvoiceId, ItemId, Provider
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot
from contracts.sync import SyncState
from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from invoice_api.customer_imports import service as linking
from invoice_api.customers import store as customers_store
from invoice_api.http.dependencies import TheDatabase, TheIds
from invoice_api.http.problems import Problem, not_found
from invoice_api.integrations import mapping
from invoice_api.integrations.commands import Desk
from invoice_api.integrations.connections import provider_of
from invoice_api.integrations.parcels import load_parcel
from invoice_api.integrations.record_routes import TheDesk, TheEntity
from invoice_api.integrations.schemas import AuthorizeShown
from invoice_api.invoices import service as invoices
from invoice_api.invoices import store as invoices_store
from invoice_api.items import store as items_store
from invoice_api.sync_status.facts import facts_of
from invoice_api.web.item_link_pages import is_about_an_item, named_item
from invoice_api.web.mapping_undo import accounts_now, said_of, undo_of
from invoice_api.web.pages import Undo
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit, inside
from invoice_api.web.views import told_of

router = APIRouter(include_in_schema=False)

_MOVES = {
    "finalize": (invoices.finalize, "Finalized."),
    "send": (invoices.send, None),
    "void": (invoices.void, "Voided."),
    "mark-paid": (invoices.mark_paid, "Marked as paid here. Payments aren't synced."),
}
_OURS = frozenset({"csrf", "provider", "action", "for_all"})
_DONE = {
    "ignore": "Ignored in {provider}.",
    "accept_difference": "Accepted as it is in {provider}.",
    "show_difference": "Taken back.",
    "leave_theirs": "Left as it is in {provider}.",
    "link": "Linked.",
}
"""What is said after an action whose badge alone doesn't say it."""

_UNDONE_BY = {
    "ignore": "stop_ignoring",
    "accept_difference": "show_difference",
    "leave_theirs": "show_difference",
}


@router.post("/{kind}/{record_id}/sync")
async def sync(
    one: AWrite, form: AForm, entity: TheEntity, record_id: UUID, desk: TheDesk
) -> Response:
    """The gray button."""
    try:
        await desk.sync(one.caller, provider_of(form.get("provider", "")), entity, record_id)
    except Problem as problem:
        return one.told(_at(entity, record_id), problem.detail, tone="danger")
    return RedirectResponse(_at(entity, record_id), 303)


@router.post("/{kind}/{record_id}/actions/{action}")
async def act(
    one: AWrite, form: AForm, entity: TheEntity, record_id: UUID, action: str, desk: TheDesk
) -> Response:
    """A fix, Try again, Ignore and the like. What can't be is said on the record's page."""
    if action not in get_args(Action):
        raise not_found("action")
    fields = {name: value for name, value in form.items() if name not in _OURS}
    provider = provider_of(form.get("provider", ""))
    here = _at(entity, record_id)
    undo: Undo | None = None
    try:
        if action == "link":
            undo = await _link_undone(one, desk, provider, entity, record_id)
        if action == "choose_account":
            return await _map(one, desk, provider, entity, record_id, fields, form)
        done = await desk.act(one.caller, provider, entity, record_id, action, fields)
    except Problem as problem:
        said = told_of(problem)
        return one.told(here, said, tone="danger")
    if isinstance(done, AuthorizeShown):
        return RedirectResponse(f"/integrations/{provider}/connect", 303)
    text = _DONE.get(action)
    if text is None:
        return RedirectResponse(here, 303)
    back = _UNDONE_BY.get(action)
    if back is not None and done.sync.state is SyncState.IGNORED:
        back = "stop_ignoring"  # What is gone there is left by ignoring it.
    if back is not None:
        undo = Undo(f"{here}/actions/{back}", (("provider", provider),))
    return one.told(here, text.format(provider=PROVIDER_LABELS[provider]), undo=undo)


async def _map(
    one: Visit,
    desk: Desk,
    provider: Provider,
    entity: Entity,
    record_id: UUID,
    fields: dict[str, str],
    form: dict[str, str],
) -> Response:
    """An account for the items in question, or for all that have none; taken back by Undo."""
    here, before = _at(entity, record_id), await accounts_now(desk, one.caller, provider)
    if form.get("for_all"):
        await mapping.apply_to_unmapped(
            desk.database, desk.orchestrator, one.caller, provider, fields["account_id"]
        )
    else:
        await desk.act(one.caller, provider, entity, record_id, "choose_account", fields)
    after = await accounts_now(desk, one.caller, provider)
    undo = undo_of(provider, before, after, here)
    return one.told(here, said_of(before, after), undo=undo)


async def _link_undone(
    one: Visit, desk: Desk, provider: Provider, entity: Entity, record_id: UUID
) -> Undo | None:
    """What takes back a customer's or an item's link that is about to be made; an invoice's own has
    none."""
    async with desk.database.transaction() as tx:
        parcel = await load_parcel(tx, one.caller, entity, record_id)
        badge = await desk.badge(tx, one.caller, provider, parcel.facts)
        if badge.cause is not None and badge.cause.code == "invoice_number_taken":
            return None
        whose = parcel.customer or parcel.record
        if is_about_an_item(badge):
            whose = named_item(badge, parcel.items) or parcel.record
        if isinstance(whose, InvoiceSnapshot):
            return None
        before = await desk.badge(tx, one.caller, provider, facts_of(whose))
    kind = "customers" if isinstance(whose, CustomerSnapshot) else "items"
    path = f"/{kind}/{whose.id}/links/{provider}/undo"
    return Undo(path, (("remote_id", before.remote_id or ""), ("back", _at(entity, record_id))))


@router.post("/customers/{record_id}/unlink")
@router.post("/items/{record_id}/unlink")
async def unlink(
    one: AWrite, form: AForm, entity: TheEntity, record_id: UUID, desk: TheDesk
) -> Response:
    """Take the link away, with the way back; nothing changes there."""
    here, provider = _at(entity, record_id), provider_of(form.get("provider", ""))
    try:
        done = await linking.link(
            desk.database,
            desk.orchestrator,
            desk.clock,
            one.caller,
            provider,
            entity,
            record_id,
            None,
        )
    except Problem as problem:
        return one.told(here, problem.detail, tone="danger")
    before = done.undo.get("remote_id")
    path = f"{here}/links/{provider}/undo"
    undo = None if before is None else Undo(path, (("remote_id", str(before)), ("back", here)))
    label = PROVIDER_LABELS[provider]
    return one.told(here, f"Not linked any more. Nothing changed in {label}.", undo=undo)


@router.post("/customers/{record_id}/links/{provider}/undo")
@router.post("/items/{record_id}/links/{provider}/undo")
async def undo_link(
    one: AWrite,
    form: AForm,
    entity: TheEntity,
    record_id: UUID,
    provider: Provider,
    desk: TheDesk,
) -> Response:
    """As it was linked before, or not at all."""
    here = inside(form.get("back") or _at(entity, record_id))
    try:
        await linking.link(
            desk.database,
            desk.orchestrator,
            desk.clock,
            one.caller,
            provider,
            entity,
            record_id,
            form.get("remote_id") or None,
        )
    except Problem as problem:
        said = told_of(problem)
        return one.told(here, said, tone="danger")
    return one.told(
        here, "Not linked any more." if not form.get("remote_id") else "Linked as before."
    )


@router.post("/invoices/{invoice_id}/{move}")
async def move(
    one: AWrite, invoice_id: UUID, move: str, database: TheDatabase, ids: TheIds
) -> Response:
    """Finalize, Send, Mark as paid, Void."""
    if move not in _MOVES:
        raise not_found("action")
    chosen, said = _MOVES[move]
    here = _at("invoice", invoice_id)
    try:
        async with database.transaction() as tx:
            await chosen(tx, one.caller, ids, InvoiceId(invoice_id))
    except Problem as problem:
        reasons = told_of(problem)
        return one.told(here, reasons, tone="danger")
    return RedirectResponse(here, 303) if said is None else one.told(here, said)


@router.get("/records/{record_id}")
async def open_record(one: AVisit, record_id: UUID, database: TheDatabase) -> Response:
    """On to the record of this id, whichever kind it is."""
    company = one.caller.company.id
    async with database.transaction() as tx:
        if await customers_store.find_customer(tx, company, CustomerId(record_id)):
            return RedirectResponse(_at("customer", record_id), 303)
        if await items_store.find_item(tx, company, ItemId(record_id)):
            return RedirectResponse(_at("item", record_id), 303)
        if await invoices_store.find_invoice(tx, company, InvoiceId(record_id)):
            return RedirectResponse(_at("invoice", record_id), 303)
    raise not_found("record")


def _at(entity: Entity, record_id: UUID) -> str:
    return f"/{entity}s/{record_id}"
