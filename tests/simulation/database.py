"""The doors by which code under simulation meets the world: clock, ids, database."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
from contracts.ids import uuid7
from messaging.database import Row, Tx, keep_json_text

from simulation.kernel import START, Scheduler


@dataclass(frozen=True)
class SimClock:
    """Virtual time, the same for all."""

    scheduler: Scheduler

    def now(self) -> datetime:
        return self.scheduler.now

    def elapsed(self) -> float:
        return (self.scheduler.now - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        await self.scheduler.sleep(seconds)


@dataclass(frozen=True)
class SimIds:
    """Ids of this run's virtual time and seed."""

    scheduler: Scheduler

    def new(self) -> UUID:
        milliseconds = int(self.scheduler.now.timestamp() * 1000)
        return uuid7(milliseconds, self.scheduler.rng.randbytes)


class Sessions:
    """Connections of one role, opened as they are needed and kept.

    A bare stack of connections: whoever needs one takes the one used last, whose statements are
    prepared already.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._idle: list[asyncpg.Connection[Row]] = []
        self._all: list[asyncpg.Connection[Row]] = []

    async def take(self) -> "asyncpg.Connection[Row]":
        """One that is in no transaction."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._all.remove(connection)
        connection = await asyncpg.connect(
            self._dsn,
            command_timeout=30,
            statement_cache_size=1000,
            max_cached_statement_lifetime=0,
        )
        await keep_json_text(connection)
        self._all.append(connection)
        return connection

    def give_back(self, connection: "asyncpg.Connection[Row]") -> None:
        self._idle.append(connection)

    def close(self) -> None:
        """All of them, at once."""
        for connection in self._all:
            connection.terminate()


class SimDatabase:
    """Real transactions whose every statement, commit and rollback is a point."""

    def __init__(self, scheduler: Scheduler, sessions: Sessions) -> None:
        self._scheduler = scheduler
        self._sessions = sessions
        self.wakes: set[str] = set()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        scheduler = self._scheduler
        await scheduler.point("begin")
        connection = await self._sessions.take()
        session = connection.get_server_pid()
        tx = _SimTx(scheduler, connection, session)
        with scheduler.in_transaction():
            try:
                # One round trip for both.
                await connection.execute(f"begin; {tx.tell_time()}")
                yield tx
                await scheduler.point("commit")
                await connection.execute("commit")
            except BaseException:
                if not connection.is_closed():
                    await connection.execute("rollback")
                raise
            finally:
                scheduler.locks_moved(session)
                self._sessions.give_back(connection)
        self.wakes.update(tx.wakes)


class _SimTx:
    def __init__(
        self, scheduler: Scheduler, connection: "asyncpg.Connection[Row]", session: int
    ) -> None:
        self._scheduler = scheduler
        self._connection = connection
        self._session = session
        self._told: datetime | None = None
        self._savepoints = 0
        self.wakes: set[str] = set()

    def tell_time(self) -> str:
        """The statement that makes the session's clock that of the scheduler."""
        self._told = self._scheduler.now
        return f"set local app.now = '{self._told.isoformat()}'"

    async def _turn(self, sql: str) -> None:
        await self._scheduler.point(_label(sql))
        if self._told != self._scheduler.now:
            await self._connection.execute(self.tell_time())

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        await self._turn(sql)
        return await self._scheduler.in_session(self._session, self._connection.fetch(sql, *args))

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        await self._turn(sql)
        statement = self._connection.fetchrow(sql, *args)
        return await self._scheduler.in_session(self._session, statement)

    async def fetchval(self, sql: str, *args: object) -> Any:
        await self._turn(sql)
        statement = self._connection.fetchval(sql, *args)
        return await self._scheduler.in_session(self._session, statement)

    async def execute(self, sql: str, *args: object) -> str:
        await self._turn(sql)
        return await self._scheduler.in_session(self._session, self._connection.execute(sql, *args))

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        await self._turn(sql)
        statement = self._connection.executemany(sql, rows)
        await self._scheduler.in_session(self._session, statement)

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        self._savepoints += 1
        name = f"s{self._savepoints}"
        await self._connection.execute(f"savepoint {name}")
        try:
            yield
        except BaseException:
            if not self._connection.is_closed():
                await self._connection.execute(f"rollback to {name}")
            self._scheduler.locks_moved(self._session)
            raise
        await self._connection.execute(f"release {name}")

    def wake(self, channel: str) -> None:
        self.wakes.add(channel)


@cache
def _label(sql: str) -> str:
    return " ".join(sql.split())[:80]
