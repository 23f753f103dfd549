"""What is asked of a figure beside what came out, and whether that is met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.measuring import table


@dataclass(frozen=True)
class Asked:
    """One figure of a run. `most`: the goal is the most it may be, otherwise the least."""

    what: str
    got: float
    goal: float
    unit: str = ""
    most: bool = False

    @property
    def met(self) -> bool:
        return self.got <= self.goal if self.most else self.got >= self.goal


def at_least(what: str, got: float, goal: float, unit: str = "") -> Asked:
    return Asked(what, got, goal, unit)


def at_most(what: str, got: float, goal: float, unit: str = "") -> Asked:
    return Asked(what, got, goal, unit, most=True)


def summary(asked: Iterable[Asked]) -> str:
    """All of them, for the end of a run."""
    rows = [
        (
            one.what,
            f"{_number(one.got)}{one.unit}",
            f"{'at most' if one.most else 'at least'} {_number(one.goal)}{one.unit}",
            "met" if one.met else "NOT MET",
        )
        for one in asked
    ]
    return table(("figure", "got", "asked", ""), rows)


def _number(value: float) -> str:
    """Three digits that say something; counts as they are."""
    return f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"
