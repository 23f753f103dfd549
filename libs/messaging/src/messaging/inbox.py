"""The inbox: a message that comes twice has its effect once.

Only effects that append need it; a fold that keeps the greatest version is safe without.
"""

from collections.abc import Sequence

from contracts.ids import MessageId

from messaging import inbox_store as store
from messaging.database import Tx

KEPT_DAYS = 14
"""Twice as long as a topic keeps a message."""

_PRUNED_AT_ONCE = 20_000


async def first_time(tx: Tx, reader: str, ids: Sequence[MessageId]) -> set[MessageId]:
    """Those of `ids` that `reader` has not seen before; seen from now on, if `tx` commits.

    Another transaction that is recording one of them is waited for: of two readers of the same
    message at the same time only one is told it is the first.
    """
    if not ids:
        return set()
    return {MessageId(seen) for seen in await store.insert_new(tx, reader, list(set(ids)))}


async def prune(tx: Tx, older_than_days: int = KEPT_DAYS) -> int:
    """Forget what was seen longer ago, 20,000 at a time; how many. Call again until it says 0.

    Raises:
        ValueError: `older_than_days` is below 8, within a topic's own 7 days: what is forgotten
            while the broker still has it would take effect again.
    """
    if older_than_days < 8:
        raise ValueError(f"older_than_days must be 8 or more, not {older_than_days}")
    return await store.delete_older(tx, older_than_days, _PRUNED_AT_ONCE)
