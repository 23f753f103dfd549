"""Connections as the business sees them, and their settings."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from contracts.connections import Organisation, OrganisationFacts
from contracts.ids import CompanyId, ConnectionId, Provider, UserId
from contracts.sync import CauseInstance
from messaging.database import Row, Tx

from sync_orchestrator.domain.connection import (
    PROVIDER_CHOOSES,
    Connection,
    ConnectionSettings,
    ConnectionStatus,
    MappedAccount,
)

_LOAD = """
select c.*, s.version as settings_version, s.sync_customers, s.sync_invoices, s.start_date,
    s.gone_there, s.rounding_account_id, s.no_item_account_id, s.post_in_closed_period,
    s.customers_since, s.invoices_since, a.name as no_item_account_name,
    a.code as no_item_account_code, a.active as no_item_account_active,
    a.id is not null or c.accounts_as_of is null as no_item_account_known,
    r.name as rounding_account_name, r.code as rounding_account_code,
    r.active as rounding_account_active,
    r.id is not null or c.accounts_as_of is null as rounding_account_known,
    restored.at as restored_at, restored.ahead as first_step
from connections c
join connection_settings s on s.connection_id = c.id
left join accounts a on a.connection_id = c.id and a.id = s.no_item_account_id
left join accounts r on r.connection_id = c.id and r.id = s.rounding_account_id
cross join (select max(at) as at, coalesce(sum(ahead), 0) as ahead from restores) as restored
"""

_SAVE = """
insert into connections as c (id, company_id, provider, status, epoch, organisation, facts, cause,
    opened_by, opened_at, ended_at, ended_by_name, token_good_until, accounts_announced, seen_at,
    customers_announced)
values ($1, $2, $3, $4, $5, $6::jsonb, coalesce($7::jsonb, '{}'), $8::jsonb, $9, $10, $11, $12,
    $13, $14, $15, $16)
on conflict (id) do update set
    status = excluded.status, epoch = excluded.epoch, organisation = excluded.organisation,
    facts = coalesce($7::jsonb, c.facts), cause = excluded.cause, opened_by = excluded.opened_by,
    opened_at = excluded.opened_at, ended_at = excluded.ended_at,
    ended_by_name = excluded.ended_by_name, token_good_until = excluded.token_good_until,
    accounts_announced = coalesce(excluded.accounts_announced, c.accounts_announced),
    customers_announced = coalesce(excluded.customers_announced, c.customers_announced),
    seen_at = excluded.seen_at
where c.company_id = excluded.company_id and c.epoch <= excluded.epoch
"""

_NEW_SETTINGS = """
insert into connection_settings (connection_id, start_date, changed_at) values ($1, $2, $3)
on conflict do nothing
"""

_SAVE_SETTINGS = """
update connection_settings set version = $2, sync_customers = $3, sync_invoices = $4,
    start_date = $5, gone_there = $6, rounding_account_id = $7, post_in_closed_period = $8,
    customers_since = $9, invoices_since = $10, changed_at = $11, changed_by = $12,
    no_item_account_id = $13
where connection_id = $1
"""

_LACKING_ACCOUNTS = """
select id, company_id, provider, epoch from connections
where status = 'open'
    and (accounts_as_of is null or accounts_as_of < accounts_announced)
    and (reference_asked_at is null or reference_asked_at < clock() - $1::interval)
order by seen_at, id
limit $2
"""

_LACKING_CUSTOMERS = """
select c.id, c.company_id from connections c
join connection_settings s on s.connection_id = c.id
where c.status = 'open' and c.opened_at < clock() - $2::interval
    and (c.customers_as_of is null or c.customers_as_of < c.customers_announced
        or (c.customers_as_of < clock() - $1::interval
            and (s.sync_customers or s.sync_invoices)))
    and not exists (select from customer_loads l
        where l.connection_id = c.id
            and (l.state = 'running' or l.began_at > clock() - $2::interval
                or l.state = 'interrupted' and l.ended_at > clock() - $3::interval))
order by c.seen_at, c.id
limit $4
"""

_SIGN_IN_GOOD_UNTIL = """
select id, token_good_until from connections
where company_id = $1 and token_good_until is not null
"""

_REFERENCE_ASKED = "update connections set reference_asked_at = clock() where id = any($1::uuid[])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a connector says of a connection. `facts` None: nothing was said of them."""

    id: ConnectionId
    company_id: CompanyId
    provider: Provider
    status: ConnectionStatus
    epoch: int
    organisation: Organisation
    opened_by: UserId
    opened_at: datetime
    opened_on: date | None = None
    facts: OrganisationFacts | None = None
    cause: CauseInstance | None = None
    ended_at: datetime | None = None
    ended_by_name: str | None = None
    token_good_until: datetime | None = None
    accounts_as_of: datetime | None = None
    customers_as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class LackingAccounts:
    """An open connection whose income accounts we don't have, or have from an older load."""

    id: ConnectionId
    company_id: CompanyId
    provider: Provider
    epoch: int


async def of_companies(tx: Tx, companies: Collection[CompanyId]) -> list[Connection]:
    """All connections these companies ever had; in no order."""
    rows = await tx.fetch(f"{_LOAD} where c.company_id = any($1::uuid[])", list(companies))
    return [_connection(row) for row in rows]


async def by_id(tx: Tx, ids: Collection[ConnectionId]) -> list[Connection]:
    rows = await tx.fetch(f"{_LOAD} where c.id = any($1::uuid[])", list(ids))
    return [_connection(row) for row in rows]


async def save(tx: Tx, announced: Announced, now: datetime) -> None:
    """Keep what was announced unless we know a later epoch; make its settings if it is new.

    The start date begins as the company's day of connecting.
    """
    a = announced
    await tx.execute(
        _SAVE,
        a.id,
        a.company_id,
        a.provider,
        a.status,
        a.epoch,
        a.organisation.model_dump_json(),
        None if a.facts is None else a.facts.model_dump_json(),
        None if a.cause is None else a.cause.model_dump_json(),
        a.opened_by,
        a.opened_at,
        a.ended_at,
        a.ended_by_name,
        a.token_good_until,
        a.accounts_as_of,
        now,
        a.customers_as_of,
    )
    await tx.execute(_NEW_SETTINGS, a.id, a.opened_on or a.opened_at.date(), now)


async def save_settings(
    tx: Tx,
    connection: ConnectionId,
    settings: ConnectionSettings,
    now: datetime,
    by: UUID | None,
) -> None:
    s = settings
    await tx.execute(
        _SAVE_SETTINGS,
        connection,
        s.version,
        s.sync_customers,
        s.sync_invoices,
        s.start_date,
        s.gone_there,
        s.rounding_account_id,
        s.post_in_closed_period,
        s.customers_since,
        s.invoices_since,
        now,
        by,
        s.no_item_account_id,
    )


async def lacking_accounts(tx: Tx, not_asked_for: timedelta, limit: int) -> list[LackingAccounts]:
    """Open connections without (new enough) accounts that weren't asked for so long."""
    rows = await tx.fetch(_LACKING_ACCOUNTS, not_asked_for, limit)
    return [
        LackingAccounts(
            ConnectionId(row["id"]), CompanyId(row["company_id"]), row["provider"], row["epoch"]
        )
        for row in rows
    ]


async def lacking_customers(
    tx: Tx,
    older_than: timedelta,
    not_begun_for: timedelta,
    not_interrupted_for: timedelta,
    limit: int,
) -> list[tuple[ConnectionId, CompanyId]]:
    """Open connections whose customers were never listed whole, or that need a newer list.

    A newer one is needed where the connector has one, or a switch is on and ours is older than
    `older_than`.
    """
    rows = await tx.fetch(_LACKING_CUSTOMERS, older_than, not_begun_for, not_interrupted_for, limit)
    return [(ConnectionId(row["id"]), CompanyId(row["company_id"])) for row in rows]


async def reference_asked(tx: Tx, connections: Sequence[ConnectionId]) -> None:
    """Remember that their reference data was asked for just now."""
    await tx.execute(_REFERENCE_ASKED, list(connections))


async def token_health(tx: Tx, company: CompanyId) -> dict[ConnectionId, dict[str, str]]:
    """Until when each connection's sign-in is known to be good, where its connector says so."""
    rows = await tx.fetch(_SIGN_IN_GOOD_UNTIL, company)
    return {
        ConnectionId(row["id"]): {"good_until": row["token_good_until"].isoformat()} for row in rows
    }


def _account(row: Row, chosen: str) -> MappedAccount | None:
    """An account that was chosen, as `mapping_store.load` says one of an item."""
    if row[f"{chosen}_id"] in (None, PROVIDER_CHOOSES):
        return None
    return MappedAccount(
        id=row[f"{chosen}_id"],
        name=row[f"{chosen}_name"],
        code=row[f"{chosen}_code"],
        known=row[f"{chosen}_known"],
        active=row[f"{chosen}_active"] is not False,
    )


def _connection(row: Row) -> Connection:
    cause = row["cause"]
    facts = OrganisationFacts.model_validate_json(row["facts"])
    if not row["accounts_offered"]:
        facts = facts.model_copy(update={"offers_accounts": False})
    return Connection(
        id=ConnectionId(row["id"]),
        company_id=CompanyId(row["company_id"]),
        provider=row["provider"],
        status=row["status"],
        epoch=row["epoch"],
        organisation=Organisation.model_validate_json(row["organisation"]),
        facts=facts,
        opened_at=row["opened_at"],
        cause=None if cause is None else CauseInstance.model_validate_json(cause),
        accounts_as_of=row["accounts_as_of"],
        customers_as_of=row["customers_as_of"],
        no_item_account=_account(row, "no_item_account"),
        rounding_account=_account(row, "rounding_account"),
        restored_at=row["restored_at"],
        first_step=row["first_step"],
        settings=ConnectionSettings(
            version=row["settings_version"],
            sync_customers=row["sync_customers"],
            sync_invoices=row["sync_invoices"],
            start_date=row["start_date"],
            gone_there=row["gone_there"],
            rounding_account_id=row["rounding_account_id"],
            no_item_account_id=row["no_item_account_id"],
            post_in_closed_period=row["post_in_closed_period"],
            customers_since=row["customers_since"],
            invoices_since=row["invoices_since"],
        ),
    )
