"""Tells of waits: records that can't go now, why, and until when as far as is known. Once each.

A short wait for a slot isn't told. A connection that doesn't send, a provider that is away and a
limit are told of every record that waits for them.
"""

from datetime import datetime

from contracts.sync import SyncDelayed
from messaging import outbox

from connector_kit import connections_store, lanes_store
from connector_kit.connection_events import why_held
from connector_kit.connections_store import Connection
from connector_kit.connector import Connector
from connector_kit.lanes_store import Untold
from connector_kit.limits import eta
from connector_kit.outcomes import Subject, delayed
from connector_kit.timing import TOLD_AFTER

_AT_ONCE = 500


class Teller:
    """Says `SyncDelayed` for waiting lanes."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def tell(self) -> int:
        """Tell up to 500 waits that weren't told yet; how many."""
        connector = self._connector
        async with connector.database.transaction() as tx:
            untold = await lanes_store.untold(tx, TOLD_AFTER, _AT_ONCE)
            if not untold:
                return 0
            found = await connections_store.find(
                tx, list({one.key.connection_id for one in untold})
            )
            at = await connections_store.now(tx)
            messages: list[SyncDelayed] = [
                self._message(one, found[one.key.connection_id], at) for one in untold
            ]
            await outbox.put(tx, messages)
            await lanes_store.mark_told(tx, [(one.key, one.told) for one in untold])
        return len(untold)

    def _message(self, one: Untold, connection: Connection, at: datetime) -> SyncDelayed:
        connector = self._connector
        subject = Subject.of(one.command, one.key.entity)
        message_id = connector.ids.new()
        if one.hold is None:
            cause = why_held(connection)
            return delayed(subject, "connection", message_id=message_id, at=at, cause=cause)
        until = one.ready_at
        if one.hold == "quota" and one.cause is None:
            until = eta(
                connector.provider,
                connector.provider.entities[one.key.entity],
                one.rank,
                one.ready_at,
                connector.timing.scale,
            )
        return delayed(
            subject, one.hold, message_id=message_id, at=at, until=until, cause=one.cause
        )
