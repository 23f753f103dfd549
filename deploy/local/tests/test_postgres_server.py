import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from local_stack import postgres_server
from local_stack.child_process import LogFile
from local_stack.ports import find_free_block
from local_stack.postgres_server import PostgresServer, binaries


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(
        tmp_path / "postgres",
        find_free_block(1),
        password="a-password-for-tests",
        log=LogFile(tmp_path / "postgres.log"),
        durable=False,
    )
    yield server
    server.stop()


async def _execute(server: PostgresServer, statement: str) -> None:
    connection = await asyncpg.connect(server.dsn())
    await connection.execute(statement)
    await connection.close()


async def _count(server: PostgresServer) -> object:
    connection = await asyncpg.connect(server.dsn())
    try:
        return await connection.fetchval("SELECT count(*) FROM kept")
    finally:
        await connection.close()


async def test_data_outlives_an_orderly_restart(server: PostgresServer) -> None:
    server.start()
    await _execute(server, "CREATE TABLE kept AS SELECT 1")
    server.stop()
    server.start()
    assert await _count(server) == 1


async def test_data_outlives_a_kill(server: PostgresServer) -> None:
    server.start()
    await _execute(server, "CREATE TABLE kept AS SELECT 1")
    server.child.kill()
    assert (server.data / "postmaster.pid").exists()
    server.start()
    assert await _count(server) == 1


async def test_a_pid_file_that_names_an_unrelated_process_is_no_obstacle(
    server: PostgresServer,
) -> None:
    server.start()
    await _execute(server, "CREATE TABLE kept AS SELECT 1")
    server.child.kill()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    server.start()
    assert await _count(server) == 1


async def test_a_start_that_was_interrupted_is_made_good(server: PostgresServer) -> None:
    server.data.mkdir(parents=True)
    (server.data / "half-made").touch()
    server.start()
    await _execute(server, "CREATE TABLE kept AS SELECT 1")


async def test_every_connection_needs_its_password(server: PostgresServer) -> None:
    server.start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.dsn().replace("a-password-for-tests", "another"))


def test_the_server_is_never_root(server: PostgresServer) -> None:
    server.start()
    owner = Path(f"/proc/{server.child.pid}").stat().st_uid
    assert owner != 0


def test_binaries_and_data_may_lie_below_a_private_home(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    installed = binaries().parents[1]
    for name in (installed.name, f"{installed.name}.libs"):
        shutil.copytree(installed.with_name(name), home / name)
    monkeypatch.setattr(
        postgres_server, "binaries", lambda: home / installed.name / "pginstall" / "bin"
    )
    home.chmod(0o700)
    tmp_path.chmod(0o700)
    server.start()


def test_the_rights_of_parent_folders_stay_as_they_are(
    server: PostgresServer, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    before = [(folder, folder.stat().st_mode) for folder in (tmp_path, *tmp_path.parents)]
    server.start()
    assert [(folder, folder.stat().st_mode) for folder, _ in before] == before
