"""Sync Now and the progress of runs."""

from typing import Annotated
from uuid import UUID

from contracts.commands import Origin
from contracts.ids import RecordId
from contracts.sync import RunProgress
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from sync_orchestrator.handlers import remote_customers, running
from sync_orchestrator.handlers.places import read_current
from sync_orchestrator.http.callers import TheCompany, TheParts, TheProvider, Writer
from sync_orchestrator.http.schemas import SyncNowTaken
from sync_orchestrator.store import companies_store, runs_store

router = APIRouter()

RUN_KINDS = ("sync_now", "fix", "retry", "ignore", "unignore", "verify")


@router.post("/integrations/{provider}/sync", status_code=202)
async def sync_now(
    caller: Writer,
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    body: SyncNowTaken,
) -> JSONResponse:
    """Start a run, or join the one under way."""
    origin = Origin(by="person", name=body.user_name, user_id=caller.user)
    async with parts.database.transaction() as tx:
        run, joined = await running.start_sync_now(
            tx,
            parts.tools,
            company,
            provider,
            body.kinds,
            origin,
            [RecordId(invoice) for invoice in body.told],
        )
    return JSONResponse({"run": shown(run), "joined": joined}, status_code=202)


@router.get("/integrations/{provider}/sync/dry-run")
async def count(company: TheCompany, provider: TheProvider, parts: TheParts) -> JSONResponse:
    """What a Sync Now would take of each kind, and what it leaves out."""
    async with parts.database.transaction() as tx:
        counts = await running.count_sync_now(tx, company, provider)
    return JSONResponse(counts)


@router.get("/integrations/{provider}/runs")
async def list_runs(
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    kind: Annotated[list[str] | None, Query()] = None,
) -> JSONResponse:
    """Runs of the connection that are under way, the newest first."""
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        now = await companies_store.now(tx)
        found = await runs_store.of_connection(tx, connection.id, now, kind or RUN_KINDS)
        rows = [shown(await running.show(tx, company, run.id)) for run in found]
    return JSONResponse({"data": rows})


@router.get("/runs/{run_id}")
async def get_run(company: TheCompany, run_id: UUID, parts: TheParts) -> JSONResponse:
    """How far a run is, from the states its records are in now."""
    async with parts.database.transaction() as tx:
        run = await remote_customers.show(tx, company, run_id)
        if run is None:
            run = await running.show(tx, company, run_id)
    return JSONResponse({"run": shown(run)})


@router.post("/runs/{run_id}/cancel", status_code=202)
async def cancel_run(
    caller: Writer, company: TheCompany, run_id: UUID, parts: TheParts
) -> JSONResponse:
    """Ask for no more of its records; what is in flight finishes."""
    async with parts.database.transaction() as tx:
        now = await companies_store.now(tx)
        run = await remote_customers.cancel(tx, company, run_id, now)
        if run is None:
            run = await running.cancel(tx, company, run_id)
    return JSONResponse({"run": shown(run)}, status_code=202)


def shown(run: RunProgress) -> dict[str, object]:
    return run.model_dump(mode="json")
