"""Topics as data: who writes, who reads, what keeps order, how long it is kept.

Creation, dead letters, the diagram and the documentation all come from `TOPICS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_args

from pydantic import TypeAdapter

from contracts.commands import Command, SyncCommand
from contracts.connections import ConnectionsEvent
from contracts.ids import Provider
from contracts.invoicing import InvoicingEvent
from contracts.message import Message
from contracts.sync import SyncOutcome, SyncProgress

DAY_MS = 86_400_000
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""Broker, producers and consumers all take messages up to this size."""


@dataclass(frozen=True)
class Topic:
    """`messages` reads what `carries` lists; `key` is the field that keeps a subject's order."""

    name: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    key: str
    messages: TypeAdapter[Any]
    carries: tuple[type[Message], ...]
    partitions: int = 12
    retention_ms: int = 7 * DAY_MS

    def dead_letters(self, reader: str) -> str:
        """The topic that takes what `reader` could not read or apply."""
        return f"{self.name}.dlq.{reader}"


def _members(union: object) -> tuple[type[Message], ...]:
    """The message classes of an annotated union."""
    return get_args(get_args(union)[0])


_CONNECTORS = ("connector-qbo", "connector-xero", "connector-freshbooks")

INVOICING = Topic(
    name="invoicing.events.v1",
    writers=("invoice-api",),
    readers=("sync-orchestrator",),
    key="company_id",
    messages=TypeAdapter(InvoicingEvent),
    carries=_members(InvoicingEvent),
)
OUTCOMES = Topic(
    name="sync.outcomes.v1",
    writers=_CONNECTORS,
    readers=("sync-orchestrator", "invoice-api"),
    key="company_id",
    messages=TypeAdapter(SyncOutcome),
    carries=_members(SyncOutcome),
)
PROGRESS = Topic(
    name="sync.progress.v1",
    writers=("sync-orchestrator",),
    readers=("invoice-api",),
    key="company_id",
    messages=TypeAdapter(SyncProgress),
    carries=_members(SyncProgress),
)
CONNECTIONS = Topic(
    name="connections.events.v1",
    writers=_CONNECTORS,
    readers=("sync-orchestrator", "invoice-api"),
    key="connection_id",
    messages=TypeAdapter(ConnectionsEvent),
    carries=_members(ConnectionsEvent),
)
COMMANDS: dict[Provider, Topic] = {
    provider: Topic(
        name=f"sync.commands.{provider}.v1",
        writers=("sync-orchestrator",),
        readers=(f"connector-{provider}",),
        key="connection_id",
        messages=TypeAdapter(SyncCommand),
        carries=_members(SyncCommand),
    )
    for provider in ("qbo", "xero", "freshbooks")
}

TOPICS: tuple[Topic, ...] = (INVOICING, *COMMANDS.values(), OUTCOMES, PROGRESS, CONNECTIONS)


def type_of(kind: type[Message]) -> str:
    """The name a message class has on the wire."""
    return str(kind.model_fields["type"].default)


TYPES: Mapping[str, type[Message]] = MappingProxyType(
    {type_of(kind): kind for topic in TOPICS for kind in topic.carries}
)
"""Every message class by its name on the wire."""

_TOPIC_OF: dict[type[Message], Topic] = {
    kind: topic for topic in (INVOICING, OUTCOMES, PROGRESS, CONNECTIONS) for kind in topic.carries
}


def topic_of(message: Message) -> Topic:
    """The topic a message belongs on: commands by their provider, others by their class.

    Raises:
        KeyError: no topic carries this class of message.
    """
    if isinstance(message, Command):
        return COMMANDS[message.provider]
    return _TOPIC_OF[type(message)]
