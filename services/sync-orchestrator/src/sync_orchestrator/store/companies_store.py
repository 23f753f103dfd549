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
