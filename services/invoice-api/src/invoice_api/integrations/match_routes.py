"""`/integrations/{provider}/match`, and the settings' dry run."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from invoice_api.accounts.authentication import Reader, Writer
from invoice_api.http.answers import answer
from invoice_api.http.csv_answers import list_answer
from invoice_api.http.dependencies import TheClock, TheDatabase
from invoice_api.integrations import matching
from invoice_api.integrations.connections import TheProvider
from invoice_api.integrations.routes import NoBody
from invoice_api.integrations.schemas import MatchShown, SettingsCounts
from invoice_api.peers.orchestrator import TheOrchestrator
from invoice_api.runs.schemas import RunAnswer

router = APIRouter(tags=["integrations"])

Month = Annotated[str, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="YYYY-MM")]


@router.get("/integrations/{provider}/match", response_model=MatchShown)
async def match(
    request: Request,
    caller: Reader,
    provider: TheProvider,
    month: Month,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
) -> Response:
    """Books match: what should be there, what is, both totals, and each exception."""
    shown = await matching.match(database, orchestrator, clock, caller, provider, month)
    return list_answer(request, shown)


@router.post("/integrations/{provider}/match/verify", status_code=202, response_model=RunAnswer)
async def verify(
    caller: Writer,
    provider: TheProvider,
    month: Month,
    _body: NoBody,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
) -> Response:
    """Read each of the month's invoices there once, and find what was altered there; a run."""
    done = await matching.verify(database, orchestrator, clock, caller, provider, month)
    return answer(202, done).response()


@router.get("/integrations/{provider}/settings/dry-run", response_model=SettingsCounts)
async def count_settings(
    request: Request,
    caller: Reader,
    provider: TheProvider,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
) -> Response:
    """What settings would send if they were saved so, before they are."""
    params = dict(request.query_params)
    shown = await matching.count_settings(database, orchestrator, caller, provider, params)
    return answer(200, shown).response()
