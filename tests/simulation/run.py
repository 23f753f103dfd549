"""`make simulate SEEDS=500 FROM=0 JOBS=2`: many seeds; a failing one's story and its replay.

`--planted NAME` plays them with a bug planted, to see its story; `--duel NAME` plays a duel instead
of the wide story, `--mix NAME` all of one mix, `--at xero` at that provider and
`--at shared` where the seed says, else all are at QuickBooks; `--again` plays each twice
and compares the stories. `--see 73,74` fails if no seed came through one of these scenarios.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

from contracts.ids import Provider as ProviderName

from simulation.duels import DUELS
from simulation.mixes import BY_NAME, of_seed
from simulation.planted import PLANTED
from simulation.sides import SIDES, Cast, cast_of
from simulation.workers import Played, Wanted, play

_END = 60
_TELL_EVERY = 100
_SHARED = "shared"


def main(arguments: list[str]) -> int:
    """The exit code: 0 all held, 1 something didn't."""
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--end", type=int, default=_END, help="how many lines of the story to show")
    parser.add_argument("--keep-going", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--planted", default="", choices=["", *(bug.name for bug in PLANTED)])
    parser.add_argument("--duel", default="", choices=["", *DUELS])
    parser.add_argument("--mix", default="", choices=["", *BY_NAME])
    parser.add_argument("--at", type=_cast, default=(), help="as in qbo,xero, or shared")
    parser.add_argument("--see", type=_named, default=frozenset[str](), help="as in 73,74")
    chosen = parser.parse_args(arguments)
    return _run(chosen)


def _run(chosen: argparse.Namespace) -> int:
    began, tally = time.monotonic(), _Tally()
    with closing(play(_wanted(chosen), chosen.jobs)) as results:
        for played in results:
            tally.add(played)
            if played.ended.wrong:
                _tell(played, chosen.end)
            if tally.failed and not chosen.keep_going:
                break
            if tally.seeds % _TELL_EVERY == 0:
                print(f"up to seed {played.wanted.seed}: {tally.so_far(began)}", flush=True)
    print(f"{tally.seeds} seeds from {chosen.first}: {tally.so_far(began)}")
    print("at: " + ", ".join(f"{names} {count}" for names, count in sorted(tally.at.items())))
    if tally.seen:
        print(
            "seen: " + ", ".join(f"{name} {count:,}" for name, count in sorted(tally.seen.items()))
        )
    unseen = sorted(chosen.see - tally.seen.keys())
    if unseen:
        print(f"no seed came through scenario {', '.join(unseen)}")
    return 1 if tally.failed or unseen else 0


def _named(scenarios: str) -> frozenset[str]:
    return frozenset(scenarios.split(","))


def _cast(named: str) -> Cast | None:
    """One provider for each company, in this order; none if the seed is to say it."""
    if named == _SHARED:
        return None
    cast: list[ProviderName] = []
    for name in named.split(","):
        found: list[ProviderName] = [one for one in SIDES if one == name]
        if not found:
            raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(SIDES)}")
        cast += found
    return tuple(cast)


def _wanted(chosen: argparse.Namespace) -> Iterator[Wanted]:
    for seed in range(chosen.first, chosen.first + chosen.seeds):
        mix = DUELS[chosen.duel].mix if chosen.duel else BY_NAME.get(chosen.mix) or of_seed(seed)
        cast: Cast = cast_of(seed, mix.companies) if chosen.at is None else chosen.at
        for _ in range(2 if chosen.again else 1):
            yield Wanted(seed, chosen.planted, chosen.duel, chosen.mix, cast)


class _Tally:
    def __init__(self) -> None:
        self.seeds = self.steps = self.failed = 0
        self.cpu = 0.0
        self.seen: Counter[str] = Counter()
        self.at: Counter[str] = Counter()
        self._digests: dict[int, str] = {}

    def add(self, played: Played) -> None:
        ended = played.ended
        self.seeds += 1
        self.steps += ended.steps
        self.cpu += ended.cpu
        self.failed += bool(ended.wrong)
        self.seen.update(ended.seen)
        self.at[" with ".join(sorted(set(ended.cast)))] += 1
        before = self._digests.pop(ended.seed, None)
        if before is None:
            self._digests[ended.seed] = played.digest
        elif before != played.digest:
            self.failed += 1
            print(f"seed {ended.seed} told another story the second time")
        if len(self._digests) > 1_000:
            self._digests.clear()

    def so_far(self, began: float) -> str:
        seconds = time.monotonic() - began
        each = self.cpu / max(self.seeds, 1)
        return (
            f"{self.steps:,} steps, {seconds:.0f} s, {each:.2f} s of CPU a seed without the"
            f" database's, {self.failed} failed"
        )


def _tell(played: Played, end: int) -> None:
    ended = played.ended
    print(f"\nseed {ended.seed} after {ended.steps} steps, {ended.seconds:.1f} s:")
    for line in ended.story[-end:] if end else []:
        print(f"    {line}")
    for line in ended.wrong:
        print(f"  {line}")
    wanted = played.wanted
    named = {"--planted": wanted.planted, "--duel": wanted.duel, "--mix": wanted.mix}
    named["--at"] = ",".join(wanted.cast)
    arguments = " ".join(f"{option} {name}" for option, name in named.items() if name)
    more = f' ARGS="{arguments}"' if arguments else ""
    print(f"  again: make simulate SEEDS=1 FROM={ended.seed}{more}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
