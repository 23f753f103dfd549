"""Reference data by load: pages as they come, and the accounts of the newest whole load."""

from dataclasses import dataclass
from datetime import datetime

from contracts.connections import Account, ReferencePage
from contracts.ids import ConnectionId
from messaging.database import Tx
from pydantic import TypeAdapter

_ACCOUNTS = TypeAdapter(tuple[Account, ...])

_SAVE_PAGE = """
insert into reference_pages (connection_id, kind, load_id, page, pages, as_of, body)
select $1, $2, $3, $4, $5, $6, $7::jsonb
where not exists (select from connections c where c.id = $1 and $2 = 'accounts'
    and c.accounts_as_of >= $6)
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
update connections set accounts_as_of = $2, accounts_offered = $3
where id = $1 and (accounts_as_of is null or accounts_as_of < $2)
returning 1
"""

_FORGET_PAGES = """
delete from reference_pages where connection_id = $1 and kind = $2 and as_of <= $3
"""

_FORGET_ACCOUNTS = "delete from accounts where connection_id = $1"

_SAVE_ACCOUNTS = """
insert into accounts (connection_id, id, code, name, active, position)
select $1, a.* from unnest($2::text[], $3::text[], $4::text[], $5::boolean[], $6::int[])
    as a (id, code, name, active, position)
on conflict do nothing
"""

_READ = """
select id, code, name, active from accounts where connection_id = $1
order by code nulls last, name, position
"""

_ABOUT = """
select accounts_as_of, accounts_offered,
    reference_asked_at is not null
        and (accounts_as_of is null or accounts_as_of < reference_asked_at) as refreshing
from connections where id = $1
"""


@dataclass(frozen=True, slots=True)
class AccountList:
    """Income accounts as last read. `refreshing`: newer ones were asked for and haven't come.

    `as_of` is None until a whole load came.
    """

    accounts: tuple[Account, ...]
    as_of: datetime | None
    refreshing: bool
    offered: bool


async def save_accounts_page(
    tx: Tx, page: ReferencePage, listed: tuple[Account, ...], *, offered: bool
) -> bool:
    """Keep one page; whether its load is whole now and the accounts are others than before.

    Pages may come in any order and more than once; of two loads the later reading wins.
    """
    kind, connection = "accounts", page.connection_id
    body = _ACCOUNTS.dump_json(listed).decode()
    await tx.execute(
        _SAVE_PAGE, connection, kind, page.load_id, page.page, page.pages, page.as_of, body
    )
    pages = await tx.fetch(_WHOLE, connection, kind, page.load_id)
    if not pages:
        return False
    before = await accounts_of(tx, connection)
    newest = await tx.fetchval(_LOADED, connection, page.as_of, offered)
    if newest is not None:
        await tx.execute(_FORGET_ACCOUNTS, connection)
        found = [a for row in pages for a in _ACCOUNTS.validate_json(row["body"])]
        await tx.execute(
            _SAVE_ACCOUNTS,
            connection,
            [a.id for a in found],
            [a.code for a in found],
            [a.name for a in found],
            [a.active for a in found],
            list(range(len(found))),
        )
    await tx.execute(_FORGET_PAGES, connection, kind, page.as_of)
    return newest is not None and before != await accounts_of(tx, connection)


async def accounts_of(tx: Tx, connection: ConnectionId) -> AccountList:
    """As `accounts`, but without what changes at every reading: to be compared."""
    listed = await accounts(tx, connection)
    return AccountList(listed.accounts, None, False, listed.offered)


async def accounts(tx: Tx, connection: ConnectionId) -> AccountList:
    """A connection's income accounts, by code and name."""
    about = await tx.fetchrow(_ABOUT, connection)
    rows = await tx.fetch(_READ, connection)
    return AccountList(
        accounts=tuple(
            Account(id=row["id"], code=row["code"], name=row["name"], active=row["active"])
            for row in rows
        ),
        as_of=None if about is None else about["accounts_as_of"],
        refreshing=about is not None and about["refreshing"],
        offered=about is None or about["accounts_offered"],
    )
