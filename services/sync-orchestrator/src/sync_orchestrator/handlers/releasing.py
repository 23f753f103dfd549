"""A cause is gone: whatever it held is decided again, in the transaction that mended it."""

from collections.abc import Sequence

from contracts.ids import ConnectionId

from sync_orchestrator.domain.facts import Reviewed
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.handlers.work import REVIEWS, Work
from sync_orchestrator.store import jobs_store


async def release(
    work: Work, connection: ConnectionId, codes: Sequence[str], trigger: Trigger
) -> int:
    """Look again at a connection's jobs with these causes; how many were looked at now.

    Beyond `Tools.at_once` the others are marked, and the sweep takes them after the commit.
    """
    limit = work.tools.at_once
    held = await jobs_store.with_cause(work.tx, connection, codes, limit)
    await work.take(held)
    if len(held) >= limit:
        await jobs_store.review_causes_now(work.tx, connection, codes, work.books.now)
        work.tx.wake(REVIEWS)
    for job in held:
        work.round.apply(job.key, Reviewed(), trigger)
    return len(held)
