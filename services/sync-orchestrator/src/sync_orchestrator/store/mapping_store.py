"""Which income account an item is booked on, per connection."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.ids import CompanyId, ConnectionId, ItemId, Provider
from messaging.database import Tx

from sync_orchestrator.domain.connection import MappedAccount

_LOAD = """
select m.connection_id, m.item_id, m.account_id, a.name, a.code, a.active,
    a.id is not null or c.accounts_as_of is null as known
from account_mapping m
join connections c on c.id = m.connection_id
left join accounts a on a.connection_id = m.connection_id and a.id = m.account_id
where m.connection_id = any($1::uuid[]) and m.item_id = any($2::uuid[])
    and m.account_id is not null
"""

_OF_CONNECTION = """
select r.id as item_id, r.name as item_name, m.account_id
from records r
left join account_mapping m on m.connection_id = $2 and m.item_id = r.id
where r.company_id = $1 and r.entity = 'item' and not r.made_here
union all
select m.item_id, m.item_name, m.account_id
from account_mapping m
where m.connection_id = $2
    and not exists (select from records r where r.entity = 'item' and r.id = m.item_id)
order by item_name, item_id
"""

_VERSION = "select version from mapping_versions where connection_id = $1"

_RAISE_VERSION = """
insert into mapping_versions as v (connection_id, version) values ($1, 1)
on conflict (connection_id) do update set version = v.version + 1
returning version
"""

_SAVE = """
insert into account_mapping as m (connection_id, item_id, company_id, provider, item_name,
    account_id, changed_at, changed_by)
select $1, n.item_id, $2, $3, n.item_name, n.account_id, $7, $8
from unnest($4::uuid[], $5::text[], $6::text[]) as n (item_id, item_name, account_id)
on conflict (connection_id, item_id) do update set
    item_name = excluded.item_name, account_id = excluded.account_id, version = m.version + 1,
    changed_at = excluded.changed_at, changed_by = excluded.changed_by,
    changed_xid = pg_current_xact_id()
where m.account_id is distinct from excluded.account_id and m.company_id = excluded.company_id
returning item_id, account_id, version
"""

_UNMAPPED = """
select n.item_id
from unnest($2::uuid[]) as n (item_id)
left join account_mapping m on m.connection_id = $1 and m.item_id = n.item_id
where m.account_id is null
"""


@dataclass(frozen=True, slots=True)
class MappingRow:
    """An item and the account it is mapped to, if any. `item_name` as last heard."""

    item_id: ItemId
    item_name: str
    account_id: str | None


@dataclass(frozen=True, slots=True)
class MappingSaved:
    """A row that was changed, with its new version."""

    item_id: ItemId
    account_id: str | None
    version: int


async def load(
    tx: Tx, keys: Collection[tuple[ConnectionId, ItemId]]
) -> dict[tuple[ConnectionId, ItemId], MappedAccount]:
    """The accounts of those of these items that are mapped.

    An account that isn't in the newest list there is not `known`; while no list was read, all are.
    """
    if not keys:
        return {}
    wanted = set(keys)
    connections, items = {one for one, _ in wanted}, {one for _, one in wanted}
    # Two lists and no pairs: how the plan is made doesn't hang on how many it is told to expect.
    rows = await tx.fetch(_LOAD, list(connections), list(items))
    found = {
        (ConnectionId(row["connection_id"]), ItemId(row["item_id"])): MappedAccount(
            id=row["account_id"],
            name=row["name"],
            code=row["code"],
            known=row["known"],
            active=row["active"] is not False,
        )
        for row in rows
    }
    return {pair: account for pair, account in found.items() if pair in wanted}


async def of_connection(
    tx: Tx, company: CompanyId, connection: ConnectionId
) -> tuple[list[MappingRow], int]:
    """All of a company's items by name, mapped or not, and the mapping's version."""
    rows = await tx.fetch(_OF_CONNECTION, company, connection)
    version = await tx.fetchval(_VERSION, connection)
    found = [MappingRow(ItemId(r["item_id"]), r["item_name"], r["account_id"]) for r in rows]
    return found, version or 0


async def save(
    tx: Tx,
    company: CompanyId,
    provider: Provider,
    connection: ConnectionId,
    rows: Sequence[MappingRow],
    now: datetime,
    by: UUID | None,
) -> list[MappingSaved]:
    """Map these items; the rows that this changed. Raises the mapping's version if any did."""
    if not rows:
        return []
    saved = await tx.fetch(
        _SAVE,
        connection,
        company,
        provider,
        [row.item_id for row in rows],
        [row.item_name for row in rows],
        [row.account_id for row in rows],
        now,
        by,
    )
    if saved:
        await tx.fetchval(_RAISE_VERSION, connection)
    return [MappingSaved(ItemId(r["item_id"]), r["account_id"], r["version"]) for r in saved]


async def unmapped(tx: Tx, connection: ConnectionId, items: Sequence[ItemId]) -> set[ItemId]:
    """Those of these items that have no account there."""
    rows = await tx.fetch(_UNMAPPED, connection, list(items))
    return {ItemId(row["item_id"]) for row in rows}
