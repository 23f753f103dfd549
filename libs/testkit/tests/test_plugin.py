"""How tests are shared out among several processes."""

import os
import subprocess
import sys
from pathlib import Path

_CONFTEST = """
import os
from contextlib import contextmanager
import pytest
from testkit.plugin import until_left

def said(name):
    with open(os.environ["SAID"], "a") as file:
        file.write(f"{os.environ.get('PYTEST_XDIST_WORKER', 'one')} {name}\\n")

@contextmanager
def running(name):
    said(f"{name} begins")
    yield name
    said(f"{name} ends")

@pytest.fixture(scope="session")
def stack(request):
    return until_left(request, "stack", running("stack"))

@pytest.fixture(scope="session")
def quick(request):
    return until_left(request, "quick", running("quick"))

@pytest.fixture(autouse=True)
def each(request):
    yield
    said(request.node.originalname)
"""

_TESTS = """
import pytest

@pytest.mark.parametrize("n", range(4))
def test_on_a_stack(stack, n): pass

@pytest.mark.parametrize("n", range(4))
def test_on_a_quick_one(quick, n): pass

@pytest.mark.parametrize("n", range(4))
def test_alone(n): pass
"""

_LONG_TEST = """
import pytest

pytestmark = pytest.mark.early

def test_that_is_long(): pass
"""


def said_by_process(tmp_path: Path, *words: str) -> dict[str, list[str]]:
    """What each process said while it ran three files of these tests and a long one."""
    (tmp_path / "conftest.py").write_text(_CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for name in ("a", "b", "c"):
        (tmp_path / f"test_{name}.py").write_text(_TESTS)
    (tmp_path / "test_d.py").write_text(_LONG_TEST)
    said = tmp_path / "said"
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, str(tmp_path)],
        cwd=tmp_path,
        env=own | {"SAID": str(said)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    lines: dict[str, list[str]] = {}
    for line in said.read_text().splitlines():
        process, _, words_said = line.partition(" ")
        lines.setdefault(process, []).append(words_said)
    return lines


def test_who_shares_a_stack_stays_in_one_process_and_it_ends_with_the_last(tmp_path: Path) -> None:
    groups = ["-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder"]
    lines = said_by_process(tmp_path, *groups)
    assert len(lines) == 2
    both = [line for said in lines.values() for line in said]
    assert sorted(line for line in both if line.endswith(("begins", "ends"))) == [
        "quick begins",
        "quick ends",
        "stack begins",
        "stack ends",
    ]
    for said in lines.values():
        for name, test in (("quick", "test_on_a_quick_one"), ("stack", "test_on_a_stack")):
            if f"{name} begins" in said:
                first, last = said.index(f"{name} begins"), said.index(f"{name} ends")
                assert said[first + 1 : last] == [test] * 12


def test_in_one_process_stacks_come_first_one_after_the_other_then_what_is_long(
    tmp_path: Path,
) -> None:
    (said,) = said_by_process(tmp_path, "-p", "no:xdist").values()
    assert said == [
        "quick begins",
        *["test_on_a_quick_one"] * 12,
        "quick ends",
        "stack begins",
        *["test_on_a_stack"] * 12,
        "stack ends",
        "test_that_is_long",
        *["test_alone"] * 12,
    ]
