"""requirements.lock holds what the packages declare, by hash, and names no host and no path.

    python deploy/local/check_lock.py [--root FOLDER]

Needs no network. A line per complaint; the exit code is 1 if there was one. `make lock` fixes them.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_DEV = "tallybridge (pyproject.toml:dev)"
_ROOMS = ("libs/*", "services/*", "simulators/*", "deploy/local")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
_PIN = re.compile(r"([A-Za-z0-9._-]+)==([^\s;\\]+)")


@dataclass(frozen=True)
class Pin:
    """One package of the lock: its version, how many hashes, who asked for it."""

    version: str
    hashes: int
    wanted_by: frozenset[str]


def read_pins(text: str) -> dict[str, Pin]:
    """Package name -> its pin."""
    pins: dict[str, Pin] = {}
    # A comment at the margin ends the list: there uv names what it left out, our own packages.
    entries = text.split("\n# ", 1)[0]
    for block in re.split(r"\n(?=[A-Za-z0-9])", entries):
        found = _PIN.match(block)
        if found is None:
            continue
        comments = re.findall(r"^\s*#\s*(.*)$", block, re.MULTILINE)
        wanted = {comment.removeprefix("via").strip() for comment in comments}
        name, version = found.groups()
        pins[canonicalize_name(name)] = Pin(
            version, len(_HASH.findall(block)), frozenset(wanted - {""})
        )
    return pins


def declared(root: Path) -> dict[str, list[Requirement]]:
    """Who asks (as the lock's comments write it) -> for what, our own packages left out."""
    asked: dict[str, list[Requirement]] = {}
    for pattern in _ROOMS:
        for file in sorted(root.glob(f"{pattern}/pyproject.toml")):
            project = tomllib.loads(file.read_text())["project"]
            asked[project["name"]] = [Requirement(text) for text in project["dependencies"]]
    groups = tomllib.loads((root / "pyproject.toml").read_text())["dependency-groups"]
    asked[_DEV] = [Requirement(text) for text in groups["dev"]]
    ours = {canonicalize_name(name) for name in asked}
    return {
        asker: [wish for wish in wishes if canonicalize_name(wish.name) not in ours]
        for asker, wishes in asked.items()
    }


def complaints(text: str, asked: dict[str, list[Requirement]]) -> Iterator[str]:
    """What is wrong with the lock."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"://|--(extra-)?index-url|--find-links|file:|(^|[\s=@])/\w", line):
            yield f"line {number} names a host or a path: {line.strip()}"
    pins = read_pins(text)
    for name, pin in pins.items():
        if pin.hashes == 0:
            yield f"{name} has no hash"
    for asker, wishes in asked.items():
        names = {canonicalize_name(wish.name) for wish in wishes}
        for wish in wishes:
            pin = pins.get(canonicalize_name(wish.name))
            if pin is None:
                yield f"{wish.name}, which {asker} asks for, isn't there"
            elif not wish.specifier.contains(pin.version, prereleases=True):
                yield f"{wish.name} is {pin.version}, {asker} asks for {wish.specifier}"
            elif asker not in pin.wanted_by:
                yield f"{wish.name} doesn't say that {asker} asks for it"
        for name, pin in pins.items():
            if asker in pin.wanted_by and name not in names:
                yield f"{name} says that {asker} asks for it, which it no longer does"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    root: Path = parser.parse_args().root
    found = list(complaints((root / "requirements.lock").read_text(), declared(root)))
    for line in found:
        print(f"requirements.lock: {line}")
    if found:
        print("`make lock` writes it anew")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
