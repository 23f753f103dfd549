"""`/events`: server-sent events of the company, in JSON."""

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated
from uuid import UUID

from contracts.ids import Entity
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from messaging.clock import Clock
from messaging.database import Database

from invoice_api.accounts import service as accounts
from invoice_api.accounts.authentication import Reader
from invoice_api.accounts.caller import Caller
from invoice_api.http.dependencies import TheClock, TheDatabase
from invoice_api.http.problems import invalid_field
from invoice_api.live.hub import Change, Hub, TheHub

MAX_WATCHED = 200
HEARTBEAT_SECONDS = 15.0

router = APIRouter(tags=["live"])

Ids = Annotated[list[UUID] | None, Query()]


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(
    caller: Reader,
    hub: TheHub,
    database: TheDatabase,
    clock: TheClock,
    invoice: Ids = None,
    customer: Ids = None,
    item: Ids = None,
) -> StreamingResponse:
    """First the badges of the records named, as they are; then every change of the company."""
    wanted = wanted_records(invoice, customer, item)
    return StreamingResponse(
        _stream(caller, hub, database, clock, wanted),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


def wanted_records(
    invoice: Sequence[UUID] | None, customer: Sequence[UUID] | None, item: Sequence[UUID] | None
) -> list[tuple[Entity, UUID]]:
    """The records a stream begins with. Raises 422 for too many."""
    named: list[tuple[Entity, UUID]] = [
        *(("invoice", one) for one in invoice or ()),
        *(("customer", one) for one in customer or ()),
        *(("item", one) for one in item or ()),
    ]
    if len(named) > MAX_WATCHED:
        raise invalid_field("invoice", f"may name up to {MAX_WATCHED} records")
    return list(dict.fromkeys(named))


async def changes(
    caller: Caller, hub: Hub, database: Database, clock: Clock, wanted: list[tuple[Entity, UUID]]
) -> AsyncGenerator[Change | None]:
    """The present, then every change; None where a sign of life is due."""
    end = clock.elapsed() + hub.life_seconds
    async with hub.watch(caller) as watch:
        if wanted:
            async with database.transaction() as tx:
                present = await hub.current(tx, caller, wanted)
            for change in present:
                yield change
        yield None
        checked = clock.elapsed()
        while (left := end - clock.elapsed()) > 0:
            change = await watch.next(min(left, HEARTBEAT_SECONDS))
            if change is None:
                return
            if clock.elapsed() - checked >= HEARTBEAT_SECONDS:
                # Whoever was logged out or has another role now hears no more.
                async with database.transaction() as tx:
                    if not await accounts.still_holds(tx, caller):
                        return
                checked = clock.elapsed()
            yield None if change == "quiet" else change


async def _stream(
    caller: Caller, hub: Hub, database: Database, clock: Clock, wanted: list[tuple[Entity, UUID]]
) -> AsyncGenerator[str]:
    yield "retry: 1000\n\n"
    async for change in changes(caller, hub, database, clock, wanted):
        yield ": still here\n\n" if change is None else as_event(change.event, change.data)


def as_event(name: str, data: object) -> str:
    """One server-sent event; JSON text has no line breaks of its own."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
