"""Income accounts of items, per provider."""

from contracts.ids import ItemId
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from sync_orchestrator.handlers import mapping as mapping_handler
from sync_orchestrator.handlers.places import read_current
from sync_orchestrator.http.callers import (
    IfMatch,
    Parts,
    TheCompany,
    TheParts,
    TheProvider,
    Writer,
    etag,
)
from sync_orchestrator.http.schemas import ApplyTaken, MappingTaken
from sync_orchestrator.store import mapping_store
from sync_orchestrator.store.mapping_store import MappingRow

router = APIRouter(prefix="/integrations/{provider}/account-mapping")


@router.get("")
async def get_mapping(company: TheCompany, provider: TheProvider, parts: TheParts) -> JSONResponse:
    """Every item we know of the company, with its account or null."""
    return await _shown(parts, company, provider)


@router.put("")
async def put_mapping(
    caller: Writer,
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    if_match: IfMatch,
    body: MappingTaken,
) -> JSONResponse:
    """Change the rows given; everything they held is decided in the same transaction."""
    rows = {
        row.item_id: MappingRow(ItemId(row.item_id), row.item_name, row.account_id)
        for row in body.items
    }
    async with parts.database.transaction() as tx:
        await mapping_handler.change_mapping(
            tx,
            parts.tools,
            company,
            provider,
            list(rows.values()),
            caller.user,
            if_version=if_match,
        )
    return await _shown(parts, company, provider)


@router.post("/apply-to-unmapped")
async def apply_to_unmapped(
    caller: Writer, company: TheCompany, provider: TheProvider, parts: TheParts, body: ApplyTaken
) -> JSONResponse:
    """Give exactly the items without an account this one."""
    async with parts.database.transaction() as tx:
        mapped = await mapping_handler.apply_to_unmapped(
            tx,
            parts.tools,
            company,
            provider,
            body.account_id,
            [(ItemId(item.item_id), item.item_name) for item in body.items],
            caller.user,
        )
    return JSONResponse({"mapped": mapped})


async def _shown(parts: Parts, company: TheCompany, provider: TheProvider) -> JSONResponse:
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        rows, version = await mapping_store.of_connection(tx, company, connection.id)
    items = [
        {"item_id": str(row.item_id), "item_name": row.item_name, "account_id": row.account_id}
        for row in rows
    ]
    return JSONResponse({"items": items, "version": version}, headers=etag(version))
