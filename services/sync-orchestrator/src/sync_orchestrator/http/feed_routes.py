"""What other services' sweeps read: every state and mapping as it is now."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from messaging.feeds import Entry, Position, read_page

from sync_orchestrator.handlers.feeding import read_states
from sync_orchestrator.handlers.refusals import FieldProblem, invalid
from sync_orchestrator.http.callers import Service, TheParts

router = APIRouter(prefix="/feed")


@router.get("/states")
async def states(
    caller: Service,
    parts: TheParts,
    after: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> Response:
    """A page of `SyncStateChanged` and `MappingChanged`, in the order of their last change."""
    async with parts.database.transaction() as tx:

        async def query(place: Position, before_xid: int, most: int) -> Sequence[Entry]:
            return await read_states(tx, place, before_xid, most)

        try:
            page = await read_page(tx, after, query, limit=limit)
        except ValueError as error:
            raise invalid(FieldProblem("after", str(error))) from None
    return Response(page.model_dump_json(), media_type="application/json")
