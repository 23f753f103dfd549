"""Groups of problems: act on a whole one; what is ignored, and what ignoring stops."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from invoice_api.accounts.authentication import Reader, Writer
from invoice_api.http.answers import Answer, answer
from invoice_api.http.bodies import JsonBody
from invoice_api.http.csv_answers import list_answer
from invoice_api.http.dependencies import TheDatabase
from invoice_api.http.idempotency import key_of, once_outside
from invoice_api.integrations import groups
from invoice_api.integrations.connections import TheProvider
from invoice_api.integrations.record_routes import TheDesk, TheEntity
from invoice_api.integrations.schemas import IgnoredShown, StopsShown, WantedGroup
from invoice_api.peers.orchestrator import TheOrchestrator
from invoice_api.runs.schemas import RunAnswer

router = APIRouter(tags=["sync"])


@router.post(
    "/integrations/{provider}/causes/{group}/{action}", status_code=202, response_model=RunAnswer
)
async def act_on_group(
    request: Request,
    caller: Writer,
    provider: TheProvider,
    group: str,
    action: str,
    body: Annotated[WantedGroup, Depends(JsonBody(WantedGroup, or_nothing=True))],
    desk: TheDesk,
) -> Response:
    """`fix`, `retry`, `ignore` or `unignore` a group, or `records` of it; who and why are kept."""
    verb = groups.verb_of(action)

    async def work() -> Answer:
        done = await groups.act(desk, caller, provider, group, verb, body)
        return answer(200 if isinstance(done, StopsShown) else 202, done)

    key = await key_of(request)
    return (await once_outside(desk.database, caller.company.id, key, work)).response()


@router.get("/integrations/{provider}/ignored", response_model=IgnoredShown)
async def list_ignored(
    request: Request,
    caller: Reader,
    provider: TheProvider,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """What people told us to leave alone: who, when and why."""
    params = {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
    shown = await groups.ignored(database, orchestrator, caller, provider, params)
    return list_answer(request, shown)


@router.get("/customers/{record_id}/stops", response_model=StopsShown)
@router.get("/items/{record_id}/stops", response_model=StopsShown)
async def stops(
    caller: Reader,
    entity: TheEntity,
    record_id: UUID,
    provider: TheProvider,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
) -> Response:
    """The invoices that ignoring this record would stop."""
    shown = await groups.stops(database, orchestrator, caller, provider, entity, record_id)
    return answer(200, shown).response()
