import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncpg
from testkit import Stack, eventually, running_stack

from local_stack.ports import find_free_block, is_free

Run = Callable[..., subprocess.CompletedProcess[str]]


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def test_a_killed_process_comes_back_and_endpoints_name_the_new_one(tmp_path: Path) -> None:
    with running_stack(tmp_path, only="postgres,kafka") as stack:
        before = stack.pids("postgres")
        kafka = stack.pids("kafka")
        stack.kill("postgres")
        await stack.ready("postgres", other_than=before, within=20)
        connection = await asyncpg.connect(stack.endpoints["database_url"])
        await connection.close()
        assert stack.pids("kafka") == kafka
        assert "postgres ended (signal 9); starting it again" in stack.supervisor.last_lines()


async def test_a_process_can_be_halted_and_started_again(tmp_path: Path) -> None:
    with running_stack(tmp_path, only="postgres") as stack:
        await stack.halt("postgres")
        assert stack.pids("postgres") == []
        await stack.start("postgres")


async def test_a_frozen_process_goes_on_when_let(tmp_path: Path) -> None:
    with running_stack(tmp_path, only="postgres") as stack:
        stack.stop("postgres")
        stack.cont("postgres")
        await stack.ready("postgres", within=5)
        before = stack.pids("postgres")
        await stack.restart("postgres", within=20)
        assert stack.pids("postgres") != before


async def test_two_stacks_run_side_by_side(tmp_path: Path) -> None:
    with (
        running_stack(tmp_path / "one", only="postgres") as one,
        running_stack(tmp_path / "two", only="postgres") as two,
    ):
        for stack in (one, two):
            connection = await asyncpg.connect(stack.endpoints["database_url"])
            await connection.close()
        assert one.endpoints["database_url"] != two.endpoints["database_url"]


async def test_data_and_passwords_outlive_a_stop(tmp_path: Path) -> None:
    with running_stack(tmp_path, only="postgres") as stack:
        connection = await asyncpg.connect(stack.endpoints["database_url"])
        await connection.execute("CREATE TABLE kept AS SELECT 1")
        await connection.close()
    with running_stack(tmp_path, only="postgres") as stack:
        connection = await asyncpg.connect(stack.endpoints["database_url"])
        assert await connection.fetchval("SELECT count(*) FROM kept") == 1
        await connection.close()


async def test_a_service_role_may_not_enter_another_schema(tmp_path: Path) -> None:
    with running_stack(tmp_path, only="postgres") as stack:
        connection = await asyncpg.connect(stack.endpoints["database_url"])
        try:
            allowed = await connection.fetchval(
                "SELECT has_schema_privilege('connector_qbo', 'invoice_api', 'USAGE')"
            )
            own = await connection.fetchval(
                "SELECT has_schema_privilege('connector_qbo', 'connector_qbo', 'CREATE')"
            )
        finally:
            await connection.close()
    assert (allowed, own) == (False, True)


async def test_a_second_up_says_where_the_first_one_runs(tmp_path: Path, local_stack: Run) -> None:
    with running_stack(tmp_path, only="postgres") as stack:
        second = local_stack("up", "--state", tmp_path, "--only", "postgres")
        assert second.returncode == 1
        assert "already running" in second.stdout
        assert stack.endpoints["web"] in second.stdout
        await stack.ready("postgres")


async def test_children_end_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with running_stack(tmp_path, only="postgres") as stack:
        children = stack.pids("postgres")
        port = int(stack.endpoints["database_url"].rpartition(":")[2].partition("/")[0])
        os.kill(stack.supervisor.pid, signal.SIGKILL)

        def gone() -> None:
            assert not any(_lives(pid) for pid in children)
            assert is_free(port)

        await eventually(gone, within=10)
        _check_it_starts_again(tmp_path)


def _check_it_starts_again(state: Path) -> None:
    with running_stack(state, only="postgres") as again:
        assert isinstance(again, Stack)


def test_a_stack_that_cant_start_stops_everything_and_says_why(
    tmp_path: Path, local_stack: Run
) -> None:
    first = find_free_block(16)
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "data").mkdir()
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("9\n")
    done = local_stack("up", "--state", tmp_path, "--port", first, "--only", "postgres")
    assert done.returncode == 1
    assert "postgres ended 3 times before it was ready" in done.stdout
    assert not (tmp_path / "endpoints.json").exists()
