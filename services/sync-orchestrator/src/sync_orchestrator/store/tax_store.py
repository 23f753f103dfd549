"""Taxes at the provider, and which of them a local tax rate is, per connection."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from contracts.connections import RemoteTaxRate, TaxRatesListed
from contracts.ids import CompanyId, ConnectionId
from messaging.database import Tx
from pydantic import TypeAdapter

from sync_orchestrator.domain.connection import MappedTax

_CODES = TypeAdapter(tuple[RemoteTaxRate, ...])
_KIND = "tax_rates"

_SAVE_PAGE = """
insert into reference_pages (connection_id, kind, load_id, page, pages, as_of, body)
select $1, $2, $3, $4, $5, $6, $7::jsonb
where not exists (select from connections c where c.id = $1 and c.taxes_as_of >= $6)
on conflict do nothing
"""

_WHOLE = """
select body from reference_pages
where connection_id = $1 and kind = $2 and load_id = $3
    and (select count(*) from reference_pages p where p.connection_id = $1 and p.kind = $2
        and p.load_id = $3) = pages
order by page
"""

_LOADED = """
update connections set taxes_as_of = $2
where id = $1 and (taxes_as_of is null or taxes_as_of < $2)
returning 1
"""

_FORGET_PAGES = """
delete from reference_pages where connection_id = $1 and kind = $2 and as_of <= $3
"""

_FORGET_CODES = "delete from tax_codes where connection_id = $1"

_SAVE_CODE = """
insert into tax_codes (connection_id, id, name, percent, percents, active, position)
select $1, c.id, c.name, c.percent,
    coalesce((select array_agg(p::numeric) from jsonb_array_elements_text(c.percents) as p), '{}'),
    c.active, c.position
from unnest($2::text[], $3::text[], $4::numeric[], $5::jsonb[], $6::boolean[], $7::int[])
    as c (id, name, percent, percents, active, position)
on conflict do nothing
"""

_READ = """
select id, name, percent, percents, active from tax_codes where connection_id = $1
order by position
"""

_ABOUT = """
select taxes_as_of, reference_asked_at is not null
        and (taxes_as_of is null or taxes_as_of < reference_asked_at) as refreshing
from connections where id = $1
"""

_LOAD = """
select m.connection_id, m.rate, m.tax_code, t.name, t.percent, t.percents, t.active,
    t.id is not null or c.taxes_as_of is null as known
from tax_mapping m
join connections c on c.id = m.connection_id
left join tax_codes t on t.connection_id = m.connection_id and t.id = m.tax_code
where m.connection_id = any($1::uuid[]) and m.tax_code is not null
"""

_OF_CONNECTION = """
select rate, name, percent, tax_code from tax_mapping where connection_id = $1 order by name, rate
"""

_VERSION = "select version from tax_mapping_versions where connection_id = $1"

_RAISE_VERSION = """
insert into tax_mapping_versions as v (connection_id, version) values ($1, 1)
on conflict (connection_id) do update set version = v.version + 1
"""

_SAVE = """
insert into tax_mapping as m (connection_id, rate, company_id, name, percent, tax_code, changed_at,
    changed_by)
select $1, n.rate, $2, n.name, n.percent, n.tax_code, $7, $8
from unnest($3::text[], $4::text[], $5::numeric[], $6::text[])
    as n (rate, name, percent, tax_code)
on conflict (connection_id, rate) do update set
    name = excluded.name, percent = excluded.percent, tax_code = excluded.tax_code,
    version = m.version + 1, changed_at = excluded.changed_at, changed_by = excluded.changed_by
where m.tax_code is distinct from excluded.tax_code and m.company_id = excluded.company_id
returning rate
"""


@dataclass(frozen=True, slots=True)
class TaxList:
    """Taxes there as last read. `as_of` is None until a whole load came."""

    codes: tuple[RemoteTaxRate, ...]
    as_of: datetime | None
    refreshing: bool


@dataclass(frozen=True, slots=True)
class TaxRow:
    """A local tax rate (its id as text, or `none`) and the tax it is matched to, if any."""

    rate: str
    name: str
    percent: Decimal
    tax_code: str | None


async def save_page(tx: Tx, page: TaxRatesListed) -> bool:
    """Keep one page; whether its load is whole now and the taxes are others than before.

    Pages may come in any order and more than once; of two loads the later reading wins.
    """
    connection = page.connection_id
    body = _CODES.dump_json(page.tax_rates).decode()
    await tx.execute(
        _SAVE_PAGE, connection, _KIND, page.load_id, page.page, page.pages, page.as_of, body
    )
    pages = await tx.fetch(_WHOLE, connection, _KIND, page.load_id)
    if not pages:
        return False
    before = await codes(tx, connection)
    newest = await tx.fetchval(_LOADED, connection, page.as_of)
    if newest is not None:
        await tx.execute(_FORGET_CODES, connection)
        found = [code for row in pages for code in _CODES.validate_json(row["body"])]
        await tx.execute(
            _SAVE_CODE,
            connection,
            [code.id for code in found],
            [code.name for code in found],
            [code.percent for code in found],
            [f"[{', '.join(str(p) for p in code.percents)}]" for code in found],
            [code.active for code in found],
            list(range(len(found))),
        )
    await tx.execute(_FORGET_PAGES, connection, _KIND, page.as_of)
    return newest is not None and before.codes != (await codes(tx, connection)).codes


async def codes(tx: Tx, connection: ConnectionId) -> TaxList:
    """A connection's taxes, in the provider's order."""
    about = await tx.fetchrow(_ABOUT, connection)
    rows = await tx.fetch(_READ, connection)
    return TaxList(
        codes=tuple(
            RemoteTaxRate(
                id=row["id"],
                name=row["name"],
                percent=row["percent"],
                percents=tuple(row["percents"]),
                active=row["active"],
            )
            for row in rows
        ),
        as_of=None if about is None else about["taxes_as_of"],
        refreshing=about is not None and about["refreshing"],
    )


async def load(
    tx: Tx, connections: Collection[ConnectionId]
) -> dict[ConnectionId, Mapping[str, MappedTax]]:
    """By local rate, the taxes that are matched in these connections.

    One that isn't in the newest list there is not `known`; while no list was read, all are.
    """
    found: dict[ConnectionId, dict[str, MappedTax]] = {one: {} for one in connections}
    for row in await tx.fetch(_LOAD, list(connections)):
        percents = tuple(row["percents"] or ())
        if not percents and row["percent"] is not None:
            percents = (row["percent"],)
        found[ConnectionId(row["connection_id"])][row["rate"]] = MappedTax(
            id=row["tax_code"],
            name=row["name"],
            percents=percents,
            percent=row["percent"],
            known=row["known"],
            active=row["active"] is not False,
        )
    return dict(found)


async def of_connection(tx: Tx, connection: ConnectionId) -> tuple[list[TaxRow], int]:
    """What was matched so far, by name, and the mapping's version."""
    rows = await tx.fetch(_OF_CONNECTION, connection)
    version = await tx.fetchval(_VERSION, connection)
    return [TaxRow(r["rate"], r["name"], r["percent"], r["tax_code"]) for r in rows], version or 0


async def save(
    tx: Tx,
    company: CompanyId,
    connection: ConnectionId,
    rows: Sequence[TaxRow],
    now: datetime,
    by: UUID | None,
) -> list[str]:
    """Match these rates; those that this changed. Raises the mapping's version if any did."""
    if not rows:
        return []
    saved = await tx.fetch(
        _SAVE,
        connection,
        company,
        [row.rate for row in rows],
        [row.name for row in rows],
        [row.percent for row in rows],
        [row.tax_code for row in rows],
        now,
        by,
    )
    if saved:
        await tx.execute(_RAISE_VERSION, connection)
    return [row["rate"] for row in saved]
