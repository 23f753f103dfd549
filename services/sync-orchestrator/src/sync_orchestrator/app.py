"""The composition root: the only place that builds anything."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import cast

import httpx
import uvicorn
from messaging.clock import Clock, SystemClock, SystemIds
from messaging.consumer import ConsumerApp
from messaging.database import PostgresDatabase, open_pool
from messaging.health import OK, AsgiApp, health_app
from messaging.internal import InternalClient
from messaging.kafka_publisher import KafkaPublisher
from messaging.outbox import CHANNEL as OUTBOX
from messaging.process import Role, run_roles
from messaging.relay import Relay
from messaging.wake import Listener, Notifier

from sync_orchestrator import subscribers
from sync_orchestrator.domain.ages import Ages
from sync_orchestrator.handlers.work import REVIEWS, Tools
from sync_orchestrator.http.application import make_application
from sync_orchestrator.http.callers import Parts
from sync_orchestrator.settings import Settings
from sync_orchestrator.sweeps import Sweeper

PACKAGE = "sync_orchestrator"
SERVICE = "sync-orchestrator"
_CONNECTIONS = 20


@dataclass(frozen=True)
class Process:
    """What all roles of one process share."""

    settings: Settings
    database: PostgresDatabase
    clock: Clock
    tools: Tools
    http: httpx.AsyncClient

    @property
    def dsn(self) -> str:
        return self.settings.database_url.get_secret_value()


async def run(settings: Settings) -> int:
    """Run the chosen roles until a signal; the exit code. Health is served whatever they are."""
    async with _process(settings) as process:
        reading = _reading(process) if "consume" in settings.roles else None
        roles: dict[str, Role] = {"http": _http(process, reading)}
        if reading is not None:
            roles["consume"] = reading.run
        if "relay" in settings.roles:
            roles["relay"] = _relay(process)
        if "sweep" in settings.roles:
            roles["sweep"] = _sweep(process)
            roles["feed"] = _feed(process)
        return await run_roles(roles)


@asynccontextmanager
async def _process(settings: Settings) -> AsyncGenerator[Process]:
    dsn = settings.database_url.get_secret_value()
    pool = await open_pool(dsn, application=SERVICE, size=_CONNECTIONS)
    try:
        async with Notifier(dsn) as notifier, httpx.AsyncClient() as http:
            yield Process(
                settings,
                PostgresDatabase(pool, notifier),
                SystemClock(),
                Tools(SystemIds(), Ages(overdue=settings.overdue)),
                http,
            )
    finally:
        pool.terminate()


def _reading(process: Process) -> ConsumerApp:
    return ConsumerApp(
        process.settings.kafka_bootstrap_servers,
        subscribers.processors(process.database, process.tools, process.clock),
        process.clock,
    )


def _relay(process: Process) -> Role:
    async def relay(stop: asyncio.Event) -> None:
        bootstrap = process.settings.kafka_bootstrap_servers
        async with Listener(process.dsn, OUTBOX) as listener, KafkaPublisher(bootstrap) as bus:
            await Relay(
                process.database,
                bus,
                process.tools.ids,
                process.clock,
                service=SERVICE,
                listener=listener,
            ).run(stop)

    return relay


def _sweep(process: Process) -> Role:
    async def sweep(stop: asyncio.Event) -> None:
        async with Listener(process.dsn, REVIEWS) as listener:
            await Sweeper(
                process.database,
                process.tools,
                process.clock,
                listener,
                process.settings.sweep_seconds,
            ).run(stop)

    return sweep


def _feed(process: Process) -> Role:
    async def feed(stop: asyncio.Event) -> None:
        settings = process.settings
        client = InternalClient(settings.invoice_api_url, settings.key, process.clock, process.http)
        reader = subscribers.records_feed(process.database, process.tools, process.clock, client)
        await reader.run(stop, settings.sweep_seconds)

    return feed


def _http(process: Process, reading: ConsumerApp | None) -> Role:
    async def serve(stop: asyncio.Event) -> None:
        settings = process.settings
        inner: AsgiApp | None = None
        if "http" in settings.roles:
            parts = Parts(process.database, process.tools, settings.key, process.clock)
            inner = cast("AsgiApp", make_application(parts))
        app = _health(process, reading, inner)
        await _serve(app, settings.http_host, settings.http_port, stop)

    return serve


def _health(process: Process, reading: ConsumerApp | None, inner: AsgiApp | None) -> AsgiApp:
    async def ready() -> Mapping[str, str]:
        async with process.database.transaction() as tx:
            await tx.fetchval("select 1")
        # Kafka being away takes no page down: it counts only where there are none.
        if reading is None or inner is not None:
            return {"database": OK}
        return {"database": OK, **reading.readiness()}

    return health_app(ready, None if reading is None else reading.liveness, inner=inner)


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs the roles."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


async def _serve(app: AsgiApp, host: str, port: int, stop: asyncio.Event) -> None:
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
            # Longer than whoever calls keeps an idle connection: else one ends as it is used again.
            timeout_keep_alive=75,
        )
    )

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    try:
        await server.serve()
    finally:
        ending.cancel()
