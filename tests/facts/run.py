"""`make facts SHARED=../shared`: simulators and connectors beside the providers' own data, and the
words of causes beside the table of them.

Plays the simulators' tests and the connectors' on the wire, the providers side by side, writes
down what goes over it, and compares each request and answer with the data in the folder. What
differs is said, with where it was first seen; what may differ is listed with its reason in ALLOWED
of each provider's module.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from facts import freshbooks, qbo, words, xero
from facts.differing import Compared
from facts.recording import FILE, Exchange, read

ROOT = Path(__file__).parents[2]
DATA = Path("providers") / "data"
PROVIDERS: Mapping[str, Callable[[Path, Iterable[Exchange]], Compared]] = {
    "qbo": qbo.compare,
    "xero": xero.compare,
    "freshbooks": freshbooks.compare,
}
HELD, DIFFERS, NO_DATA = 0, 1, 2


def played(provider: str) -> list[str]:
    """The tests that speak with a provider's simulator over HTTP alone."""
    wire = (ROOT / "services" / f"connector-{provider}" / "tests" / "integration").glob(
        "test_*on_the_wire.py"
    )
    return [*sorted(str(each.relative_to(ROOT)) for each in wire), f"simulators/{provider}"]


def told(data: Path, recorded: Mapping[str, Sequence[Exchange]]) -> tuple[int, list[str]]:
    """The exit code and the report of what was recorded, by provider."""
    lines: list[str] = []
    differing = 0
    for provider, compare in PROVIDERS.items():
        if provider in recorded:
            compared = compare(data / provider, recorded[provider])
            lines += [*compared.report(), ""]
            differing += len(compared.differing)
    lines.append(f"{differing} differences" if differing else "Nothing differs.")
    return (DIFFERS if differing else HELD), lines


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 nothing differs, 1 something does or a test failed, 2 no data."""
    parser = argparse.ArgumentParser(prog="make facts")
    parser.add_argument(
        "--shared", type=Path, default=Path("../shared"), help="holds providers/data"
    )
    parser.add_argument("--provider", action="append", choices=list(PROVIDERS), default=[])
    parser.add_argument(
        "--tests", action="store_true", help="print which tests are played, and play none"
    )
    chosen = parser.parse_args(arguments)
    if chosen.tests:
        print("\n".join(path for each in PROVIDERS for path in played(each)))
        return HELD
    data = (chosen.shared / DATA).resolve()
    missing = [each for each in PROVIDERS if not (data / each).is_dir()]
    if missing:
        print(
            f"There is nothing to compare with: {data} has no {', '.join(missing)}.\n"
            "Say where the providers' data is: make facts SHARED=<folder with providers/data>",
            file=sys.stderr,
        )
        return NO_DATA
    return _compare(data, chosen.shared.resolve(), chosen.provider or list(PROVIDERS))


def _compare(data: Path, shared: Path, providers: Sequence[str]) -> int:
    failed: list[str] = []
    recorded: dict[str, list[Exchange]] = {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as side_by_side:
        files = {provider: Path(folder) / provider for provider in providers}
        playing = {
            provider: side_by_side.submit(_play, provider, file, shared)
            for provider, file in files.items()
        }
        for provider, file in files.items():
            ended = playing[provider].result()
            print(ended.stdout, end="", flush=True)
            if ended.returncode != 0:
                failed.append(provider)
            recorded[provider] = read(file)
    code, lines = told(data, recorded)
    print("\n".join(lines))
    differing = compared_words(shared)
    print("\n".join(differing))
    code = code or (DIFFERS if len(differing) > 1 else HELD)
    for provider in failed:
        print(f"Tests of {provider} failed (above): what they would have sent wasn't compared.")
    return code or (DIFFERS if failed else HELD)


def compared_words(shared: Path) -> list[str]:
    """What differs between the catalogue of causes and the table, after a line that says so."""
    table = shared / words.TABLE
    if not table.is_file():
        return [f"{table} isn't there: the words of causes weren't compared."]
    found = words.differences(table.read_text())
    many = len(list(words.rows(table.read_text())))
    said = f"{len(found)} differ" if found else "nothing differs"
    return [f"Causes ({many} rows, {len(words.ALLOWED)} differences allowed): {said}", *found]


def _play(provider: str, file: Path, shared: Path) -> subprocess.CompletedProcess[str]:
    """How its tests ended, and what they printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "facts.recording", *played(provider)]
    paths = os.pathsep.join(
        each for each in (str(ROOT / "tests"), os.environ.get("PYTHONPATH")) if each
    )
    where = {FILE: str(file), "SHARED": str(shared), "PYTHONPATH": paths}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | where,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
