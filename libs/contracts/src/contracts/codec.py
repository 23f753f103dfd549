"""Messages to bytes and back.

Decoding tells apart what a reader must treat differently: an unknown type (a newer writer: skip and
count) and a broken message of a known type (a defect: dead letter, with its reason).
"""

from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from pydantic import ValidationError
from pydantic_core import from_json

from contracts.message import Message
from contracts.topics import TYPES, Topic, topic_of

M = TypeVar("M", bound=Message)

_LONGEST_TYPE = 200
_LONGEST_REASON = 1_000


@dataclass(frozen=True)
class Encoded:
    """A message as it goes to the broker."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Decoded(Generic[M]):
    message: M


@dataclass(frozen=True)
class UnknownType:
    """A type this reader's release doesn't know."""

    type: str


@dataclass(frozen=True)
class Broken:
    """Not a message of this topic, and why. `type` is what it claims to be, if it says."""

    reason: str
    type: str | None


def encode(message: Message) -> Encoded:
    """The message for its topic, keyed by what keeps its order."""
    topic = topic_of(message)
    key = str(getattr(message, topic.key))
    return Encoded(
        topic=topic.name,
        key=key.encode(),
        value=message.model_dump_json().encode(),
        headers=(
            ("type", str(getattr(message, "type")).encode()),  # noqa: B009  (see topic_of)
            ("id", str(message.id).encode()),
        ),
    )


def decode(topic: Topic, value: bytes | None) -> Decoded[Message] | UnknownType | Broken:
    """The message that these bytes of `topic` are; never raises."""
    if value is None:
        return Broken("empty message", None)
    try:
        return Decoded(cast("Message", topic.messages.validate_json(value)))
    except ValidationError as error:
        kind = _claimed_type(value)
        if kind is None or not _has_no_such_type(error):
            return Broken(_reason(error), kind)
        if kind in TYPES:
            return Broken(f"{kind} doesn't belong on {topic.name}", kind)
        return UnknownType(kind)


def _has_no_such_type(error: ValidationError) -> bool:
    return any(
        problem["type"] == "union_tag_invalid" and not problem["loc"]
        for problem in error.errors(include_url=False)
    )


def _claimed_type(value: bytes) -> str | None:
    """What the message says it is, if that could be a type's name."""
    try:
        parsed: object = from_json(value)
    except ValueError:
        return None
    if isinstance(parsed, dict):
        kind = cast("dict[str, object]", parsed).get("type")
        if isinstance(kind, str) and len(kind) <= _LONGEST_TYPE:
            return kind
    return None


def _reason(error: ValidationError) -> str:
    """The first few problems, without the values: a dead letter's reason may be read by anyone."""
    problems = error.errors(include_input=False, include_url=False)
    shown = "; ".join(f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in problems[:5])
    if len(shown) > _LONGEST_REASON:
        shown = f"{shown[:_LONGEST_REASON]}… (cut)"
    return shown if len(problems) <= 5 else f"{shown}; and {len(problems) - 5} more"
