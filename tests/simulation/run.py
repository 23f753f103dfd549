"""`make simulate SEEDS=500 FROM=0`: many seeds; the first failing one's story and its replay.

Also `--planted NAME`: the same with a bug planted, to see its story.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import structlog
from testkit.databases import embedded_postgres

from simulation.ring import ground
from simulation.story import Ended, run_seed

_END = 60


def main(arguments: list[str]) -> int:
    """The exit code: 0 all held, 1 something didn't."""
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--end", type=int, default=_END, help="how many lines of the story to show")
    parser.add_argument("--keep-going", action="store_true")
    chosen = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    return asyncio.run(_run(chosen.seeds, chosen.first, chosen.end, chosen.keep_going))


async def _run(seeds: int, first: int, end: int, keep_going: bool) -> int:
    began, steps, failed = time.monotonic(), 0, 0
    with (
        tempfile.TemporaryDirectory(prefix="simulation-") as folder,
        embedded_postgres(Path(folder)) as server,
    ):
        async with ground(server.new_database) as on:
            for seed in range(first, first + seeds):
                ended = await run_seed(on, seed)
                steps += ended.steps
                if ended.wrong:
                    failed += 1
                    _tell(ended, end)
                    if not keep_going:
                        break
    seconds = time.monotonic() - began
    print(f"{seeds} seeds from {first}: {steps:,} steps, {seconds:.1f} s, {failed} failed")
    return 1 if failed else 0


def _tell(ended: Ended, end: int) -> None:
    print(f"\nseed {ended.seed} after {ended.steps} steps, {ended.seconds:.1f} s:")
    for line in ended.story[-end:] if end else []:
        print(f"    {line}")
    for line in ended.wrong:
        print(f"  {line}")
    print(f"  again: make simulate SEEDS=1 FROM={ended.seed}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
