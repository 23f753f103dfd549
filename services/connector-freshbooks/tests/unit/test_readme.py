"""The README names tests that exist."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2]


def test_every_test_the_readme_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", (FOLDER / "README.md").read_text()))
    there = {
        name
        for path in (FOLDER / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert named
    assert named - there == set()
