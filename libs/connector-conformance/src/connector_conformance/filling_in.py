"""What a generated connector still lacks, said by the tests that need it.

`make new-provider` writes functions that raise `NotImplementedError` with a sentence. Until none is
left and there is a simulator, each conformance test fails with the sentence of what it is about.
"""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import pytest

_ABOUT: dict[str, tuple[str, ...]] = {
    "SignInConformance": ("provider.py", "auth.py", "operations/organisation.py"),
    "WritingConformance": ("operations/writing.py", "operations/preparing.py"),
    "AnswersConformance": ("operations/reading.py", "operations/looking.py"),
    "RefusalsConformance": ("errors.py", "bodies.py"),
}
"""The files that each part of the suite is about."""


@dataclass(frozen=True)
class Gap:
    """A function that isn't filled in: its file in the package, and what it says of itself."""

    file: str
    sentence: str


def gaps(package: Path) -> list[Gap]:
    """Every `raise NotImplementedError("…")` of a package, by file and in its order."""
    return [
        Gap(str(file.relative_to(package)), sentence)
        for file in sorted(package.rglob("*.py"))
        for sentence in _sentences(ast.parse(file.read_text()))
    ]


def fail_until_filled_in(test: pytest.Item, package: str, simulator: str) -> None:
    """Fail with the first thing that this test of the suite needs.

    Nothing is imported that isn't there: it reads the package's files.
    """
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    left = gaps(Path(spec.origin).parent)
    about = _ABOUT.get(_part_of(test), ())
    if left:
        first = next((gap for gap in left if gap.file in about), left[0])
        pytest.fail(f"{package}/{first.file}: {first.sentence}{_more(left)}", pytrace=False)
    if find_spec(simulator) is None:
        pytest.fail(
            f"Fill in the simulator: a module {simulator} that `python -m {simulator} --port N` "
            "serves, with the controls under /_sim that the READMEs in simulators/ name.",
            pytrace=False,
        )


def _part_of(test: pytest.Item) -> str:
    """The part of the suite a test was written in: that which the connector's class inherits."""
    written = cast("Callable[..., object]", getattr(test, "obj", None))
    return getattr(written, "__qualname__", "").split(".")[0]


def _sentences(tree: ast.Module) -> list[str]:
    return [
        str(argument.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id == "NotImplementedError"
        for argument in node.exc.args
        if isinstance(argument, ast.Constant)
    ]


def _more(left: Sequence[Gap]) -> str:
    files = sorted({gap.file for gap in left})
    return f" ({len(left)} to fill in, in {', '.join(files)})"
