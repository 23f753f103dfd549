"""`python -m sync_orchestrator run | migrate | recover`."""

import argparse
import asyncio
import sys

from messaging.migrations import migrate
from messaging.recovering import recover
from pydantic import ValidationError
from telemetry.logs import configure, get_logger

from sync_orchestrator.app import PACKAGE, SERVICE, run
from sync_orchestrator.settings import Settings
from sync_orchestrator.store.recovery_store import move_ahead


def main(arguments: list[str]) -> int:
    """The exit code: 0 done, 1 failed, 2 wrong settings."""
    parser = argparse.ArgumentParser(prog="python -m sync_orchestrator")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve, consume, relay and sweep (ROLES chooses)")
    commands.add_parser("migrate", help="bring the database's schema up to date")
    commands.add_parser("recover", help="after the database was restored, before the first run")
    chosen = parser.parse_args(arguments)
    try:
        settings = Settings()  # pyright: ignore[reportCallIssue]  # the environment fills it
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False):
            name = ".".join(str(part) for part in one["loc"]).upper()
            sys.stderr.write(f"{name}: {one['msg']}\n")
        return 2
    configure(settings.log_level, SERVICE)
    dsn = settings.database_url.get_secret_value()
    if chosen.command == "migrate":
        applied = asyncio.run(migrate(dsn, PACKAGE))
        get_logger(__name__).info("migrated", applied=applied)
        return 0
    if chosen.command == "recover":
        asyncio.run(recover(dsn, service=SERVICE, own=move_ahead))
        return 0
    return asyncio.run(run(settings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
