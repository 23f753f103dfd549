"""From a file's bytes to its records, line by line. Pure.

What can't be read is one broken record: the lines after it are read as if it weren't there.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

MAX_LINES_OF_A_RECORD = 20
"""A quoted cell may hold line breaks; one that holds more than these was never closed."""

_DELIMITERS = (",", ";", "\t", "|")
_UNREADABLE = "�"
_MAX_CELL = 10_000

Encoding = Literal["UTF-8", "UTF-16", "Windows-1252"]


@dataclass(frozen=True)
class Record:
    """One record: where it begins in the file, its cells, or what is wrong with it."""

    line: int
    cells: tuple[str, ...]
    wrong: str | None = None


@dataclass(frozen=True)
class Text:
    """A file as text, and how that was told."""

    text: str
    encoding: Encoding


def decode(raw: bytes) -> Text:
    """UTF-8 or UTF-16 by their marks, UTF-8 where it is that, else Windows-1252.

    A file that is UTF-8 but for a few bytes stays UTF-8: those bytes become U+FFFD.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Text(raw.decode("utf-16", errors="replace").removeprefix("\ufeff"), "UTF-16")
    body = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        return Text(body.decode("utf-8"), "UTF-8")
    except UnicodeDecodeError:
        pass
    loose = body.decode("utf-8", errors="replace")
    broken = loose.count(_UNREADABLE)
    multi_byte = sum(1 for letter in loose if letter > "\x7f") - broken
    if len(body) > len(raw) - 3 and multi_byte <= broken:
        return Text(body.decode("cp1252", errors="replace"), "Windows-1252")
    return Text(loose, "UTF-8")


def delimiter_of(header: str) -> str:
    """The separator that the header line has most of; a comma where it has none."""
    return max(_DELIMITERS, key=lambda one: (header.count(one), one == ","))


def records(text: str) -> Iterator[Record]:
    """Every record that isn't empty, the header first."""
    lines = _lines(text)
    delimiter = delimiter_of(next((line for line in lines if line.strip()), ""))
    at = 0
    while at < len(lines):
        begin = at
        held = lines[at]
        at += 1
        while held.count('"') % 2 and at < len(lines) and at - begin < MAX_LINES_OF_A_RECORD:
            held += "\n" + lines[at]
            at += 1
        if held.count('"') % 2:
            # Never closed: this line alone is lost.
            at = begin + 1
            cells = _loosely(lines[begin], delimiter)
            yield Record(begin + 1, cells, "has a quotation mark that is never closed")
        elif held.strip():
            yield _record(begin + 1, held, delimiter)


def _loosely(line: str, delimiter: str) -> tuple[str, ...]:
    """A broken line's cells, as far as they show: enough to see whose it is."""
    return tuple(cell.strip().strip('"')[:100] for cell in line.split(delimiter))


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _record(line: int, held: str, delimiter: str) -> Record:
    try:
        [cells] = csv.reader([held.replace("\n", "\x00")], delimiter=delimiter)
    except (csv.Error, ValueError):
        return Record(line, _loosely(held, delimiter), "can't be read as cells")
    whole = tuple(cell.replace("\x00", "\n").strip() for cell in cells)
    if any(_UNREADABLE in cell for cell in whole):
        return Record(line, whole, "has a character that can't be read (the file's encoding)")
    if any(len(cell) > _MAX_CELL for cell in whole):
        return Record(
            line,
            tuple(cell[:100] for cell in whole),
            f"has a cell of more than {_MAX_CELL:,} characters",
        )
    return Record(line, whole)
