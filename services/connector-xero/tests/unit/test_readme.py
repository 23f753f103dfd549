"""The README names tests that are there."""

import re
from pathlib import Path

ROOM = Path(__file__).parents[2]


def test_every_test_the_readme_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOM / "README.md").read_text()))
    defined = {
        name
        for file in (ROOM / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text())
    }
    assert named
    assert named - defined == set()
