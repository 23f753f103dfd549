"""A connector is generated into a copy of the workspace: it passes what is static there, and its
conformance tests say what to fill in."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from connector_conformance.filling_in import fail_until_filled_in

ROOT = Path(__file__).parents[3]
GENERATOR = Path(__file__).parents[1] / "new_provider.py"
COPIED = ("libs", "services", "simulators", "deploy", "pyproject.toml", ".importlinter")
LEFT_OUT = ("node_modules", "__pycache__", "tests", ".pytest_cache", "frontend", "examples")
CONNECTORS = ("qbo", "xero", "freshbooks")


def run(*command: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    sources = [str(each) for each in sorted(root.glob("*/*/src"))]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sources), "COLUMNS": "500"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the workspace with connector-sage in it."""
    copy = tmp_path_factory.mktemp("workspace")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
        else:
            shutil.copy(ROOT / name, copy / name)
    made = run(str(GENERATOR), "--name", "sage", "--root", str(copy), root=copy)
    assert made.returncode == 0, made.stderr
    assert "services/connector-sage" in made.stdout
    return copy


def test_ruff_passes_on_it(workspace: Path) -> None:
    for command in (("check",), ("format", "--check")):
        held = run("-m", "ruff", *command, "services/connector-sage", root=workspace)
        assert held.returncode == 0, held.stdout


def test_pyright_passes_on_it(workspace: Path) -> None:
    rules = (ROOT / "pyproject.toml").read_text().partition("[tool.pyright]")[2]
    assert 'typeCheckingMode = "strict"' in rules
    config = {
        "typeCheckingMode": "strict",
        "include": ["services/connector-sage", "libs/contracts/src/contracts/ids.py"],
        "extraPaths": [str(each) for each in sorted(workspace.glob("*/*/src"))],
        "reportMissingTypeStubs": False,
        "reportUnknownMemberType": False,
    }
    (workspace / "pyrightconfig.json").write_text(json.dumps(config))
    held = run("-m", "pyright", "--pythonpath", sys.executable, root=workspace)
    assert held.returncode == 0, held.stdout


def test_import_linter_passes_with_it(workspace: Path) -> None:
    script = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"
    held = run("-c", script, root=workspace)
    assert held.returncode == 0, held.stdout
    assert (workspace / ".importlinter").read_text().count("connector_sage") == (
        (ROOT / ".importlinter").read_text().count("connector_freshbooks")
    )


def test_its_conformance_tests_fail_with_what_to_fill_in(workspace: Path) -> None:
    played = run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "services/connector-sage", root=workspace
    )
    assert played.returncode == 1, played.stdout
    told = re.findall(
        r"^ERROR .*test_conformance\.py::TestConformance::\w+.* - Failed: (.*)", played.stdout, re.M
    )
    collected = re.search(r"(\d+) errors? in", played.stdout)
    assert collected is not None
    assert len(told) == int(collected[1]) > 40
    assert all(re.match(r"connector_sage/[\w/]+\.py: (Fill in|Replace)", each) for each in told)
    assert len({each.partition(":")[0] for each in told}) >= 4, "each area names its own file"
    assert "ImportError" not in played.stdout


def test_once_all_is_filled_in_the_simulator_is_named(request: pytest.FixtureRequest) -> None:
    item = cast("pytest.Item", request.node)
    with pytest.raises(pytest.fail.Exception, match="a module sage_simulator"):
        fail_until_filled_in(item, "connector_freshbooks", "sage_simulator")


def test_it_has_the_rooms_and_file_names_that_all_three_have(workspace: Path) -> None:
    def files(name: str, root: Path) -> set[str]:
        source = root / "services" / f"connector-{name}" / "src" / f"connector_{name}"
        return {str(file.relative_to(source)) for file in source.rglob("*.py")}

    shared = set[str].intersection(*(files(name, ROOT) for name in CONNECTORS))
    assert len(shared) > 15
    assert shared <= files("sage", workspace)


def test_it_is_not_written_over(workspace: Path) -> None:
    again = run(str(GENERATOR), "--name", "sage", "--root", str(workspace), root=workspace)
    assert again.returncode == 1
    assert "is there already" in again.stderr


@pytest.mark.parametrize("name", ["", "Sage", "sage-50", "../x"])
def test_a_name_that_is_no_package_is_refused(name: str, tmp_path: Path) -> None:
    refused = run(str(GENERATOR), "--name", name, "--root", str(tmp_path))
    assert refused.returncode == 2
    assert "make new-provider NAME=sage" in refused.stderr


def test_the_document_is_current() -> None:
    checked = run(str(GENERATOR), "--check-docs")
    assert checked.returncode == 0, checked.stdout
