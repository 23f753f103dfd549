"""Items at a provider, for whoever has to say which of them one of ours is."""

from typing import Annotated
from uuid import UUID

from contracts.ids import RecordId
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from sync_orchestrator.handlers import remote_items
from sync_orchestrator.http.callers import TheCompany, TheParts, TheProvider
from sync_orchestrator.store import remote_items_store
from sync_orchestrator.store.remote_items_store import Choosable
from sync_orchestrator.store.review_store import Wanted

router = APIRouter(prefix="/integrations/{provider}/remote-items")


@router.get("")
async def list_items(
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    q: Annotated[str | None, Query(max_length=200)] = None,
    item: Annotated[UUID | None, Query()] = None,
    refresh: Annotated[bool, Query()] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> JSONResponse:
    """What is known at once, by name, those like `item` first.

    Where it isn't known or is old the provider is asked meanwhile; `refresh` has it asked anyway.
    """
    pattern = Wanted((q or "").strip() or None).pattern
    record = None if item is None else RecordId(item)
    async with parts.database.transaction() as tx:
        looked = await remote_items.look(tx, parts.tools, company, provider, refresh=refresh)
        rows = await remote_items_store.choosable(
            tx, looked.connection.id, pattern, record, limit + 1, cursor
        )
    known, loading = looked.known, looked.is_loading
    as_of = None if known is None else known.as_of
    return JSONResponse(
        {
            "data": [_row(row) for row in rows[:limit]],
            "next_cursor": str(cursor + limit) if len(rows) > limit else None,
            "as_of": None if as_of is None else as_of.isoformat(),
            "refreshing": loading,
            "slow": looked.is_slow,
            "loaded": known.loaded if known is not None and loading else None,
            "accounts_offered": looked.connection.facts.offers_accounts,
            "expected": known.total if known is not None and loading else None,
        }
    )


def _row(row: Choosable) -> dict[str, object]:
    linked = row.linked_to
    return {
        "remote_id": row.item.id,
        "name": row.item.name,
        "sku": row.item.sku,
        "unit_price": None if row.item.unit_price is None else f"{row.item.unit_price:f}",
        "account": row.account,
        "account_id": row.item.income_account_id,
        "alike": row.alike,
        "linked_to": None if linked is None else {"item_id": str(linked), "name": row.linked_name},
    }
