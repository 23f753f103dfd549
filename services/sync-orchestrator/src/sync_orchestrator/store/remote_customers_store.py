"""Customers at a provider as last read."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.connections import RemoteCustomer, RemoteCustomersListed
from contracts.ids import ConnectionId, RecordId, RemoteId
from contracts.invoicing import CustomerKind
from messaging.database import Row, Tx

from sync_orchestrator.domain.customer_kinds import Suggestion
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

_LISTED = """
update connections set customers_as_of = greatest(coalesce(customers_as_of, $2), $2) where id = $1
"""


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
