"""Buttons on a record: sync, send, void, and what a cause's fixes offer."""

from typing import get_args
from uuid import UUID

from contracts.causes import Action
from contracts.ids import Entity, InvoiceId
from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from invoice_api.http.dependencies import TheDatabase, TheIds
from invoice_api.http.problems import not_found
from invoice_api.integrations.connections import provider_of
from invoice_api.integrations.record_routes import TheDesk, TheEntity
from invoice_api.integrations.schemas import AuthorizeShown
from invoice_api.invoices import service as invoices
from invoice_api.web.sessions import AForm, AWrite

router = APIRouter(include_in_schema=False)

_MOVES = {"finalize": invoices.finalize, "send": invoices.send, "void": invoices.void}
_OURS = frozenset({"csrf", "provider"})


@router.post("/{kind}/{record_id}/sync")
async def sync(
    one: AWrite, form: AForm, entity: TheEntity, record_id: UUID, desk: TheDesk
) -> Response:
    """The gray button."""
    await desk.sync(one.caller, provider_of(form.get("provider", "")), entity, record_id)
    return _back(entity, record_id)


@router.post("/{kind}/{record_id}/actions/{action}")
async def act(
    one: AWrite, form: AForm, entity: TheEntity, record_id: UUID, action: str, desk: TheDesk
) -> Response:
    """A fix, Try again, Ignore and the like."""
    if action not in get_args(Action):
        raise not_found("action")
    fields = {name: value for name, value in form.items() if name not in _OURS}
    provider = provider_of(form.get("provider", ""))
    done = await desk.act(one.caller, provider, entity, record_id, action, fields)
    if isinstance(done, AuthorizeShown):
        return RedirectResponse(f"/integrations/{provider}/connect", 303)
    return _back(entity, record_id)


@router.post("/invoices/{invoice_id}/{move}")
async def move(
    one: AWrite, invoice_id: UUID, move: str, database: TheDatabase, ids: TheIds
) -> Response:
    """Finalize, Send, Void."""
    chosen = _MOVES.get(move)
    if chosen is None:
        raise not_found("action")
    async with database.transaction() as tx:
        await chosen(tx, one.caller, ids, InvoiceId(invoice_id))
    return _back("invoice", invoice_id)


def _back(entity: Entity, record_id: UUID) -> Response:
    return RedirectResponse(f"/{entity}s/{record_id}", 303)
