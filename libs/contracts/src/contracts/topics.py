"""Topics as data: who writes, who reads, what keeps order, how long it is kept.

Creation, dead letters, the diagram and the documentation all come from `TOPICS`.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from contracts.commands import SyncCommand
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
    name: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    key: str
    messages: TypeAdapter[Any]
    partitions: int = 12
    retention_ms: int = 7 * DAY_MS

    def dead_letters(self, reader: str) -> str:
        """The topic that takes what `reader` could not read or apply."""
        return f"{self.name}.dlq.{reader}"


_CONNECTORS = ("connector-qbo", "connector-xero", "connector-freshbooks")

INVOICING = Topic(
    name="invoicing.events.v1",
    writers=("invoice-api",),
    readers=("sync-orchestrator",),
    key="company_id",
    messages=TypeAdapter(InvoicingEvent),
)
OUTCOMES = Topic(
    name="sync.outcomes.v1",
    writers=_CONNECTORS,
    readers=("sync-orchestrator", "invoice-api"),
    key="company_id",
    messages=TypeAdapter(SyncOutcome),
)
PROGRESS = Topic(
    name="sync.progress.v1",
    writers=("sync-orchestrator",),
    readers=("invoice-api",),
    key="company_id",
    messages=TypeAdapter(SyncProgress),
)
CONNECTIONS = Topic(
    name="connections.events.v1",
    writers=_CONNECTORS,
    readers=("sync-orchestrator", "invoice-api"),
    key="connection_id",
    messages=TypeAdapter(ConnectionsEvent),
)
COMMANDS: dict[Provider, Topic] = {
    provider: Topic(
        name=f"sync.commands.{provider}.v1",
        writers=("sync-orchestrator",),
        readers=(f"connector-{provider}",),
        key="connection_id",
        messages=TypeAdapter(SyncCommand),
    )
    for provider in ("qbo", "xero", "freshbooks")
}

TOPICS: tuple[Topic, ...] = (INVOICING, *COMMANDS.values(), OUTCOMES, PROGRESS, CONNECTIONS)


def topic_of(message: Message) -> Topic:
    """The topic a message belongs on.

    Raises:
        KeyError: no topic carries this type of message.
    """
    kind = str(getattr(message, "type"))  # noqa: B009  (the literal lives on the subclasses)
    context, _, name = kind.partition(".")
    match context, name:
        case "invoicing", _:
            return INVOICING
        case "connections", _:
            return CONNECTIONS
        case "sync", "succeeded.v1" | "failed.v1" | "delayed.v1":
            return OUTCOMES
        case "sync", "state_changed.v1" | "mapping_changed.v1":
            return PROGRESS
        case "sync", _:
            provider: Provider = getattr(message, "provider")  # noqa: B009  (commands carry it)
            return COMMANDS[provider]
        case _:
            raise KeyError(kind)
