"""Loads: reference data that is to be read at the provider and published."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from contracts.ids import ConnectionId, LoadId
from messaging.database import Tx

WAKE = "loads"
NOT_ARRIVED_AFTER = timedelta(seconds=30)
"""A command that is delivered twice comes sooner; who waits for a load asks after a minute."""

Kind = Literal[
    "organisation", "accounts", "tax_rates", "remote_customers", "remote_items", "invoices"
]


@dataclass(frozen=True)
class NewLoad:
    id: LoadId
    kind: Kind
    connection_id: ConnectionId
    correlation_id: UUID
    causation_id: UUID | None
    changed_since: datetime | None = None
    asked: str | None = None


@dataclass(frozen=True)
class Load:
    """A load in a worker's hands. `tries` counts this one.

    `after` is how far it has come, `pages` how many messages it has published, `asked` what is to
    be read where that isn't all there is, as JSON.
    """

    id: LoadId
    kind: Kind
    connection_id: ConnectionId
    correlation_id: UUID
    causation_id: UUID | None
    tries: int
    as_of: datetime
    """The database's clock when it was first claimed: what is read is at least that new."""
    changed_since: datetime | None = None
    after: str | None = None
    pages: int = 0
    asked: str | None = None


async def insert(tx: Tx, loads: Sequence[NewLoad]) -> None:
    """Ask for loads; one that is known already is left as it is while it goes on.

    One that was done a while ago and is asked for again didn't arrive, as when the broker lost what
    it held: it is read and told once more, as of the same time, with the same numbers of pages.
    """
    await tx.execute(
        """
        INSERT INTO loads (
            id, kind, connection_id, correlation_id, causation_id, changed_since, asked, asked_at,
            ready_at
        )
        SELECT DISTINCT ON (id, kind) id, kind, connection_id, correlation_id, causation_id,
            changed_since, asked::jsonb, at, at
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[],
            $7::text[])
            AS given (id, kind, connection_id, correlation_id, causation_id, changed_since, asked)
        CROSS JOIN (SELECT clock() AS at) AS now
        ON CONFLICT (id, kind) DO UPDATE
        SET done_at = NULL, after = NULL, pages = 0, tries = 0, ready_at = clock()
        WHERE loads.done_at <= clock() - $8::interval
        """,
        [load.id for load in loads],
        [load.kind for load in loads],
        [load.connection_id for load in loads],
        [load.correlation_id for load in loads],
        [load.causation_id for load in loads],
        [load.changed_since for load in loads],
        [load.asked for load in loads],
        NOT_ARRIVED_AFTER,
    )
    tx.wake(WAKE)


async def claim(tx: Tx, lease_id: UUID, lease: timedelta) -> Load | None:
    """Lease the load that waits longest, of a connection that sends."""
    row = await tx.fetchrow(
        """
        UPDATE loads SET leased_by = $1, leased_until = clock() + $2::interval, tries = tries + 1,
            begun_at = coalesce(begun_at, clock())
        WHERE (id, kind) = (
            SELECT loads.id, loads.kind FROM loads
            JOIN connections ON connections.id = loads.connection_id
                AND connections.status = 'open' AND connections.paused_at IS NULL
            WHERE done_at IS NULL AND ready_at <= clock()
                AND (leased_until IS NULL OR leased_until <= clock())
            ORDER BY ready_at
            LIMIT 1
            FOR UPDATE OF loads SKIP LOCKED
        )
        RETURNING id, kind, connection_id, correlation_id, causation_id, tries, begun_at AS as_of,
            changed_since, after, pages, asked
        """,
        lease_id,
        lease,
    )
    return None if row is None else Load(**dict(row))


async def went_on(tx: Tx, load: Load, after: str, pages: int) -> bool:
    """A part of it is read and published: the next may be read at once, by whoever comes first.

    False if somebody read that part before.
    """
    moved: bool | None = await tx.fetchval(
        """
        UPDATE loads SET after = $4, pages = $5, tries = 0, ready_at = clock(),
            leased_by = NULL, leased_until = NULL
        WHERE id = $1 AND kind = $2 AND done_at IS NULL AND pages = $3
        RETURNING true
        """,
        load.id,
        load.kind,
        load.pages,
        after,
        pages,
    )
    if moved:
        tx.wake(WAKE)
    return moved is True


async def finish(tx: Tx, load: Load) -> bool:
    """The load is done; False if somebody finished it before."""
    done: bool | None = await tx.fetchval(
        """
        UPDATE loads SET done_at = clock(), leased_by = NULL, leased_until = NULL
        WHERE id = $1 AND kind = $2 AND done_at IS NULL AND pages = $3
        RETURNING true
        """,
        load.id,
        load.kind,
        load.pages,
    )
    return done is True


async def try_again(tx: Tx, load: Load, wait: timedelta) -> None:
    await tx.execute(
        """
        UPDATE loads SET ready_at = clock() + $3::interval, leased_by = NULL, leased_until = NULL
        WHERE id = $1 AND kind = $2
        """,
        load.id,
        load.kind,
        wait,
    )


async def prune(tx: Tx, older_than: timedelta) -> None:
    """Forget loads that were done so long ago."""
    await tx.execute("DELETE FROM loads WHERE done_at < clock() - $1::interval", older_than)
