"""`make chaos`: a storm over a stack of its own, and its report."""

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from storm import SETTINGS, TIME_SCALE, Plan, storm
from testkit import running_stack


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--invoices", type=int, default=2_000)
    parser.add_argument("--faults", type=int, help="default: six a minute")
    parser.add_argument("--companies", type=int, default=6)
    parser.add_argument("--replicas", type=int, default=2, help="of each connector")
    parser.add_argument("--restores", type=int, default=0, help="of the database")
    parser.add_argument("--seed", type=int)
    given = parser.parse_args()
    seed: int = secrets.randbelow(10**6) if given.seed is None else given.seed
    faults: int = round(6 * given.minutes) if given.faults is None else given.faults
    plan = Plan(
        seed,
        given.minutes * 60,
        given.invoices,
        faults,
        given.companies,
        given.replicas,
        given.restores,
    )
    folder = Path(tempfile.mkdtemp(prefix="tallybridge-chaos-"))
    sys.stdout.write(f"seed {seed}; logs in {folder}/logs\n")
    sys.stdout.flush()
    with running_stack(folder, settings=SETTINGS, time_scale=TIME_SCALE) as stack:
        report = asyncio.run(storm(stack, plan))
    sys.stdout.write(f"{report.text()}\n")
    if not report.is_clean:
        sys.stdout.write(f"NOT CLEAN. Again: make chaos SEED={seed}\n")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
