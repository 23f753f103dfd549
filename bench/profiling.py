"""Where Python's time goes, process by process: py-spy looks on 200 times a second."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_RATE = 200
_LONGEST_SECONDS = 600
_FRAME = re.compile(r"(?P<function>.+) \((?P<file>[^:()]+)(?::\d+)?\)$")
_SHOWN = 12
_OURS = re.compile(
    r"contracts|telemetry|messaging|connector_\w+|invoice_api|sync_orchestrator|\w+_simulator"
)
_ROOTS = ("<module> ", "main ", "run ", "_keep ")
"""Outermost frames, in which everything is."""


@dataclass(frozen=True)
class Profile:
    """Samples of one process: each stack from its outermost frame, and how often it was seen."""

    stacks: Mapping[tuple[str, ...], int]

    @property
    def samples(self) -> int:
        return sum(self.stacks.values())

    def by_package(self) -> Counter[str]:
        """By whose code was running just then: the package of the innermost frame."""
        found: Counter[str] = Counter()
        for stack, count in self.stacks.items():
            found[_package(stack[-1])] += count
        return found

    def by_function(self) -> Counter[str]:
        """By function of ours, what it called included; a recursion counts once."""
        found: Counter[str] = Counter()
        for stack, count in self.stacks.items():
            for frame in set(stack):
                if _OURS.fullmatch(_package(frame)):
                    found[frame] += count
        return found


@contextmanager
def profiled(processes: Mapping[str, Sequence[int]]) -> Generator[dict[str, Profile]]:
    """Look on while the block runs; the profiles are there after it. Other than Python is left out.

    py-spy must be allowed to trace these processes (root, or ptrace_scope 0).
    """
    found: dict[str, Profile] = {}
    with tempfile.TemporaryDirectory(prefix="profiles-") as folder:
        running: list[tuple[str, Path, subprocess.Popen[bytes]]] = []
        for name, pids in processes.items():
            for place, pid in enumerate(pids):
                if _is_python(pid):
                    out = Path(folder) / f"{name}-{place}.txt"
                    running.append((name, out, _looking(pid, out)))
        try:
            yield found
        finally:
            for _, _, process in running:
                process.send_signal(signal.SIGINT)
            for name, out, process in running:
                process.wait(30)
                with suppress(FileNotFoundError):
                    found[name] = read(out.read_text())


def read(text: str) -> Profile:
    """A profile from py-spy's raw format: a line per stack, frames between semicolons, a count."""
    stacks: Counter[tuple[str, ...]] = Counter()
    for line in text.splitlines():
        frames, _, count = line.rpartition(" ")
        shown = tuple(filter(None, (_shown(frame) for frame in frames.split(";"))))
        if shown:
            stacks[shown] += int(count)
    return Profile(stacks)


def report(name: str, profile: Profile) -> str:
    """A process's profile for a terminal."""
    total = profile.samples or 1
    packages = ", ".join(
        f"{package} {count / total:.0%}"
        for package, count in profile.by_package().most_common(8)
        if count / total >= 0.01
    )
    lines = [f"  {name}: {total} samples at {_RATE} a second; {packages}"]
    lines += [
        f"    {count / total:4.0%}  {frame}"
        for frame, count in profile.by_function().most_common(_SHOWN * 4)
        if not frame.startswith(_ROOTS)
    ][:_SHOWN]
    return "\n".join(lines)


def _looking(pid: int, out: Path) -> subprocess.Popen[bytes]:
    spy = Path(sys.executable).with_name("py-spy")
    words = [str(spy), "record", "--pid", str(pid), "--rate", str(_RATE), "--format", "raw"]
    words += ["--duration", str(_LONGEST_SECONDS), "--output", str(out), "--nonblocking"]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _is_python(pid: int) -> bool:
    try:
        return "python" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    except OSError:
        return False


def _shown(frame: str) -> str | None:
    match = _FRAME.match(frame)
    if match is None:
        return None
    return f"{match['function']} ({match['file']})"


def _package(frame: str) -> str:
    file = frame.rpartition(" (")[2].rstrip(")")
    parts = Path(file).parts
    return parts[0] if len(parts) > 1 else Path(file).stem
