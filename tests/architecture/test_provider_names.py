"""A provider is one folder: no room but its own, and the tables meant for it, says its name.

Names count in code, not in docstrings: a kit that says "Xero: the user" explains itself by example.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("qbo", "quickbooks", "xero", "freshbooks", "intuit")

MAY: dict[str, str] = {
    "libs/contracts/src/contracts/ids.py": "the providers there are, and how people call them",
    "libs/contracts/src/contracts/topics.py": "a topic of commands for each",
    "libs/contracts/src/contracts/causes": "each provider's own nouns and fixes, as data",
    "libs/contracts/src/contracts/providers.py": "what decisions and pages know of each, as data",
    "libs/testkit/src/testkit/every_route.py": "an example for each path",
    "services/invoice-api/src/invoice_api/web/patterns_pages.py": "samples of every badge",
    "deploy/local/src/local_stack/services.py": "the table of processes",
}
"""Where a provider's name is data."""

OWN = ("services/connector-", "simulators/")


def rooms() -> list[Path]:
    found = [
        path
        for pattern in ("libs/*/src", "services/*/src", "deploy/local/src")
        for source in ROOT.glob(pattern)
        for path in source.rglob("*.py")
    ]
    return [path for path in found if not str(path.relative_to(ROOT)).startswith(OWN)]


def named(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every name and string that holds a provider's name."""
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str() as text) if id(node) not in documents:
                pass
            case ast.Name(id=text) | ast.Attribute(attr=text):
                pass
            case ast.FunctionDef(name=text) | ast.ClassDef(name=text):
                pass
            case ast.ImportFrom(module=str() as text):
                pass
            case ast.Import(names=[ast.alias(name=text), *_]):
                pass
            case _:
                continue
        if any(name in text.lower() for name in NAMES):
            yield node.lineno, text


def test_no_room_but_its_own_says_a_provider_s_name() -> None:
    wrong: list[str] = []
    for path in rooms():
        where = str(path.relative_to(ROOT))
        if not where.startswith(tuple(MAY)):
            tree = ast.parse(path.read_text())
            wrong += [f"{where}:{line}: {text[:60]!r}" for line, text in named(tree)]
    assert wrong == []


@pytest.mark.parametrize("where", MAY)
def test_each_exception_is_still_one(where: str) -> None:
    place = ROOT / where
    files = [place] if place.is_file() else list(place.rglob("*.py"))
    assert any(True for path in files for _ in named(ast.parse(path.read_text())))


@pytest.mark.parametrize(
    "code",
    ['name = "qbo"', "xero_only = 1", "class FreshbooksRule: ...", "from connector_xero import x"],
)
def test_a_name_is_found(code: str) -> None:
    assert list(named(ast.parse(code)))


def test_a_docstring_may_explain_by_example() -> None:
    assert not list(named(ast.parse('"""Xero: the user."""')))
