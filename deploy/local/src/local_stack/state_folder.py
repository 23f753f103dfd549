"""The folder that holds all of one stack's state, and the lock that makes it one stack's."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunningError(RuntimeError):
    """Another supervisor has this folder; `pid` is its process id, 0 if unknown."""

    def __init__(self, state: Path, pid: int) -> None:
        super().__init__(f"a stack is already running in {state} (process {pid})")
        self.pid = pid


@contextmanager
def hold(state: Path) -> Generator[bool]:
    """Own the folder for the duration; yields whether its last owner ended without cleaning up.

    The kernel frees the lock when the process ends, however it ends. Raises AlreadyRunningError.
    """
    state.mkdir(parents=True, exist_ok=True)
    pid_file = state / "supervisor.pid"
    with (state / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise AlreadyRunningError(state, read_pid(state)) from taken
        unclean = pid_file.exists()
        pid_file.write_text(f"{os.getpid()}\n")
        try:
            yield unclean
        finally:
            pid_file.unlink(missing_ok=True)


def is_held(state: Path) -> bool:
    """Whether a supervisor runs there now."""
    try:
        with (state / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def read_pid(state: Path) -> int:
    """The process id of the supervisor that runs there, 0 if there is none."""
    try:
        return int((state / "supervisor.pid").read_text())
    except (FileNotFoundError, ValueError):
        return 0


def read_wanted(state: Path, name: str) -> int:
    """How many instances of a process should run: 1 unless someone asked for another number."""
    try:
        return int((state / "wanted" / name).read_text())
    except (FileNotFoundError, ValueError):
        return 1


def write_wanted(state: Path, name: str, count: int) -> None:
    """Ask the running supervisor for that many instances; 0 stops the process until asked again.

    Raises ValueError for a negative number.
    """
    if count < 0:
        raise ValueError(f"the number of instances of {name} can't be {count}")
    folder = state / "wanted"
    folder.mkdir(exist_ok=True)
    draft = folder / f".{name}.new"
    draft.write_text(f"{count}\n")
    draft.replace(folder / name)
