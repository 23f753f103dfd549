"""`/integrations/{provider}/remote-customers` and `/customers/{id}/links/{provider}`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from invoice_api.accounts.authentication import Reader, Writer
from invoice_api.customer_imports import service, undoing
from invoice_api.customer_imports.schemas import (
    ImportAnswer,
    LinkAnswer,
    Result,
    RowsShown,
    UndoneShown,
    WantedImport,
    WantedLink,
)
from invoice_api.http.answers import Answer, answer
from invoice_api.http.bodies import JsonBody
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.idempotency import key_of, once_outside
from invoice_api.integrations.connections import TheProvider
from invoice_api.integrations.record_routes import TheEntity
from invoice_api.integrations.routes import NoBody
from invoice_api.peers.orchestrator import TheOrchestrator
from invoice_api.runs.schemas import RunAnswer

router = APIRouter(tags=["customers"])
_LIST = "/integrations/{provider}/remote-customers"


@router.post(_LIST + "/load", status_code=202, response_model=RunAnswer)
async def load(
    caller: Writer,
    provider: TheProvider,
    _body: NoBody,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
) -> Response:
    """Start loading the provider's customers, or join the load under way."""
    run = await service.load(database, orchestrator, clock, caller, provider)
    return answer(202, run).response()


@router.get(_LIST)
async def review(
    request: Request,
    caller: Reader,
    provider: TheProvider,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
) -> Response:
    """Customers there by name: `q`, `filter`, `limit`, `cursor` or `before`; with counts, what is
    selected of all, and the load."""
    params = dict(request.query_params)
    told = await service.review(database, orchestrator, caller, provider, params)
    return Answer(200, told.text, {}).response()


@router.put(_LIST + "/choices")
async def choose(
    request: Request,
    caller: Writer,
    provider: TheProvider,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
) -> Response:
    """Keep what was chosen: `customers` one by one (`kind`, `link_to`, `as_new`, `picked`), or
    `kind` and `picked` for all that `matching` shows."""
    body = await request.body()
    told = await service.choose(database, orchestrator, caller, provider, body)
    return Answer(200, told.text, {}).response()


@router.post(_LIST + "/import", status_code=202, response_model=ImportAnswer)
async def start(
    request: Request,
    caller: Writer,
    provider: TheProvider,
    body: Annotated[WantedImport, Depends(JsonBody(WantedImport))],
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
    ids: TheIds,
) -> Response:
    """Import Selected: a run. Who is known already is linked, not made twice."""

    async def work() -> Answer:
        made = await service.start(database, orchestrator, clock, ids, caller, provider, body)
        return answer(202, made)

    key = await key_of(request)
    return (await once_outside(database, caller.company.id, key, work)).response()


@router.get("/imports/customers/{run_id}", response_model=RowsShown)
async def rows(
    caller: Reader,
    run_id: UUID,
    database: TheDatabase,
    result: Annotated[Result | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:
    """What became of each customer of an import."""
    shown = await service.rows(database, caller, run_id, result, limit, cursor)
    return answer(200, shown).response()


@router.post("/imports/customers/{run_id}/undo", response_model=UndoneShown)
async def undo(
    caller: Writer,
    run_id: UUID,
    _body: NoBody,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
) -> Response:
    """Take back the customers it made and the links it set, where nobody relies on them by now;
    nothing changes at the provider. 409 `import_running` while it is under way."""
    done = await undoing.undo(database, orchestrator, caller, run_id)
    return answer(200, done).response()


@router.get("/integrations/{provider}/remote-items")
async def remote_items(
    request: Request,
    caller: Reader,
    provider: TheProvider,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
) -> Response:
    """Items there that can be invoiced, by name: `q`, `item` (those like it first), `limit`,
    `cursor`. What is known at once, with `as_of`; an old list is read anew meanwhile, with
    `refresh` any."""
    params = dict(request.query_params)
    told = await service.remote_items(database, orchestrator, caller, provider, params)
    return Answer(200, told.text, {}).response()


@router.put("/customers/{record_id}/links/{provider}", response_model=LinkAnswer)
@router.put("/items/{record_id}/links/{provider}", response_model=LinkAnswer)
async def link(
    caller: Writer,
    entity: TheEntity,
    record_id: UUID,
    provider: TheProvider,
    body: Annotated[WantedLink, Depends(JsonBody(WantedLink))],
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
) -> Response:
    """Link to an existing record there; what waited for it goes on."""
    linked = await service.link(
        database, orchestrator, clock, caller, provider, entity, record_id, body.remote_id
    )
    return answer(200, linked).response()


@router.delete("/customers/{record_id}/links/{provider}", response_model=LinkAnswer)
@router.delete("/items/{record_id}/links/{provider}", response_model=LinkAnswer)
async def unlink(
    caller: Writer,
    entity: TheEntity,
    record_id: UUID,
    provider: TheProvider,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
) -> Response:
    """Take the link away; the record there stays as it is."""
    done = await service.link(
        database, orchestrator, clock, caller, provider, entity, record_id, None
    )
    return answer(200, done).response()


@router.get("/customers/{customer_id}/lookalikes")
async def lookalikes(
    caller: Reader,
    customer_id: UUID,
    provider: TheProvider,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
) -> Response:
    """Customers there that this one could be, and why."""
    told = await service.lookalikes(database, orchestrator, caller, provider, customer_id)
    return Answer(200, told.text, {}).response()
