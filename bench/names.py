"""`make bench-names FILE=…`: how often the suggested kind of a customer is the labelled one.

The file has the columns `name` and `kind` (`business`, `homeowner`). The rules are written by hand
and learn nothing from it; both halves are shown, so that words fitted to one would be seen. Beside
it stands what the `probablepeople` package says of the same names; where the file is that package's
own labelled set, its figure says how well it remembers what it was trained on, no more.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sync_orchestrator.domain.customer_kinds import CustomerThere, suggest

Row = tuple[str, str]
Says = Callable[[str], str]


@dataclass(frozen=True)
class Score:
    """Of one kind: how many suggestions of it are right, and how many of it were found."""

    precision: float
    recall: float


def scores(rows: Sequence[Row], said: Sequence[str]) -> dict[str, Score]:
    """Precision and recall of both kinds."""
    found: dict[str, Score] = {}
    for kind in ("business", "homeowner"):
        right = sum(label == kind == says for (_, label), says in zip(rows, said, strict=True))
        suggested = sum(says == kind for says in said)
        there = sum(label == kind for _, label in rows)
        found[kind] = Score(right / max(1, suggested), right / max(1, there))
    return found


def ours(name: str) -> str:
    return suggest(CustomerThere(name)).kind


def probablepeople() -> Says | None:
    """What that package says; None where it isn't installed. A corporation is a business."""
    try:
        package: Any = import_module("probablepeople")
    except ImportError:
        return None

    def says(name: str) -> str:
        try:
            _, kind = package.tag(name)
        except package.RepeatedLabelError:
            kind = "Corporation"
        return "business" if kind == "Corporation" else "homeowner"

    return says


def show(who: str, rows: Sequence[Row], says: Says) -> None:
    began = time.perf_counter()
    said = [says(name) for name, _ in rows]
    took = (time.perf_counter() - began) / max(1, len(rows)) * 1e6
    right = sum(label == kind for (_, label), kind in zip(rows, said, strict=True))
    told = "   ".join(
        f"{kind} P {score.precision:.3f} R {score.recall:.3f}"
        for kind, score in scores(rows, said).items()
    )
    print(
        f"{who:<28} {len(rows):>5}   {told}   right {right / len(rows):.3f}   {took:,.0f} us each"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.names", description=__doc__)
    parser.add_argument("file", type=Path)
    with parser.parse_args().file.open(encoding="utf-8", newline="") as file:
        rows = [(row["name"], row["kind"]) for row in csv.DictReader(file)]
    show("ours", rows, ours)
    show("ours, every second line", rows[0::2], ours)
    show("ours, the others", rows[1::2], ours)
    theirs = probablepeople()
    if theirs is None:
        print("probablepeople isn't installed here")
    else:
        show("probablepeople", rows, theirs)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
