"""The whole local stack as real processes, for tests that cross services."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
from local_stack import endpoints as endpoints_file
from local_stack.child_process import ChildProcess, LogFile, Program
from local_stack.endpoints import Endpoints
from local_stack.kafka_server import count_brokers
from local_stack.ports import find_free_block
from local_stack.postgres_server import accepts_connections
from local_stack.state_folder import write_wanted

from testkit.eventually import eventually

_PORTS = 16
_UP_WITHIN = 240.0


class Stack:
    """A running stack. Process names are those of `endpoints["pids"]`: `connector-qbo`, `kafka`."""

    def __init__(self, state: Path, supervisor: ChildProcess) -> None:
        self.state = state
        self.supervisor = supervisor

    @property
    def endpoints(self) -> Endpoints:
        """Read anew each time: process ids change when something is started again."""
        return endpoints_file.read(self.state)

    def pids(self, name: str) -> list[int]:
        """The process's instances that run now. Raises KeyError for a name that isn't there."""
        return self.endpoints["pids"][name]

    def log(self, name: str) -> str:
        """All that the process has logged, over its restarts; `""` before it ever started."""
        try:
            return (self.state / "logs" / f"{name}.log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def kill(self, name: str) -> None:
        """SIGKILL to every instance; the supervisor starts it again by itself: see ready()."""
        self._signal(name, signal.SIGKILL)

    def stop(self, name: str) -> None:
        """SIGSTOP: frozen with its connections open, until cont()."""
        self._signal(name, signal.SIGSTOP)

    def cont(self, name: str) -> None:
        """SIGCONT after stop()."""
        self._signal(name, signal.SIGCONT)

    async def restart(self, name: str, within: float = 60.0) -> None:
        """An orderly end (as in a rolling restart), then ready again."""
        before = self.pids(name)
        ending = signal.SIGINT if name == "postgres" else signal.SIGTERM
        self._signal(name, ending)
        await self.ready(name, within=within, other_than=before)

    async def halt(self, name: str, within: float = 20.0) -> None:
        """An orderly end that lasts, until start()."""
        write_wanted(self.state, name, 0)

        def gone() -> None:
            assert self.pids(name) == [], f"{name} still runs"

        await eventually(gone, within=within)

    async def start(self, name: str, count: int = 1, within: float = 60.0) -> None:
        """Run that many instances (services and simulators; servers run once), until ready."""
        write_wanted(self.state, name, count)

        def there() -> None:
            assert len(self.pids(name)) == count, f"{self.pids(name)} run, not {count}"

        await eventually(there, within=within)
        await self.ready(name, within=within)

    async def ready(
        self, name: str, within: float = 60.0, other_than: list[int] | None = None
    ) -> None:
        """Wait until the process runs (as another process than those) and answers as ready."""
        passed_over = set(other_than or ())

        async def up() -> None:
            pids = self.pids(name)
            assert pids, f"{name} doesn't run"
            assert not passed_over & set(pids), f"{name} is still the old process"
            url = self._url(name)
            if url is None:
                assert self._accepts(name), f"{name} takes no connections"
                return
            try:
                async with httpx.AsyncClient(timeout=2) as client:
                    status = (await client.get(f"{url}/readyz")).status_code
            except httpx.TransportError as refused:
                raise AssertionError(f"{name} doesn't answer: {refused!r}") from refused
            assert status == 200, f"{name} isn't ready ({status})"

        await eventually(up, within=within, every=0.1)

    def _url(self, name: str) -> str | None:
        found = self.endpoints
        simulators = {f"simulator-{key}": url for key, url in found["simulators"].items()}
        return (found["services"] | simulators).get(name)

    def _accepts(self, name: str) -> bool:
        found = self.endpoints
        if name == "kafka":
            host, _, port = found["kafka"].partition(":")
            return count_brokers(host, int(port)) > 0
        port = httpx.URL(found["database_url"]).port
        return port is not None and accepts_connections(port)

    def _signal(self, name: str, number: signal.Signals) -> None:
        for pid in self.pids(name):
            os.kill(pid, number)


@contextmanager
def running_stack(
    state: Path,
    *,
    only: str | None = None,
    settings: Mapping[str, Mapping[str, str]] | None = None,
    time_scale: float = 1.0,
    durable: bool = False,
) -> Generator[Stack]:
    """A stack of its own in `state`, on free ports, gone at the end; its folder stays.

    `settings`: process name (or `*`) -> environment settings that win over the stack's own, such
    as `{"*": {"SWEEP_SECONDS": "1"}}`. `durable`: with fsync, for what measures. Raises
    AssertionError with what the stack said if it doesn't come up.
    """
    state.mkdir(parents=True, exist_ok=True)
    words = [f"--state={state}", f"--port={find_free_block(_PORTS)}", f"--time-scale={time_scale}"]
    words += [] if durable else ["--no-fsync"]
    words += [f"--only={only}"] if only else []
    for name, pairs in (settings or {}).items():
        words += [f"--set={name}:{key}={value}" for key, value in pairs.items()]
    log = LogFile(state / "logs" / "supervisor.log")
    supervisor = ChildProcess(
        Program(
            name="local_stack",
            argv=(sys.executable, "-P", "-m", "local_stack", "up", *words),
            env=dict(os.environ),
            stop_signal=signal.SIGINT,
            stop_within=25,
            orphan_signal=signal.SIGTERM,
        ),
        log,
    )
    try:
        deadline = time.monotonic() + _UP_WITHIN
        while not (state / endpoints_file.FILE).exists():
            ended = supervisor.exit_code is not None
            assert not ended, f"the stack didn't come up:\n{supervisor.last_lines(80)}"
            late = time.monotonic() > deadline
            assert not late, (
                f"the stack isn't up after {_UP_WITHIN:g} s:\n{supervisor.last_lines(80)}"
            )
            time.sleep(0.05)
        yield Stack(state, supervisor)
    finally:
        supervisor.stop()
        log.close()
