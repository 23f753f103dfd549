"""A grant or a connection stops working: the connections expire and say so, in one transaction."""

from collections.abc import Sequence
from uuid import UUID

from contracts.ids import ConnectionId, Ids
from contracts.ids import Provider as ProviderName
from contracts.sync import CauseInstance
from messaging import outbox
from messaging.database import Tx

from connector_kit import connections_store
from connector_kit.connection_events import state_of
from connector_kit.connections_store import Connection


async def expire(
    tx: Tx,
    provider: ProviderName,
    ids: Ids,
    connections: Sequence[Connection],
    cause: CauseInstance,
) -> None:
    """Those that are open expire with this cause, each with one `ConnectionExpired`."""
    open_ones = [connection.id for connection in connections if connection.status == "open"]
    if not open_ones:
        return
    await connections_store.expire(tx, open_ones, cause)
    await announce(tx, provider, ids, open_ones)


async def announce(
    tx: Tx,
    provider: ProviderName,
    ids: Ids,
    connection_ids: Sequence[ConnectionId],
    *,
    correlation_id: UUID | None = None,
) -> None:
    """Say the whole state of these connections, as it stands in this transaction."""
    found = await connections_store.find(tx, connection_ids)
    at = await connections_store.now(tx)
    await outbox.put(
        tx,
        [
            state_of(
                connection,
                provider,
                message_id=ids.new(),
                at=at,
                correlation_id=correlation_id or ids.new(),
            )
            for connection in found.values()
        ],
    )
