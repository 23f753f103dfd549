"""Optional memory across restarts: a file of JSON lines, one `[key, value]` a change, last wins."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Protocol

from freshbooks_simulator.wire import Json, UnreadableError, dumps, parse


class Sink(Protocol):
    """Where changes are written to as they happen."""

    def put(self, key: str, value: Json) -> None:
        """Remember `value` under `key`; None forgets the key."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...

    @property
    def keeps(self) -> bool:
        """Whether anything put here is read again (else callers needn't make a value)."""
        ...


class Forgetful:
    """Remembers nothing: the books live as long as the process."""

    keeps = False

    def put(self, key: str, value: Json) -> None:
        del key, value

    def clear(self) -> None:
        return None


class JournalFile:
    """A Sink that appends each change to a file at once, so that a killed process loses nothing.

    Opening reads the file, writes it anew without what was superseded, and carries on from there.
    A half-written last line (the process was killed while writing) is dropped.
    """

    keeps = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self.entries: dict[str, Json] = {}
        if path.exists():
            self._read()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._rewritten()

    def put(self, key: str, value: Json) -> None:
        self._file.write(dumps([key, value]) + b"\n")
        self._file.flush()

    def clear(self) -> None:
        self._file.seek(0)
        self._file.truncate()

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def _read(self) -> None:
        for line in self._path.read_bytes().splitlines():
            try:
                entry = parse(line)
            except UnreadableError:
                continue
            match entry:
                case [str(key), None]:
                    self.entries.pop(key, None)
                case [str(key), value]:
                    self.entries[key] = value
                case _:
                    continue

    def _rewritten(self) -> IO[bytes]:
        beside = self._path.with_name(self._path.name + ".new")
        with beside.open("wb") as fresh:
            for key, value in self.entries.items():
                fresh.write(dumps([key, value]) + b"\n")
        beside.replace(self._path)
        return self._path.open("ab")
