"""A lane's content as the command it is: parsed once, while this process works on it."""

from weakref import WeakValueDictionary

from pydantic import TypeAdapter

from connector_kit.provider import LaneCommand

_COMMAND: TypeAdapter[LaneCommand] = TypeAdapter(LaneCommand)


def parse_command(content: str) -> LaneCommand:
    """A lane's content as the command it is."""
    return _COMMAND.validate_json(content)


class Parsed:
    """Commands by their very text, for as long as somebody else here holds them.

    A lane is read when it is leased and by whoever reads ahead of other lots. Nothing here can be
    out of date, as a lane whose content has changed has another text.
    """

    def __init__(self) -> None:
        self._held: WeakValueDictionary[str, LaneCommand] = WeakValueDictionary()

    @property
    def held(self) -> int:
        """How many are in somebody's hands."""
        return len(self._held)

    def command(self, content: str) -> LaneCommand:
        """What `parse_command` gives; the same object while the one given before is held."""
        known = self._held.get(content)
        if known is None:
            known = self._held[content] = parse_command(content)
        return known
