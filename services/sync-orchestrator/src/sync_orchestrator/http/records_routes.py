"""One record in one connection: sync, actions, preflight, timeline."""

from typing import Annotated
from uuid import UUID

from contracts.ids import Entity, RecordId, RemoteId
from contracts.sync import RecordState
from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from messaging.internal import Caller
from pydantic import ValidationError

from sync_orchestrator.domain.records import Snapshot, record_id
from sync_orchestrator.handlers import actions, forgetting, linking, people
from sync_orchestrator.handlers import preflight as preflight_handler
from sync_orchestrator.handlers.people import Wish
from sync_orchestrator.handlers.places import read_current
from sync_orchestrator.handlers.refusals import FieldProblem, invalid, not_found
from sync_orchestrator.http.callers import (
    TheCompany,
    TheParts,
    TheProvider,
    Writer,
    provider_of,
)
from sync_orchestrator.http.schemas import ForgetTaken, RecordTaken, WishTaken
from sync_orchestrator.http.timeline import told
from sync_orchestrator.store import history_store, records_store

router = APIRouter(prefix="/records/{entity}/{record}")
all_records = APIRouter(prefix="/records")


@all_records.post("/customer/forget")
async def forget(
    caller: Writer, company: TheCompany, parts: TheParts, body: ForgetTaken
) -> JSONResponse:
    """Forget customers that an import made and that were taken back; how many, and who stays."""
    ids = [RecordId(customer) for customer in body.customers]
    async with parts.database.transaction() as tx:
        count, kept = await forgetting.forget(tx, parts.tools, company, ids)
    stay = [
        {"customer_id": str(one.customer), "provider": one.provider, "linked": one.linked}
        for one in kept
    ]
    return JSONResponse({"forgotten": count, "kept": stay})


def entity_of(entity: str) -> Entity:
    """The kind of record in the path. Raises a 404 for any other word."""
    match entity:
        case "customer" | "item" | "invoice":
            return entity
        case _:
            raise not_found("kind of record")


TheEntity = Annotated[Entity, Depends(entity_of)]


@router.post("/sync", status_code=202)
async def sync(
    caller: Writer,
    company: TheCompany,
    entity: TheEntity,
    record: UUID,
    parts: TheParts,
    body: WishTaken,
) -> JSONResponse:
    """Have it be there. What is there already stays as it is; what is blocked says why."""
    wish = _wish(caller, company, provider_of(body.provider), entity, record, body)
    async with parts.database.transaction() as tx:
        state = await people.sync(tx, parts.tools, wish)
    return _state(state)


@router.post("/actions/{action}", status_code=202)
async def act(
    caller: Writer,
    company: TheCompany,
    entity: TheEntity,
    record: UUID,
    action: str,
    parts: TheParts,
    body: WishTaken,
) -> JSONResponse:
    """Do what a button of its badge or of a fix says."""
    wish = _wish(caller, company, provider_of(body.provider), entity, record, body)
    async with parts.database.transaction() as tx:
        state = await actions.act(tx, parts.tools, wish, action, body.fields)
    return _state(state)


@router.put("/link")
async def link(
    caller: Writer,
    company: TheCompany,
    entity: TheEntity,
    record: UUID,
    parts: TheParts,
    body: WishTaken,
) -> JSONResponse:
    """Link to the record there that `remote_id` names."""
    wish = _wish(caller, company, provider_of(body.provider), entity, record, body)
    remote = body.fields.get("remote_id")
    if not isinstance(remote, str) or not remote.strip() or len(remote) > 100:
        raise invalid(FieldProblem("remote_id", "is required: the id of a record there"))
    async with parts.database.transaction() as tx:
        state, before = await linking.link(tx, parts.tools, wish, RemoteId(remote.strip()))
    return JSONResponse({"state": state.model_dump(mode="json"), "before": before})


@router.post("/unlink")
async def unlink(
    caller: Writer,
    company: TheCompany,
    entity: TheEntity,
    record: UUID,
    parts: TheParts,
    body: WishTaken,
) -> JSONResponse:
    """Take the link away, with `remote_id` only if it is to that one; nothing changes there."""
    wish = _wish(caller, company, provider_of(body.provider), entity, record, body)
    only = body.fields.get("remote_id")
    remote = RemoteId(only) if isinstance(only, str) else None
    async with parts.database.transaction() as tx:
        state, before = await linking.unlink(tx, parts.tools, wish, remote)
    return JSONResponse({"state": state.model_dump(mode="json"), "before": before})


@router.post("/lookalikes")
async def lookalikes(
    caller: Writer,
    company: TheCompany,
    entity: TheEntity,
    record: UUID,
    parts: TheParts,
    body: WishTaken,
) -> JSONResponse:
    """Who there it could be."""
    wish = _wish(caller, company, provider_of(body.provider), entity, record, body)
    async with parts.database.transaction() as tx:
        found = await linking.lookalikes(tx, parts.tools, wish)
    return JSONResponse(
        {
            "data": [
                {
                    "remote_id": one.remote_id,
                    "name": one.name,
                    "email": one.email,
                    "active": one.active,
                    "why": "same e-mail and name"
                    if one.same_email and one.same_name
                    else "same e-mail"
                    if one.same_email
                    else "same name",
                }
                for one in found
            ]
        }
    )


@router.post("/preflight")
async def preflight(
    caller: Writer,
    company: TheCompany,
    entity: TheEntity,
    record: UUID,
    provider: Annotated[str, Query()],
    parts: TheParts,
    body: RecordTaken,
) -> JSONResponse:
    """What stands in its way, without asking the provider and without changing anything."""
    wish = _wish(caller, company, provider_of(provider), entity, record, body)
    async with parts.database.transaction() as tx:
        found = await preflight_handler.preflight(tx, parts.tools, wish)
    return JSONResponse(
        {
            "ready": not found.problems,
            "problems": [cause.model_dump(mode="json") for cause in found.problems],
            "notes": [cause.model_dump(mode="json") for cause in found.notes],
        }
    )


@router.get("/timeline")
async def timeline(
    company: TheCompany,
    entity: TheEntity,
    record: UUID,
    provider: TheProvider,
    parts: TheParts,
) -> JSONResponse:
    """Everything that happened to it in the connection, the oldest first."""
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        owner = await records_store.owner(tx, entity, RecordId(record))
        if owner is not None and owner != company:
            raise not_found(entity)
        rows = await history_store.timeline(tx, company, connection.id, entity, RecordId(record))
    return JSONResponse({"data": told(rows, provider)})


def _wish(
    caller: Caller,
    company: TheCompany,
    provider: TheProvider,
    entity: Entity,
    record: UUID,
    body: RecordTaken,
) -> Wish:
    """Raises a 422 where `record` isn't the record of the path."""
    snapshot = _snapshot(entity, body)
    if record_id(snapshot) != record:
        raise invalid(FieldProblem("record.id", "isn't the record of this address"))
    needs: tuple[Snapshot, ...] = body.needs.items
    if body.needs.customer is not None:
        needs = (body.needs.customer, *needs)
    return Wish(
        company=company,
        provider=provider,
        entity=entity,
        record_id=RecordId(record),
        record=snapshot,
        needs=needs,
        user=caller.user,
        user_name=body.user_name,
    )


def _snapshot(entity: Entity, body: RecordTaken) -> Snapshot:
    try:
        return records_store.snapshot_from_value(entity, body.record)
    except ValidationError as error:
        raise invalid(
            *(
                FieldProblem("record." + ".".join(str(part) for part in e["loc"]), e["msg"])
                for e in error.errors()
            )
        ) from None


def _state(state: RecordState) -> JSONResponse:
    return JSONResponse({"state": state.model_dump(mode="json")}, status_code=202)
