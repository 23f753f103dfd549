"""Which connection a request is about, for its own company only."""

from contracts.ids import CompanyId, Provider
from messaging.database import Tx

from sync_orchestrator.domain.connection import Connection, current
from sync_orchestrator.handlers.refusals import not_connected
from sync_orchestrator.handlers.work import Work
from sync_orchestrator.store import connections_store


def current_of(work: Work, company: CompanyId, provider: Provider) -> Connection:
    """The company's newest connection to the provider, open or not.

    Raises:
        Refusal: 409 `not_connected`, there never was one.
    """
    for connection in work.books.current_connections(company):
        if connection.provider == provider:
            return connection
    raise not_connected(provider)


async def find_current(tx: Tx, company: CompanyId, provider: Provider) -> Connection | None:
    """The same for a request that only reads: nothing is locked."""
    known = await connections_store.of_companies(tx, [company])
    return current(tuple(c for c in known if c.provider == provider))


async def read_current(tx: Tx, company: CompanyId, provider: Provider) -> Connection:
    """As `find_current`.

    Raises:
        Refusal: 409 `not_connected`, there never was one.
    """
    found = await find_current(tx, company, provider)
    if found is None:
        raise not_connected(provider)
    return found
