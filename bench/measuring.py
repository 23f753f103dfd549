"""CPU, memory and load as Linux tells them; percentiles; tables for a terminal."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HARNESS = "the bench itself"

_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM = 1, 11, 12, 13, 14
"""Places in `/proc/<pid>/stat` after the name's closing bracket (proc(5))."""


@dataclass(frozen=True)
class Usage:
    """What has been used up to one moment: seconds of CPU by process name, and of the machine."""

    at: float
    cpu: Mapping[str, float]
    machine: float

    def since(self, before: Usage) -> Usage:
        """What was used in between; `at` is the seconds that passed."""
        return Usage(
            self.at - before.at,
            {name: used - before.cpu.get(name, 0.0) for name, used in self.cpu.items()},
            self.machine - before.machine,
        )

    @property
    def others(self) -> float:
        """Seconds of CPU that went to processes not named here (a negative rest counts as 0)."""
        return max(self.machine - sum(self.cpu.values()), 0.0)


def usage(processes: Mapping[str, Iterable[int]]) -> Usage:
    """Used so far by these processes and all their children, ended ones too; and by this one."""
    stats = _stats()
    children: dict[int, list[int]] = {}
    for pid, fields in stats.items():
        children.setdefault(int(fields[_PARENT]), []).append(pid)
    cpu: dict[str, float] = {}
    for name, pids in processes.items():
        cpu[name] = sum(
            _seconds(stats[pid]) for root in pids for pid in _tree(root, children) if pid in stats
        )
    own = os.times()
    cpu[HARNESS] = own.user + own.system
    return Usage(time.monotonic(), cpu, _machine_seconds())


def memory_mib(processes: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """Memory by name, children included; pages that several share count once (PSS)."""
    children: dict[int, list[int]] = {}
    for pid, fields in _stats().items():
        children.setdefault(int(fields[_PARENT]), []).append(pid)
    return {
        name: sum(_rollup(pid, "Pss:") for root in pids for pid in _tree(root, children)) / 1024
        for name, pids in processes.items()
    }


def resident_mib(processes: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """Resident memory by name; where it is several processes, pages they share count once."""
    children: dict[int, list[int]] = {}
    for pid, fields in _stats().items():
        children.setdefault(int(fields[_PARENT]), []).append(pid)
    found: dict[str, float] = {}
    for name, pids in processes.items():
        tree = [pid for root in pids for pid in _tree(root, children)]
        what = "Rss:" if len(tree) == 1 else "Pss:"
        found[name] = sum(_rollup(pid, what) for pid in tree) / 1024
    return found


def load() -> str:
    """The machine's state before a run, for the head of what is printed."""
    one, five, _ = os.getloadavg()
    return f"load {one:.2f} (1 min) {five:.2f} (5 min) on {os.cpu_count()} cores"


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile. Raises ValueError for no values."""
    if not values:
        raise ValueError("no values to take a percentile of")
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as they must be; the first to the left, the others to the right."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return "\n".join(
        "  "
        + "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def cpu_table(used: Usage, memory: Mapping[str, float], invoices: int) -> str:
    """Where the time went: by process, most first."""
    rows = [
        (
            name,
            f"{seconds:.2f}",
            f"{seconds / invoices * 1000:.3f}",
            f"{seconds / used.at:.0%}",
            f"{memory[name]:.0f}" if memory.get(name) else "",
        )
        for name, seconds in sorted(used.cpu.items(), key=lambda one: -one[1])
    ]
    named = sum(used.cpu.values())
    rows.append(("all of these", f"{named:.2f}", f"{named / invoices * 1000:.3f}", "", ""))
    rows.append(
        ("the machine's others", f"{used.others:.2f}", "", f"{used.others / used.at:.0%}", "")
    )
    head = ("process", "CPU s", "CPU s / 1,000 invoices", "of a core", "MiB")
    return table(head, rows)


def _stats() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text(errors="replace")
            except OSError:  # it has just ended
                continue
            found[int(entry.name)] = text.rpartition(")")[2].split()
    return found


def _seconds(fields: Sequence[str]) -> float:
    used = (_USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM)
    return sum(int(fields[place]) for place in used) / _TICKS


def _tree(root: int, children: Mapping[int, Sequence[int]]) -> list[int]:
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def _machine_seconds() -> float:
    first = Path("/proc/stat").read_text().splitlines()[0].split()
    user, nice, system, _idle, _wait, hard, soft, *_ = (int(word) for word in first[1:])
    return (user + nice + system + hard + soft) / _TICKS


def _rollup(pid: int, what: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(what)), 0)
