"""What a comparison found, and what may differ with its reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Allowed:
    """A difference that stands. `where` and `problem` are regular expressions of the whole."""

    where: str
    problem: str
    reason: str

    def covers(self, where: str, problem: str) -> bool:
        return bool(re.fullmatch(self.where, where) and re.fullmatch(self.problem, problem))


@dataclass
class Compared:
    """The tally of one provider.

    Attributes:
        counts: how many of each kind were compared.
        differing: (where, problem) and the tests that showed it.
        allowed: how often each allowance was needed.
    """

    provider: str
    allowances: Sequence[Allowed]
    counts: Counter[str] = field(default_factory=Counter[str])
    differing: dict[tuple[str, str], list[str]] = field(
        default_factory=dict[tuple[str, str], list[str]]
    )
    allowed: Counter[Allowed] = field(default_factory=Counter[Allowed])

    def count(self, kind: str, number: int = 1) -> None:
        self.counts[kind] += number

    def differs(self, where: str, problem: str, shown_by: str) -> None:
        for each in self.allowances:
            if each.covers(where, problem):
                self.allowed[each] += 1
                return
        self.differing.setdefault((where, problem), []).append(shown_by)

    def report(self) -> list[str]:
        """The lines a person reads."""
        lines = [f"{self.provider}"]
        lines += [f"  {number:>6,} {kind}" for kind, number in self.counts.items()]
        for each in self.allowances:
            used = self.allowed[each]
            times = f"{used:,} times" if used else "not needed in this run"
            lines.append(f"  allowed, {times}: {each.where}: {each.problem}")
            lines.append(f"          because {each.reason}")
        for (where, problem), shown in sorted(self.differing.items()):
            lines.append(f"  DIFFERS {where}: {problem}")
            lines.append(f"          {len(shown):,} times, first in {shown[0]}")
        if not self.differing:
            lines.append("  nothing differs")
        return lines
