"""SQL of items."""

from collections.abc import Sequence

from contracts.ids import CompanyId, ItemId, Provider
from contracts.invoicing import ItemSnapshot
from messaging.database import Row, Tx

from invoice_api.deeds.store import Deed, as_json, begun_with, gone_on_with
from invoice_api.http.paging import PageRequest
from invoice_api.sync_status.filters import SyncFilter, literally

_WANTED = (
    "i.company_id = $1"
    " AND ($5::text IS NULL OR i.name ILIKE $5 OR i.sku ILIKE $5)"
    " AND ($6::text[] IS NULL OR EXISTS ("
    "  SELECT FROM connections k WHERE k.company_id = $1 AND k.current AND k.provider = ANY($6)"
    "  AND NOT EXISTS (SELECT FROM mappings m WHERE m.connection_id = k.id AND m.item_id = i.id"
    "   AND m.account_id IS NOT NULL)))"
    " AND (($2::text[] IS NULL AND $3::text IS NULL) OR EXISTS ("
    "  SELECT FROM connections k LEFT JOIN record_states s ON s.connection_id = k.id"
    "  AND s.entity = 'item' AND s.record_id = i.id"
    "  WHERE k.company_id = $1 AND k.current AND ($4::text IS NULL OR k.provider = $4)"
    "  AND ($2::text[] IS NULL OR coalesce(s.state, 'not_synced') = ANY($2))"
    "  AND ($3::text IS NULL OR s.cause_code = $3 OR s.cause_group = $3)))"
)
"""$1 the company, $2 to $5 a filter's arguments, $6 providers where an account is missing."""


async def insert_items(
    tx: Tx, company: CompanyId, items: Sequence[ItemSnapshot], deed: Deed
) -> None:
    """Keep new items, set-wise; `deed` is what made them."""
    await tx.execute(
        "INSERT INTO items (company_id, id, version, name, sku, snapshot)"  # noqa: S608  (expressions of ours)
        " SELECT $1, n.id, n.version, n.name, n.sku, "
        + begun_with("n.snapshot::jsonb", "$7")
        + " FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[])"
        " AS n (id, version, name, sku, snapshot)",
        company,
        [i.id for i in items],
        [i.version for i in items],
        [i.name for i in items],
        [i.sku for i in items],
        [i.model_dump_json() for i in items],
        as_json([deed]),
    )


async def save_item(tx: Tx, company: CompanyId, item: ItemSnapshot, deed: Deed) -> None:
    """Keep an item that was loaded for update in this transaction."""
    await tx.execute(
        "UPDATE items SET version = $3, name = $4, sku = $5, snapshot = "  # noqa: S608  (expressions of ours)
        + gone_on_with("$6::jsonb", "$7")
        + ", changed_at = clock(), changed_xid = pg_current_xact_id()"
        " WHERE company_id = $1 AND id = $2",
        company,
        item.id,
        item.version,
        item.name,
        item.sku,
        item.model_dump_json(),
        as_json([deed]),
    )


async def find_item(tx: Tx, company: CompanyId, item: ItemId) -> ItemSnapshot | None:
    row = await tx.fetchrow(
        "SELECT snapshot FROM items WHERE company_id = $1 AND id = $2", company, item
    )
    return None if row is None else _item(row)


async def find_item_for_update(tx: Tx, company: CompanyId, item: ItemId) -> ItemSnapshot | None:
    """The item, locked until the transaction ends."""
    row = await tx.fetchrow(
        "SELECT snapshot FROM items WHERE company_id = $1 AND id = $2 FOR UPDATE", company, item
    )
    return None if row is None else _item(row)


async def load_items(
    tx: Tx, company: CompanyId, ids: Sequence[ItemId]
) -> dict[ItemId, ItemSnapshot]:
    """Those of `ids` that are the company's."""
    rows = await tx.fetch(
        "SELECT snapshot FROM items WHERE company_id = $1 AND id = ANY($2::uuid[])",
        company,
        list(set(ids)),
    )
    return {i.id: i for i in map(_item, rows)}


async def list_names(tx: Tx, company: CompanyId) -> list[tuple[ItemId, str]]:
    """Every item of the company, by name."""
    rows = await tx.fetch(
        "SELECT id, name FROM items WHERE company_id = $1 ORDER BY name, id", company
    )
    return [(ItemId(row["id"]), row["name"]) for row in rows]


async def list_items(
    tx: Tx,
    company: CompanyId,
    page: PageRequest,
    wanted: SyncFilter,
    *,
    without_account: Sequence[Provider] = (),
) -> list[ItemSnapshot]:
    """Newest first, one more than the page holds.

    `without_account`: only those without an income account at one of these providers.
    """
    rows = await tx.fetch(
        "SELECT i.snapshot FROM items i WHERE "  # noqa: S608  (expressions of ours)
        + _WANTED
        + " AND ($7::uuid IS NULL OR i.id < $7) ORDER BY i.id DESC LIMIT $8",
        company,
        *wanted.arguments,
        list(without_account) or None,
        page.before,
        page.limit + 1,
    )
    return [_item(row) for row in rows]


async def find_items(tx: Tx, company: CompanyId, words: str, limit: int) -> list[ItemSnapshot]:
    """Those with these words in them, by name; the ones whose name begins so come first."""
    rows = await tx.fetch(
        "SELECT snapshot FROM items WHERE company_id = $1"
        " AND (name ILIKE $2 OR sku ILIKE $2)"
        " ORDER BY name ILIKE $3 DESC, lower(name), id LIMIT $4",
        company,
        f"%{literally(words)}%",
        f"{literally(words)}%",
        limit,
    )
    return [_item(row) for row in rows]


async def count_items(
    tx: Tx, company: CompanyId, wanted: SyncFilter, *, without_account: Sequence[Provider] = ()
) -> int:
    """How many the list has in all."""
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM items i WHERE " + _WANTED,  # noqa: S608  (expressions of ours)
            company,
            *wanted.arguments,
            list(without_account) or None,
        )
    )


def _item(row: Row) -> ItemSnapshot:
    return ItemSnapshot.model_validate_json(row["snapshot"])


async def find_by_words(
    tx: Tx, company: CompanyId, names: Sequence[str], skus: Sequence[str]
) -> list[ItemSnapshot]:
    """Items with one of these names or SKUs, given in lower case; the oldest first."""
    rows = await tx.fetch(
        "SELECT snapshot FROM items WHERE company_id = $1"
        " AND (lower(name) = ANY($2::text[]) OR lower(sku) = ANY($3::text[])) ORDER BY id",
        company,
        list(names),
        list(skus),
    )
    return [_item(row) for row in rows]
