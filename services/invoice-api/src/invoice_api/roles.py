"""The composition root of the process: which roles run, on what."""

import asyncio
import os
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx
import uvicorn
from contracts.topics import CONNECTIONS, OUTCOMES, PROGRESS, Topic
from messaging.clock import Clock, SystemClock, SystemIds
from messaging.consumer import BatchProcessor, ConsumerApp, Handle
from messaging.database import DATABASE_AWAY, PostgresDatabase, is_away, open_pool
from messaging.feeds import FeedReader, fetch_over
from messaging.health import AsgiApp, health_app
from messaging.internal import InternalClient
from messaging.kafka_publisher import KafkaPublisher
from messaging.outbox import CHANNEL as OUTBOX
from messaging.process import Role, pause, run_roles
from messaging.relay import Relay
from messaging.wake import Listener, Notifier

from invoice_api.accounts import people
from invoice_api.app import Parts, make_app
from invoice_api.customer_imports.working import CHANNEL as CUSTOMER_IMPORTS
from invoice_api.customer_imports.working import CustomerWorker
from invoice_api.demo import Demo, make_demo
from invoice_api.housekeeping import prune
from invoice_api.imports.working import CHANNEL as IMPORTS
from invoice_api.imports.working import Worker
from invoice_api.integrations.catching_up import read_missing_settings
from invoice_api.live.hub import Hub
from invoice_api.notices.noticing import Notices
from invoice_api.notices.post import Post
from invoice_api.peers.orchestrator import Orchestrator
from invoice_api.runs.projector import on_progress
from invoice_api.settings import Settings
from invoice_api.sync_status.projector import CHANNEL as BADGES
from invoice_api.sync_status.projector import on_connections, on_outcomes

SERVICE = "invoice-api"
_PRUNE_SECONDS = 3_600.0


@dataclass(frozen=True)
class Process:
    """What all roles of one process share."""

    settings: Settings
    database: PostgresDatabase
    clock: Clock
    ids: SystemIds
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
        if "imports" in settings.roles:
            roles["imports"] = _imports(process)
            roles["customer_imports"] = _customer_imports(process)
        if "notices" in settings.roles:
            roles["notices"] = _notices(process)
        if "sweep" in settings.roles:
            roles["sweep"] = _sweep(process)
            roles["settings"] = _settings(process)
            roles["housekeeping"] = _housekeeping(process)
        return await run_roles(roles)


async def make_demo_company(settings: Settings, out: Path) -> bool:
    """Make the demo company once; False if it was there."""
    async with _process(settings) as process:
        demo = Demo(process.database, process.clock, process.ids, os.urandom)
        return await make_demo(demo, out)


async def make_operator(settings: Settings, email: str) -> bool:
    """Give someone who has a log-in the operator's role; False where nobody has this e-mail."""
    async with _process(settings) as process, process.database.transaction() as tx:
        return await people.make_operator(tx, email)


@asynccontextmanager
async def _process(settings: Settings) -> AsyncGenerator[Process]:
    dsn = settings.database_url.get_secret_value()
    pool = await open_pool(dsn, application=SERVICE, size=20)
    try:
        async with Notifier(dsn) as notifier, httpx.AsyncClient() as http:
            yield Process(
                settings, PostgresDatabase(pool, notifier), SystemClock(), SystemIds(), http
            )
    finally:
        pool.terminate()


def _http(process: Process, reading: ConsumerApp | None) -> Role:
    async def serve(stop: asyncio.Event) -> None:
        settings, clock = process.settings, process.clock
        if "http" not in settings.roles:
            app = _health(process, reading, inner=None)
            await _serve(app, settings.http_host, settings.http_port, stop)
            return
        hub = Hub(process.database, clock)
        parts = Parts(settings, process.database, clock, process.ids, process.http)
        app = _health(process, reading, inner=cast("AsgiApp", make_app(parts, hub)))
        async with Listener(process.dsn, BADGES) as listener:
            watching = asyncio.create_task(hub.run(listener, stop))
            try:
                await _serve(app, settings.http_host, settings.http_port, stop)
            finally:
                hub.end_all()
                watching.cancel()
                await asyncio.wait([watching])

    return serve


def _health(process: Process, reading: ConsumerApp | None, inner: AsgiApp | None) -> AsgiApp:
    async def ready() -> Mapping[str, str]:
        async with process.database.transaction() as tx:
            await tx.fetchval("SELECT 1")
        # Kafka being away takes no page down: it counts only where there are none.
        if reading is None or inner is not None:
            return {"database": "ok"}
        return {"database": "ok", **reading.readiness()}

    return health_app(ready, None if reading is None else reading.liveness, inner=inner)


def _reading(process: Process) -> ConsumerApp:
    return ConsumerApp(
        process.settings.kafka_bootstrap_servers, processors_of(process), process.clock
    )


def processors_of(process: Process) -> list[BatchProcessor]:
    """How each topic that this service reads is applied."""
    handles = {OUTCOMES: on_outcomes, PROGRESS: on_progress, CONNECTIONS: on_connections}
    return [processor_of(process, topic, handle) for topic, handle in handles.items()]


def processor_of(process: Process, topic: Topic, handle: Handle) -> BatchProcessor:
    return BatchProcessor(process.database, topic, SERVICE, handle, process.clock)


def _relay(process: Process) -> Role:
    async def relay(stop: asyncio.Event) -> None:
        bootstrap = process.settings.kafka_bootstrap_servers
        async with Listener(process.dsn, OUTBOX) as listener, KafkaPublisher(bootstrap) as bus:
            await Relay(
                process.database,
                bus,
                process.ids,
                process.clock,
                service=SERVICE,
                listener=listener,
            ).run(stop)

    return relay


def _sweep(process: Process) -> Role:
    async def sweep(stop: asyncio.Event) -> None:
        settings = process.settings
        client = InternalClient(
            settings.orchestrator_url, settings.key, process.clock, process.http
        )
        reader = FeedReader(
            process.database,
            fetch_over(client, "/internal/v1/feed/states"),
            "sync-orchestrator/states",
            processor_of(process, PROGRESS, on_progress),
            process.clock,
        )
        await reader.run(stop, settings.sweep_seconds)

    return sweep


def _customer_imports(process: Process) -> Role:
    async def work(stop: asyncio.Event) -> None:
        settings = process.settings
        client = InternalClient(
            settings.orchestrator_url, settings.key, process.clock, process.http
        )
        worker = CustomerWorker(process.database, process.clock, process.ids, Orchestrator(client))
        async with Listener(process.dsn, CUSTOMER_IMPORTS) as listener:
            await worker.run(stop, listener)

    return work


def _imports(process: Process) -> Role:
    async def work(stop: asyncio.Event) -> None:
        worker = Worker(process.database, process.clock, process.ids)
        async with Listener(process.dsn, IMPORTS) as listener:
            await worker.run(stop, listener)

    return work


def _notices(process: Process) -> Role:
    settings, database = process.settings, process.database
    post = None if settings.smtp_host is None else Post(database, settings)
    every = settings.sweep_seconds
    return Notices(database, process.clock, process.ids, settings.public_url, post, every).run


def _settings(process: Process) -> Role:
    async def catch_up(stop: asyncio.Event) -> None:
        settings = process.settings
        orchestrator = Orchestrator(
            InternalClient(settings.orchestrator_url, settings.key, process.clock, process.http)
        )
        while not stop.is_set():
            try:
                await read_missing_settings(process.database, orchestrator)
            except DATABASE_AWAY as error:
                if not is_away(error):
                    raise
            await pause(process.clock, stop, settings.sweep_seconds)

    return catch_up


def _housekeeping(process: Process) -> Role:
    async def tidy(stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await prune(process.database)
            except DATABASE_AWAY as error:
                if not is_away(error):
                    raise
            await pause(process.clock, stop, _PRUNE_SECONDS)

    return tidy


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
