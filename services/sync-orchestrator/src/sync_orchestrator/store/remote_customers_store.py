"""Customers at a provider as last read, and loads of them."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.commands import Origin
from contracts.connections import RemoteCustomer, RemoteCustomersListed
from contracts.ids import CompanyId, ConnectionId, LoadId, Provider, RecordId, RemoteId
from contracts.invoicing import CustomerKind
from messaging.database import Row, Tx

from sync_orchestrator.domain.customer_kinds import Corrections, Suggestion
from sync_orchestrator.domain.likeness import Lookalike, email_key, name_key

_SAVE = """
insert into remote_customers as r (connection_id, remote_id, company_id, name, name_key, email,
    email_key, phone, company_name, address, active, currency, version, merged_into,
    held, suggested_kind, reason, features, as_of)
select $1, n.remote_id, $2, n.name, n.name_key, n.email, n.email_key, n.phone, n.company_name,
    n.address::jsonb, n.active, n.currency, n.version, n.merged_into, n.held, n.kind, n.reason,
    string_to_array(n.features, E'\\n'), $3
from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::text[], $12::boolean[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[],
    $18::text[], $19::text[])
    as n (remote_id, name, name_key, email, email_key, phone, company_name, address, active,
        currency, version, merged_into, held, kind, reason, features)
on conflict (connection_id, remote_id) do update set
    name = excluded.name, name_key = excluded.name_key, email = excluded.email,
    email_key = excluded.email_key, phone = excluded.phone, company_name = excluded.company_name,
    address = excluded.address, active = excluded.active, currency = excluded.currency,
    version = excluded.version, merged_into = excluded.merged_into, held = excluded.held,
    suggested_kind = excluded.suggested_kind, reason = excluded.reason,
    features = excluded.features, as_of = excluded.as_of
where r.as_of <= excluded.as_of
"""

_FORGET_UNSEEN = "delete from remote_customers where connection_id = $1 and as_of < $2"

_LIKE = """
select r.remote_id, r.name, r.email, r.active, r.name_key = k.name_key as same_name,
    r.email_key is not distinct from k.email_key and k.email_key is not null as same_email,
    k.record_id, l.record_id as linked_to, k.connection_id
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
    as k (connection_id, record_id, name_key, email_key)
cross join lateral (
    (select * from remote_customers n where n.connection_id = k.connection_id
        and n.name_key = k.name_key and n.merged_into is null limit 20)
    union
    (select * from remote_customers e where e.connection_id = k.connection_id
        and e.email_key = k.email_key and e.merged_into is null limit 20)
) r
left join links l on l.connection_id = r.connection_id and l.entity = 'customer'
    and l.remote_id = r.remote_id
"""

_BY_ID = """
select r.*, l.record_id as linked_to from remote_customers r
left join links l on l.connection_id = r.connection_id and l.entity = 'customer'
    and l.remote_id = r.remote_id
where r.connection_id = $1 and r.remote_id = any($2::text[])
"""

_CHOOSE = """
update remote_customers r set
    chosen_kind = coalesce(n.kind, r.chosen_kind),
    chosen_link = case when n.sets_link then n.link else r.chosen_link end,
    chosen_new = case when n.sets_link then n.as_new else r.chosen_new end,
    picked = coalesce(n.picked, r.picked)
from unnest($2::text[], $3::text[], $4::boolean[], $5::uuid[], $6::boolean[], $7::boolean[])
    as n (remote_id, kind, sets_link, link, as_new, picked)
where r.connection_id = $1 and r.remote_id = n.remote_id
"""

_CORRECTIONS = "select feature, business, homeowner from kind_corrections where company_id = $1"

_CORRECT = """
insert into kind_corrections as k (company_id, feature, business, homeowner)
select $1, n.* from unnest($2::text[], $3::int[], $4::int[]) as n (feature, business, homeowner)
on conflict (company_id, feature) do update set
    business = k.business + excluded.business, homeowner = k.homeowner + excluded.homeowner
"""

_LEARNS_ONCE = """
insert into learnt_imports (run_id, company_id) values ($1, $2) on conflict do nothing
returning true
"""

_WITH_FEATURES = """
select remote_id, connection_id, name, company_name, email from remote_customers
where company_id = $1 and features && $2::text[]
"""

_SUGGEST = """
update remote_customers r set suggested_kind = n.kind, reason = n.reason
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
    as n (connection_id, remote_id, kind, reason)
where r.connection_id = n.connection_id and r.remote_id = n.remote_id
"""

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

_LISTED = """
update connections set customers_as_of = greatest(coalesce(customers_as_of, $2), $2) where id = $1
"""

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


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose for one of them; None stays as it was.

    `link` and `as_new` count only where `sets_link`: neither means that nothing is chosen.
    """

    remote_id: RemoteId
    kind: CustomerKind | None = None
    sets_link: bool = False
    link: RecordId | None = None
    as_new: bool = False
    picked: bool | None = None


@dataclass(frozen=True, slots=True)
class KnownThere:
    """One of them, as read, with what was chosen and whom of ours it is linked to."""

    customer: RemoteCustomer
    suggested_kind: CustomerKind
    reason: str
    features: tuple[str, ...]
    linked_to: RecordId | None


async def save_page(
    tx: Tx, page: RemoteCustomersListed, suggestions: Sequence[Suggestion], features: Sequence[str]
) -> None:
    """Keep the customers of a page, each with its suggestion; a newer reading is left as it is.

    `features` are each one's features, joined by line breaks.
    """
    rows = page.customers
    await tx.execute(
        _SAVE,
        page.connection_id,
        page.company_id,
        page.as_of,
        [c.id for c in rows],
        [c.name for c in rows],
        [name_key(c.name) or "" for c in rows],
        [c.email for c in rows],
        [email_key(c.email) for c in rows],
        [c.phone for c in rows],
        [c.company_name for c in rows],
        [None if c.address is None else c.address.model_dump_json() for c in rows],
        [c.active for c in rows],
        [c.currency for c in rows],
        [c.version for c in rows],
        [c.merged_into for c in rows],
        [c.held for c in rows],
        [s.kind for s in suggestions],
        [s.reason for s in suggestions],
        list(features),
    )


async def forget_unseen(tx: Tx, connection: ConnectionId, as_of: datetime) -> None:
    """Those that a whole load of that time didn't list aren't there any more."""
    await tx.execute(_FORGET_UNSEEN, connection, as_of)


async def listed(tx: Tx, connection: ConnectionId, as_of: datetime) -> None:
    """The connection's list is whole, as of then."""
    await tx.execute(_LISTED, connection, as_of)


async def lookalikes(
    tx: Tx, wanted: Collection[tuple[ConnectionId, RecordId, str | None, str | None]]
) -> dict[tuple[ConnectionId, RecordId], tuple[Lookalike, ...]]:
    """Who there has the name or the e-mail, by the keys of `likeness`."""
    if not wanted:
        return {}
    keys = list(wanted)
    rows = await tx.fetch(
        _LIKE,
        [k[0] for k in keys],
        [k[1] for k in keys],
        [k[2] for k in keys],
        [k[3] for k in keys],
    )
    found: dict[tuple[ConnectionId, RecordId], tuple[Lookalike, ...]] = {}
    for row in rows:
        key = (ConnectionId(row["connection_id"]), RecordId(row["record_id"]))
        linked = row["linked_to"]
        found[key] = (
            *found.get(key, ()),
            Lookalike(
                remote_id=RemoteId(row["remote_id"]),
                name=row["name"],
                email=row["email"],
                active=row["active"],
                same_name=bool(row["same_name"]),
                same_email=bool(row["same_email"]),
                linked_to=None if linked is None else RecordId(linked),
            ),
        )
    return found


async def by_id(
    tx: Tx, connection: ConnectionId, ids: Collection[str]
) -> dict[RemoteId, KnownThere]:
    """Those of these remote ids that were listed."""
    rows = await tx.fetch(_BY_ID, connection, list(ids))
    return {RemoteId(row["remote_id"]): known_there(row) for row in rows}


async def choose(tx: Tx, connection: ConnectionId, choices: Sequence[Choice]) -> None:
    """Remember what was chosen for each."""
    await tx.execute(
        _CHOOSE,
        connection,
        [c.remote_id for c in choices],
        [c.kind for c in choices],
        [c.sets_link for c in choices],
        [c.link for c in choices],
        [c.as_new for c in choices],
        [c.picked for c in choices],
    )


async def corrections(tx: Tx, company: CompanyId) -> Corrections:
    """What the company's people chose against suggestions so far."""
    rows = await tx.fetch(_CORRECTIONS, company)
    return Corrections({row["feature"]: (row["business"], row["homeowner"]) for row in rows})


async def correct(tx: Tx, company: CompanyId, counts: Mapping[str, tuple[int, int]]) -> None:
    """Add to them."""
    await tx.execute(
        _CORRECT,
        company,
        list(counts),
        [business for business, _ in counts.values()],
        [homeowner for _, homeowner in counts.values()],
    )


async def learns_once(tx: Tx, company: CompanyId, run_id: UUID) -> bool:
    """Whether this import's corrections are told of for the first time."""
    first: bool | None = await tx.fetchval(_LEARNS_ONCE, run_id, company)
    return first is True


async def with_features(tx: Tx, company: CompanyId, features: Collection[str]) -> list[Row]:
    """The company's customers there that a correction of one of these features is about."""
    return await tx.fetch(_WITH_FEATURES, company, list(features))


async def suggest_anew(tx: Tx, rows: Sequence[tuple[ConnectionId, RemoteId, Suggestion]]) -> None:
    await tx.execute(
        _SUGGEST,
        [connection for connection, _, _ in rows],
        [remote for _, remote, _ in rows],
        [suggestion.kind for _, _, suggestion in rows],
        [suggestion.reason for _, _, suggestion in rows],
    )


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


def known_there(row: Row) -> KnownThere:
    """Of a row of `remote_customers` with `linked_to`."""
    linked = row["linked_to"]
    return KnownThere(
        customer=RemoteCustomer.model_validate(
            {
                "id": row["remote_id"],
                "name": row["name"],
                "email": row["email"],
                "phone": row["phone"],
                "company_name": row["company_name"],
                "active": row["active"],
                "currency": row["currency"],
                "version": row["version"],
                "merged_into": row["merged_into"],
                "held": row["held"],
                "address": None if row["address"] is None else json.loads(row["address"]),
            }
        ),
        suggested_kind=row["suggested_kind"],
        reason=row["reason"],
        features=tuple(row["features"]),
        linked_to=None if linked is None else RecordId(linked),
    )


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
