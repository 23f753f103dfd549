"""Commands from the topic into lanes: quickly, in one transaction a batch, then acknowledged.

Of each record only its highest step is kept. What is older is ignored; a step asked for again
keeps its place with the higher priority; a step that is finished has its outcome said again.
"""

import json
from collections.abc import Sequence
from typing import Literal, cast
from uuid import UUID

from contracts.commands import (
    ListRemoteCustomers,
    ListRemoteItems,
    ReadInvoices,
    ReadRemote,
    RecordCommand,
    RefreshReferenceData,
    SyncCustomer,
    SyncInvoice,
    SyncItem,
    VoidInvoice,
)
from contracts.ids import CompanyId, ConnectionId, Entity, MessageId, RecordId
from contracts.message import Message
from contracts.sync import SyncFailed, SyncOutcome
from messaging import outbox
from messaging.database import Tx
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from telemetry.logs import get_logger

from connector_kit import connections_store, lanes_store, loads_store, turns_store
from connector_kit.connection_events import why_held
from connector_kit.connections_store import Connection
from connector_kit.connector import Connector
from connector_kit.lanes_store import AUTOMATIC, PERSON, Head, LaneKey, NewContent
from connector_kit.outcomes import Subject, delayed, our_mistake
from connector_kit.provider import LaneCommand
from connector_kit.setbacks import MENDED_BY_PEOPLE

log = get_logger(__name__)

_OUTCOME: TypeAdapter[SyncOutcome] = TypeAdapter(SyncOutcome)


class Commands:
    """The consumer's handle, and what else to do when a command is set apart."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def handle(self, tx: Tx, messages: Sequence[Message]) -> None:
        """Take a batch of commands in, whole or not at all."""
        connections = await connections_store.find(
            tx, list({_connection_id(message) for message in messages})
        )
        known: list[Message] = []
        strangers: list[RecordCommand] = []
        for message in messages:
            connection = connections.get(_connection_id(message))
            if connection is not None and connection.company_id == message.company_id:
                known.append(message)
            elif isinstance(message, RecordCommand):
                strangers.append(message)
        await self._refuse_strangers(tx, strangers)
        await self._take_records(tx, _newest([m for m in known if is_lane_command(m)]), connections)
        await self._take_loads(tx, known)

    async def on_set_apart(
        self, tx: Tx, message: Message | None, value: bytes | None, reason: str
    ) -> None:
        """A command that can't be taken yields `SyncFailed`, a defect, if it says whose it is."""
        named = message if isinstance(message, RecordCommand) else _named_in(value)
        if named is None:
            return
        subject = _subject_of(named, self._connector)
        if subject is None:
            return
        at = await connections_store.now(tx)
        failure = our_mistake(subject, reason[:500], message_id=self._connector.ids.new(), at=at)
        await outbox.put(tx, [failure])

    async def _refuse_strangers(self, tx: Tx, strangers: Sequence[RecordCommand]) -> None:
        """Commands for a connection that isn't here, or isn't that company's: never a lane."""
        if not strangers:
            return
        at = await connections_store.now(tx)
        failures: list[SyncFailed] = []
        for command in strangers:
            log.error("a command names no connection of its company", message=str(command.id))
            subject = _subject_of(command, self._connector)
            if subject is not None:
                failures.append(
                    our_mistake(
                        subject,
                        "the command names a connection that its company doesn't have here",
                        message_id=self._connector.ids.new(),
                        at=at,
                    )
                )
        await outbox.put(tx, failures)

    async def _take_records(
        self,
        tx: Tx,
        commands: dict[LaneKey, LaneCommand],
        connections: dict[ConnectionId, Connection],
    ) -> None:
        if not commands:
            return
        new: list[NewContent] = []
        again: list[NewContent] = []
        finished: list[tuple[LaneCommand, str]] = []
        for head in await lanes_store.load_heads(tx, list(commands)):
            command = commands[head.key]
            content = _content(head.key, command)
            match compare(head, command):
                case "new":
                    new.append(content)
                case "again":
                    again.append(content)
                case "finished":
                    assert head.outcome is not None
                    finished.append((command, head.outcome))
                case "old":
                    pass
        if new:
            await lanes_store.put_content(tx, new)
        if again:
            await lanes_store.ask_again(tx, again)
        asked = {one.key.connection_id for one in (*new, *again) if one.priority == PERSON}
        if asked:
            await turns_store.try_now(tx, sorted(asked), MENDED_BY_PEOPLE)
        await self._say_again(tx, finished)
        waiting = [commands[content.key] for content in (*new, *again)]
        await self._tell_held(tx, waiting, connections)

    async def _say_again(self, tx: Tx, finished: Sequence[tuple[LaneCommand, str]]) -> None:
        """The outcomes of finished steps, as they were said, under new message ids."""
        if not finished:
            return
        at = await connections_store.now(tx)
        await outbox.put(
            tx,
            [
                _OUTCOME.validate_json(outcome).model_copy(
                    update={
                        "id": MessageId(self._connector.ids.new()),
                        "occurred_at": at,
                        "causation_id": command.id,
                    }
                )
                for command, outcome in finished
            ],
        )

    async def _tell_held(
        self,
        tx: Tx,
        commands: Sequence[LaneCommand],
        connections: dict[ConnectionId, Connection],
    ) -> None:
        """What can't go because its connection doesn't send is said to be held, at once."""
        held = [command for command in commands if not connections[command.connection_id].sends]
        if not held:
            return
        at = await connections_store.now(tx)
        await outbox.put(
            tx,
            [
                delayed(
                    Subject.of(command, command.entity),
                    "connection",
                    message_id=self._connector.ids.new(),
                    at=at,
                    cause=why_held(connections[command.connection_id]),
                )
                for command in held
            ],
        )
        marks = [
            (_key(command), f"connection {connections[command.connection_id].epoch}")
            for command in held
        ]
        await lanes_store.mark_told(tx, marks)

    async def _take_loads(self, tx: Tx, messages: Sequence[Message]) -> None:
        loads: list[loads_store.NewLoad] = []
        for message in messages:
            match message:
                case RefreshReferenceData():
                    kinds: tuple[loads_store.Kind, ...] = ("organisation", "accounts", "tax_rates")
                case ListRemoteCustomers():
                    kinds = ("remote_customers",)
                case ListRemoteItems():
                    kinds = ("remote_items",)
                case ReadInvoices():
                    kinds = ("invoices",)
                case _:
                    continue
            loads += [
                loads_store.NewLoad(
                    message.load_id,
                    kind,
                    message.connection_id,
                    message.correlation_id,
                    message.id,
                    message.changed_since if isinstance(message, ListRemoteCustomers) else None,
                    message.model_dump_json() if isinstance(message, ReadInvoices) else None,
                )
                for kind in kinds
            ]
        if loads:
            await loads_store.insert(tx, loads)


def compare(head: Head, command: LaneCommand) -> Literal["new", "again", "finished", "old"]:
    """How a command stands to what is known of its lane: new, again, finished or old."""
    version = (command.generation, command.step)
    known = max((v for v in (head.lane, head.finished) if v is not None), default=None)
    if known is None or version > known:
        return "new"
    if version < known:
        return "old"
    if head.lane == version and head.waiting:
        return "again"
    return "finished" if head.finished == version else "old"


def is_lane_command(message: Message) -> bool:
    """Whether the message is about one record."""
    return isinstance(message, SyncCustomer | SyncItem | SyncInvoice | VoidInvoice | ReadRemote)


def _newest(messages: Sequence[Message]) -> dict[LaneKey, LaneCommand]:
    """Of each lane the highest step of the batch, with the highest priority of that step."""
    newest: dict[LaneKey, LaneCommand] = {}
    for message in messages:
        command = cast("LaneCommand", message)
        key = _key(command)
        before = newest.get(key)
        if before is None or _rank(command) > _rank(before):
            newest[key] = command
    return newest


def _rank(command: LaneCommand) -> tuple[int, int, bool]:
    return (command.generation, command.step, command.priority == "person")


def _key(command: LaneCommand) -> LaneKey:
    return LaneKey(command.connection_id, command.entity, command.record_id)


def _content(key: LaneKey, command: LaneCommand) -> NewContent:
    return NewContent(
        key,
        command.generation,
        command.step,
        PERSON if command.priority == "person" else AUTOMATIC,
        command.model_dump_json(),
    )


def _connection_id(message: Message) -> ConnectionId:
    return cast("ConnectionId", getattr(message, "connection_id"))  # noqa: B009  (all commands)


class _Named(BaseModel):
    """As much of a broken command as says whose outcome to give."""

    model_config = ConfigDict(extra="ignore")

    id: UUID
    company_id: UUID
    correlation_id: UUID
    connection_id: UUID
    entity: Entity
    record_id: UUID
    generation: int
    step: int


def _named_in(value: bytes | None) -> _Named | None:
    try:
        return _Named.model_validate(json.loads(value or b"null"))
    except (ValueError, ValidationError):
        return None


def _subject_of(named: "RecordCommand | _Named", connector: Connector) -> Subject | None:
    entity = cast("Entity | None", getattr(named, "entity", None))
    if entity is None:
        return None
    return Subject(
        provider=connector.provider.name,
        company_id=CompanyId(named.company_id),
        connection_id=ConnectionId(named.connection_id),
        entity=entity,
        record_id=RecordId(named.record_id),
        generation=named.generation,
        step=named.step,
        correlation_id=named.correlation_id,
        causation_id=named.id,
    )
