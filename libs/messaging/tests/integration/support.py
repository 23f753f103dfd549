"""What the integration tests of messaging share: a schema to look into, and messages to send."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
from contracts.ids import CompanyId, ItemId, MessageId
from contracts.invoicing import ItemChanged, ItemSnapshot
from messaging.database import PostgresDatabase, Row, Tx, open_pool
from messaging.outbox_store import OutboxRow
from testkit import TestDatabase

SCHEMA = "reader"


@dataclass
class Wakes:
    """Remembers which channels were woken."""

    channels: list[str] = field(default_factory=list[str])

    def wake(self, channel: str) -> None:
        self.channels.append(channel)


class _FailedOnPurposeError(Exception):
    pass


@dataclass(frozen=True)
class Schema:
    """A migrated schema with a pool on it."""

    dsn: str
    admin_dsn: str
    pool: "asyncpg.Pool[Row]"
    database: PostgresDatabase
    wakes: Wakes

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        return await self.pool.fetch(sql, *args)

    async def roll_back(self, work: Callable[[Tx], Awaitable[object]]) -> None:
        """Do the work in a transaction that fails at its end."""
        try:
            async with self.database.transaction() as tx:
                await work(tx)
                raise _FailedOnPurposeError
        except _FailedOnPurposeError:
            pass

    async def count(self, table: str) -> int:
        value: int = await self.pool.fetchval(f"SELECT count(*) FROM {table}")
        return value


@asynccontextmanager
async def schema_on(database: TestDatabase, name: str = SCHEMA) -> AsyncGenerator[Schema]:
    wakes = Wakes()
    async with await open_pool(database.dsn(name), application="test", size=6) as pool:
        yield Schema(
            database.dsn(name), database.admin_dsn, pool, PostgresDatabase(pool, wakes), wakes
        )


def item_changed(
    name: str = "Mowing", *, company: UUID | None = None, version: int = 1
) -> ItemChanged:
    """A message of `invoicing.events.v1`."""
    at = datetime(2026, 6, 1, tzinfo=UTC)
    return ItemChanged.model_validate(
        {
            "id": MessageId(uuid4()),
            "occurred_at": at,
            "company_id": company or CompanyId(uuid4()),
            "correlation_id": uuid4(),
            "item": ItemSnapshot.model_validate(
                {
                    "id": ItemId(uuid4()),
                    "version": version,
                    "name": name,
                    "unit_price": "12.50",
                    "created_at": at,
                }
            ),
        }
    )


@dataclass
class Bus:
    """A broker in memory. `answer` says what becomes of a record; None is: taken."""

    answer: Callable[[OutboxRow], Exception | None] = field(default=lambda _: None)
    taken: list[OutboxRow] = field(default_factory=list[OutboxRow])
    batches: list[int] = field(default_factory=list[int])

    async def publish(self, batch: Sequence[OutboxRow]) -> Sequence[Exception | None]:
        self.batches.append(len(batch))
        results = [self.answer(row) for row in batch]
        self.taken += [row for row, result in zip(batch, results, strict=True) if result is None]
        return results
