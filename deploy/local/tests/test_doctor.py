import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from testkit import running_stack

from local_stack.ports import find_free_block

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_doctor_is_silent_when_nothing_is_wrong(local_stack: Run, tmp_path: Path) -> None:
    done = local_stack("doctor", "--state", tmp_path, "--port", find_free_block(16))
    assert (done.returncode, done.stdout) == (0, "")


def test_a_busy_port_is_named_with_its_holder_and_the_fix(local_stack: Run, tmp_path: Path) -> None:
    first = find_free_block(16)
    with socket.create_server(("127.0.0.1", first + 9)):
        done = local_stack("doctor", "--state", tmp_path, "--port", first)
    assert done.returncode == 1
    assert done.stdout.count("\n") == 1
    assert f"port {first + 9} (for postgres) is taken by" in done.stdout
    assert f"(process {os.getpid()})" in done.stdout
    assert f"PORT={first + 100}" in done.stdout


def test_up_says_what_doctor_says_and_starts_nothing(local_stack: Run, tmp_path: Path) -> None:
    first = find_free_block(16)
    with socket.create_server(("127.0.0.1", first + 9)):
        done = local_stack("up", "--state", tmp_path, "--port", first, "--only", "postgres")
    assert done.returncode == 1
    assert f"port {first + 9} (for postgres) is taken by" in done.stdout
    assert not (tmp_path / "postgres").exists()


def test_a_folder_that_cant_be_one_is_named_with_the_fix(local_stack: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = local_stack("doctor", "--state", tmp_path / "file" / "state")
    assert done.returncode == 1
    assert f"folder {tmp_path}/file/state can't be made" in done.stdout
    assert "STATE=" in done.stdout


def test_a_port_out_of_range_is_refused(local_stack: Run, tmp_path: Path) -> None:
    done = local_stack("doctor", "--state", tmp_path, "--port", 80)
    assert done.returncode == 1
    assert "PORT=80 is out of range" in done.stdout


async def test_a_stack_that_runs_there_is_named(local_stack: Run, tmp_path: Path) -> None:
    with running_stack(tmp_path, only="postgres") as stack:
        done = local_stack("doctor", "--state", tmp_path)
    assert done.returncode == 1
    assert f"already running in {tmp_path} (process {stack.supervisor.pid})" in done.stdout
