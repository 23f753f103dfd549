"""What other services' sweeps read: every state and mapping as it is now."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from sync_orchestrator.handlers.feeding import Place, read_states
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
    """A page of `SyncStateChanged` and `MappingChanged`; `end` when there is no more for now."""
    place = _place(after)
    async with parts.database.transaction() as tx:
        messages, following = await read_states(tx, place, limit)
    told = ",".join(message.model_dump_json() for message in messages)
    end = "true" if len(messages) < limit else "false"
    position = f"{following.xid}~{following.id}"
    body = f'{{"messages":[{told}],"next":"{position}","end":{end}}}'
    return Response(body, media_type="application/json")


def _place(after: str) -> Place:
    if after == "":
        return Place()
    xid, _, row = after.partition("~")
    if not xid.isdigit():
        raise invalid(FieldProblem("after", "isn't a place of this feed: leave it out to start"))
    return Place(int(xid), row)
