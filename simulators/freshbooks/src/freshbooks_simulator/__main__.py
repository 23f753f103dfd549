"""`python -m freshbooks_simulator --port N`: serve the simulator."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from freshbooks_simulator.app import build
from freshbooks_simulator.serving import config


def _client(value: str) -> tuple[str, str]:
    identifier, colon, secret = value.partition(":")
    if not (identifier and colon and secret):
        raise argparse.ArgumentTypeError(f"{value} isn't ID:SECRET")
    return identifier, secret


def main() -> None:
    """Parse the arguments and serve until stopped."""
    parser = argparse.ArgumentParser(prog="freshbooks_simulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--state", type=Path, help="keep the books in this file across restarts")
    parser.add_argument(
        "--client",
        type=_client,
        action="append",
        default=[],
        metavar="ID:SECRET",
        help="let in only these apps (may be given more than once)",
    )
    parser.add_argument("--log-level", default="warning")
    given = parser.parse_args()
    app = build(given.state, dict(given.client))
    uvicorn.Server(config(app, host=given.host, port=given.port, log_level=given.log_level)).run()


if __name__ == "__main__":
    main()
