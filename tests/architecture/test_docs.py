"""What the documents name exists: tests, files, make targets."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/*/README.md")])
ROOMS = ("libs", "services", "simulators", "deploy", "tests")


MECHANISMS = sorted((ROOT / "docs" / "architecture").glob("*.md"))


@cache
def names_of_tests() -> frozenset[str]:
    names: set[str] = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("test_*.py"):
            if "node_modules" not in path.parts:
                names |= {
                    node.name
                    for node in ast.walk(ast.parse(path.read_text()))
                    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                }
    return frozenset(names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", page.read_text()))
    assert named - names_of_tests() == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    missing = [x for x in links if "://" not in x and not (page.parent / x).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", page.read_text())) - targets == set()


@cache
def names_of_planted_bugs() -> frozenset[str]:
    listed = ast.parse((ROOT / "tests/simulation/planted/__init__.py").read_text())
    calls = [node for node in ast.walk(listed) if isinstance(node, ast.Call)]
    return frozenset(
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id == "Planted"
        and isinstance(call.args[0], ast.Constant)
    )


def planted_bugs_named_in(page: str) -> set[str]:
    """The names after the words "planted bug" or "Planted bugs", up to the end of the line."""
    lists = re.findall(r"[Pp]lanted bugs?: ((?:`[a-z_]+`(?:, )?)+)", page)
    return {name for names in lists for name in re.findall(r"`([a-z_]+)`", names)}


@pytest.mark.parametrize("page", MECHANISMS, ids=lambda page: page.stem)
def test_a_mechanism_s_page_begins_with_its_invariant_and_names_what_pins_it(page: Path) -> None:
    text = page.read_text()
    assert re.match(r"# [^\n]+\n\n\*\*[^*\n]+[.!]\*\*\n", text), "a title, then a bold sentence"
    tests = set(re.findall(r"`(test_[a-z0-9_]+)`", text))
    assert tests | planted_bugs_named_in(text), "neither a test nor a planted bug is named"


def test_every_planted_bug_stands_on_a_page_and_no_page_names_another() -> None:
    named = {name for page in MECHANISMS for name in planted_bugs_named_in(page.read_text())}
    assert named == names_of_planted_bugs()
