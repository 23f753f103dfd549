import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The lock and every declaration it must agree with."""
    for file in ROOT.glob("*/*/pyproject.toml"):
        (tmp_path / file.parent.relative_to(ROOT)).mkdir(parents=True)
        shutil.copy(file, tmp_path / file.relative_to(ROOT))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    return tmp_path


def _check(checkout: Path) -> str:
    script = ROOT / "deploy" / "local" / "check_lock.py"
    done = subprocess.run(
        [sys.executable, str(script), "--root", str(checkout)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (1 if done.stdout else 0), done.stderr
    return done.stdout


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_the_lock_is_current_and_names_no_host(checkout: Path) -> None:
    assert _check(checkout) == ""


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"jgo>=3.2,<4"', '"jgo>=9"', "jgo is 3.2.0, tallybridge-local-stack asks for >=9"),
        ('"jgo>=3.2,<4",', '"jgo>=3.2,<4", "numpy>=2",', "numpy, which tallybridge-local-stack"),
        ('    "jgo>=3.2,<4",\n', "", "jgo says that tallybridge-local-stack asks for it"),
    ],
    ids=["outgrown", "added", "removed"],
)
def test_a_declaration_the_lock_doesnt_know_is_named(
    checkout: Path, old: str, new: str, complaint: str
) -> None:
    _edit(checkout / "deploy" / "local" / "pyproject.toml", old, new)
    assert complaint in _check(checkout)


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://mirror.example/simple",
        "six @ file:///srv/six.whl",
        "-e /srv/checkout/libs/contracts",
    ],
)
def test_a_host_or_a_path_in_the_lock_is_named(checkout: Path, line: str) -> None:
    lock = checkout / "requirements.lock"
    lock.write_text(f"{line}\n{lock.read_text()}")
    assert "line 1 names a host or a path" in _check(checkout)


def test_a_package_without_a_hash_is_named(checkout: Path) -> None:
    lock = checkout / "requirements.lock"
    lock.write_text(f"left-pad==1.0\n    # via six\n{lock.read_text()}")
    assert "left-pad has no hash" in _check(checkout)
