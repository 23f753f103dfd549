"""Events of invoice-api, from the topic or from its feed: any order, any number of times."""

from collections.abc import Sequence

from contracts.commands import Origin, RemoteRef
from contracts.ids import ConnectionId, Entity, RecordId
from contracts.invoicing import (
    CameFrom,
    CustomerChanged,
    CustomerCreated,
    InvoiceChanged,
    InvoiceSent,
    InvoiceVoided,
    ItemChanged,
    ItemCreated,
)
from contracts.message import Message
from contracts.sync import SyncState
from messaging.database import Tx

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.domain.facts import Asked, CameFromThere, Edited, Fact, Reviewed
from sync_orchestrator.domain.job import Job, RecordKey
from sync_orchestrator.domain.records import Record, is_void
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.domain.switches import edits_go_by_themselves, goes_by_itself
from sync_orchestrator.handlers.imported import as_imported
from sync_orchestrator.handlers.work import Tools, Work, begin
from sync_orchestrator.store import records_store

BY_EVENT = Origin(by="event")
_NOT_BEGUN = frozenset({SyncState.NOT_SYNCED, SyncState.NOT_ELIGIBLE})


async def on_events(tx: Tx, messages: Sequence[Message], tools: Tools) -> None:
    """Keep the newest snapshots and decide what they mean for every current connection.

    A version that isn't newer than what we have changes nothing. Drafts are kept and never go.
    """
    newest: dict[tuple[Entity, RecordId], tuple[Record, Message]] = {}
    for message in messages:
        record = record_of(message)
        if record is None:
            continue
        known = newest.get((record.entity, record.id))
        if known is None or known[0].snapshot.version < record.snapshot.version:
            newest[record.entity, record.id] = (record, message)
    if not newest:
        return
    work = await begin(tx, {record.company_id for record, _ in newest.values()}, tools)
    changed = await save_records(work, [record for record, _ in newest.values()])
    touched = [newest[record.entity, record.id] for record in changed]
    await decide_changed(
        work, [(record, Trigger(message.correlation_id, message.id)) for record, message in touched]
    )
    await work.save()


async def save_records(work: Work, records: Sequence[Record]) -> list[Record]:
    """Keep the newer of each; those that were, ready in the books."""
    changed = await records_store.save_newer(work.tx, records, work.books.now)
    kept = [record for record in records if (record.entity, record.id) in changed]
    work.take_records(kept)
    return kept


async def decide_changed(work: Work, changed: Sequence[tuple[Record, Trigger]]) -> None:
    """What new snapshots mean, in each current connection of their company."""
    places = [
        (record, connection, trigger)
        for record, trigger in changed
        for connection in work.books.current_connections(record.company_id)
    ]
    if not places:
        return
    keys = {RecordKey(there.id, record.entity, record.id) for record, there, _ in places}
    await work.load(keys)
    made_of = await _made_of(work, places)
    # Customers and items first: an invoice of the same batch then finds them on their way.
    for record, there, trigger in sorted(places, key=lambda place: place[0].entity == "invoice"):
        key = RecordKey(there.id, record.entity, record.id)
        fact = what_it_means(record, there, work.books.job(key), made_of.get(key))
        if fact is not None:
            work.round.apply(key, fact, trigger)
        for waiting in work.books.waiting_for(key):
            work.round.apply(waiting, Reviewed(), trigger)


async def _made_of(
    work: Work, places: Sequence[tuple[Record, Connection, Trigger]]
) -> dict[RecordKey, RemoteRef]:
    """What those of them were made of that were imported and aren't linked."""
    origins: dict[ConnectionId, dict[RecordKey, CameFrom]] = {}
    for record, there, _ in places:
        key = RecordKey(there.id, record.entity, record.id)
        job, snapshot = work.books.job(key), record.snapshot
        came_from = getattr(snapshot, "came_from", None)
        unlinked = job is None or job.link is None
        if isinstance(came_from, CameFrom) and came_from.connection_id == there.id and unlinked:
            origins.setdefault(there.id, {})[key] = came_from
    made_of: dict[RecordKey, RemoteRef] = {}
    for connection, known in origins.items():
        found = await as_imported(work.tx, connection, known.values())
        made_of |= {key: found[origin.remote_id] for key, origin in known.items()}
    return made_of


def what_it_means(
    record: Record, connection: Connection, job: Job | None, made_of: RemoteRef | None = None
) -> Fact | None:
    """The fact that a new snapshot is in a connection; None where it is none of its business.

    `made_of`: what an import made it of there, if it isn't linked.
    """
    snapshot = record.snapshot
    automatic = edits_go_by_themselves(snapshot, connection)
    if made_of is not None:
        return CameFromThere(made_of, automatic)
    begun = job is not None and (job.link is not None or job.state not in _NOT_BEGUN)
    forgotten = is_void(snapshot) and connection.may_have_forgotten(record.id)
    if begun or forgotten or (job is not None and not job.is_settled):
        return Edited(automatic=automatic)
    return Asked(BY_EVENT) if goes_by_itself(snapshot, connection) else None


def record_of(message: Message) -> Record | None:
    """The record a message of invoice-api carries."""
    match message:
        case CustomerCreated() | CustomerChanged():
            return Record(message.company_id, message.customer)
        case ItemCreated() | ItemChanged():
            return Record(message.company_id, message.item)
        case InvoiceSent() | InvoiceChanged() | InvoiceVoided():
            return Record(message.company_id, message.invoice)
        case _:
            return None
