"""Connections: whose consent to which organisation, and how it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from contracts.connections import Organisation, OrganisationFacts, ReferenceKind
from contracts.ids import CompanyId, ConnectionId, RemoteId, UserId
from contracts.sync import CauseInstance
from messaging.database import Row, Tx
from pydantic import AwareDatetime, TypeAdapter

Status = Literal["open", "expired", "closed"]

_AS_OF: TypeAdapter[dict[ReferenceKind, AwareDatetime]] = TypeAdapter(
    dict[ReferenceKind, AwareDatetime]
)


@dataclass(frozen=True)
class Connection:
    """A connection as it is stored. `epoch` counts its changes of state."""

    id: ConnectionId
    company_id: CompanyId
    organisation: Organisation
    facts: OrganisationFacts
    grant_id: UUID
    epoch: int
    status: Status
    opened_by: UserId
    opened_by_name: str
    opened_at: datetime
    expired_at: datetime | None
    cause: CauseInstance | None
    closed_by: UserId | None
    closed_by_name: str | None
    closed_at: datetime | None
    paused: bool
    token_good_until: datetime | None
    reference_as_of: dict[ReferenceKind, datetime]
    verify_until: datetime | None = None
    """After a restore: records made before it may be there although the ledger doesn't know."""

    pause_cause: CauseInstance | None = None
    opened_on: date | None = None
    """The company's day when it was opened; None of one opened by an earlier release."""

    attachment: str | None = None
    """The provider's own id of our access to it, where that can be removed by itself."""

    @property
    def sends(self) -> bool:
        """Whether anything may be sent for it now."""
        return self.status == "open" and not self.paused


_COLUMNS = """
    connections.*, grants.refresh_good_until AS token_good_until
    FROM connections JOIN grants ON grants.id = connections.grant_id
"""


async def find(tx: Tx, ids: Sequence[ConnectionId]) -> dict[ConnectionId, Connection]:
    """Those that exist, by id."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} WHERE connections.id = ANY ($1::uuid[])",
        list(ids),
    )
    return {row["id"]: _connection(row) for row in rows}


async def load_for_share(tx: Tx, connection_id: ConnectionId) -> Connection | None:
    """The connection; until the commit nobody changes its state."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} WHERE connections.id = $1 FOR SHARE OF connections",
        connection_id,
    )
    return _connection(rows[0]) if rows else None


async def load_for_update(tx: Tx, connection_id: ConnectionId) -> Connection | None:
    """The connection, locked."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} WHERE connections.id = $1 FOR NO KEY UPDATE OF connections",
        connection_id,
    )
    return _connection(rows[0]) if rows else None


async def of_company_or_organisation(
    tx: Tx, company_id: CompanyId, organisation_id: RemoteId
) -> list[Connection]:
    """All connections of the company, and all to the organisation, locked, in id order."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} WHERE company_id = $1 OR organisation_id = $2
        ORDER BY connections.id FOR NO KEY UPDATE OF connections
        """,
        company_id,
        organisation_id,
    )
    return [_connection(row) for row in rows]


async def of_grant(tx: Tx, grant_id: UUID) -> list[Connection]:
    """The connections that use the grant and aren't closed, locked, in id order."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} WHERE grant_id = $1 AND status <> 'closed'
        ORDER BY connections.id FOR NO KEY UPDATE OF connections
        """,
        grant_id,
    )
    return [_connection(row) for row in rows]


async def organisations_in_use(tx: Tx, organisation_ids: Sequence[RemoteId]) -> set[RemoteId]:
    """Which of these organisations a connection of any company holds."""
    rows = await tx.fetch(
        """
        SELECT organisation_id FROM connections
        WHERE organisation_id = ANY ($1::text[]) AND status <> 'closed'
        """,
        list(organisation_ids),
    )
    return {row["organisation_id"] for row in rows}


async def insert_open(
    tx: Tx,
    connection_id: ConnectionId,
    company_id: CompanyId,
    organisation: Organisation,
    facts: OrganisationFacts,
    grant_id: UUID,
    user_id: UserId,
    user_name: str,
    *,
    opened_on: date,
    attachment: str | None,
) -> None:
    """A new connection, open, with its turn and its budget.

    Raises:
        asyncpg.UniqueViolationError: the organisation or the company has one that isn't closed.
    """
    await tx.execute(
        """
        INSERT INTO connections (
            id, company_id, organisation_id, organisation_name, facts, grant_id, epoch, status,
            opened_by, opened_by_name, opened_on, attachment, opened_at, announced_at, verify_until
        )
        SELECT $1, $2, $3, $4, $5::jsonb, $6, 1, 'open', $7, $8, $9, $10, at, at,
            (SELECT max(r.at) FROM restores r)
        FROM (SELECT clock() AS at) AS now
        """,
        connection_id,
        company_id,
        organisation.id,
        organisation.name,
        facts.model_dump_json(),
        grant_id,
        user_id,
        user_name,
        opened_on,
        attachment,
    )
    await tx.execute(
        """
        INSERT INTO turns (connection_id, served_at, ready_at, clicks_ready_at)
        SELECT $1, at, at, at FROM (SELECT clock() AS at) AS now
        """,
        connection_id,
    )
    await tx.execute("INSERT INTO budgets (connection_id) VALUES ($1)", connection_id)


async def reopen(
    tx: Tx,
    connection_id: ConnectionId,
    organisation: Organisation,
    facts: OrganisationFacts,
    grant_id: UUID,
    user_id: UserId,
    user_name: str,
    *,
    opened_on: date,
    attachment: str | None,
) -> None:
    """The same connection goes on, in its next epoch."""
    await tx.execute(
        """
        UPDATE connections SET status = 'open', epoch = epoch + 1, organisation_name = $2,
            facts = $3::jsonb, grant_id = $4, opened_by = $5, opened_by_name = $6,
            opened_on = $7, attachment = $8, opened_at = clock(), expired_at = NULL, cause = NULL,
            closed_by = NULL, closed_by_name = NULL, closed_at = NULL, announced_at = clock()
        WHERE id = $1
        """,
        connection_id,
        organisation.name,
        facts.model_dump_json(),
        grant_id,
        user_id,
        user_name,
        opened_on,
        attachment,
    )


async def expire(tx: Tx, ids: Sequence[ConnectionId], cause: CauseInstance) -> None:
    """Open connections expire with this cause; others stay as they are."""
    await tx.execute(
        """
        UPDATE connections SET status = 'expired', epoch = epoch + 1, cause = $2::jsonb,
            expired_at = clock(), announced_at = clock()
        WHERE id = ANY ($1::uuid[]) AND status = 'open'
        """,
        list(ids),
        cause.model_dump_json(),
    )


async def close(tx: Tx, connection_id: ConnectionId, user_id: UserId, user_name: str) -> None:
    """A person disconnected it."""
    await tx.execute(
        """
        UPDATE connections SET status = 'closed', epoch = epoch + 1, closed_by = $2,
            closed_by_name = $3, closed_at = clock(), announced_at = clock()
        WHERE id = $1
        """,
        connection_id,
        user_id,
        user_name,
    )


async def take_one_to_leave(tx: Tx, again: timedelta) -> tuple[ConnectionId, str] | None:
    """A closed connection whose organisation we still have access to, and its attachment there.

    It isn't given out again for so long.
    """
    row = await tx.fetchrow(
        """
        UPDATE connections SET leave_at = clock() + $1::interval
        WHERE id = (
            SELECT id FROM connections
            WHERE status = 'closed' AND attachment IS NOT NULL
                AND (leave_at IS NULL OR leave_at <= clock())
            LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        RETURNING id, attachment
        """,
        again,
    )
    return None if row is None else (row["id"], row["attachment"])


async def forget_attachment(tx: Tx, connection_id: ConnectionId, attachment: str) -> None:
    """That access is given up; one that was given since stays."""
    await tx.execute(
        """
        UPDATE connections SET attachment = NULL, leave_at = NULL
        WHERE id = $1 AND attachment = $2 AND status = 'closed'
        """,
        connection_id,
        attachment,
    )


async def lacking_scopes(tx: Tx, required: Sequence[str]) -> list[Connection]:
    """Open connections whose grant is known not to hold all of these scopes, locked."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS}
        WHERE status = 'open' AND NOT $1::text[] <@ coalesce(grants.scopes, $1::text[])
        ORDER BY connections.id FOR NO KEY UPDATE OF connections
        """,
        list(required),
    )
    return [_connection(row) for row in rows]


async def set_paused(
    tx: Tx, connection_id: ConnectionId, paused: bool, *, cause: CauseInstance | None = None
) -> None:
    """Hold or let go the connection's work; `cause` is what its waiting records say of it."""
    await tx.execute(
        """
        UPDATE connections SET paused_at = CASE WHEN $2 THEN clock() END, pause_cause = $3::jsonb
        WHERE id = $1
        """,
        connection_id,
        paused,
        None if cause is None else cause.model_dump_json(),
    )


async def save_facts(
    tx: Tx, connection_id: ConnectionId, organisation_name: str, facts: OrganisationFacts
) -> None:
    """The organisation's name and settings as they were read again."""
    await tx.execute(
        "UPDATE connections SET organisation_name = $2, facts = $3::jsonb WHERE id = $1",
        connection_id,
        organisation_name,
        facts.model_dump_json(),
    )


async def save_as_of(
    tx: Tx, connection_id: ConnectionId, kind: ReferenceKind, as_of: datetime
) -> None:
    """When this kind of reference data was last read there."""
    await tx.execute(
        """
        UPDATE connections SET
            reference_as_of = reference_as_of || jsonb_build_object($2::text, $3::timestamptz)
        WHERE id = $1
        """,
        connection_id,
        kind,
        as_of,
    )


async def due_for_announcement(tx: Tx, every: timedelta, limit: int) -> list[Connection]:
    """Connections not announced for so long, marked as announced now."""
    rows = await tx.fetch(
        f"""
        WITH due AS (
            UPDATE connections SET announced_at = clock()
            WHERE id IN (
                SELECT id FROM connections
                WHERE announced_at IS NULL OR announced_at <= clock() - $1::interval
                ORDER BY announced_at NULLS FIRST LIMIT $2 FOR UPDATE SKIP LOCKED
            )
            RETURNING id
        )
        SELECT {_COLUMNS} WHERE connections.id IN (SELECT id FROM due)
        """,  # noqa: S608  (a constant)
        every,
        limit,
    )
    return [_connection(row) for row in rows]


async def now(tx: Tx) -> datetime:
    """The database's clock."""
    at: datetime = await tx.fetchval("SELECT clock()")
    return at


def _connection(row: Row) -> Connection:
    return Connection(
        id=row["id"],
        company_id=row["company_id"],
        organisation=Organisation(id=row["organisation_id"], name=row["organisation_name"]),
        facts=OrganisationFacts.model_validate_json(row["facts"]),
        grant_id=row["grant_id"],
        epoch=row["epoch"],
        status=row["status"],
        opened_by=row["opened_by"],
        opened_by_name=row["opened_by_name"],
        opened_at=row["opened_at"],
        expired_at=row["expired_at"],
        cause=None if row["cause"] is None else CauseInstance.model_validate_json(row["cause"]),
        closed_by=row["closed_by"],
        closed_by_name=row["closed_by_name"],
        closed_at=row["closed_at"],
        paused=row["paused_at"] is not None,
        token_good_until=row["token_good_until"],
        reference_as_of=_AS_OF.validate_json(row["reference_as_of"]),
        verify_until=row["verify_until"],
        opened_on=row["opened_on"],
        attachment=row["attachment"],
        pause_cause=(
            None
            if row["pause_cause"] is None
            else CauseInstance.model_validate_json(row["pause_cause"])
        ),
    )
