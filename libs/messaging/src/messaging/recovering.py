"""After a database was restored from a backup: one service's part of `recover`.

What happened after the backup is forgotten here and known elsewhere. So feeds are read from their
start, all their rows count as changed, and versions go on where nobody has been. Run it once, while
no process of the service runs and with the topics empty, after `migrate`.
"""

from collections.abc import Awaitable, Callable

from telemetry.logs import get_logger

from messaging import recovery_store
from messaging.database import PostgresDatabase, Tx, open_pool
from messaging.feeds import start_all_over
from messaging.wake import Notifier

log = get_logger(__name__)

AHEAD = 1_000_000
"""Versions, steps and numbers go on so far after the restored ones."""

_PATIENCE_SECONDS = 3_600.0

Own = Callable[[Tx, int], Awaitable[None]]
"""What only this service knows of: in the same transaction, with how far to move ahead."""


async def recover(dsn: str, *, service: str, own: Own, ahead: int = AHEAD) -> None:
    """All of it in one transaction: it is done whole, or not at all.

    Raises:
        one of DATABASE_AWAY: nothing was done.
    """
    pool = await open_pool(
        dsn, application=f"{service} recover", size=1, patience=_PATIENCE_SECONDS
    )
    try:
        async with PostgresDatabase(pool, Notifier(dsn)).transaction() as tx:
            renewed = await make_safe(tx, own, ahead)
    finally:
        pool.terminate()
    log.info("recovered", ahead=ahead, **renewed)


async def make_safe(tx: Tx, own: Own, ahead: int = AHEAD) -> dict[str, int]:
    """What `recover` does, in the caller's transaction; how many rows of which table are marked."""
    await start_all_over(tx)
    renewed = await recovery_store.renew_marks(tx, ahead)
    await own(tx, ahead)
    return renewed
