"""Loads of a provider's customers: how far each came, and whether it is whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.commands import Origin
from contracts.connections import RemoteCustomersListed
from contracts.ids import CompanyId, ConnectionId, LoadId, Provider
from messaging.database import Row, Tx

_BEGIN_LOAD = """
insert into customer_loads (load_id, connection_id, company_id, state, began_by, changed_since,
    began_at, asked_at, moved_at, started_by)
values ($1, $2, $3, 'running', $4, $5, $6, $6, $6, $7::jsonb)
on conflict do nothing
"""

# A page may come after its load was given up: unless another one has begun since, it goes on.
_TAKES_PAGES = """
update customer_loads l set state = 'running', ended_at = null
where load_id = $1 and (state = 'running' or state = 'interrupted' and not exists (
    select from customer_loads o where o.connection_id = l.connection_id
        and o.load_id <> l.load_id and (o.began_at >= l.began_at or o.state = 'running')))
returning as_of
"""

_FROM_THE_BEGINNING = """
update customer_loads set loaded = 0, pages = null where load_id = $1
"""

_GO_ON = """
update customer_loads l set state = 'running', ended_at = null, moved_at = $2, asked_at = $2,
    began_by = $3, started_by = $4::jsonb, version = version + 1
where load_id = $1 and state = 'interrupted'
    and (loaded = 0 or exists (select from customer_load_pages p where p.load_id = $1))
returning 1
"""

_SEEN_PAGE = """
insert into customer_load_pages (load_id, page) values ($1, $2) on conflict do nothing returning 1
"""

_MOVED = """
update customer_loads set loaded = loaded + $2, total = coalesce($3, total), as_of = $4,
    moved_at = $5, pages = coalesce($6, pages), changed_since = $7, version = version + 1
where load_id = $1 and state = 'running'
returning pages is not null and pages = (
    select count(*) from customer_load_pages p where p.load_id = $1) as whole
"""

_END_LOAD = """
update customer_loads set state = $2, ended_at = $3, version = version + 1
where load_id = $1 and state = 'running'
"""

_FORGET_PAGES = "delete from customer_load_pages where load_id = $1"

_LOADS = """
select l.*, c.provider from customer_loads l join connections c on c.id = l.connection_id
where l.connection_id = $1
order by l.state = 'running' and l.began_by is not null desc, l.began_at desc, l.load_id limit 1
"""

_LOAD = """
select l.*, c.provider from customer_loads l join connections c on c.id = l.connection_id
where l.load_id = $1 and l.company_id = $2
"""

_STUCK = """
select l.*, c.provider, c.epoch from customer_loads l
join connections c on c.id = l.connection_id and c.status = 'open'
where l.state = 'running' and l.moved_at < clock() - $1::interval
    and l.asked_at < clock() - $1::interval
order by l.asked_at
limit $2
"""

_ASKED = "update customer_loads set asked_at = clock() where load_id = any($1::uuid[])"


@dataclass(frozen=True, slots=True)
class CustomerLoad:
    """A load of a connection's customers; `changed_since` None: of all of them."""

    id: LoadId
    connection_id: ConnectionId
    company_id: CompanyId
    provider: Provider
    state: str
    version: int
    started_by: Origin
    loaded: int
    total: int | None
    began_by: str | None
    began_at: datetime
    moved_at: datetime
    ended_at: datetime | None
    changed_since: datetime | None
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class StuckLoad:
    """A load from which nothing has come for a while."""

    load: CustomerLoad
    epoch: int


async def begin_load(
    tx: Tx,
    load: LoadId,
    connection: ConnectionId,
    company: CompanyId,
    now: datetime,
    *,
    began_by: str | None,
    changed_since: datetime | None,
    origin: Origin | None = None,
) -> None:
    """Know of a load; one that is known already, or runs for the connection, stays as it is."""
    started_by = (origin or Origin(by="event")).model_dump_json()
    await tx.execute(
        _BEGIN_LOAD, load, connection, company, began_by, changed_since, now, started_by
    )


async def take_page(tx: Tx, page: RemoteCustomersListed, now: datetime) -> bool | None:
    """Count a page. None: it was counted before, or its load is over; else if the load is whole.

    One that was interrupted goes on by it. A later reading of the same load counts from its
    beginning, and an earlier one not any more.
    """
    load = await tx.fetchrow(_TAKES_PAGES, page.load_id)
    if load is None or (load["as_of"] is not None and load["as_of"] > page.as_of):
        return None
    if load["as_of"] is not None and load["as_of"] < page.as_of:
        await tx.execute(_FROM_THE_BEGINNING, page.load_id)
        await tx.execute(_FORGET_PAGES, page.load_id)
    if await tx.fetchval(_SEEN_PAGE, page.load_id, page.page) is None:
        return None
    whole: bool | None = await tx.fetchval(
        _MOVED,
        page.load_id,
        len(page.customers),
        page.total,
        page.as_of,
        now,
        None if page.more else page.pages,
        page.changed_since,
    )
    return whole


async def end_load(tx: Tx, load: LoadId, state: str, now: datetime) -> None:
    """Of one that is interrupted it is kept which pages came: it may go on."""
    await tx.execute(_END_LOAD, load, state, now)
    if state != "interrupted":
        await tx.execute(_FORGET_PAGES, load)


async def go_on(tx: Tx, load: LoadId, now: datetime, origin: Origin) -> bool:
    """Have an interrupted load run again; False where it isn't known any more how far it came."""
    said = origin.model_dump_json()
    return await tx.fetchval(_GO_ON, load, now, origin.by, said) is not None


async def latest_load(tx: Tx, connection: ConnectionId) -> CustomerLoad | None:
    """The one that we began and that runs, of which there is one at most; else the newest: what the
    connector reads by itself when it connects may be told of later than it was begun."""
    row = await tx.fetchrow(_LOADS, connection)
    return None if row is None else _load(row)


async def find_load(tx: Tx, company: CompanyId, load: UUID) -> CustomerLoad | None:
    row = await tx.fetchrow(_LOAD, load, company)
    return None if row is None else _load(row)


async def stuck_loads(tx: Tx, since: timedelta, limit: int) -> list[StuckLoad]:
    """Running loads of open connections that have neither moved nor been asked for so long."""
    rows = await tx.fetch(_STUCK, since, limit)
    return [StuckLoad(_load(row), row["epoch"]) for row in rows]


async def asked_again(tx: Tx, loads: Sequence[LoadId]) -> None:
    await tx.execute(_ASKED, list(loads))


def _load(row: Row) -> CustomerLoad:
    return CustomerLoad(
        id=LoadId(row["load_id"]),
        connection_id=ConnectionId(row["connection_id"]),
        company_id=CompanyId(row["company_id"]),
        provider=row["provider"],
        state=row["state"],
        version=row["version"],
        started_by=Origin.model_validate_json(row["started_by"]),
        loaded=row["loaded"],
        total=row["total"],
        began_by=row["began_by"],
        began_at=row["began_at"],
        moved_at=row["moved_at"],
        ended_at=row["ended_at"],
        changed_since=row["changed_since"],
        as_of=row["as_of"],
    )
