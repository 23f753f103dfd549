"""Brings a whole stack up in the right order, keeps it up, and takes it down again."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from local_stack import endpoints
from local_stack.child_process import ChildProcess, LogFile, ProcessFailedError, Program
from local_stack.database import create_database
from local_stack.kafka_jars import are_cached
from local_stack.kafka_server import KafkaServer
from local_stack.postgres_server import PostgresServer
from local_stack.services import ROWS, Row, environment
from local_stack.stack_plan import (
    DATABASE,
    FURTHER_INSTANCES_OFFSET,
    KAFKA_CONTROLLER_OFFSET,
    KAFKA_OFFSET,
    POSTGRES_OFFSET,
    StackPlan,
)
from local_stack.state_folder import read_wanted
from local_stack.watched_process import WatchedProcess, ended_within

_TICK = 0.2
# Together at most 20 s; what is asked first may still be writing to what is asked last.
_STOP_SERVICES, _STOP_SIMULATORS, _STOP_SERVERS = 9.0, 2.0, 8.0


class Supervisor:
    """One stack. run() brings it up and returns after stop() was called and everything ended."""

    def __init__(
        self,
        plan: StackPlan,
        chosen: frozenset[str],
        *,
        say: Callable[[str], None],
        echo: Callable[[str], None] | None = None,
    ) -> None:
        self._plan = plan
        self._chosen = chosen
        self._say = say
        self._echo = echo
        self._rows = [row for row in ROWS if row.name in chosen]
        self._processes: dict[str, list[WatchedProcess]] = {}
        self._logs: list[LogFile] = []
        self._announced: list[asyncio.Task[None]] = []
        self._stop_asked = asyncio.Event()
        self._done: dict[str, asyncio.Event] = {}
        self._is_ready = False
        self._setup_log = self._log("setup")

    def stop(self) -> None:
        """Ask for an orderly end; asked twice, everything is killed."""
        if self._stop_asked.is_set():
            self._say("killing everything that still runs")
            for process in self._all():
                process.kill()
        self._stop_asked.set()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Raises ProcessFailedError, with everything stopped, if something can't be brought up."""
        (self._plan.state / endpoints.FILE).unlink(missing_ok=True)
        running = asyncio.create_task(self._bring_up(on_ready))
        asked = asyncio.create_task(self._stop_asked.wait())
        try:
            await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._take_down(running)
            asked.cancel()
            (self._plan.state / endpoints.FILE).unlink(missing_ok=True)
            for log in self._logs:
                log.close()
        if running.done() and not running.cancelled():
            failure = running.exception()
            if failure is not None:
                raise _first_of(failure)

    # -- up -----------------------------------------------------------------------------------

    async def _bring_up(self, on_ready: Callable[[], None]) -> None:
        services = [row for row in self._rows if row.kind == "service"]
        async with asyncio.TaskGroup() as group:
            if "postgres" in self._chosen:
                server = self._postgres()
                self._keep(group, server)
                self._step(group, "database", (server,), self._create_database)
            if "kafka" in self._chosen:
                server = self._kafka()
                self._step(group, "kafka's jars", (), self._fetch_jars)
                self._keep(group, server, ("kafka's jars",))
                if services:
                    self._step(group, "topics", (server,), self._create_topics)
            for row in services:
                self._step(group, f"migrate {row.name}", ("database",), self._migrate(row))
            if any(row.name == "invoice-api" for row in services):
                self._step(group, "demo", ("migrate invoice-api",), self._make_demo)
            for row in self._rows:
                needs = ("topics", f"migrate {row.name}") if row.kind == "service" else ()
                self._keep(group, self._instance(row, 0), needs)
                group.create_task(self._follow_wanted(group, row))
            await self._wait_for_all()
            self._is_ready = True
            self._write_endpoints()
            on_ready()

    async def _wait_for_all(self) -> None:
        for step in self._done.values():
            await step.wait()
        for announced in self._announced:
            await announced

    def _step(
        self,
        group: asyncio.TaskGroup,
        name: str,
        needs: tuple[str | WatchedProcess, ...],
        work: Callable[[], Awaitable[None]],
    ) -> None:
        """Do `work` once after what it needs."""
        done = self._done[name] = asyncio.Event()

        async def run() -> None:
            await self._wait_for(needs)
            started = time.monotonic()
            await work()
            self._say_ready(name, started)
            done.set()

        group.create_task(run(), name=name)

    def _keep(
        self,
        group: asyncio.TaskGroup,
        process: WatchedProcess,
        needs: tuple[str | WatchedProcess, ...] = (),
    ) -> None:
        """Keep `process` running after what it needs."""
        self._processes.setdefault(process.name.partition("#")[0], []).append(process)

        late = self._is_ready

        async def run() -> None:
            await self._wait_for(needs)
            try:
                await process.keep_running()
            except ProcessFailedError as failure:
                if not late:
                    raise
                self._say(f"given up: {failure}")

        async def tell() -> None:
            await self._wait_for(needs)
            started = time.monotonic()
            await process.became_ready.wait()
            self._say_ready(process.name, started)

        group.create_task(run(), name=process.name)
        if not late:
            self._announced.append(group.create_task(tell()))

    async def _wait_for(self, needs: tuple[str | WatchedProcess, ...]) -> None:
        for need in needs:
            event = self._done[need] if isinstance(need, str) else need.became_ready
            await event.wait()

    def _say_ready(self, name: str, started: float) -> None:
        self._say(f"  {name:<26} {time.monotonic() - started:5.1f} s")

    # -- the processes ------------------------------------------------------------------------

    def _log(self, name: str) -> LogFile:
        log = LogFile(self._plan.state / "logs" / f"{name}.log", echo=self._echo)
        self._logs.append(log)
        return log

    def _postgres(self) -> WatchedProcess:
        log = self._log("postgres")
        server = PostgresServer(
            self._plan.state / "postgres",
            self._plan.port(POSTGRES_OFFSET),
            password=self._plan.secrets.administrator_password,
            log=log,
            durable=self._plan.durable,
        )
        return WatchedProcess(
            "postgres",
            server.program,
            server.prepare,
            server.is_ready,
            log,
            self._say,
            self._changed,
            wanted=lambda: read_wanted(self._plan.state, "postgres") > 0,
        )

    def _kafka(self) -> WatchedProcess:
        log = self._log("kafka")
        server = KafkaServer(
            self._plan.state / "kafka",
            self._plan.port(KAFKA_OFFSET),
            self._plan.port(KAFKA_CONTROLLER_OFFSET),
            log=log,
        )
        return WatchedProcess(
            "kafka",
            server.program,
            server.prepare,
            server.is_ready,
            log,
            self._say,
            self._changed,
            wanted=lambda: read_wanted(self._plan.state, "kafka") > 0,
        )

    def _instance(self, row: Row, number: int) -> WatchedProcess:
        name = row.name if number == 0 else f"{row.name}#{number + 1}"
        port = self._plan.port(row.offset) if number == 0 else self._further_port()
        return WatchedProcess(
            name,
            lambda: self._program(row, port, name),
            lambda: None,
            lambda: _answers(port, "/readyz") and self._time_is_scaled(row, port),
            self._log(name),
            self._say,
            self._changed,
            wanted=lambda: read_wanted(self._plan.state, row.name) > number,
        )

    def _further_port(self) -> int:
        further = sum(len(instances) - 1 for instances in self._processes.values())
        return self._plan.port(FURTHER_INSTANCES_OFFSET + further)

    def _program(self, row: Row, port: int, name: str) -> Program:
        command = ["run"]
        if row.kind == "simulator":
            books = self._plan.state / "simulators" / f"{row.provider}.json"
            books.parent.mkdir(exist_ok=True)
            command = ["--port", str(port), "--state", str(books)]
        return Program(
            name=name,
            # -P: the folder we start in is no place to import from.
            argv=(sys.executable, "-P", "-m", row.package, *command),
            env=environment(row, self._plan, port),
            cwd=self._plan.state,
            stop_within=_STOP_SERVICES if row.kind == "service" else _STOP_SIMULATORS,
        )

    def _time_is_scaled(self, row: Row, port: int) -> bool:
        if row.kind != "simulator" or self._plan.time_scale == 1:
            return True
        return _answers(port, "/_sim/limits", {"window_scale": self._plan.time_scale})

    async def _follow_wanted(self, group: asyncio.TaskGroup, row: Row) -> None:
        """Add instances when more are asked for; those beyond the number end by themselves."""
        while True:
            instances = self._processes[row.name]
            if read_wanted(self._plan.state, row.name) > len(instances):
                self._keep(group, self._instance(row, len(instances)))
            await asyncio.sleep(_TICK)

    # -- the steps ----------------------------------------------------------------------------

    async def _create_database(self) -> None:
        services = [row.package for row in ROWS if row.kind == "service"]
        passwords = self._plan.secrets.role_passwords
        postgres = self._plan.admin_database_url.removesuffix(DATABASE) + "postgres"
        await create_database(
            postgres,
            DATABASE,
            {package: passwords[package] for package in services},
            dsn_of_database=self._plan.admin_database_url,
        )

    async def _fetch_jars(self) -> None:
        if not are_cached():
            self._say("  fetching Kafka's jars, 44 MB, once for this user")
            await self._once("jars", ("local_stack", "fetch-kafka"), {}, within=600)

    async def _create_topics(self) -> None:
        settings = {"KAFKA_BOOTSTRAP_SERVERS": self._plan.kafka}
        await self._once("topics", ("messaging", "create-topics"), settings)

    def _migrate(self, row: Row) -> Callable[[], Awaitable[None]]:
        async def migrate() -> None:
            settings = environment(row, self._plan, self._plan.port(row.offset))
            await self._once(f"migrate {row.name}", (row.package, "migrate"), settings)

        return migrate

    async def _make_demo(self) -> None:
        if endpoints.read_demo(self._plan.state):
            return
        row = next(row for row in ROWS if row.name == "invoice-api")
        settings = environment(row, self._plan, self._plan.port(row.offset))
        out = str(self._plan.state / endpoints.DEMO_FILE)
        await self._once("demo", (row.package, "demo", "--out", out), settings)

    async def _once(
        self,
        name: str,
        command: tuple[str, ...],
        settings: Mapping[str, str],
        within: float = 60,
    ) -> None:
        """Run one of our commands to its end. Raises ProcessFailedError with what it said last."""
        program = Program(
            name=name,
            argv=(sys.executable, "-P", "-m", *command),
            env={**self._plan.environment, **settings},
            cwd=self._plan.state,
        )
        child = ChildProcess(program, self._setup_log)
        try:
            in_time = await ended_within(child, within)
        finally:
            code = child.kill()
        if not in_time or code != 0:
            how = f"failed (exit {code})" if in_time else f"took longer than {within:g} s"
            raise ProcessFailedError(f"{name} {how}; it said last:\n{child.last_lines()}")

    # -- down ---------------------------------------------------------------------------------

    async def _take_down(self, running: asyncio.Task[None]) -> None:
        kinds = {row.name: row.kind for row in self._rows}
        for kind, within in (
            ("service", _STOP_SERVICES),
            ("simulator", _STOP_SIMULATORS),
            ("server", _STOP_SERVERS),
        ):
            ending = [
                p for p in self._all() if kinds.get(p.name.partition("#")[0], "server") == kind
            ]
            await asyncio.gather(*(process.stop(within) for process in ending))
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError, BaseExceptionGroup):
            await running

    # -- endpoints.json -----------------------------------------------------------------------

    def _all(self) -> list[WatchedProcess]:
        return [process for instances in self._processes.values() for process in instances]

    def _changed(self) -> None:
        if self._is_ready and not self._stop_asked.is_set():
            self._write_endpoints()

    def _write_endpoints(self) -> None:
        pids = {
            name: [process.pid for process in instances if process.pid is not None]
            for name, instances in self._processes.items()
        }
        demo = endpoints.read_demo(self._plan.state)
        found = endpoints.describe(self._plan, self._chosen, pids, demo)
        endpoints.write(self._plan.state, found)


def _answers(port: int, path: str, put: Mapping[str, object] | None = None) -> bool:
    """Whether a GET (or a PUT of `put`) there is answered with success."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        if put is None:
            connection.request("GET", path)
        else:
            connection.request("PUT", path, json.dumps(put), {"Content-Type": "application/json"})
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _first_of(failure: BaseException) -> BaseException:
    if isinstance(failure, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", failure)
        return _first_of(group.exceptions[0])
    return failure
