"""Prints number → test → passed, failed, missing or later. `make scenarios` runs it.

A scenario is held by every test function named `test_s<number>_…` (or `test_z5_…`), wherever it
stands. Those tests are run. A scenario without a test is missing if the present release must hold
it, else later; none is left out.
"""

import ast
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from scenarios import DUE, SCENARIOS

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("libs", "services", "simulators", "deploy", "tests")
NAMED = re.compile(r"^test_(?:s(\d+)|(z\d+b?))_")


def tests_by_scenario() -> dict[str, list[tuple[Path, str]]]:
    """For each number, the files and functions that hold it."""
    found: dict[str, list[tuple[Path, str]]] = defaultdict(list)
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("test_*.py")):
            if "node_modules" in path.parts:
                continue
            for name in _functions(path):
                for number in _numbers(name):
                    found[number].append((path, name))
    return found


def _functions(path: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def _numbers(name: str) -> list[str]:
    """`test_s52_s87_…` holds two."""
    numbers: list[str] = []
    rest = name
    while match := NAMED.match(rest):
        number = match[1] or match[2].capitalize()
        numbers.append(str(number))
        rest = "test_" + rest[match.end() :]
    return numbers


def results(files: set[Path]) -> dict[str, str]:
    """Runs these files' scenario tests; for each function name: passed, failed or skipped."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-k", "test_s or test_z"),
                *(f"--junitxml={report}", *map(str, sorted(files))),
            ],
            cwd=ROOT,
            check=False,
        )
        found: dict[str, str] = {}
        for case in ET.parse(report).iter("testcase"):
            name = str(case.get("name")).split("[")[0]
            bad = case.find("failure") is not None or case.find("error") is not None
            skipped = case.find("skipped") is not None
            result = "FAILED" if bad else "skipped" if skipped else "passed"
            found[name] = "FAILED" if found.get(name) == "FAILED" else result
        return found


def main() -> int:
    held = tests_by_scenario()
    unknown = sorted(set(held) - set(SCENARIOS))
    ran = results({path for tests in held.values() for path, _ in tests}) if held else {}
    passed = 0
    for number, words in SCENARIOS.items():
        tests = held.get(number, [])
        states = {ran.get(name, "not run") for _, name in tests}
        if tests:
            state = "passed" if states == {"passed"} else "FAILED"
        else:
            state = "MISSING" if number in DUE else "later"
        passed += state == "passed"
        sys.stdout.write(f"{number:>4}  {state:8} {words}\n")
        for path, name in tests:
            sys.stdout.write(f"{'':14}{path.relative_to(ROOT)}::{name}\n")
    sys.stdout.write(f"{passed} of {len(SCENARIOS)} scenarios have a test that passed\n")
    if unknown:
        sys.stdout.write(f"tests name scenarios that don't exist: {', '.join(unknown)}\n")
    missing = DUE - set(held)
    return 1 if unknown or missing or "FAILED" in ran.values() else 0


if __name__ == "__main__":
    raise SystemExit(main())
