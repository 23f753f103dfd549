import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of a fresh checkout as bootstrap looks at, without a virtual environment."""
    room = tmp_path / "checkout" / "deploy" / "local"
    room.mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "local" / "bootstrap.py", room)
    shutil.copy(ROOT / "requirements.lock", tmp_path / "checkout")
    return tmp_path / "checkout"


def _bootstrap(
    checkout: Path, *words: object, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(checkout / "deploy" / "local" / "bootstrap.py"), *map(str, words)],
        cwd=checkout,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _path_without(tmp_path: Path, missing: str) -> dict[str, str]:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in {"git", "make"} - {missing}:
        (tools / tool).symlink_to(shutil.which(tool) or "/bin/true")
    return {"PATH": str(tools)}


@pytest.mark.parametrize("command", ["doctor", "venv"])
def test_a_missing_tool_is_named_with_the_fix(checkout: Path, tmp_path: Path, command: str) -> None:
    done = _bootstrap(checkout, command, env=_path_without(tmp_path, "git"))
    assert done.returncode == 1
    assert done.stdout == "- git is missing: install it (Debian: apt-get install git)\n"


def test_a_python_that_is_too_old_is_named(checkout: Path, tmp_path: Path) -> None:
    script = checkout / "deploy" / "local" / "bootstrap.py"
    script.write_text(script.read_text().replace("OLDEST = (3, 11)", "OLDEST = (3, 99)"))
    done = _bootstrap(checkout, "doctor", env=_path_without(tmp_path, ""))
    assert done.returncode == 1
    assert done.stdout.count("\n") == 1
    assert "is too old, 3.11 or later is needed" in done.stdout


@pytest.mark.parametrize("command", ["doctor", "venv"])
def test_a_python_without_venv_is_named_with_the_fix(
    checkout: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "venv.py").write_text("raise SystemExit('ensurepip is not available')")
    done = _bootstrap(checkout, command, env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stdout


def test_no_network_is_said_while_something_must_be_installed(checkout: Path) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_FIND_LINKS": ""}
    done = _bootstrap(checkout, "doctor", env=nowhere)
    assert done.returncode == 1
    assert done.stdout.startswith("- packages can't be downloaded: is there a network?")
    assert done.stdout.count("\n") == 1


def test_only_a_stacks_own_folder_is_removed(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "precious"
    folder.mkdir()
    (folder / "thesis.txt").touch()
    refused = _bootstrap(checkout, "clean-state", "--state", folder)
    assert (refused.returncode, (folder / "thesis.txt").exists()) == (1, True)
    (folder / "lock").touch()
    done = _bootstrap(checkout, "clean-state", "--state", folder)
    assert (done.returncode, folder.exists()) == (0, False)
