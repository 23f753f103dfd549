"""The review of a provider's customers before an import: filtered pages, counts, likenesses."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, cast, get_args
from uuid import UUID

from contracts.ids import CompanyId, ConnectionId, RecordId, RemoteId
from contracts.invoicing import CustomerKind
from messaging.database import Row, Tx

from sync_orchestrator.store.remote_customers_store import KnownThere, known_there

Filter = Literal[
    "all", "new", "linked", "look_alike", "no_email", "business", "homeowner", "selected"
]
FILTERS: tuple[Filter, ...] = get_args(Filter)

# Customers of ours that one there could be: same name or e-mail, and linked to none there yet.
_CANDIDATES = """
select c.id, c.name, c.snapshot ->> 'email' as email, c.name_key = r.name_key as same_name,
    coalesce(c.email_key = r.email_key, false) as same_email
from records c
where c.company_id = $2 and c.entity = 'customer' and c.status is distinct from 'removed'
    and {same}
    and not exists (select from links t where t.connection_id = $1 and t.entity = 'customer'
        and t.record_id = c.id)
"""
_SAME_NAME = _CANDIDATES.format(same="c.name_key = r.name_key")
_SAME_EMAIL = _CANDIDATES.format(same="c.email_key = r.email_key")

_THERE = f"""
select r.*, l.record_id as linked_to,
    l.record_id is null and (exists ({_SAME_NAME}) or exists ({_SAME_EMAIL})) as look_alike,
    l.record_id is null and (select count(*) from ({_SAME_EMAIL}) e) = 1
        and (select count(*) from remote_customers s where s.connection_id = $1
            and s.merged_into is null and s.email_key = r.email_key) = 1 as matched
from remote_customers r
left join links l on l.connection_id = r.connection_id and l.entity = 'customer'
    and l.remote_id = r.remote_id
where r.connection_id = $1 and r.merged_into is null
    and ($3::text is null or r.name ilike $3 or r.email ilike $3 or r.company_name ilike $3)
"""  # noqa: S608  (constants only)

# What an import would make of it is known: it is like none of ours, or is one of them by its e-mail
# alone, or a person chose.
_DECIDED = """
(t.linked_to is null
    and (not t.look_alike or t.matched or t.chosen_new or t.chosen_link is not null))
"""
_SELECTED = f"({_DECIDED} and coalesce(t.picked, t.active))"
_AS_NEW = "(t.chosen_new and t.chosen_link is null)"
_AS_LINK = f"(not {_AS_NEW} and (t.chosen_link is not null or t.matched))"

_IS = f"""
case $4::text
    when 'new' then t.linked_to is null and not t.look_alike
    when 'linked' then t.linked_to is not null
    when 'look_alike' then t.look_alike
    when 'no_email' then t.email_key is null
    when 'business' then coalesce(t.chosen_kind, t.suggested_kind) = 'business'
    when 'homeowner' then coalesce(t.chosen_kind, t.suggested_kind) = 'homeowner'
    when 'selected' then {_SELECTED}
    else true
end
"""

_PAGE = f"""
select t.*, o.name as linked_name, {_SELECTED} as selected,
    (select jsonb_agg(to_jsonb(k) order by k.same_email desc, k.same_name desc, k.name) from (
        select * from (({_SAME_NAME.replace("r.", "t.")} limit 20)
            union ({_SAME_EMAIL.replace("r.", "t.")} limit 20)) u
        where t.linked_to is null) k) as candidates,
    (select count(*) from remote_customers s where s.connection_id = $1 and s.merged_into is null
        and s.email_key = t.email_key) as with_this_email
from ({_THERE}) t
left join records o on o.entity = 'customer' and o.id = t.linked_to
where {_IS} and ($5::text is null or (t.name_key, t.remote_id) > ($5, $6))
order by t.name_key, t.remote_id
limit $7
"""  # noqa: S608  (constants only)

_PAGE_BEFORE = _PAGE.replace("remote_id) > ($5", "remote_id) < ($5").replace(
    "order by t.name_key, t.remote_id\nlimit", "order by t.name_key desc, t.remote_id desc\nlimit"
)

_PAGE_OF = _PAGE.replace(
    "order by t.name_key", "and t.remote_id = any($8::text[])\norder by t.name_key"
)

# What each of them is like is looked up once, whatever is counted by it.
_COUNTS = f"""
select count(*) as "all",
    count(*) filter (where t.linked_to is null and not t.look_alike) as "new",
    count(*) filter (where t.linked_to is not null) as linked,
    count(*) filter (where t.look_alike) as look_alike,
    count(*) filter (where t.email_key is null) as no_email,
    count(*) filter (where coalesce(t.chosen_kind, t.suggested_kind) = 'business') as business,
    count(*) filter (where coalesce(t.chosen_kind, t.suggested_kind) = 'homeowner') as homeowner,
    count(*) filter (where {_SELECTED}) as selected
from ({_THERE} offset 0) t
"""  # noqa: S608  (constants only)

_SELECTION = f"""
select count(*) filter (where {_SELECTED} and not {_AS_LINK}) as "new",
    count(*) filter (where {_SELECTED} and {_AS_LINK}) as links,
    count(*) filter (where t.linked_to is null and t.picked and not {_DECIDED}) as asks
from ({_THERE} offset 0) t
"""  # noqa: S608  (constants only)

_IDS = f"""
select t.remote_id, t.suggested_kind, coalesce(t.chosen_kind, t.suggested_kind) as kind,
    t.chosen_link, {_AS_NEW} as as_new
from ({_THERE} offset 0) t where {_IS}
order by t.name_key, t.remote_id limit $5
"""  # noqa: S608  (constants only)

_CHOOSE_KIND = f"""
update remote_customers u set chosen_kind = $5
where u.connection_id = $1 and u.remote_id in (
    select t.remote_id from ({_THERE}) t where {_IS})
returning 1
"""  # noqa: S608  (constants only)

_PICK = f"""
update remote_customers u set picked = $5
where u.connection_id = $1 and u.remote_id in (
    select t.remote_id from ({_THERE} offset 0) t where {_IS} and (not $5 or {_DECIDED}))
returning 1
"""  # noqa: S608  (constants only)

_OURS_LIKE = """
select count(distinct c.id) from records c
join remote_customers r on r.connection_id = $1 and r.merged_into is null
    and (r.name_key = c.name_key or r.email_key = c.email_key)
    and not exists (select from links t where t.connection_id = $1 and t.entity = 'customer'
        and t.remote_id = r.remote_id)
where c.company_id = $2 and c.entity = 'customer' and c.status is distinct from 'removed'
    and not exists (select from links t where t.connection_id = $1 and t.entity = 'customer'
        and t.record_id = c.id)
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer of ours that one there could be."""

    id: RecordId
    name: str
    email: str | None
    same_name: bool
    same_email: bool


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One customer there as the review shows it."""

    known: KnownThere
    chosen_kind: CustomerKind | None
    chosen_link: RecordId | None
    chosen_new: bool
    picked: bool | None
    selected: bool
    linked_name: str | None
    candidates: tuple[Candidate, ...]
    alone_with_its_email: bool
    name_key: str


@dataclass(frozen=True, slots=True)
class Selected:
    """One that an import would take, as it is decided now."""

    id: RemoteId
    suggested_kind: CustomerKind
    kind: CustomerKind
    link: RecordId | None
    as_new: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """What Import Selected would take: new ones and links. `asks` are ticked, but could be one of
    ours, and nobody chose yet."""

    new: int
    links: int
    asks: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the review shows: a search text and a filter."""

    text: str | None = None
    filter: Filter = "all"

    @property
    def pattern(self) -> str | None:
        """For ILIKE, with its own signs escaped."""
        if not self.text:
            return None
        escaped = self.text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        return f"%{escaped}%"


async def page(
    tx: Tx,
    connection: ConnectionId,
    company: CompanyId,
    wanted: Wanted,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Reviewed]:
    """By name, from the one after `after` (name key, remote id)."""
    key, remote = after or (None, None)
    rows = await tx.fetch(
        _PAGE, connection, company, wanted.pattern, wanted.filter, key, remote, limit
    )
    return [_reviewed(row) for row in rows]


async def page_before(
    tx: Tx,
    connection: ConnectionId,
    company: CompanyId,
    wanted: Wanted,
    before: tuple[str, str],
    limit: int,
) -> list[Reviewed]:
    """By name, those next before `before`."""
    rows = await tx.fetch(
        _PAGE_BEFORE, connection, company, wanted.pattern, wanted.filter, *before, limit
    )
    return [_reviewed(row) for row in reversed(rows)]


async def selection(tx: Tx, connection: ConnectionId, company: CompanyId) -> Selection:
    """What is selected of all of them, whatever a page shows."""
    row = await tx.fetchrow(_SELECTION, connection, company, None)
    assert row is not None
    return Selection(**dict(row))


async def counts(
    tx: Tx, connection: ConnectionId, company: CompanyId, text: str | None
) -> dict[str, int]:
    """How many each filter shows."""
    row = await tx.fetchrow(_COUNTS, connection, company, Wanted(text).pattern)
    assert row is not None
    return {name: row[name] for name in FILTERS}


async def ids(
    tx: Tx, connection: ConnectionId, company: CompanyId, wanted: Wanted, limit: int
) -> list[Selected]:
    """What a filter shows, with what is chosen for each."""
    rows = await tx.fetch(_IDS, connection, company, wanted.pattern, wanted.filter, limit)
    return [
        Selected(
            id=RemoteId(row["remote_id"]),
            suggested_kind=row["suggested_kind"],
            kind=row["kind"],
            link=None if row["chosen_link"] is None else RecordId(row["chosen_link"]),
            as_new=row["as_new"],
        )
        for row in rows
    ]


async def choose_kind(
    tx: Tx, connection: ConnectionId, company: CompanyId, wanted: Wanted, kind: CustomerKind
) -> int:
    """Choose for all that a filter shows; how many they are."""
    rows = await tx.fetch(_CHOOSE_KIND, connection, company, wanted.pattern, wanted.filter, kind)
    return len(rows)


async def pick(
    tx: Tx, connection: ConnectionId, company: CompanyId, wanted: Wanted, *, picked: bool
) -> int:
    """Tick all that a filter shows, but those that ask first; or untick them. How many."""
    rows = await tx.fetch(_PICK, connection, company, wanted.pattern, wanted.filter, picked)
    return len(rows)


async def how_many_of_ours_look_alike(tx: Tx, connection: ConnectionId, company: CompanyId) -> int:
    """Customers of ours, linked to none there, that look like one there that is linked to none."""
    return int(await tx.fetchval(_OURS_LIKE, connection, company))


async def chosen(
    tx: Tx, connection: ConnectionId, company: CompanyId, ids: Collection[str]
) -> dict[RemoteId, Reviewed]:
    """Those of these ids that were listed, as the review shows them."""
    rows = await tx.fetch(
        _PAGE_OF, connection, company, None, "all", None, None, len(ids) + 1, list(ids)
    )
    return {found.known.customer.id: found for found in map(_reviewed, rows)}


def _reviewed(row: Row) -> Reviewed:
    found = cast("list[dict[str, object]]", json.loads(row["candidates"] or "[]"))
    link = row["chosen_link"]
    return Reviewed(
        known=known_there(row),
        chosen_kind=row["chosen_kind"],
        chosen_link=None if link is None else RecordId(link),
        chosen_new=row["chosen_new"] and link is None,
        picked=row["picked"],
        selected=row["selected"],
        linked_name=row["linked_name"],
        candidates=tuple(
            Candidate(
                id=RecordId(UUID(str(one["id"]))),
                name=str(one["name"]),
                email=None if one["email"] is None else str(one["email"]),
                same_name=bool(one["same_name"]),
                same_email=bool(one["same_email"]),
            )
            for one in found
        ),
        alone_with_its_email=row["with_this_email"] == 1,
        name_key=row["name_key"],
    )
