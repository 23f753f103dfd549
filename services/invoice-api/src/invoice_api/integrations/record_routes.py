"""What a person asks for one record: `/invoices/{id}/sync`, `/actions/{action}`, and the like."""

from typing import Annotated, Any
from uuid import UUID

from contracts.ids import Entity
from fastapi import APIRouter, Depends, Request, Response

from invoice_api.accounts.authentication import Reader, Writer
from invoice_api.http.answers import Answer, answer
from invoice_api.http.bodies import JsonBody
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.idempotency import key_of, once_outside
from invoice_api.integrations.commands import Desk
from invoice_api.integrations.connections import TheProvider
from invoice_api.integrations.schemas import (
    AuthorizeShown,
    PreflightShown,
    StartsShown,
    TimelineShown,
    WantedAction,
    WantedSync,
    WantedSyncs,
)
from invoice_api.peers.connectors import TheConnectors
from invoice_api.peers.orchestrator import TheOrchestrator
from invoice_api.sync_status.schemas import SyncAnswer

router = APIRouter(tags=["sync"])

_TO_SIGN_IN: dict[int | str, dict[str, Any]] = {200: {"model": AuthorizeShown}}
"""Reconnect answers at once, with where the browser goes."""


async def desk_of(
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    connectors: TheConnectors,
    clock: TheClock,
    ids: TheIds,
) -> Desk:
    return Desk(database, orchestrator, connectors, clock, ids)


TheDesk = Annotated[Desk, Depends(desk_of)]

_KINDS: dict[str, Entity] = {"customers": "customer", "items": "item", "invoices": "invoice"}


async def entity_of(request: Request) -> Entity:
    """Which kind of record the path is about."""
    return next(_KINDS[part] for part in request.url.path.split("/") if part in _KINDS)


TheEntity = Annotated[Entity, Depends(entity_of)]


@router.post("/invoices/sync", status_code=202, response_model=StartsShown)
async def sync_selection(
    caller: Writer, body: Annotated[WantedSyncs, Depends(JsonBody(WantedSyncs))], desk: TheDesk
) -> Response:
    """Sync a selection: each started, or the reason why not."""
    started = await desk.sync_selection(caller, body.provider, body.ids)
    return answer(202, started).response()


@router.get("/invoices/{invoice_id}/preflight", response_model=PreflightShown)
async def preflight(
    caller: Reader, invoice_id: UUID, provider: TheProvider, desk: TheDesk
) -> Response:
    """What would stop it, computed without calling the provider."""
    shown = await desk.preflight(caller, provider, invoice_id)
    return answer(200, shown).response()


@router.post("/customers/{record_id}/sync", status_code=202, response_model=SyncAnswer)
@router.post("/items/{record_id}/sync", status_code=202, response_model=SyncAnswer)
@router.post("/invoices/{record_id}/sync", status_code=202, response_model=SyncAnswer)
async def sync(
    request: Request,
    caller: Writer,
    entity: TheEntity,
    record_id: UUID,
    body: Annotated[WantedSync, Depends(JsonBody(WantedSync))],
    desk: TheDesk,
) -> Response:
    """Sync one record now. What is synced already stays as it is."""

    async def work() -> Answer:
        return answer(202, await desk.sync(caller, body.provider, entity, record_id))

    key = await key_of(request)
    return (await once_outside(desk.database, caller.company.id, key, work)).response()


@router.post(
    "/customers/{record_id}/actions/{action}",
    status_code=202,
    response_model=SyncAnswer,
    responses=_TO_SIGN_IN,
)
@router.post(
    "/items/{record_id}/actions/{action}",
    status_code=202,
    response_model=SyncAnswer,
    responses=_TO_SIGN_IN,
)
@router.post(
    "/invoices/{record_id}/actions/{action}",
    status_code=202,
    response_model=SyncAnswer,
    responses=_TO_SIGN_IN,
)
async def act(
    request: Request,
    caller: Writer,
    entity: TheEntity,
    record_id: UUID,
    action: str,
    body: Annotated[WantedAction, Depends(JsonBody(WantedAction))],
    desk: TheDesk,
) -> Response:
    """Do what one of the badge's `actions` or a cause's `fixes` says."""

    async def work() -> Answer:
        done = await desk.act(caller, body.provider, entity, record_id, action, body.fields)
        return answer(200 if isinstance(done, AuthorizeShown) else 202, done)

    key = await key_of(request)
    return (await once_outside(desk.database, caller.company.id, key, work)).response()


@router.get("/customers/{record_id}/timeline", response_model=TimelineShown)
@router.get("/items/{record_id}/timeline", response_model=TimelineShown)
@router.get("/invoices/{record_id}/timeline", response_model=TimelineShown)
async def timeline(
    caller: Reader, entity: TheEntity, record_id: UUID, provider: TheProvider, desk: TheDesk
) -> Response:
    """Every event, decision, attempt and answer at a provider, oldest first."""
    return answer(200, await desk.timeline(caller, provider, entity, record_id)).response()
