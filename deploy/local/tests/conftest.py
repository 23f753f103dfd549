import subprocess
import sys
from collections.abc import Callable

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def local_stack() -> Run:
    """One `python -m local_stack …` to its end."""

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "local_stack", *map(str, words)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
