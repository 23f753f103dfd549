"""`make simulate-planted`: each planted bug until a seed catches it; prints the table.

Names as arguments: only these. The exit code is 0 if each was caught.
"""

import argparse
import sys
from contextlib import closing

from simulation.planted import PLANTED, Planted
from simulation.workers import Wanted, play


def main(arguments: list[str]) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="make simulate-planted")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", type=int, default=1_000, help="for each at most")
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    chosen = parser.parse_args(arguments)
    missed = 0
    print("| Planted bug | Caught by seed | Seeds tried | What was wrong |\n|---|---|---|---|")
    for bug in PLANTED:
        if not chosen.names or bug.name in chosen.names:
            missed += not _hunt(bug, range(chosen.first, chosen.first + chosen.seeds), chosen.jobs)
    return 1 if missed else 0


def _hunt(bug: Planted, seeds: range, jobs: int) -> bool:
    with closing(play((Wanted(seed, bug.name, cast=bug.cast) for seed in seeds), jobs)) as results:
        for tried, played in enumerate(results, start=1):
            ended = played.ended
            if ended.found:
                why = ended.found[0].replace("|", "/")[:100]
                print(f"| {bug.name} | {ended.seed} | {tried} | {why} |", flush=True)
                return True
    print(f"| {bug.name} | none | {len(seeds)} | |", flush=True)
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
