"""What the last release wrote and read: its schemas and golden examples, kept beside today's.

`python -m contracts.released` makes today's the last release's; it is run when a release goes out,
never to silence a check. Until then `contracts.compatibility` says what the next one asks of a
deployment, and the tests read each release's examples with the other one's eyes.
"""

import shutil
import sys
from pathlib import Path

from contracts.schemas import SCHEMAS

EXAMPLES = SCHEMAS.parent / "examples"
RELEASED = SCHEMAS.parent / "released"
RELEASED_SCHEMAS = RELEASED / "schemas"
RELEASED_EXAMPLES = RELEASED / "examples"


def release(schemas: Path, examples: Path, to: Path) -> None:
    """Make `to` hold exactly these."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(schemas, to / "schemas")
    shutil.copytree(examples, to / "examples")


def main() -> int:
    """Keep today's schemas and examples as the last release's."""
    release(SCHEMAS, EXAMPLES, RELEASED)
    sys.stdout.write(f"{RELEASED}: schemas and examples of this release\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
