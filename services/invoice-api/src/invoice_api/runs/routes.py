"""`/runs`: progress of an import, a load, a Sync Now or a fixed group."""

from uuid import UUID

from fastapi import APIRouter, Response

from invoice_api.accounts.authentication import Reader, Writer
from invoice_api.http.answers import answer
from invoice_api.http.dependencies import TheClock, TheDatabase
from invoice_api.peers.orchestrator import TheOrchestrator
from invoice_api.runs import service
from invoice_api.runs.schemas import RunAnswer, RunShown, RunsShown

router = APIRouter(tags=["runs"])


@router.get("/runs", response_model=RunsShown)
async def list_runs(caller: Reader, database: TheDatabase, clock: TheClock) -> Response:
    """The company's newest runs, those under way first."""
    return answer(200, await service.list_runs(database, clock, caller)).response()


@router.get("/runs/{run_id}", response_model=RunShown)
async def get_run(
    caller: Reader,
    run_id: UUID,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
) -> Response:
    """How far it is: done, failed, left of the total, about until when, and by state."""
    run = await service.find_run(database, orchestrator, clock, caller, run_id)
    return answer(200, run).response()


@router.post("/runs/{run_id}/cancel", status_code=202, response_model=RunAnswer)
async def cancel_run(
    caller: Writer,
    run_id: UUID,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
) -> Response:
    """Stop it: nothing more is begun, what is in flight finishes."""
    run = await service.cancel_run(database, orchestrator, clock, caller, run_id)
    return answer(202, RunAnswer(run=run)).response()
