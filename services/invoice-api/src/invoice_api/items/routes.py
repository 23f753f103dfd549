"""`/items`."""

from typing import Annotated
from uuid import UUID

from contracts.ids import ItemId
from fastapi import APIRouter, Depends, Request, Response
from messaging.database import Tx

from invoice_api.accounts.authentication import Reader, Writer
from invoice_api.http.answers import Answer, answer
from invoice_api.http.bodies import JsonBody
from invoice_api.http.csv_answers import list_or_all
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.etags import etag
from invoice_api.http.idempotency import key_of, once
from invoice_api.http.paging import PageRequest, Paging
from invoice_api.items import service
from invoice_api.items.income_accounts import set_income_accounts
from invoice_api.items.schemas import ItemChanges, ItemShown, ItemsShown, NewItem
from invoice_api.peers.orchestrator import TheOrchestrator
from invoice_api.sync_status.filters import Filtering

router = APIRouter(tags=["items"])


@router.get("/items", response_model=ItemsShown)
async def list_items(
    request: Request,
    caller: Reader,
    database: TheDatabase,
    clock: TheClock,
    page: Paging,
    wanted: Filtering,
) -> Response:
    """The company's items, newest first."""

    async def read(part: PageRequest) -> ItemsShown:
        async with database.transaction() as tx:
            return await service.list_page(tx, caller, clock, part, wanted)

    return await list_or_all(request, page, read)


@router.post("/items", status_code=201, response_model=ItemShown)
async def create_item(
    request: Request,
    caller: Writer,
    body: Annotated[NewItem, Depends(JsonBody(NewItem))],
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
    ids: TheIds,
) -> Response:
    """A new item."""
    item_id = ItemId(ids.new())

    async def work(tx: Tx) -> Answer:
        made = await service.create(tx, caller, ids, body, item_id)
        shown = await service.shown(tx, caller, clock, made)
        return answer(201, shown, {"ETag": etag(made.version)})

    # Before the item: an account that is refused then leaves no item behind.
    await set_income_accounts(
        database, orchestrator, caller, item_id, body.name, body.income_accounts
    )
    return (await once(database, caller.company.id, await key_of(request), work)).response()


@router.get("/items/{item_id}", response_model=ItemShown)
async def get_item(
    caller: Reader, item_id: UUID, database: TheDatabase, clock: TheClock
) -> Response:
    """One item with its accounts, links and badges."""
    async with database.transaction() as tx:
        found = await service.load(tx, caller, ItemId(item_id))
        shown = await service.shown(tx, caller, clock, found)
    return answer(200, shown, {"ETag": etag(found.version)}).response()


@router.patch("/items/{item_id}", response_model=ItemShown)
async def change_item(
    request: Request,
    caller: Writer,
    item_id: UUID,
    body: Annotated[ItemChanges, Depends(JsonBody(ItemChanges))],
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
    ids: TheIds,
) -> Response:
    """Change just the fields given; an income account of null takes it away."""
    if body.income_accounts:
        async with database.transaction() as tx:
            name = (await service.load(tx, caller, ItemId(item_id))).name
        await set_income_accounts(
            database, orchestrator, caller, ItemId(item_id), name, body.income_accounts
        )
    async with database.transaction() as tx:
        after = await service.change(
            tx, caller, ids, ItemId(item_id), body, if_match=request.headers.get("if-match")
        )
        shown = await service.shown(tx, caller, clock, after)
    return answer(200, shown, {"ETag": etag(after.version)}).response()
