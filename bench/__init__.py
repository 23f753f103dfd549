"""What Tallybridge does in numbers, each beside a floor or baseline of the same run."""

import sys
from pathlib import Path

# Offices are those of the tests, seen from outside; their modules find one another in that folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
