"""`python -m simulation.hunt [NAME…]`: each planted bug until it is found, and by which seed."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import structlog
from testkit.databases import embedded_postgres

from simulation.planted import PLANTED
from simulation.ring import ground
from simulation.story import run_seed

SEEDS = 60


async def _hunt(names: list[str], seeds: int) -> int:
    missed = 0
    with (
        tempfile.TemporaryDirectory(prefix="simulation-") as folder,
        embedded_postgres(Path(folder)) as server,
    ):
        async with ground(server.new_database) as on:
            for bug in PLANTED:
                if names and bug.name not in names:
                    continue
                began = time.monotonic()
                for tried in range(seeds):
                    ended = await run_seed(on, tried, bug.plant)
                    if ended.wrong:
                        why = ended.wrong[0][:110]
                        took = time.monotonic() - began
                        found = f"seed {ended.seed} ({tried + 1} tried, {took:.0f} s)"
                        print(f"{bug.name}: {found}: {why}")
                        break
                else:
                    missed += 1
                    print(f"{bug.name}: NOT FOUND in {seeds} seeds")
                sys.stdout.flush()
    return 1 if missed else 0


def main(arguments: list[str]) -> int:
    """The exit code: 0 each was found, 1 some wasn't."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    return asyncio.run(_hunt(arguments, SEEDS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
