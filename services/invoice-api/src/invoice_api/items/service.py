"""What can be done with items. Every change is told in the transaction that makes it."""

from collections.abc import Sequence

from contracts.ids import Ids, ItemId, MessageId, Provider, RecordId
from contracts.invoicing import ItemChanged, ItemCreated, ItemSnapshot
from messaging import outbox
from messaging.clock import Clock
from messaging.database import Tx

from invoice_api.accounts.caller import Caller
from invoice_api.deeds.store import deed, differing
from invoice_api.http import clock_store
from invoice_api.http.etags import matches
from invoice_api.http.paging import PageRequest, page_of
from invoice_api.http.problems import changed_meanwhile, not_found
from invoice_api.items import store
from invoice_api.items.schemas import ItemChanges, ItemShown, ItemsShown, NewItem
from invoice_api.sync_status.facts import facts_of
from invoice_api.sync_status.filters import SyncFilter
from invoice_api.sync_status.service import Board, board_of


async def create(
    tx: Tx, caller: Caller, ids: Ids, wanted: NewItem, item_id: ItemId | None = None
) -> ItemSnapshot:
    """A new item of the caller's company."""
    now = await clock_store.now(tx)
    item = ItemSnapshot.model_validate(
        {
            **wanted.model_dump(exclude={"income_accounts"}),
            "unit_price": wanted.unit_price,
            "id": item_id or ids.new(),
            "version": 1,
            "created_at": now,
        }
    )
    await store.insert_items(tx, caller.company.id, [item], deed(caller, "created"))
    told = MessageId(ids.new())
    await outbox.put(
        tx,
        [
            ItemCreated(
                id=told,
                occurred_at=now,
                company_id=caller.company.id,
                correlation_id=told,
                item=item,
            )
        ],
    )
    return item


async def change(
    tx: Tx,
    caller: Caller,
    ids: Ids,
    item_id: ItemId,
    changes: ItemChanges,
    *,
    if_match: str | None = None,
) -> ItemSnapshot:
    """The item with these fields changed; nothing is told where nothing changes. 404, 412."""
    before = await store.find_item_for_update(tx, caller.company.id, item_id)
    if before is None:
        raise not_found("item")
    if not matches(if_match, before.version):
        raise changed_meanwhile("item")
    after = ItemSnapshot.model_validate({**before.model_dump(), **changes.given()})
    if after == before:
        return before
    after = after.model_copy(update={"version": before.version + 1})
    about = differing(before, after)
    await store.save_item(tx, caller.company.id, after, deed(caller, "edited", about))
    told = MessageId(ids.new())
    await outbox.put(
        tx,
        [
            ItemChanged(
                id=told,
                occurred_at=await clock_store.now(tx),
                company_id=caller.company.id,
                correlation_id=told,
                item=after,
            )
        ],
    )
    return after


async def load(tx: Tx, caller: Caller, item_id: ItemId) -> ItemSnapshot:
    """The item; 404 when it isn't the company's."""
    found = await store.find_item(tx, caller.company.id, item_id)
    if found is None:
        raise not_found("item")
    return found


async def list_page(
    tx: Tx,
    caller: Caller,
    clock: Clock,
    page: PageRequest,
    wanted: SyncFilter,
    *,
    without_account: Sequence[Provider] = (),
) -> ItemsShown:
    """A page of items with their badges and accounts, newest first."""
    found = await store.list_items(
        tx, caller.company.id, page, wanted, without_account=without_account
    )
    cut = page_of(found, page, [i.id for i in found])
    ids = [i.id for i in cut.data]
    board = await board_of(tx, caller, clock, [RecordId(i) for i in ids], items=ids)
    return ItemsShown(data=tuple(show(i, board) for i in cut.data), next_cursor=cut.next_cursor)


async def shown(tx: Tx, caller: Caller, clock: Clock, item: ItemSnapshot) -> ItemShown:
    """One item with its badges and accounts."""
    board = await board_of(tx, caller, clock, [RecordId(item.id)], items=[item.id])
    return show(item, board)


def show(item: ItemSnapshot, board: Board) -> ItemShown:
    return ItemShown(
        id=item.id,
        version=item.version,
        name=item.name,
        sku=item.sku,
        description=item.description,
        unit_price=item.unit_price,
        income_accounts=board.accounts.get(item.id, {}),
        created_at=item.created_at,
        links=board.links_of(RecordId(item.id)),
        sync=board.sync_of(facts_of(item)),
    )
