"""The database as a parameter: transactions, statements, and what to wake after a commit.

Stores speak to a `Tx` only. The real one is a pool of asyncpg connections; a test may hand over one
that lets a scheduler choose the order of all statements and commits.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import asyncpg

PLANS_KEPT_SECONDS = 2.0

Row = asyncpg.Record
"""A row, read by column name."""

DATABASE_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # A session that was ended while idle, used before its socket is seen to be closed.
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.PostgresSystemError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidCachedStatementError,
    OSError,
    TimeoutError,
)
"""Errors that say nothing of the work: the database is away or asks to try again (stopped, full,
no connection left, a deadlock, no lock in time, failed over, being set up).

`is_away` is the sharper question: some InterfaceErrors are mistakes in a call.
"""


def is_away(error: BaseException) -> bool:
    """Whether the same work may well succeed later, so that it must be neither blamed nor lost."""
    if isinstance(error, asyncpg.InterfaceError):
        # One class for "connection is closed", for "the server expects 2 arguments", and for values
        # (ValueErrors) that it quotes.
        text = "" if isinstance(error, ValueError) else str(error)
        return any(word in text for word in ("closed", "closing", "released back", "terminated"))
    return isinstance(error, DATABASE_AWAY)


class Tx(Protocol):
    """One open transaction. It commits when its block is left without an exception."""

    async def fetch(self, sql: str, *args: object) -> list[Row]: ...
    async def fetchrow(self, sql: str, *args: object) -> Row | None: ...
    async def fetchval(self, sql: str, *args: object) -> Any: ...
    async def execute(self, sql: str, *args: object) -> str: ...
    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None: ...

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """A part that can fail alone: its exception undoes only what was done inside."""
        ...

    def wake(self, channel: str) -> None:
        """After this transaction has committed, wake whoever listens on `channel`."""
        ...


class Database(Protocol):
    """Where transactions come from."""

    def transaction(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction, read committed.

        Raises:
            one of `DATABASE_AWAY`: the database can't be reached, or asks to try again.
        """
        ...


@asynccontextmanager
async def whole_company(tx: Tx) -> AsyncGenerator[None]:
    """Statements in here join all records of a company, by hash, however many are expected.

    Right after thousands of records were written, the planner's figures are those of before: it
    expects a row or none and walks one side of the join for each row of the other, 10,000 by 2,000
    (half a second instead of milliseconds, until autovacuum comes by). Each side is bounded by the
    company, so that a hash join is never wrong by much. Not for looking up a few records, and each
    table must be narrowed to the company by itself: what was only looked up is read whole here.
    """
    # Before PostgreSQL 18 what is switched off still costs so much where nothing else will do that
    # a statement of milliseconds would be compiled first.
    await tx.execute("set local enable_nestloop = off; set local jit = off")
    yield
    # After an exception the transaction's end resets it.
    await tx.execute("set local enable_nestloop to default; set local jit to default")


class Waker(Protocol):
    """Tells listeners that there is something to do. May lose a word; listeners also poll."""

    def wake(self, channel: str) -> None: ...


class _PostgresTx:
    def __init__(self, connection: "asyncpg.pool.PoolConnectionProxy[Row]") -> None:
        self._connection = connection
        self.wakes: set[str] = set()

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        return await self._connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        return await self._connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        return await self._connection.execute(sql, *args)

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        await self._connection.executemany(sql, rows)

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        async with self._connection.transaction():
            yield

    def wake(self, channel: str) -> None:
        self.wakes.add(channel)


class PostgresDatabase:
    """Transactions on a pool of connections."""

    def __init__(self, pool: "asyncpg.Pool[Row]", waker: Waker) -> None:
        self._pool = pool
        self._waker = waker

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        async with self._pool.acquire() as connection:
            tx = _PostgresTx(connection)
            async with connection.transaction():
                yield tx
        for channel in tx.wakes:
            self._waker.wake(channel)


async def open_pool(
    dsn: str,
    *,
    application: str,
    size: int = 10,
    patience: float = 30,
    plans_kept: float = PLANS_KEPT_SECONDS,
) -> "asyncpg.Pool[Row]":
    """A pool for one process. Statements are given up after `patience` seconds.

    JSON columns are read and written as text: models parse themselves. Sessions must not be
    changed (`SET LOCAL` only): a connection goes back to the pool as it is.
    """
    pool = asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        command_timeout=patience,
        server_settings={
            "application_name": application,
        },
        init=keep_json_text,
        # The usual reset is one more round trip per transaction, for state that a Tx can't leave.
        reset=_Plans(plans_kept),
    )
    return await asyncio.wait_for(pool, timeout=30)


class _Plans:
    """Has each session make its plans anew once in a while; otherwise leaves it as it is.

    Every table of ours is empty when its statements are first planned, and a queue is empty most of
    the time: a plan kept from then reads the whole table once there is a backlog. Planning each
    statement each time is no answer either: for one small invoice at a time it was 60 % of what
    PostgreSQL did (measured). So a session that is in use makes them anew every few seconds: a
    burst is read by a wrong one for no longer than that.
    """

    def __init__(self, kept_seconds: float) -> None:
        self._kept_seconds = kept_seconds
        self._made: WeakKeyDictionary[asyncpg.Connection[Row], float] = WeakKeyDictionary()

    async def __call__(self, connection: "asyncpg.Connection[Row]") -> None:
        now = time.monotonic()
        if now - self._made.setdefault(connection, now) >= self._kept_seconds:
            self._made[connection] = now
            await connection.execute("discard plans")


async def keep_json_text(connection: "asyncpg.Connection[Row]") -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, encoder=str, decoder=str, schema="pg_catalog", format="text"
        )
