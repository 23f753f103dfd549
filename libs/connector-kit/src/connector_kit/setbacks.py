"""What follows for a connection when the provider didn't do what it was asked."""

from datetime import timedelta

from contracts.causes import CAUSES
from contracts.ids import ConnectionId, Ids
from messaging.database import Tx

from connector_kit import connections_store, turns_store
from connector_kit.answers import NoAnswer, NotExecuted, Shut, Stale, Throttled, Unauthorized
from connector_kit.asking import NoRoom, Setback
from connector_kit.expiry import expire
from connector_kit.lanes_store import Hold
from connector_kit.provider import Provider
from connector_kit.timing import Timing, backoff
from connector_kit.tokens import NoToken

_SHUT_FOR = timedelta(hours=1)
"""An organisation that takes nothing (a lapsed subscription) is tried again so often."""

MENDED_BY_PEOPLE = tuple(
    cause.code
    for cause in CAUSES.values()
    if cause.held_by == "connection" and cause.who == "fix_record"
)
"""What somebody mends at the provider and then says so by trying again: that waits no hour."""


async def apply_setback(
    tx: Tx, provider: Provider, timing: Timing, ids: Ids, connection_id: ConnectionId, why: Setback
) -> None:
    """Hold the connection's work as the setback demands, or expire the connection."""
    match why:
        case NotExecuted():
            await _not_executed(tx, provider, timing, ids, connection_id, why)
        case NoAnswer():
            failures = await turns_store.count_failure(tx, connection_id)
            if failures > 1:
                await turns_store.hold(tx, connection_id, "provider", backoff(failures - 1))
        case NoToken():
            # An expired connection needs no hold: it expired with its grant.
            if not why.expired:
                hold: Hold = "provider" if why.cause is None else "connection"
                await turns_store.hold(tx, connection_id, hold, why.wait, cause=why.cause)
        case NoRoom():
            await turns_store.hold(tx, connection_id, "quota", why.wait, clicks=why.click)


async def _not_executed(
    tx: Tx,
    provider: Provider,
    timing: Timing,
    ids: Ids,
    connection_id: ConnectionId,
    refusal: NotExecuted,
) -> None:
    match refusal.why:
        case Unauthorized() | Stale():
            pass  # the next request gets a fresh token, or reads the version first
        case Throttled() as throttled:
            wait = timedelta(seconds=timing.retry_after(throttled.retry_after))
            await turns_store.hold(tx, connection_id, "quota", wait, cause=throttled.cause)
        case Shut(cause, expired):
            if not expired:
                await turns_store.hold(tx, connection_id, "connection", _SHUT_FOR, cause=cause)
                return
            connection = await connections_store.load_for_update(tx, connection_id)
            if connection is not None:
                await expire(tx, provider.name, ids, [connection], cause)
