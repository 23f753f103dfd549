"""A package installed alone has all it imports; one shared environment would hide a lack."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEMBERS = sorted(
    path.parent
    for pattern in ("libs/*", "services/*", "simulators/*", "deploy/local")
    for path in ROOT.glob(f"{pattern}/pyproject.toml")
)

IMPORT_ALL = """
import importlib, pkgutil, sys
root = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(root.__path__, root.__name__ + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


def _uv() -> str:
    found = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    assert found, "uv is missing: it comes with requirements.lock, run `make venv`"
    return found


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # the commands are ours
        command,
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"},
        capture_output=True,
        text=True,
        check=False,
    )


def _make_venv(folder: Path) -> None:
    made = _run(_uv(), "venv", "-q", "--python", sys.executable, str(folder))
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_a_package_installed_alone_imports_all_its_modules(member: Path, tmp_path: Path) -> None:
    package = next((member / "src").iterdir()).name
    python = tmp_path / "venv" / "bin" / "python"
    _make_venv(tmp_path / "venv")
    installed = _run(
        _uv(), "pip", "install", "-q", "--python", str(python),
        "-c", "requirements.lock", str(member),
    )  # fmt: skip
    assert installed.returncode == 0, installed.stderr
    imported = _run(str(python), "-I", "-c", IMPORT_ALL, package)
    assert imported.returncode == 0, imported.stderr


def test_the_check_bites_on_an_undeclared_import(tmp_path: Path) -> None:
    member = tmp_path / "contracts"
    shutil.copytree(ROOT / "libs" / "contracts", member)
    (member / "src" / "contracts" / "sneaky.py").write_text("import httpx\n")
    python = tmp_path / "venv" / "bin" / "python"
    assert (
        _run(_uv(), "venv", "-q", "--python", sys.executable, str(tmp_path / "venv")).returncode
        == 0
    )
    installed = _run(_uv(), "pip", "install", "-q", "--python", str(python), str(member))
    assert installed.returncode == 0, installed.stderr
    imported = _run(str(python), "-I", "-c", IMPORT_ALL, "contracts")
    assert imported.returncode != 0
    assert "No module named 'httpx'" in imported.stderr
