"""SQL of connections as this service shows them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from contracts.ids import CompanyId, ConnectionId, Provider, UserId
from contracts.sync import CauseInstance
from messaging.database import Row, Tx

from invoice_api.sync_status.facts import ConnectionFacts, ConnectionStatus


@dataclass(frozen=True)
class ConnectionRow:
    """What a connector's word on a connection comes to here."""

    id: ConnectionId
    company_id: CompanyId
    provider: Provider
    epoch: int
    status: ConnectionStatus
    organisation_id: str
    organisation_name: str
    opened_at: datetime
    said_at: datetime
    token_good_until: datetime | None = None
    cause: CauseInstance | None = None
    opened_by: UserId | None = None


@dataclass(frozen=True)
class KnownConnection:
    """A connection as the integrations page shows it from our own tables."""

    facts: ConnectionFacts
    organisation_id: str | None
    settings: dict[str, Any] | None
    token_good_until: datetime | None
    cause: CauseInstance | None


_FACTS = (
    "SELECT id, provider, status, organisation_id, organisation_name, start_date, settings,"
    " token_good_until, cause FROM connections"
)


async def current_connections(tx: Tx, company: CompanyId) -> list[KnownConnection]:
    """The company's connections, the latest of each provider, whatever their status."""
    rows = await tx.fetch(_FACTS + " WHERE company_id = $1 AND current ORDER BY provider", company)
    return [_known(row) for row in rows]


@dataclass(frozen=True)
class Health:
    """Since when, by whom, and when a record last arrived there."""

    opened_at: datetime
    opened_by: str | None
    last_synced_at: datetime | None


async def health(tx: Tx, company: CompanyId) -> dict[Provider, Health]:
    """Of the company's current connections."""
    rows = await tx.fetch(
        "SELECT c.provider, c.opened_at, u.name AS opened_by,"
        " (SELECT max((s.folded #>> '{success,synced_at}')::timestamptz) FROM record_states s"
        "  WHERE s.company_id = c.company_id AND s.connection_id = c.id) AS last_synced_at"
        " FROM connections c"
        " LEFT JOIN users u ON u.id = c.opened_by AND u.company_id = c.company_id"
        " WHERE c.company_id = $1 AND c.current",
        company,
    )
    return {
        row["provider"]: Health(row["opened_at"], row["opened_by"], row["last_synced_at"])
        for row in rows
    }


async def find_connection(tx: Tx, company: CompanyId, provider: Provider) -> KnownConnection | None:
    row = await tx.fetchrow(
        _FACTS + " WHERE company_id = $1 AND provider = $2 AND current", company, provider
    )
    return None if row is None else _known(row)


async def save_connections(tx: Tx, connections: Sequence[ConnectionRow]) -> bool:
    """Keep the newest word on each connection; whether anything that shows has changed.

    A repeated announcement of what is known changes nothing.
    """
    changed = False
    for one in sorted(connections, key=lambda c: c.id):
        row = await tx.fetchrow(
            "INSERT INTO connections AS c (id, company_id, provider, epoch, status,"
            " organisation_id, organisation_name, opened_at, said_at, token_good_until, cause,"
            " opened_by, start_date)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12,"
            " ($8 AT TIME ZONE coalesce((SELECT time_zone FROM companies WHERE id = $2),"
            " 'UTC'))::date)"
            " ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, status = excluded.status,"
            " organisation_id = excluded.organisation_id,"
            " organisation_name = excluded.organisation_name, opened_at = excluded.opened_at,"
            " said_at = excluded.said_at, token_good_until = excluded.token_good_until,"
            " cause = excluded.cause, opened_by = excluded.opened_by,"
            " changed_xid = pg_current_xact_id()"
            " WHERE (c.epoch, c.said_at) < (excluded.epoch, excluded.said_at)"
            " AND (c.epoch, c.status, c.organisation_id, c.organisation_name, c.opened_at,"
            " c.token_good_until, c.cause) IS DISTINCT FROM (excluded.epoch, excluded.status,"
            " excluded.organisation_id, excluded.organisation_name, excluded.opened_at,"
            " excluded.token_good_until, excluded.cause)"
            " RETURNING id",
            one.id,
            one.company_id,
            one.provider,
            one.epoch,
            one.status,
            one.organisation_id,
            one.organisation_name,
            one.opened_at,
            one.said_at,
            one.token_good_until,
            None if one.cause is None else one.cause.model_dump_json(),
            one.opened_by,
        )
        if row is not None:
            changed = True
            await _choose_current(tx, one.company_id, one.provider)
    return changed


async def assume_connected(
    tx: Tx,
    company: CompanyId,
    provider: Provider,
    connection: ConnectionId,
    status: ConnectionStatus,
    organisation: tuple[str, str] | None,
) -> None:
    """Know of a connection that the orchestrator knew of first, until its connector says more."""
    row = await tx.fetchrow(
        "INSERT INTO connections (id, company_id, provider, epoch, status, organisation_id,"
        " organisation_name, opened_at, said_at, start_date)"
        " VALUES ($1, $2, $3, -1, $4, $5, $6, clock(), clock(),"
        " (clock() AT TIME ZONE coalesce((SELECT time_zone FROM companies WHERE id = $2),"
        " 'UTC'))::date)"
        " ON CONFLICT (id) DO NOTHING RETURNING id",
        connection,
        company,
        provider,
        status,
        None if organisation is None else organisation[0],
        None if organisation is None else organisation[1],
    )
    if row is not None:
        await _choose_current(tx, company, provider)


async def assume_status(
    tx: Tx, company: CompanyId, connection: ConnectionId, status: ConnectionStatus
) -> None:
    """Show what a connector has just answered, until its event says so."""
    await tx.execute(
        "UPDATE connections SET status = $3, changed_xid = pg_current_xact_id()"
        " WHERE company_id = $1 AND id = $2 AND status <> $3",
        company,
        connection,
        status,
    )


async def save_settings(
    tx: Tx, company: CompanyId, connection: ConnectionId, settings: str, start_date: date | None
) -> bool:
    """Remember a connection's settings as its owner last showed them; whether they are new."""
    row = await tx.fetchrow(
        "UPDATE connections SET settings = $3::jsonb, start_date = coalesce($4, start_date),"
        " changed_xid = pg_current_xact_id()"
        " WHERE company_id = $1 AND id = $2 AND settings IS DISTINCT FROM $3::jsonb RETURNING id",
        company,
        connection,
        settings,
        start_date,
    )
    return row is not None


async def without_settings(tx: Tx, limit: int) -> list[tuple[CompanyId, ConnectionId, Provider]]:
    """Current connections whose settings nobody has shown us yet."""
    rows = await tx.fetch(
        "SELECT company_id, id, provider FROM connections WHERE current AND settings IS NULL"
        " ORDER BY id LIMIT $1",
        limit,
    )
    return [(CompanyId(r["company_id"]), ConnectionId(r["id"]), r["provider"]) for r in rows]


async def _choose_current(tx: Tx, company: CompanyId, provider: Provider) -> None:
    await tx.execute(
        "UPDATE connections SET current = (id = (SELECT id FROM connections"
        " WHERE company_id = $1 AND provider = $2 ORDER BY opened_at DESC, id DESC LIMIT 1))"
        " WHERE company_id = $1 AND provider = $2",
        company,
        provider,
    )


def _known(row: Row) -> KnownConnection:
    settings = (
        None if row["settings"] is None else cast("dict[str, Any]", json.loads(row["settings"]))
    )
    switches = settings or {}
    return KnownConnection(
        facts=ConnectionFacts(
            provider=row["provider"],
            id=ConnectionId(row["id"]),
            status=row["status"],
            organisation=row["organisation_name"],
            start_date=row["start_date"],
            automatic_customers=bool(switches.get("sync_customers", False)),
            automatic_invoices=bool(switches.get("sync_invoices", False)),
        ),
        organisation_id=row["organisation_id"],
        settings=settings,
        token_good_until=row["token_good_until"],
        cause=(None if row["cause"] is None else CauseInstance.model_validate_json(row["cause"])),
    )
