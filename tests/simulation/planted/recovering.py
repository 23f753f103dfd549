"""What `recover` does after a restore, each part taken away."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from unittest.mock import patch

from connector_kit import recovery_store as connector_part
from messaging import recovery_store
from messaging.database import Tx
from sync_orchestrator.store import recovery_store as orchestrator_part

from simulation.ground import Ground


@asynccontextmanager
async def nothing_verified(on: Ground) -> AsyncGenerator[None]:
    async def verify_all(tx: Tx, ahead: int) -> None:
        await tx.execute("UPDATE connections SET announced_at = NULL")

    with patch.object(connector_part, "verify_all", verify_all):
        yield


@asynccontextmanager
async def steps_given_again(on: Ground) -> AsyncGenerator[None]:
    with patch.object(orchestrator_part, "_STEPS", "update jobs set step = step + 0 * $1::int"):
        yield


@asynccontextmanager
async def nothing_doubted(on: Ground) -> AsyncGenerator[None]:
    with patch.object(orchestrator_part, "_UNSURE", "select 1"):
        yield


@asynccontextmanager
async def marks_of_the_other_server(on: Ground) -> AsyncGenerator[None]:
    async def renew_marks(tx: Tx, ahead: int) -> dict[str, int]:
        return {}

    with patch.object(recovery_store, "renew_marks", renew_marks):
        yield
