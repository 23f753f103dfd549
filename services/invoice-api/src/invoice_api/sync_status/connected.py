"""Whether the company has a connection to a provider at all."""

from contracts.ids import PROVIDER_LABELS, Provider
from messaging.database import Database, Tx

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import Problem, conflict
from invoice_api.sync_status import connections_store
from invoice_api.sync_status.connections_store import KnownConnection


def not_connected(provider: Provider) -> Problem:
    name = PROVIDER_LABELS[provider]
    return conflict(
        "not_connected",
        f"{name} isn't connected",
        f"Connect {name} first, under Settings > Integrations.",
    )


async def connection_of(tx: Tx, caller: Caller, provider: Provider) -> KnownConnection:
    """The company's connection, whatever its status. Raises 409 `not_connected`."""
    found = await connections_store.find_connection(tx, caller.company.id, provider)
    if found is None:
        raise not_connected(provider)
    return found


async def check_connection(
    database: Database, caller: Caller, provider: Provider
) -> KnownConnection:
    """The same in a transaction of its own, for what then calls another service."""
    async with database.transaction() as tx:
        return await connection_of(tx, caller, provider)
