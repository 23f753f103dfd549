"""Items at a provider that can stand on an invoice, as last read, and the load of them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from contracts.connections import RemoteItem, RemoteItemsListed
from contracts.ids import CompanyId, ConnectionId, LoadId, RecordId, RemoteId
from messaging.database import Row, Tx

from sync_orchestrator.domain.item_list import ItemList
from sync_orchestrator.domain.likeness import name_key

_FIND = "select l.*, clock() as now from item_lists l where connection_id = $1"

_BEGIN = """
insert into item_lists as l (connection_id, company_id, load_id, running, began_at, asked_at,
    moved_at)
values ($1, $2, $3, true, $4, $4, $4)
on conflict (connection_id) do update set
    load_id = excluded.load_id, running = true, seen = '{}', pages = null, loaded = 0, total = null,
    began_at = excluded.began_at, asked_at = excluded.asked_at, moved_at = excluded.moved_at
"""

_ASKED = "update item_lists set asked_at = $2 where connection_id = $1"

_TAKE = """
update item_lists set seen = array_append(seen, $3), loaded = loaded + $4,
    total = coalesce($5, total), pages = coalesce($6, pages), moved_at = $7
where connection_id = $1 and load_id = $2 and running and not $3 = any(seen)
returning coalesce(cardinality(seen) = pages, false) as whole
"""

_SAVE = """
insert into remote_items as r (connection_id, remote_id, company_id, name, name_key, sku,
    unit_price, income_account, income_account_id, income_account_code, as_of)
select $1, n.remote_id, $2, n.name, n.name_key, n.sku, n.unit_price, n.income_account,
    n.income_account_id, n.income_account_code, $3
from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::numeric[], $9::text[], $10::text[],
    $11::text[]) as n (remote_id, name, name_key, sku, unit_price, income_account,
        income_account_id, income_account_code)
on conflict (connection_id, remote_id) do update set
    name = excluded.name, name_key = excluded.name_key, sku = excluded.sku,
    unit_price = excluded.unit_price, income_account = excluded.income_account,
    income_account_id = excluded.income_account_id,
    income_account_code = excluded.income_account_code, as_of = excluded.as_of
where r.as_of <= excluded.as_of
"""

_FORGET_UNSEEN = "delete from remote_items where connection_id = $1 and as_of < $2"

_WHOLE = "update item_lists set running = false, as_of = $2 where connection_id = $1"

# The likeliest first: one with the name or the SKU of the item that is to be linked.
_PAGE = """
select r.*, l.record_id as linked_to, o.name as linked_name, a.id as account_id,
    coalesce(nullif(concat_ws(' ', a.code, a.name), ''), r.income_account, r.income_account_code)
        as account_shown,
    coalesce(r.name_key = me.name_key, false)
        or coalesce(lower(r.sku) = lower(me.snapshot ->> 'sku'), false) as alike
from remote_items r
left join records me on me.entity = 'item' and me.id = $3 and me.company_id = r.company_id
left join links l on l.connection_id = r.connection_id and l.entity = 'item'
    and l.remote_id = r.remote_id
left join records o on o.entity = 'item' and o.id = l.record_id
left join accounts a on a.connection_id = r.connection_id
    and (a.id = r.income_account_id or a.code = r.income_account_code)
where r.connection_id = $1 and ($2::text is null or r.name ilike $2 or r.sku ilike $2)
order by alike desc, r.name_key, r.remote_id
limit $4 offset $5
"""

_ONE = """
select r.*, a.id as account_id from remote_items r
left join accounts a on a.connection_id = r.connection_id
    and (a.id = r.income_account_id or a.code = r.income_account_code)
where r.connection_id = $1 and r.remote_id = $2
"""


@dataclass(frozen=True, slots=True)
class Choosable:
    """One of them; `alike` where its name or SKU is that of the item it is listed for.

    `linked_to` is the item of ours that is linked to it already.
    """

    item: RemoteItem
    alike: bool
    linked_to: RecordId | None
    linked_name: str | None
    account: str | None
    """Its income account as a person knows it."""


async def find(tx: Tx, connection: ConnectionId) -> tuple[ItemList | None, datetime]:
    """The connection's list, if one was ever asked for, and the time it is."""
    row = await tx.fetchrow(_FIND, connection)
    if row is None:
        return None, await tx.fetchval("select clock()")
    found = ItemList(
        load_id=LoadId(row["load_id"]),
        running=row["running"],
        loaded=row["loaded"],
        total=row["total"],
        asked_at=row["asked_at"],
        moved_at=row["moved_at"],
        as_of=row["as_of"],
    )
    return found, row["now"]


async def begin(
    tx: Tx, connection: ConnectionId, company: CompanyId, load: LoadId, now: datetime
) -> None:
    """A new load; what was listed stays until it is whole. Pages of an older one are ignored."""
    await tx.execute(_BEGIN, connection, company, load, now)


async def asked_again(tx: Tx, connection: ConnectionId, now: datetime) -> None:
    await tx.execute(_ASKED, connection, now)


async def take_page(tx: Tx, page: RemoteItemsListed, now: datetime) -> None:
    """Keep a page of the newest load, once; with the last of them what it didn't list is gone."""
    whole: bool | None = await tx.fetchval(
        _TAKE,
        page.connection_id,
        page.load_id,
        page.page,
        len(page.items),
        page.total,
        None if page.more else page.pages,
        now,
    )
    if whole is None:
        return
    await _save(tx, page)
    if whole:
        await tx.execute(_FORGET_UNSEEN, page.connection_id, page.as_of)
        await tx.execute(_WHOLE, page.connection_id, page.as_of)


async def choosable(
    tx: Tx,
    connection: ConnectionId,
    pattern: str | None,
    item: RecordId | None,
    limit: int,
    offset: int,
) -> list[Choosable]:
    """By name, those like `item` first; `pattern` is for ILIKE."""
    rows = await tx.fetch(_PAGE, connection, pattern, item, limit, offset)
    return [_choosable(row) for row in rows]


async def one(tx: Tx, connection: ConnectionId, remote: RemoteId) -> RemoteItem | None:
    """It as last read; None if it isn't in the list. Its account's id is that of the accounts."""
    row = await tx.fetchrow(_ONE, connection, remote)
    return None if row is None else _item(row)


async def _save(tx: Tx, page: RemoteItemsListed) -> None:
    rows = {item.id: item for item in page.items}.values()
    await tx.execute(
        _SAVE,
        page.connection_id,
        page.company_id,
        page.as_of,
        [item.id for item in rows],
        [item.name for item in rows],
        [name_key(item.name) or "" for item in rows],
        [item.sku for item in rows],
        [item.unit_price for item in rows],
        [item.income_account for item in rows],
        [item.income_account_id for item in rows],
        [item.income_account_code for item in rows],
    )


def _item(row: Row) -> RemoteItem:
    price: Decimal | None = row["unit_price"]
    return RemoteItem(
        id=RemoteId(row["remote_id"]),
        name=row["name"],
        sku=row["sku"],
        unit_price=price,
        income_account=row["income_account"],
        income_account_id=row["account_id"],
        income_account_code=row["income_account_code"],
    )


def _choosable(row: Row) -> Choosable:
    linked = row["linked_to"]
    return Choosable(
        item=_item(row),
        account=row["account_shown"],
        alike=row["alike"],
        linked_to=None if linked is None else RecordId(linked),
        linked_name=row["linked_name"],
    )
