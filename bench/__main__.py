"""`python -m bench [NAME …]`: runs the named measurements, or all, one after another."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path

from bench import latency, lists, outbox_cost, pipeline, recovery, refresh_race, statements

Measure = Callable[[argparse.Namespace, Path], Coroutine[None, None, None]]


async def _pipeline(given: argparse.Namespace, state: Path) -> None:
    await pipeline.measure(
        state,
        invoices=given.n or 2000,
        lines=given.lines,
        companies=given.companies,
        profile=given.profile,
    )


async def _statements(given: argparse.Namespace, state: Path) -> None:
    await statements.measure(state, invoices=given.n or 200, lines=given.lines)


async def _latency(given: argparse.Namespace, state: Path) -> None:
    await latency.measure(state, invoices=given.n or 1000, lines=given.lines)


async def _outbox_cost(given: argparse.Namespace, state: Path) -> None:
    await outbox_cost.measure(state, seconds=given.seconds)


async def _recovery(_: argparse.Namespace, state: Path) -> None:
    await recovery.measure(state)


async def _refresh_race(given: argparse.Namespace, state: Path) -> None:
    await refresh_race.measure(state, expiries=given.n or 1000)


async def _lists(given: argparse.Namespace, state: Path) -> None:
    await lists.measure(state, rounds=given.n or 100)


MEASUREMENTS: dict[str, Measure] = {
    "pipeline": _pipeline,
    "statements": _statements,
    "latency": _latency,
    "outbox-cost": _outbox_cost,
    "recovery": _recovery,
    "refresh-race": _refresh_race,
    "lists": _lists,
}


def main() -> int:
    """Each measurement has servers of its own in a folder that is gone afterwards."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"of {', '.join(MEASUREMENTS)}; all by default")
    parser.add_argument("--n", type=int, help="how many (invoices, expiries); each has its own")
    parser.add_argument("--lines", type=int, default=3, help="lines an invoice")
    parser.add_argument("--companies", type=int, default=4, help="of the pipeline's burst")
    parser.add_argument("--profile", action="store_true", help="look into the pipeline's processes")
    parser.add_argument("--seconds", type=float, default=3, help="a round of outbox-cost")
    parser.add_argument("--keep", type=Path, help="a folder for servers and logs, kept")
    given = parser.parse_args()
    if unknown := set(given.name) - set(MEASUREMENTS):
        parser.error(f"{', '.join(sorted(unknown))}: none of {', '.join(MEASUREMENTS)}")
    for name in given.name or MEASUREMENTS:
        with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
            state = (given.keep or Path(folder)) / name
            asyncio.run(MEASUREMENTS[name](given, state))
        print(flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
