"""The feed of states and mapping, for whoever rebuilds badges from it alone."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from contracts.ids import MessageId, RecordId
from contracts.sync import MappingChanged, SyncStateChanged
from messaging.database import Tx
from messaging.feeds import Entry, Position

from sync_orchestrator.domain.job import Job
from sync_orchestrator.domain.messages import Envelope, state_changed
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.store import companies_store, feed_store, jobs_store
from sync_orchestrator.store.feed_store import Change, MappingNow

_NAMESPACE = uuid5(NAMESPACE_URL, "tallybridge:sync.feed")


async def read_states(tx: Tx, after: Position, before_xid: int, limit: int) -> list[Entry]:
    """The next changes as the messages that told of them, each with its place in the feed.

    The same state of a record has the same message id however often it is read.
    """
    changes = await feed_store.page(tx, after.xid, str(after.id), before_xid, limit)
    now = await companies_store.now(tx)
    keys = [change.key for change in changes if not change.is_mapping]
    jobs = {job.key: job for job in await jobs_store.load(tx, keys)}
    pairs = [(c.key.connection_id, c.key.record_id) for c in changes if c.is_mapping]
    mapping = {
        (row.connection_id, RecordId(row.item_id)): row
        for row in await feed_store.mapping(tx, pairs)
    }
    entries: list[Entry] = []
    for change in changes:
        job = jobs.get(change.key)
        row = mapping.get((change.key.connection_id, change.key.record_id))
        if not change.is_mapping and job is not None:
            entries.append((Position(change.xid, change.id), _state(job, change)))
        elif change.is_mapping and row is not None:
            entries.append((Position(change.xid, change.id), _mapped(row, change, now)))
    return entries


def _mapped(row: MappingNow, change: Change, now: datetime) -> MappingChanged:
    return MappingChanged(
        id=MessageId(uuid5(_NAMESPACE, f"{change.id}:{row.version}")),
        occurred_at=now,
        company_id=row.company_id,
        correlation_id=uuid5(_NAMESPACE, change.id),
        provider=row.provider,
        connection_id=row.connection_id,
        item_id=RecordId(row.item_id),
        account_id=row.account_id,
        version=row.version,
    )


def _state(job: Job, change: Change) -> SyncStateChanged:
    told = uuid5(_NAMESPACE, f"{change.id}:{change.xid}")
    at = job.changed_at or job.state_since
    assert at is not None, "a job that was saved was decided at some time"
    return state_changed(job, Envelope(told, at, Trigger(told)))
