"""What `recover` does after a restore, each part taken away."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from unittest.mock import patch

from connector_kit import recovery_store as connector_part
from contracts.ids import RecordId
from messaging.database import Tx
from sync_orchestrator.domain.connection import Connection

from simulation.ground import Ground


@asynccontextmanager
async def nothing_verified(on: Ground) -> AsyncGenerator[None]:
    async def verify_all(tx: Tx, ahead: int) -> None:
        await tx.execute("UPDATE connections SET announced_at = NULL")

    with patch.object(connector_part, "verify_all", verify_all):
        yield


@asynccontextmanager
async def voids_not_looked_for(on: Ground) -> AsyncGenerator[None]:
    def may_have_forgotten(self: Connection, record: RecordId) -> bool:
        return False

    with patch.object(Connection, "may_have_forgotten", may_have_forgotten):
        yield
