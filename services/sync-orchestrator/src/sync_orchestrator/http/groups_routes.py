"""Groups of problems: act on a whole one, see what ignoring stops, list what is ignored."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from contracts.ids import RecordId
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from sync_orchestrator.handlers import groups
from sync_orchestrator.handlers.groups import GroupWish, Verb
from sync_orchestrator.handlers.places import read_current
from sync_orchestrator.handlers.refusals import FieldProblem, invalid, not_found
from sync_orchestrator.http.callers import TheCompany, TheParts, TheProvider, Writer
from sync_orchestrator.http.records_routes import TheEntity
from sync_orchestrator.http.runs_routes import shown
from sync_orchestrator.http.schemas import GroupTaken
from sync_orchestrator.store import groups_store, records_store
from sync_orchestrator.store.groups_store import IgnoredRecord, Stopped

router = APIRouter()


@router.post("/integrations/{provider}/causes/{group}/{verb}", status_code=202)
async def act(
    caller: Writer,
    company: TheCompany,
    provider: TheProvider,
    group: str,
    verb: str,
    parts: TheParts,
    body: GroupTaken,
) -> JSONResponse:
    """A run over the group's records. `preview` of an ignore says what it would stop instead."""
    wish = GroupWish(
        company=company,
        provider=provider,
        group=group,
        verb=_verb(verb),
        action=body.action,
        fields=body.fields,
        records=body.records,
        mended=tuple((one.entity, RecordId(one.id)) for one in body.mended),
        user=caller.user,
        user_name=body.user_name,
    )
    async with parts.database.transaction() as tx:
        if body.preview:
            count, stops = await groups.stopped_by_group(tx, company, provider, group, body.records)
            return JSONResponse({"records": count, **_stops(stops)}, status_code=200)
        run = await groups.act(tx, parts.tools, wish)
    return JSONResponse({"run": shown(run)}, status_code=202)


@router.get("/integrations/{provider}/ignored")
async def list_ignored(
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> JSONResponse:
    """What people told us to leave alone: who, when and why; the newest first."""
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        rows = await groups_store.ignored(tx, connection.id, _place(cursor), limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return JSONResponse(
        {
            "data": [_ignored(row) for row in rows[:limit]],
            "next_cursor": None if last is None else f"{last.at.isoformat()}~{last.record_id}",
        }
    )


@router.get("/records/{entity}/{record}/stops")
async def stops(
    company: TheCompany, entity: TheEntity, record: UUID, provider: TheProvider, parts: TheParts
) -> JSONResponse:
    """The invoices that ignoring this customer or item would stop."""
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        owner = await records_store.owner(tx, entity, RecordId(record))
        if owner is not None and owner != company:
            raise not_found(entity)
        needed = [] if entity == "invoice" else [record]
        found = await groups_store.stopped_by(tx, company, connection.id, needed, groups.SHOWN)
    return JSONResponse(_stops(found))


def _verb(word: str) -> Verb:
    match word:
        case "fix" | "retry" | "ignore" | "unignore":
            return word
        case _:
            raise not_found("action")


def _place(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    at, _, last = cursor.partition("~")
    try:
        return datetime.fromisoformat(at.replace(" ", "+")), UUID(last)
    except ValueError:
        raise invalid(FieldProblem("cursor", "isn't one of ours")) from None


def _stops(stopped: Stopped) -> dict[str, object]:
    return {
        "count": stopped.count,
        "invoices": [
            {
                "id": str(invoice.id),
                "number": invoice.number,
                "total": None if invoice.total is None else str(invoice.total),
                "currency": invoice.currency,
            }
            for invoice in stopped.invoices
        ],
    }


def _ignored(row: IgnoredRecord) -> dict[str, object]:
    return {
        "entity": row.entity,
        "record_id": str(row.record_id),
        "record_name": row.name,
        "total": None if row.total is None else str(row.total),
        "currency": row.currency,
        "by": row.by,
        "why": row.why,
        "at": row.at.isoformat(),
        "group": row.group,
    }
