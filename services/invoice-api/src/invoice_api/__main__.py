"""`python -m invoice_api run | migrate | recover | demo --out FILE | operator --email ADDRESS`."""

import argparse
import asyncio
import sys
from pathlib import Path

from messaging.migrations import migrate
from messaging.recovering import recover
from pydantic import ValidationError
from telemetry.logs import configure, get_logger

from invoice_api.recovery_store import move_numbers
from invoice_api.roles import SERVICE, make_demo_company, make_operator, run
from invoice_api.settings import Settings


def main(arguments: list[str]) -> int:
    """The exit code: 0 done, 1 failed, 2 wrong settings."""
    parser = argparse.ArgumentParser(prog="python -m invoice_api")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve, consume, relay and sweep (ROLES chooses)")
    commands.add_parser("migrate", help="bring the database's schema up to date")
    commands.add_parser("recover", help="after the database was restored, before the first run")
    demo = commands.add_parser("demo", help="make the demo company, once")
    demo.add_argument("--out", type=Path, required=True, help="file for its API key and log-in")
    operator = commands.add_parser("operator", help="make someone with a log-in an operator")
    operator.add_argument("--email", required=True)
    chosen = parser.parse_args(arguments)
    try:
        settings = Settings()  # pyright: ignore[reportCallIssue]  # the environment fills it
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False):
            name = ".".join(str(part) for part in one["loc"]).upper()
            sys.stderr.write(f"{name}: {one['msg']}\n")
        return 2
    configure(settings.log_level, SERVICE)
    log = get_logger(__name__)
    match chosen.command:
        case "migrate":
            applied = asyncio.run(migrate(settings.database_url.get_secret_value(), "invoice_api"))
            log.info("migrated", applied=applied)
            return 0
        case "recover":
            dsn = settings.database_url.get_secret_value()
            asyncio.run(recover(dsn, service=SERVICE, own=move_numbers))
            return 0
        case "demo":
            made = asyncio.run(make_demo_company(settings, chosen.out))
            log.info("demo company", made=made, out=str(chosen.out))
            return 0
        case "operator":
            known = asyncio.run(make_operator(settings, chosen.email))
            log.info("operator", known=known)
            return 0 if known else 1
        case _:
            return asyncio.run(run(settings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
