"""What customers were made of that an import brought."""

from collections.abc import Collection

from contracts.commands import RemoteRef
from contracts.ids import ConnectionId, RemoteId
from contracts.invoicing import CameFrom
from messaging.database import Tx

from sync_orchestrator.store import remote_customers_store

_ANOTHER = "?"
"""A mark that nothing there has."""


async def as_imported(
    tx: Tx, connection: ConnectionId, origins: Collection[CameFrom]
) -> dict[RemoteId, RemoteRef]:
    """Each record there with what it held when the import read it.

    Of one that is another in the list by now nothing else is known than that somebody altered it.
    """
    listed = await remote_customers_store.by_id(tx, connection, [o.remote_id for o in origins])
    made_of: dict[RemoteId, RemoteRef] = {}
    for origin in origins:
        known = listed.get(origin.remote_id)
        held = None if known is None else known.customer.held
        if known is not None and held is not None:
            same = origin.remote_version in (None, known.customer.version)
            held = held if same else _ANOTHER
        made_of[origin.remote_id] = RemoteRef(
            id=origin.remote_id, version=origin.remote_version, held=held
        )
    return made_of
