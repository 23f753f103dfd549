"""Fresh databases in the session's PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
from collections.abc import Coroutine, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_stack.child_process import LogFile
from local_stack.database import create_database
from local_stack.ports import find_free_block
from local_stack.postgres_server import PostgresServer

_ADMIN_PASSWORD = "tests-only-administrator"
_ROLE_PASSWORD = "tests-only-service-role"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class TestDatabase:
    """A database of its own, with a schema and a login role per name asked for."""

    __test__ = False

    name: str
    address: str
    """`host:port` of the server."""
    admin_dsn: str

    def dsn(self, schema: str) -> str:
        """How the service that owns `schema` connects: its role, that schema on the path."""
        return f"postgresql://{schema}:{_ROLE_PASSWORD}@{self.address}/{self.name}"


@dataclass(frozen=True)
class TestPostgres:
    """The session's server. `process` is None when it runs in a container."""

    __test__ = False

    address: str
    process: PostgresServer | None

    def admin_dsn(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:{_ADMIN_PASSWORD}@{self.address}/{database}"

    def new_database(self, schemas: Sequence[str]) -> TestDatabase:
        """A fresh database (some 50 ms); dropped with the server. Works in and outside a loop."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        _finish(
            create_database(
                self.admin_dsn(),
                name,
                dict.fromkeys(schemas, _ROLE_PASSWORD),
                dsn_of_database=self.admin_dsn(name),
            )
        )
        return TestDatabase(name, self.address, self.admin_dsn(name))


@contextmanager
def embedded_postgres(folder: Path) -> Generator[TestPostgres]:
    """A cluster without fsync in `folder`; raises ProcessFailedError if it doesn't start."""
    port = find_free_block(1)
    server = PostgresServer(
        folder / "postgres",
        port,
        password=_ADMIN_PASSWORD,
        log=LogFile(folder / "postgres.log"),
        durable=False,
    )
    server.start()
    try:
        yield TestPostgres(f"127.0.0.1:{port}", server)
    finally:
        server.stop()


@contextmanager
def container_postgres() -> Generator[TestPostgres]:
    """The same from the official image. Not run by our own checks: they have no engine."""
    from testcontainers.community.postgres import PostgresContainer

    container = PostgresContainer(
        "postgres:18", username="postgres", password=_ADMIN_PASSWORD, dbname="postgres"
    ).with_command("postgres -c max_connections=200 -c fsync=off")
    with container as running:
        host, port = running.get_container_host_ip(), running.get_exposed_port(5432)
        yield TestPostgres(f"{host}:{port}", None)


def _finish(work: Coroutine[object, object, None]) -> None:
    # In a thread: a caller inside a running event loop can't run another one on its own.
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work)
        except BaseException as failure:  # raised again in the caller's thread
            failures.append(failure)

    thread = threading.Thread(target=run, name="new database")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
