"""Which of the provider's taxes local tax rates are."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from contracts.commands import NO_TAX
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from sync_orchestrator.handlers import tax_mapping
from sync_orchestrator.handlers.places import read_current
from sync_orchestrator.handlers.reviewing import refresh_accounts
from sync_orchestrator.http.callers import (
    IfMatch,
    Parts,
    TheCompany,
    TheParts,
    TheProvider,
    Writer,
    etag,
)
from sync_orchestrator.http.schemas import MAX_ROWS, Taken
from sync_orchestrator.store import tax_store
from sync_orchestrator.store.tax_store import TaxRow

router = APIRouter(prefix="/integrations/{provider}/tax-mapping")


class TaxRowTaken(Taken):
    """`rate` is a local tax rate's id, or `none` for lines without one."""

    rate: UUID | Literal["none"]
    name: Annotated[str, Field(max_length=255)]
    percent: Decimal
    tax_code: Annotated[str, Field(min_length=1, max_length=100)] | None


class TaxesTaken(Taken):
    items: Annotated[tuple[TaxRowTaken, ...], Field(max_length=MAX_ROWS)]


@router.get("")
async def get_taxes(
    company: TheCompany, provider: TheProvider, parts: TheParts, *, refresh: bool = False
) -> JSONResponse:
    """What is matched, the provider's taxes, and what it needs to be matched at all."""
    if refresh:
        async with parts.database.transaction() as tx:
            connection = await read_current(tx, company, provider)
            if connection.is_open:
                await refresh_accounts(tx, parts.tools, company, connection.id)
    return await _shown(parts, company, provider)


@router.put("")
async def put_taxes(
    caller: Writer,
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    if_match: IfMatch,
    body: TaxesTaken,
) -> JSONResponse:
    """Match the rates given; everything they held is decided in the same transaction."""
    rows = {
        str(row.rate): TaxRow(str(row.rate), row.name, row.percent, row.tax_code)
        for row in body.items
    }
    async with parts.database.transaction() as tx:
        await tax_mapping.change_taxes(
            tx,
            parts.tools,
            company,
            provider,
            list(rows.values()),
            caller.user,
            if_version=if_match,
        )
    return await _shown(parts, company, provider)


async def _shown(parts: Parts, company: TheCompany, provider: TheProvider) -> JSONResponse:
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        rows, version = await tax_store.of_connection(tx, connection.id)
        listed = await tax_store.codes(tx, connection.id)
    rules = connection.facts.taxes
    return JSONResponse(
        {
            "items": [
                {
                    "rate": row.rate,
                    "name": row.name,
                    "percent": str(row.percent),
                    "tax_code": row.tax_code,
                }
                for row in rows
            ],
            "no_tax": NO_TAX,
            "tax_codes": [code.model_dump(mode="json") for code in listed.codes],
            "matching": rules.matching,
            "set_up": rules.set_up,
            "works_tax_out": rules.rounding == "theirs",
            "as_of": None if listed.as_of is None else listed.as_of.isoformat(),
            "refreshing": listed.refreshing,
            "version": version,
        },
        headers=etag(version),
    )
