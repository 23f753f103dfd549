"""How tests are shared out among several processes."""

import os
import subprocess
import sys
from pathlib import Path

_CONFTEST = """
import os
import pytest

def said(name):
    with open(os.environ["SAID"], "a") as file:
        file.write(f"{name} {os.environ['PYTEST_XDIST_WORKER']}\\n")

@pytest.fixture(scope="session")
def stack():
    said("stack")

@pytest.fixture(scope="session")
def quick():
    said("quick")
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


def test_who_shares_a_stack_stays_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(_CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for name in ("a", "b", "c"):
        (tmp_path / f"test_{name}.py").write_text(_TESTS)
    said = tmp_path / "said"
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    words = ["-q", "-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=tmp_path,
        env=own | {"SAID": str(said)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert sorted(line.split()[0] for line in said.read_text().splitlines()) == ["quick", "stack"]
