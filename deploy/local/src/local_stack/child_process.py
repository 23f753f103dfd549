"""One child process: started, watched, logged line by line, stopped in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

_LAUNCHER = Path(__file__).with_name("launch.py")
_LOG_LIMIT = 32 * 1024 * 1024
_POLL_SECONDS = 0.02


class ProcessFailedError(RuntimeError):
    """A process ended, or didn't become ready, when it was needed; says what it said last."""


@dataclass(frozen=True)
class RunAs:
    """The user a program runs as when we are root.

    `keep_search` lets it pass folders that only root may enter (a checkout below /root), without
    changing the rights of a single folder.
    """

    uid: int
    gid: int
    keep_search: bool


@dataclass(frozen=True)
class Program:
    """What to run. `argv[0]` is an absolute path; `env` is the whole environment."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path | None = None
    run_as: RunAs | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 10.0
    orphan_signal: signal.Signals = signal.SIGKILL
    """Sent by the kernel when the process that started this one is gone (Linux)."""


def launch_command(program: Program) -> list[str]:
    """The command that runs `program` as a child of the calling process."""
    run_as = program.run_as
    owner = "-" if run_as is None else f"{run_as.uid}:{run_as.gid}:{int(run_as.keep_search)}"
    return [
        sys.executable,
        "-I",
        "-S",
        str(_LAUNCHER),
        str(os.getpid()),
        str(int(program.orphan_signal)),
        owner,
        *program.argv,
    ]


def run_to_end(program: Program, within: float) -> str:
    """Run a program that ends by itself; its output.

    Raises ProcessFailedError with the output if it fails or takes longer than `within` seconds.
    """
    try:
        done = subprocess.run(
            launch_command(program),
            env=dict(program.env),
            cwd=program.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=within,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        said = (late.stdout or b"").decode(errors="replace")
        raise ProcessFailedError(f"{program.name} took longer than {within:g} s:\n{said}") from late
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise ProcessFailedError(f"{program.name} failed (exit {done.returncode}):\n{output}")
    return output


@dataclass
class LogFile:
    """A process's log: each line with its time (UTC), the process's name and id.

    Kept across restarts; the older half moves to `<name>.log.1` at 32 MiB.
    """

    path: Path
    echo: Callable[[str], None] | None = None
    _file: IO[bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, name: str, pid: int, line: bytes) -> None:
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        prefix = f"{stamp} {name}[{pid}] "
        with self._lock:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("ab", buffering=0)
            self._file.write(prefix.encode() + line + b"\n")
            if self._file.tell() > _LOG_LIMIT:
                self._file.close()
                self._file = None
                self.path.replace(self.path.with_name(self.path.name + ".1"))
        if self.echo is not None:
            self.echo(f"{name} | {line.decode(errors='replace')}")

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


class ChildProcess:
    """A running program. Start it from the main thread: the kernel ties its life to that thread."""

    def __init__(self, program: Program, log: LogFile) -> None:
        self.program = program
        self.log = log
        self._last_lines: deque[str] = deque(maxlen=80)
        # Its own session: Ctrl-C at the terminal reaches the supervisor alone.
        self._process = subprocess.Popen(
            launch_command(program),
            env=dict(program.env),
            cwd=program.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._pump = threading.Thread(
            target=self._copy_lines, name=f"log of {program.name}", daemon=True
        )
        self._pump.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative is the signal that ended it."""
        return self._process.poll()

    def last_lines(self, count: int = 15) -> str:
        """What it said last; at most 80 lines are kept."""
        return "\n".join(list(self._last_lines)[-count:])

    def send(self, number: signal.Signals) -> None:
        """Signal it; nothing happens if it has ended."""
        self._process.send_signal(number)

    def request_stop(self) -> None:
        """Ask it to end; it need not be running freely (a stopped process is continued)."""
        self.send(self.program.stop_signal)
        self.send(signal.SIGCONT)

    def stop(self) -> int:
        """End it: its stop signal, then SIGKILL after `stop_within` seconds; its exit code."""
        self.request_stop()
        deadline = time.monotonic() + self.program.stop_within
        while self.exit_code is None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return self.kill()

    def kill(self) -> int:
        """End it now if it still runs, collect it and finish its log; its exit code."""
        self._process.kill()
        code = self._process.wait()
        # Not for long: its own children may hold the other end for a while.
        self._pump.join(timeout=0.2)
        return code

    def wait_ready(self, is_ready: Callable[[], bool], within: float) -> None:
        """Wait until `is_ready` says so.

        Raises ProcessFailedError if it ends first or takes too long.
        """
        name = self.program.name
        deadline = time.monotonic() + within
        while not is_ready():
            if self.exit_code is not None:
                self.kill()
                raise ProcessFailedError(
                    f"{name} ended (exit {self.exit_code}):\n{self.last_lines()}"
                )
            if time.monotonic() > deadline:
                raise ProcessFailedError(
                    f"{name} isn't ready after {within:g} s:\n{self.last_lines()}"
                )
            time.sleep(_POLL_SECONDS)

    def _copy_lines(self) -> None:
        stream = self._process.stdout
        if stream is None:
            return
        with stream:
            for raw in stream:
                line = raw.rstrip(b"\r\n")
                self._last_lines.append(line.decode(errors="replace"))
                self.log.write(self.program.name, self.pid, line)
