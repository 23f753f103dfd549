"""A lane's content as the command it is, parsed once though a process reads ahead of its leases."""

from collections.abc import Callable
from typing import TypeAlias

from pydantic import TypeAdapter

from connector_kit.provider import LaneCommand

Parse: TypeAlias = Callable[[str], LaneCommand]

_COMMAND: TypeAdapter[LaneCommand] = TypeAdapter(LaneCommand)

_MOST_CHARACTERS = 4_000_000
"""Of contents kept: a thousand ordinary invoices, or one of the largest."""


def parse_command(content: str) -> LaneCommand:
    """A lane's content as the command it is."""
    return _COMMAND.validate_json(content)


class ParsedAhead:
    """Commands that were parsed before they were leased, by their very text.

    So nothing here can be out of date: a lane whose content has changed has another text. What
    nobody takes (another process leased it) makes room for newer.
    """

    def __init__(self, most_characters: int = _MOST_CHARACTERS) -> None:
        self._most = most_characters
        self._kept: dict[str, LaneCommand] = {}
        self._characters = 0

    def keep(self, content: str) -> LaneCommand:
        """The command, kept for whoever takes it soon."""
        known = self._kept.get(content)
        if known is not None:
            return known
        command = parse_command(content)
        self._kept[content] = command
        self._characters += len(content)
        while self._characters > self._most:
            oldest = next(iter(self._kept))
            self._forget(oldest)
        return command

    def take(self, content: str) -> LaneCommand:
        """The command, for whoever works on it now."""
        known = self._kept.get(content)
        if known is None:
            return parse_command(content)
        self._forget(content)
        return known

    def _forget(self, content: str) -> None:
        del self._kept[content]
        self._characters -= len(content)
