"""What every step of a connector is given: the composition root makes one."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.ids import Ids
from messaging.clock import Clock
from messaging.database import Database

from connector_kit.asking import Asker
from connector_kit.connections_store import Connection
from connector_kit.provider import Context, Environment, Provider
from connector_kit.timing import Timing
from connector_kit.tokens import TokenKeeper
from connector_kit.transport import Transport


@dataclass(frozen=True)
class Connector:
    """One provider, and the database, transport, time and ids to reach it with."""

    provider: Provider
    timing: Timing
    environment: Environment
    base_urls: Mapping[str, str]
    database: Database
    transport: Transport
    tokens: TokenKeeper
    asker: Asker
    ids: Ids
    clock: Clock

    def context_of(self, connection: Connection) -> Context:
        """The connection as operations may know it."""
        return Context(
            company_id=connection.company_id,
            connection_id=connection.id,
            organisation=connection.organisation,
            facts=connection.facts,
            environment=self.environment,
            base_urls=self.base_urls,
        )
