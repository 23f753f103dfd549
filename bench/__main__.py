"""`python -m bench [NAME …]`: runs the named measurements, or all, one after another."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path

from bench import (
    latency,
    lists,
    outbox_cost,
    pages,
    pipeline,
    recovery,
    refresh_race,
    remote_customers,
    statements,
)
from bench.goals import Asked, summary

Measure = Callable[[argparse.Namespace, Path], Coroutine[None, None, Sequence[Asked]]]


async def _pipeline(given: argparse.Namespace, state: Path) -> Sequence[Asked]:
    return await pipeline.measure(
        state,
        invoices=given.n or 2000,
        lines=given.lines,
        companies=given.companies,
        profile=given.profile,
    )


async def _statements(given: argparse.Namespace, state: Path) -> Sequence[Asked]:
    return await statements.measure(state, invoices=given.n or 100, lines=given.lines)


async def _latency(given: argparse.Namespace, state: Path) -> Sequence[Asked]:
    return await latency.measure(state, invoices=given.n or 1000, lines=given.lines)


async def _outbox_cost(given: argparse.Namespace, state: Path) -> Sequence[Asked]:
    return await outbox_cost.measure(state, seconds=given.seconds)


async def _recovery(_: argparse.Namespace, state: Path) -> Sequence[Asked]:
    return await recovery.measure(state)


async def _refresh_race(given: argparse.Namespace, state: Path) -> Sequence[Asked]:
    return await refresh_race.measure(state, expiries=given.n or 1000)


async def _lists(given: argparse.Namespace, state: Path) -> Sequence[Asked]:
    return await lists.measure(state, rounds=given.n or 100)


async def _pages(given: argparse.Namespace, state: Path) -> Sequence[Asked]:
    return await pages.measure(state, rounds=given.n or 50)


async def _remote_customers(given: argparse.Namespace, state: Path) -> Sequence[Asked]:
    return await remote_customers.measure(state, customers=given.n or remote_customers.SIZES[1])


MEASUREMENTS: dict[str, Measure] = {
    "pipeline": _pipeline,
    "statements": _statements,
    "latency": _latency,
    "outbox-cost": _outbox_cost,
    "recovery": _recovery,
    "refresh-race": _refresh_race,
    "lists": _lists,
    "pages": _pages,
    "remote-customers": _remote_customers,
}


def main() -> int:
    """Each measurement has servers of its own in a folder that is gone afterwards.

    One that breaks says so and the others go on; the exit code is 1 then. A goal that isn't met is
    a figure, not an error.
    """
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"of {', '.join(MEASUREMENTS)}; all by default")
    parser.add_argument("--n", type=int, help="how many (invoices, expiries); each has its own")
    parser.add_argument("--lines", type=int, default=3, help="lines an invoice")
    parser.add_argument("--companies", type=int, default=4, help="of the pipeline's burst")
    parser.add_argument("--profile", action="store_true", help="look into the pipeline's processes")
    parser.add_argument("--seconds", type=float, default=2, help="a round of outbox-cost")
    parser.add_argument("--keep", type=Path, help="a folder for servers and logs, kept")
    given = parser.parse_args()
    if unknown := set(given.name) - set(MEASUREMENTS):
        parser.error(f"{', '.join(sorted(unknown))}: none of {', '.join(MEASUREMENTS)}")
    asked: list[Asked] = []
    broken: list[str] = []
    for name in given.name or MEASUREMENTS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
            state = (given.keep or Path(folder)) / name
            try:
                asked += asyncio.run(MEASUREMENTS[name](given, state))
            except Exception:
                traceback.print_exc()
                broken.append(name)
        print(f"  ({name} took {time.monotonic() - began:.0f} s)\n", flush=True)
    if asked:
        print(f"What is asked\n{summary(asked)}", flush=True)
    if broken:
        print(f"broken: {', '.join(broken)}", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
