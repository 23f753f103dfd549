"""Messages to bytes and back.

Decoding tells apart what a reader must treat differently: an unknown type (a newer writer: skip and
count) and a broken message of a known type (a defect: dead letter, with its reason).
"""

import json
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from pydantic import ValidationError

from contracts.message import Message
from contracts.topics import Topic, topic_of

M = TypeVar("M", bound=Message)


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
        if kind is not None and any(e["type"] == "union_tag_invalid" for e in error.errors()):
            return UnknownType(kind)
        return Broken(_reason(error), kind)


def _claimed_type(value: bytes) -> str | None:
    try:
        parsed: object = json.loads(value)
    except ValueError:
        return None
    if isinstance(parsed, dict):
        kind = cast("dict[str, object]", parsed).get("type")
        if isinstance(kind, str):
            return kind
    return None


def _reason(error: ValidationError) -> str:
    """The first few problems, without the values: a dead letter's reason may be read by anyone."""
    problems = error.errors(include_input=False, include_url=False)
    shown = "; ".join(f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in problems[:5])
    return shown if len(problems) <= 5 else f"{shown}; and {len(problems) - 5} more"
