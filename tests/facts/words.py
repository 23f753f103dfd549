"""The catalogue of causes beside the table that says what a bookkeeper is to read.

The table (`CAUSES.md` of the shared folder) is for people: a part in braces may be a name, a choice
between words, or a word that depends on something. So the fixed words between braces are compared,
in their order, and the buttons in bold. What differs on purpose is in `ALLOWED`, with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.causes import CAUSES, Cause

TABLE = Path("CAUSES.md")
ALLOWED: Mapping[tuple[str, str], str] = {
    ("customer_name_taken", "sentence"): "the article belongs to the kind: an employee",
    ("customer_lookalikes", "sentence"): "where it is one, it is named",
    ("customer_inactive_there", "title"): "the provider's word: archived in Xero",
    ("customer_inactive_there", "sentence"): "the provider's word: archived in Xero",
    ("record_deleted_there", "fix"): "undoing it is linking to another, which the button says",
    ("item_account_unmapped", "sentence"): "shorter, as the conversation with the API has it",
    ("account_gone", "sentence"): "the provider's word: made inactive in QuickBooks",
    ("rounding_difference", "found"): "the table adds that it is predicted before",
}
"""By code and column: why ours differs."""

_ROW = re.compile(r"\| (\d+) \| `(\w+)`")
_BRACES = re.compile(r"\{[^{}]*\}|\([^()]*\)")
_BY_COUNT = re.compile(r"\{(\w+):[^{}|]*\|([^{}|]*)\}")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_FOUND = {"P": "preflight", "A": "answer", "P+A": "both"}


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    number: int
    code: str
    who: str
    state: str
    found: str
    title: str
    sentence: str
    fix: str


def rows(text: str) -> Iterator[Row]:
    """The rows of all the table's parts."""
    for line in text.splitlines():
        if found := _ROW.match(line):
            cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
            yield Row(int(found[1]), found[2], *cells[2:8])


def differences(text: str) -> list[str]:
    """What differs and isn't allowed; and what is allowed and doesn't differ."""
    told = list(rows(text))
    found: dict[tuple[str, str], str] = {}
    for row in told:
        cause = CAUSES.get(row.code)
        if cause is None:
            found[row.code, "code"] = "isn't in the catalogue"
        else:
            found |= {(row.code, column): said for column, said in _compared(row, cause)}
    extra = set(CAUSES) - {row.code for row in told}
    found |= {(code, "code"): "isn't in the table" for code in extra}
    lines = [
        f"{code}, {column}: {said}"
        for (code, column), said in found.items()
        if (code, column) not in ALLOWED
    ]
    return lines + [
        f"{code}, {column}: is allowed to differ and doesn't"
        for code, column in ALLOWED
        if (code, column) not in found
    ]


def _compared(row: Row, cause: Cause) -> Iterator[tuple[str, str]]:
    if row.number != cause.number:
        yield "number", f"{cause.number}, not {row.number}"
    if row.who != cause.who:
        yield "who", f"{cause.who}, not {row.who}"
    state = None if cause.state is None else cause.state.value
    held = f"({cause.held_by})" if cause.held_by else ""
    if state is not None and row.state.split(" ")[0] != f"{state}{held}":
        yield "state", f"{state}{held}, not {row.state}"
    if _FOUND.get(row.found, row.found) != cause.found:
        yield "found", f"{cause.found}, not {row.found}"
    if missing := _missing(row.title, cause.titles):
        yield "title", f"lacks {missing!r}"
    if missing := _missing(row.sentence, cause.sentences):
        yield "sentence", f"lacks {missing!r}"
    labels = [_plain(each.label) for each in (*cause.fixes, *cause.links)]
    for bold in _BOLD.findall(row.fix):
        if not any(_plain(bold) in label or label in _plain(bold) for label in labels):
            yield "fix", f"has no {bold!r}"


def _missing(told: str, ours: Sequence[str]) -> str | None:
    """The first fixed words of the table that none of ours has in their place."""
    first: str | None = None
    for text in map(_of_many, ours):
        at, lacking = 0, None
        for words in _BRACES.split(told):
            fixed = words.strip(' .,:;"')
            if len(fixed) < 3:
                continue
            place = text.find(fixed, at)
            if place < 0:
                lacking = fixed
                break
            at = place + len(fixed)
        if lacking is None:
            return None
        first = first or lacking
    return first


def _of_many(text: str) -> str:
    """With the words for several, as the table has them."""
    return _BY_COUNT.sub(r"{\1} \2", text)


def _plain(label: str) -> str:
    return re.sub(r"[^a-z ]", "", _BRACES.sub("", label).lower()).strip()
