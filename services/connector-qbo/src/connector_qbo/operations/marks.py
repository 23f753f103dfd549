"""Our mark on a record there, by which a look-up knows it: which record of ours, which generation.

It stands in an invoice's PrivateNote and a customer's Notes, where people may write around it (a
void puts "Voided" before it). An item has no such note.
"""

import re
from typing import Literal

from contracts.ids import RecordId

Whose = Literal["ours", "other", "none"]

_MARK = re.compile(r"Tallybridge ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) g(\d+)")


def mark_of(record: RecordId, generation: int) -> str:
    """The mark as it is written."""
    return f"Tallybridge {record} g{generation}"


def marks_in(note: str | None) -> list[tuple[str, int]]:
    """The records and generations that a note names."""
    return [(record, int(generation)) for record, generation in _MARK.findall(note or "")]


def whose(note: str | None, record: RecordId, generation: int) -> Whose:
    """Whether a note carries the mark of this very record and generation, another's, or none."""
    found = marks_in(note)
    if (str(record), generation) in found:
        return "ours"
    return "other" if found else "none"


def of_record(note: str | None, record: RecordId) -> bool:
    """Whether a note carries this record's mark, of any generation."""
    return any(marked == str(record) for marked, _ in marks_in(note))
