"""Our mark on a record there, by which a look-up knows it: which record of ours, which generation.

It stands in a client's `note`, where people may write around it, and is an item's `sku`, which
FreshBooks shows nowhere (https://www.freshbooks.com/api/items). An invoice has no such place.
"""

import re
from typing import Literal

from contracts.ids import RecordId

Whose = Literal["ours", "other", "none"]

_MARK = re.compile(r"Tallybridge ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) g(\d+)")


def mark_of(record: RecordId, generation: int) -> str:
    """The mark as it is written."""
    return f"Tallybridge {record} g{generation}"


def marks_in(text: str | None) -> list[tuple[str, int]]:
    """The records and generations that a text names."""
    return [(record, int(generation)) for record, generation in _MARK.findall(text or "")]


def whose(text: str | None, record: RecordId, generation: int) -> Whose:
    """Whether a text carries the mark of this very record and generation, another's, or none."""
    found = marks_in(text)
    if (str(record), generation) in found:
        return "ours"
    return "other" if found else "none"


def of_record(text: str | None, record: RecordId) -> bool:
    """Whether a text carries this record's mark, of any generation."""
    return any(marked == str(record) for marked, _ in marks_in(text))
