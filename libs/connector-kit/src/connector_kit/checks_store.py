"""Requests that are due for a look-up, and how they are given back."""

from datetime import timedelta
from uuid import UUID

from contracts.ids import RequestId
from messaging.database import Tx

from connector_kit.ledger_store import CHECKS, OpenRequest, request_of


async def claim_check(tx: Tx, lease_id: UUID, lease: timedelta) -> OpenRequest | None:
    """Lease one request that has open rows, is in nobody's hands and is due for a look-up.

    A budget that is spent for all but clicks doesn't keep look-ups waiting.
    """
    row = await tx.fetchrow(
        """
        UPDATE requests SET leased_by = $1, leased_until = clock() + $2::interval,
            checks = checks + 1
        WHERE id = (
            SELECT requests.id FROM requests
            JOIN connections ON connections.id = requests.connection_id
                AND connections.status = 'open' AND connections.paused_at IS NULL
            JOIN turns ON turns.connection_id = requests.connection_id
                AND turns.clicks_ready_at <= clock()
            WHERE open AND check_at <= clock()
                AND (leased_until IS NULL OR leased_until <= clock())
            ORDER BY check_at
            LIMIT 1
            FOR UPDATE OF requests SKIP LOCKED
        )
        RETURNING *
        """,
        lease_id,
        lease,
    )
    return None if row is None else request_of(row)


async def check_again(tx: Tx, request_id: RequestId, wait: timedelta, *, soon: bool) -> None:
    """Give the request back. It is looked up next `wait` after now and, unless `soon`, not before
    its `quiet_until`: until then an absence proves nothing."""
    await tx.execute(
        """
        UPDATE requests SET leased_by = NULL, leased_until = NULL,
            check_at = CASE WHEN $3 THEN clock() ELSE greatest(quiet_until, clock()) END
                + $2::interval
        WHERE id = $1
        """,
        request_id,
        wait,
        soon,
    )


async def check_at_once(tx: Tx, request_id: RequestId) -> None:
    """Give the request back; it is due for a look-up now."""
    await tx.execute(
        """
        UPDATE requests SET leased_by = NULL, leased_until = NULL, check_at = clock() WHERE id = $1
        """,
        request_id,
    )
    tx.wake(CHECKS)
