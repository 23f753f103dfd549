"""The composition root of every connector: `main(provider, package, arguments)`.

A connector's `__main__.py` is that call and nothing more:

    sys.exit(main(QBO, "connector_qbo", sys.argv[1:]))
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import cast

from contracts.topics import COMMANDS
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from messaging.clock import SystemClock, SystemIds
from messaging.consumer import BatchProcessor, ConsumerApp
from messaging.database import PostgresDatabase, open_pool
from messaging.health import AsgiApp, health_app
from messaging.kafka_publisher import KafkaPublisher
from messaging.migrations import migrate
from messaging.outbox import CHANNEL as OUTBOX
from messaging.process import Role, run_roles
from messaging.recovering import recover
from messaging.relay import Relay
from messaging.wake import Listener, Notifier
from pydantic import ValidationError
from telemetry.logs import configure, get_logger

from connector_kit import lanes_store, ledger_store, loads_store
from connector_kit.asking import Asker
from connector_kit.auth import OAuthClient
from connector_kit.commands import Commands
from connector_kit.connecting import Connecting
from connector_kit.connector import Connector
from connector_kit.housekeeping import Housekeeping
from connector_kit.loops import LOTS_AT_ONCE, Loops
from connector_kit.provider import Provider
from connector_kit.recovery_store import verify_all
from connector_kit.routes import consent_router, internal_router
from connector_kit.sealing import Sealer
from connector_kit.serving import serve
from connector_kit.settings import KitSettings, ProviderSettings, provider_settings
from connector_kit.timing import Timing
from connector_kit.tokens import TokenKeeper
from connector_kit.transport import HttpTransport, http_client

log = get_logger(__name__)

KIT = "connector_kit"
_POOL = LOTS_AT_ONCE + 14


def main(provider: Provider, package: str, arguments: list[str]) -> int:
    """`run`, `migrate` or `recover`. The exit code: 0 done, 1 failed, 2 wrong settings."""
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve, consume, relay and work (ROLES chooses)")
    commands.add_parser("migrate", help="bring the database's schema up to date")
    commands.add_parser("recover", help="after the database was restored, before the first run")
    chosen = parser.parse_args(arguments)
    try:
        settings = KitSettings()  # pyright: ignore[reportCallIssue]  # the environment fills it
        there = provider_settings(provider.name)
        settings.refuse_for(there.environment)
        with_regime(provider, there)
    except ValidationError as error:
        prefix = f"{provider.name.upper()}_" if error.title == "ProviderSettings" else ""
        for one in error.errors(include_input=False, include_url=False):
            name = ".".join(str(part) for part in one["loc"]).upper()
            sys.stderr.write(f"{prefix}{name}: {one['msg']}\n")
        return 2
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    configure(settings.log_level, service_name(provider))
    dsn = settings.database_url.get_secret_value()
    if chosen.command == "migrate":
        log.info("migrated", applied=asyncio.run(migrate_schema(dsn, package)))
        return 0
    if chosen.command == "recover":
        asyncio.run(recover(dsn, service=service_name(provider), own=verify_all))
        return 0
    return asyncio.run(run(provider, settings, there))


def service_name(provider: Provider) -> str:
    """The connector's name as a reader of its topic and in its logs."""
    return f"connector-{provider.name}"


async def migrate_schema(dsn: str, package: str) -> list[str]:
    """Bring the schema up to date: messaging's tables, the kit's, the connector's own if any."""
    return [*await migrate(dsn, KIT), *await migrate(dsn, package)]


async def run(provider: Provider, settings: KitSettings, there: ProviderSettings) -> int:
    """Run the chosen roles until a signal; the exit code. Health is served whatever they are."""
    async with parts(provider, settings, there) as made:
        return await run_roles(roles_of(made))


@dataclass(frozen=True)
class Parts:
    """What all roles of one process share."""

    settings: KitSettings
    connector: Connector
    client: OAuthClient
    sealer: Sealer
    dsn: str


@asynccontextmanager
async def parts(
    provider: Provider, settings: KitSettings, there: ProviderSettings
) -> AsyncGenerator[Parts]:
    """The real ones: PostgreSQL, sockets, the machine's clocks and randomness."""
    dsn = settings.database_url.get_secret_value()
    provider = with_regime(provider, there)
    base_urls = hosts_of(provider, there)
    client = OAuthClient(
        there.client_id,
        there.client_secret.get_secret_value(),
        f"{settings.public_url.rstrip('/')}/callback",
    )
    clock, ids = SystemClock(), SystemIds()
    sealer = Sealer(settings.master_keys, os.urandom)
    timing = Timing.of(provider, scale=settings.time_scale, margin=settings.quiet_margin_seconds)
    pool = await open_pool(dsn, application=service_name(provider), size=_POOL)
    http = http_client(LOTS_AT_ONCE + 16)
    try:
        async with Notifier(dsn) as notifier:
            database = PostgresDatabase(pool, notifier)
            transport = HttpTransport(http, base_urls, clock)
            tokens = TokenKeeper(database, transport, provider, client, sealer, ids, clock)
            asker = Asker(database, transport, tokens, provider, timing, ids, clock)
            connector = Connector(
                provider,
                timing,
                there.environment,
                base_urls,
                database,
                transport,
                tokens,
                asker,
                ids,
                clock,
            )
            yield Parts(settings, connector, client, sealer, dsn)
    finally:
        await http.aclose()
        pool.terminate()


def roles_of(made: Parts) -> dict[str, Role]:
    """The chosen roles, and HTTP for health in any case."""
    chosen = made.settings.roles
    reading = _reading(made) if "consume" in chosen else None
    roles: dict[str, Role] = {"http": _http(made, reading)}
    if reading is not None:
        roles["consume"] = reading.run
    if "relay" in chosen:
        roles["relay"] = _relay(made)
    if "work" in chosen:
        roles |= _work(made)
    return roles


def processor_of(made: Parts) -> BatchProcessor:
    """How this connector's commands are applied."""
    connector = made.connector
    commands = Commands(connector)
    return BatchProcessor(
        connector.database,
        COMMANDS[connector.provider.name],
        service_name(connector.provider),
        commands.handle,
        connector.clock,
        on_set_apart=commands.on_set_apart,
    )


def http_app(made: Parts) -> FastAPI:
    """The routes of a connector, without health."""
    connector = made.connector
    app = FastAPI(title=service_name(connector.provider), docs_url=None, redoc_url=None)
    connecting = Connecting(connector, made.client, made.sealer, os.urandom)
    app.include_router(
        consent_router(
            connecting,
            connector.provider,
            internal_key=made.settings.key,
            public_url=made.settings.public_url,
            web_url=made.settings.web_url,
            clock=connector.clock,
        )
    )
    app.include_router(
        internal_router(connecting, internal_key=made.settings.key, clock=connector.clock)
    )
    app.add_exception_handler(HTTPException, _problem)
    return app


def hosts_of(provider: Provider, there: ProviderSettings) -> Mapping[str, str]:
    """The base URLs of the chosen environment.

    Raises:
        KeyError: the provider has no such environment.
    """
    simulator = there.simulator_url.rstrip("/")
    return {
        name: url.replace("{simulator}", simulator)
        for name, url in provider.hosts[there.environment].items()
    }


def with_regime(provider: Provider, there: ProviderSettings) -> Provider:
    """The provider under the regime that the settings choose.

    Raises:
        ValueError: the provider has no such regime.
    """
    if there.regime is None:
        return provider
    if there.regime not in provider.regimes:
        known = ", ".join(sorted(provider.regimes))
        raise ValueError(f"{provider.name.upper()}_REGIME: must be one of {known}")
    return replace(provider, regime=there.regime)


async def _problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    codes = {401: "not_signed", 403: "not_allowed", 404: "not_found"}
    code = codes.get(error.status_code, "invalid")
    return JSONResponse(
        {
            "type": "about:blank",
            "title": code.replace("_", " ").capitalize(),
            "status": error.status_code,
            "code": code,
            "detail": error.detail,
        },
        error.status_code,
        media_type="application/problem+json",
    )


def _http(made: Parts, reading: ConsumerApp | None) -> Role:
    async def ready() -> Mapping[str, str]:
        async with made.connector.database.transaction() as tx:
            await tx.fetchval("SELECT 1")
        # Kafka being away takes no consent down: it counts only where there is no HTTP to serve.
        if reading is None or "http" in made.settings.roles:
            return {"database": "ok"}
        return {"database": "ok", **reading.readiness()}

    async def run_http(stop: asyncio.Event) -> None:
        inner = cast("AsgiApp", http_app(made)) if "http" in made.settings.roles else None
        alive = None if reading is None else reading.liveness
        app = health_app(ready, alive, inner=inner)
        await serve(app, made.settings.http_host, made.settings.http_port, stop)

    return run_http


def _reading(made: Parts) -> ConsumerApp:
    bootstrap = made.settings.kafka_bootstrap_servers
    return ConsumerApp(bootstrap, [processor_of(made)], made.connector.clock)


def _relay(made: Parts) -> Role:
    async def run_relay(stop: asyncio.Event) -> None:
        bootstrap = made.settings.kafka_bootstrap_servers
        async with Listener(made.dsn, OUTBOX) as listener, KafkaPublisher(bootstrap) as bus:
            await Relay(
                made.connector.database,
                bus,
                made.connector.ids,
                made.connector.clock,
                service=service_name(made.connector.provider),
                listener=listener,
            ).run(stop)

    return run_relay


def _work(made: Parts) -> dict[str, Role]:
    housekeeping = Housekeeping(made.connector, made.client, made.sealer)
    loops = Loops(made.connector, housekeeping, announce_every=made.settings.sweep_seconds)

    async def work(stop: asyncio.Event) -> None:
        async with Listener(made.dsn, lanes_store.WAKE) as listener:
            await loops.work(stop, listener)

    async def check(stop: asyncio.Event) -> None:
        async with Listener(made.dsn, ledger_store.CHECKS) as listener:
            await loops.check(stop, listener)

    async def load(stop: asyncio.Event) -> None:
        async with Listener(made.dsn, loads_store.WAKE) as listener:
            await loops.load(stop, listener)

    return {
        "work": work,
        "check": check,
        "load": load,
        "renew": loops.renew,
        "tell": loops.tell,
        "announce": loops.announce,
        "tidy": loops.tidy,
    }
