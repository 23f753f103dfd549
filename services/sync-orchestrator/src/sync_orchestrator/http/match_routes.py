"""Books match by month."""

from typing import Annotated

from contracts.commands import Origin
from contracts.money import round_amount
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from sync_orchestrator.domain.matching import Mismatch
from sync_orchestrator.handlers import matching
from sync_orchestrator.http.callers import TheCompany, TheParts, TheProvider, Writer
from sync_orchestrator.http.runs_routes import shown
from sync_orchestrator.http.schemas import VerifyTaken
from sync_orchestrator.store.match_store import Check

router = APIRouter(prefix="/integrations/{provider}/match")

Month = Annotated[str, Query(max_length=10)]


@router.get("")
async def match(
    company: TheCompany, provider: TheProvider, parts: TheParts, month: Month
) -> JSONResponse:
    """How many invoices should be there and are, both totals, and each exception."""
    async with parts.database.transaction() as tx:
        found = await matching.match(tx, company, provider, month)
    compared = found.match
    return JSONResponse(
        {
            "month": month,
            "expected": compared.expected,
            "there": compared.there,
            "matched": compared.matched,
            "totals": [
                {
                    "currency": currency,
                    "here": str(round_amount(here, currency)),
                    "there": str(round_amount(there, currency)),
                }
                for currency, (here, there) in sorted(compared.totals.items())
            ],
            "not_expected": compared.not_expected,
            "data": [_mismatch(one) for one in compared.mismatches],
            "verified_at": found.verified_at,
            "last_check": None if found.last is None else _check(found.last),
            "verifying": None if found.verifying is None else str(found.verifying),
        }
    )


@router.post("/verify", status_code=202)
async def verify(
    caller: Writer,
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    month: Month,
    body: VerifyTaken,
) -> JSONResponse:
    """Read each of the month's invoices at the provider once; a run."""
    origin = Origin(by="person", name=body.user_name, user_id=caller.user)
    async with parts.database.transaction() as tx:
        run = await matching.verify(tx, parts.tools, company, provider, month, origin)
    return JSONResponse({"run": shown(run)}, status_code=202)


def _check(last: Check) -> dict[str, object]:
    return {
        "at": last.at,
        "asked": last.asked,
        "read": last.read,
        "unread": [
            {
                "record_id": str(one.record_id),
                "number": one.number,
                "date": one.dated.isoformat(),
            }
            for one in last.unread
        ],
    }


def _mismatch(one: Mismatch) -> dict[str, object]:
    entry, there = one.entry, one.entry.total_there
    return {
        "record_id": str(entry.record_id),
        "number": entry.number,
        "date": entry.dated.isoformat(),
        "reason": one.reason,
        "cause": None if entry.cause is None else entry.cause.model_dump(mode="json"),
        "currency": entry.currency,
        "total": str(entry.total),
        "total_there": None if there is None else str(round_amount(there, entry.currency)),
    }
