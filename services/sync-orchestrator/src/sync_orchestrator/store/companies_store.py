"""The lock that makes a company's decisions serial."""

from collections.abc import Iterable
from datetime import datetime

from contracts.ids import CompanyId
from messaging.database import Tx

_NEW = """
insert into companies (id)
select id from unnest($1::uuid[]) as wanted (id)
where not exists (select from companies c where c.id = wanted.id)
order by id
on conflict do nothing
"""

_LOCK = "select id from companies where id = any($1::uuid[]) order by id for update"

_SETTINGS_CHANGED = """
select distinct c.company_id from connection_settings s
join connections c on c.id = s.connection_id
where s.changed_at > clock() - interval '10 minutes' and (s.sync_customers or s.sync_invoices)
"""

_WITH_A_SWITCH_ON = """
select distinct c.company_id from connection_settings s
join connections c on c.id = s.connection_id
where s.sync_customers or s.sync_invoices
"""


async def lock(tx: Tx, companies: Iterable[CompanyId]) -> datetime:
    """Lock these companies' rows until `tx` ends, in id order; the database's time after it.

    Any two decisions about a company are thereby one after the other, on however many replicas,
    and two transactions that lock several can't wait for each other.
    """
    ids = sorted(set(companies))
    await tx.execute(_NEW, ids)
    await tx.fetch(_LOCK, ids)
    return await now(tx)


async def now(tx: Tx) -> datetime:
    """The database's time."""
    read = await tx.fetchval("select clock()")
    assert isinstance(read, datetime)
    return read


async def with_settings_changed_lately(tx: Tx) -> list[CompanyId]:
    """Companies whose switches or start date may take records that no event will name again."""
    return [CompanyId(row["company_id"]) for row in await tx.fetch(_SETTINGS_CHANGED)]


async def with_a_switch_on(tx: Tx) -> list[CompanyId]:
    return [CompanyId(row["company_id"]) for row in await tx.fetch(_WITH_A_SWITCH_ON)]
