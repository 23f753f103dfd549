"""The blast guard at work: pauses a connection, whose records then say why they wait."""

from contracts.ids import ConnectionId
from telemetry.logs import get_logger

from connector_kit import connections_store, guard_store
from connector_kit.connector import Connector
from connector_kit.guarding import blasting, pause_cause

log = get_logger(__name__)


async def pause_if_blasting(connector: Connector, connection_id: ConnectionId) -> None:
    """Pause the connection if its last hour's creates ask for it; an operator lets it go on."""
    async with connector.database.transaction() as tx:
        connection = await connections_store.load_for_update(tx, connection_id)
        if connection is None or not connection.sends:
            return
        creates = await guard_store.load(tx, connection_id)
        if not blasting(creates):
            return
        await connections_store.set_paused(tx, connection_id, True, cause=pause_cause(creates))
    log.error(
        "the blast guard paused a connection",
        connection=str(connection_id),
        unasked=creates.unasked,
        decided=creates.decided,
        duplicates=creates.duplicates,
    )
