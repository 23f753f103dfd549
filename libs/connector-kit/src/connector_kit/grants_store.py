"""Grants: sealed tokens and how their refresh stands."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from contracts.ids import ConnectionId
from contracts.sync import CauseInstance
from messaging.database import Row, Tx

from connector_kit.sealing import WrappedKey


@dataclass(frozen=True)
class Grant:
    """A grant as it is stored, and the database's time at which it was read."""

    id: UUID
    subject: str
    key: WrappedKey
    access_sealed: bytes | None = field(repr=False)
    refresh_sealed: bytes | None = field(repr=False)
    version: int
    access_good_until: datetime
    rejected_version: int | None
    rejections: int
    refresh_started_at: datetime | None
    refresh_by: UUID | None
    refresh_tries: int
    refresh_not_before: datetime | None
    dead_at: datetime | None
    dead_cause: CauseInstance | None
    read_at: datetime

    @property
    def rejected(self) -> bool:
        """Whether the provider has answered 401 to the tokens that are stored."""
        return self.rejected_version == self.version


@dataclass(frozen=True)
class SealedTokens:
    """A token set as it is stored. Lifetimes count from the database's clock."""

    access: bytes = field(repr=False)
    refresh: bytes = field(repr=False)
    access_seconds: float
    refresh_seconds: float | None
    scopes: tuple[str, ...] | None


async def of_connection(tx: Tx, connection_id: ConnectionId) -> Grant | None:
    """The grant that the connection uses."""
    row = await tx.fetchrow(
        """
        SELECT grants.*, clock() AS read_at FROM grants
        JOIN connections ON connections.grant_id = grants.id
        WHERE connections.id = $1
        """,
        connection_id,
    )
    return None if row is None else _grant(row)


async def lock(tx: Tx, grant_id: UUID, within: timedelta) -> Grant:
    """The grant, locked; waits for whoever refreshes it.

    Raises:
        asyncpg.LockNotAvailableError: it was held longer than `within`.
    """
    await tx.execute(
        "SELECT set_config('lock_timeout', $1, true)", f"{int(within.total_seconds() * 1000)}ms"
    )
    row = await tx.fetchrow(
        "SELECT grants.*, clock() AS read_at FROM grants WHERE id = $1 FOR UPDATE", grant_id
    )
    assert row is not None
    return _grant(row)


async def find_by_subject(tx: Tx, subject: str) -> Grant | None:
    """The subject's grant, locked."""
    row = await tx.fetchrow(
        "SELECT grants.*, clock() AS read_at FROM grants WHERE subject = $1 FOR UPDATE", subject
    )
    return None if row is None else _grant(row)


async def allow_waiting(tx: Tx, seconds: float) -> None:
    """This transaction may wait that long for a token endpoint while it holds the grant.

    All others are ended after 10 s of waiting, so that no feed stands still behind them.
    """
    await tx.execute(
        "SELECT set_config('idle_in_transaction_session_timeout', $1, true)",
        f"{int(seconds * 1000)}ms",
    )


async def note_start(tx: Tx, grant_id: UUID, refresher: UUID) -> None:
    """A refresh begins. Committed before it is sent, so that a crash leaves a trace of it."""
    await tx.execute(
        """
        UPDATE grants SET refresh_started_at = clock(), refresh_by = $2,
            refresh_tries = refresh_tries + 1
        WHERE id = $1
        """,
        grant_id,
        refresher,
    )


async def note_unanswered(tx: Tx, grant_id: UUID, wait: timedelta) -> None:
    """The refresh had no usable answer; the stored tokens stay, the next try waits."""
    await tx.execute(
        """
        UPDATE grants SET refresh_by = NULL, refresh_not_before = clock() + $2::interval
        WHERE id = $1
        """,
        grant_id,
        wait,
    )


async def insert(
    tx: Tx, grant_id: UUID, subject: str, key: WrappedKey, tokens: SealedTokens
) -> None:
    await tx.execute(
        """
        INSERT INTO grants (
            id, subject, key_id, wrapped_key, version, access_sealed, refresh_sealed,
            access_good_until, refresh_good_until, scopes
        )
        VALUES (
            $1, $2, $3, $4, 1, $5, $6, clock() + make_interval(secs => $7),
            clock() + make_interval(secs => $8), $9
        )
        """,
        grant_id,
        subject,
        key.key_id,
        key.wrapped,
        tokens.access,
        tokens.refresh,
        tokens.access_seconds,
        tokens.refresh_seconds,
        None if tokens.scopes is None else list(tokens.scopes),
    )


async def save_tokens(tx: Tx, grant_id: UUID, tokens: SealedTokens) -> int:
    """A new token set takes the place of the old; its version. The refresh is over."""
    version: int = await tx.fetchval(
        """
        UPDATE grants SET version = version + 1, access_sealed = $2, refresh_sealed = $3,
            access_good_until = clock() + make_interval(secs => $4),
            refresh_good_until = clock() + make_interval(secs => $5),
            scopes = coalesce($6, scopes),
            refresh_started_at = NULL, refresh_by = NULL, refresh_tries = 0,
            refresh_not_before = NULL, dead_at = NULL, dead_cause = NULL
        WHERE id = $1
        RETURNING version
        """,
        grant_id,
        tokens.access,
        tokens.refresh,
        tokens.access_seconds,
        tokens.refresh_seconds,
        None if tokens.scopes is None else list(tokens.scopes),
    )
    return version


async def kill(tx: Tx, grant_id: UUID, cause: CauseInstance) -> None:
    """The provider says that the grant is dead: its tokens are forgotten."""
    await tx.execute(
        """
        UPDATE grants SET dead_at = clock(), dead_cause = $2::jsonb, access_sealed = NULL,
            refresh_sealed = NULL, refresh_started_at = NULL, refresh_by = NULL, refresh_tries = 0,
            refresh_not_before = NULL
        WHERE id = $1
        """,
        grant_id,
        cause.model_dump_json(),
    )


async def reject(tx: Tx, grant_id: UUID, version: int) -> int:
    """The provider answered 401 to this version; how many versions in a row it rejected."""
    rejections: int | None = await tx.fetchval(
        """
        UPDATE grants SET rejected_version = version, rejections = rejections + 1
        WHERE id = $1 AND version = $2 AND rejected_version IS DISTINCT FROM $2
        RETURNING rejections
        """,
        grant_id,
        version,
    )
    return rejections or 0


async def accept(tx: Tx, grant_id: UUID) -> None:
    """The provider took the tokens."""
    await tx.execute("UPDATE grants SET rejections = 0 WHERE id = $1 AND rejections > 0", grant_id)


async def orphan(tx: Tx) -> Grant | None:
    """A grant with tokens that no connection uses any more, locked; its time to be forgotten.

    A closed connection needs it as long as there is something to give up at the provider.
    """
    row = await tx.fetchrow(
        """
        SELECT grants.*, clock() AS read_at FROM grants
        WHERE refresh_sealed IS NOT NULL AND NOT EXISTS (
            SELECT FROM connections
            WHERE grant_id = grants.id AND (status <> 'closed' OR attachment IS NOT NULL)
        )
        LIMIT 1 FOR UPDATE SKIP LOCKED
        """
    )
    return None if row is None else _grant(row)


async def forget_tokens(tx: Tx, grant_id: UUID) -> None:
    await tx.execute(
        "UPDATE grants SET access_sealed = NULL, refresh_sealed = NULL WHERE id = $1", grant_id
    )


async def wrapped_by_older(tx: Tx, newest: str, limit: int) -> list[tuple[UUID, WrappedKey]]:
    """Grants whose key another master key than the newest wraps, locked."""
    rows = await tx.fetch(
        """
        SELECT id, key_id, wrapped_key FROM grants WHERE key_id <> $1
        LIMIT $2 FOR UPDATE SKIP LOCKED
        """,
        newest,
        limit,
    )
    return [(row["id"], WrappedKey(row["key_id"], row["wrapped_key"])) for row in rows]


async def save_wrapped(tx: Tx, keys: list[tuple[UUID, WrappedKey]]) -> None:
    await tx.execute(
        """
        UPDATE grants SET key_id = given.key_id, wrapped_key = given.wrapped
        FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS given (id, key_id, wrapped)
        WHERE grants.id = given.id
        """,
        [grant_id for grant_id, _ in keys],
        [key.key_id for _, key in keys],
        [key.wrapped for _, key in keys],
    )


def _grant(row: Row) -> Grant:
    return Grant(
        id=row["id"],
        subject=row["subject"],
        key=WrappedKey(row["key_id"], row["wrapped_key"]),
        access_sealed=row["access_sealed"],
        refresh_sealed=row["refresh_sealed"],
        version=row["version"],
        access_good_until=row["access_good_until"],
        rejected_version=row["rejected_version"],
        rejections=row["rejections"],
        refresh_started_at=row["refresh_started_at"],
        refresh_by=row["refresh_by"],
        refresh_tries=row["refresh_tries"],
        refresh_not_before=row["refresh_not_before"],
        dead_at=row["dead_at"],
        dead_cause=(
            None
            if row["dead_cause"] is None
            else CauseInstance.model_validate_json(row["dead_cause"])
        ),
        read_at=row["read_at"],
    )
