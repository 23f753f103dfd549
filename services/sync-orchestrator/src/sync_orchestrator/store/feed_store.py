"""The feed of states and mapping: ordered by the transaction that changed them, then by id."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.ids import CompanyId, ConnectionId, ItemId, Provider, RecordId
from messaging.database import Tx

from sync_orchestrator.domain.job import RecordKey

_PAGE = """
select xid, id, kind, connection_id, entity, record_id from (
    (select changed_xid as xid, 'j.' || connection_id || '.' || entity || '.' || record_id as id,
        'job' as kind, connection_id, entity, record_id
    from jobs
    where changed_xid >= $1::xid8 and changed_xid < $3::xid8
        and (changed_xid > $1::xid8
            or 'j.' || connection_id || '.' || entity || '.' || record_id > $2)
    order by changed_xid, 'j.' || connection_id || '.' || entity || '.' || record_id
    limit $4)
    union all
    (select changed_xid as xid, 'm.' || connection_id || '.' || item_id as id,
        'mapping' as kind, connection_id, 'item' as entity, item_id as record_id
    from account_mapping
    where changed_xid >= $1::xid8 and changed_xid < $3::xid8
        and (changed_xid > $1::xid8 or 'm.' || connection_id || '.' || item_id > $2)
    order by changed_xid, 'm.' || connection_id || '.' || item_id
    limit $4)
) as changes
order by xid, id
limit $4
"""

_MAPPING = """
select m.connection_id, m.item_id, m.company_id, m.provider, m.account_id, m.version
from unnest($1::uuid[], $2::uuid[]) as k (connection_id, item_id)
join account_mapping m on m.connection_id = k.connection_id and m.item_id = k.item_id
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the feed: where it stands, and the job or mapping that changed."""

    xid: int
    id: str
    key: RecordKey
    is_mapping: bool


@dataclass(frozen=True, slots=True)
class MappingNow:
    """An item's mapping as it is now."""

    connection_id: ConnectionId
    item_id: ItemId
    company_id: CompanyId
    provider: Provider
    account_id: str | None
    version: int


async def page(tx: Tx, after_xid: int, after_id: str, before_xid: int, limit: int) -> list[Change]:
    """Changes after a place and before a transaction. A row that changes again moves to the end."""
    rows = await tx.fetch(_PAGE, after_xid, after_id, before_xid, limit)
    return [
        Change(
            row["xid"],
            row["id"],
            RecordKey(
                ConnectionId(row["connection_id"]), row["entity"], RecordId(row["record_id"])
            ),
            row["kind"] == "mapping",
        )
        for row in rows
    ]


async def mapping(tx: Tx, keys: Sequence[tuple[ConnectionId, UUID]]) -> list[MappingNow]:
    """These mapping rows as they are now; in no order."""
    rows = await tx.fetch(_MAPPING, [c for c, _ in keys], [i for _, i in keys])
    return [
        MappingNow(
            ConnectionId(row["connection_id"]),
            ItemId(row["item_id"]),
            CompanyId(row["company_id"]),
            row["provider"],
            row["account_id"],
            row["version"],
        )
        for row in rows
    ]
