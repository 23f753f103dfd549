"""Folds what connectors and the orchestrator say into the read tables, a batch at a time.

Every handler here may be given the same message again, in any order, and leaves the same rows.
"""

from collections.abc import Iterable, Mapping, Sequence

from contracts.causes import group_of
from contracts.connections import ConnectionClosed, ConnectionExpired, ConnectionOpened
from contracts.ids import CompanyId, ConnectionId, Provider, RecordId
from contracts.message import Message
from contracts.sync import (
    MappingChanged,
    RecordState,
    SyncDelayed,
    SyncFailed,
    SyncStateChanged,
    SyncSucceeded,
)
from messaging.database import Tx

from invoice_api.sync_status import connections_store, store
from invoice_api.sync_status.connections_store import ConnectionRow
from invoice_api.sync_status.fold import Folded, fold, said, said_by_progress
from invoice_api.sync_status.store import StateKey, StateRow

CHANNEL = "badges"
"""Woken after a commit that changed what a badge shows."""


async def on_outcomes(tx: Tx, messages: Sequence[Message]) -> None:
    """`sync.outcomes.v1`."""
    await _fold_in(
        tx,
        (
            (message.company_id, said(message))
            for message in messages
            if isinstance(message, SyncSucceeded | SyncFailed | SyncDelayed)
        ),
    )


async def on_progress(tx: Tx, messages: Sequence[Message]) -> None:
    """`sync.progress.v1`, and the orchestrator's feed of the same messages."""
    await _fold_in(
        tx,
        (
            (message.company_id, said(message))
            for message in messages
            if isinstance(message, SyncStateChanged)
        ),
    )
    newest: dict[tuple[ConnectionId, RecordId], MappingChanged] = {}
    for message in messages:
        if isinstance(message, MappingChanged):
            key = (message.connection_id, message.item_id)
            if key not in newest or newest[key].version < message.version:
                newest[key] = message
    if newest:
        await store.save_mappings(tx, list(newest.values()))


async def on_connections(tx: Tx, messages: Sequence[Message]) -> None:
    """`connections.events.v1`; reference data in it is the orchestrator's alone."""
    newest: dict[ConnectionId, ConnectionRow] = {}
    for message in messages:
        row = _connection_row(message)
        if row is None:
            continue
        known = newest.get(row.id)
        if known is None or (known.epoch, known.said_at) < (row.epoch, row.said_at):
            newest[row.id] = row
    if newest and await connections_store.save_connections(tx, list(newest.values())):
        tx.wake(CHANNEL)


async def fold_in_answer(tx: Tx, company: CompanyId, state: RecordState) -> None:
    """A state that the orchestrator answered a click with: shown at once, as if it had come."""
    await _fold_in(tx, [(company, said_by_progress(state))])


async def _fold_in(tx: Tx, heard: Iterable[tuple[CompanyId, Folded]]) -> None:
    new: dict[StateKey, Folded] = {}
    owners: dict[StateKey, tuple[CompanyId, Provider]] = {}
    for company, folded in heard:
        state = folded.state
        key = StateKey(state.connection_id, state.entity, state.record_id)
        new[key] = fold(new[key], folded) if key in new else folded
        owners[key] = (company, state.provider)
    if not new:
        return
    while new:
        new = await _save(tx, new, owners)


async def _save(
    tx: Tx,
    new: Mapping[StateKey, Folded],
    owners: Mapping[StateKey, tuple[CompanyId, Provider]],
) -> dict[StateKey, Folded]:
    """Fold these into what was said before; those that somebody added meanwhile, to fold again."""
    known = await store.lock_states(tx, new)
    added: dict[StateKey, StateRow] = {}
    changed: dict[StateKey, StateRow] = {}
    for key, folded in new.items():
        before = known.get(key)
        after = folded if before is None else fold(before, folded)
        if before != after:
            row = StateRow(*owners[key], after, _group(after.shown()))
            (added if before is None else changed)[key] = row
    if changed:
        await store.save_states(tx, changed)
    kept = await store.add_states(tx, added) if added else set[StateKey]()
    if changed or kept:
        tx.wake(CHANNEL)
    return {key: new[key] for key in added.keys() - kept}


def _group(state: RecordState) -> str | None:
    return None if state.cause is None else group_of(state.cause, state.record_id)


def _connection_row(message: Message) -> ConnectionRow | None:
    match message:
        case ConnectionOpened():
            return ConnectionRow(
                id=message.connection_id,
                company_id=message.company_id,
                provider=message.provider,
                epoch=message.epoch,
                status="connected",
                organisation_id=message.organisation.id,
                organisation_name=message.organisation.name,
                opened_at=message.opened_at,
                opened_by=message.opened_by,
                said_at=message.occurred_at,
                token_good_until=message.token_good_until,
            )
        case ConnectionExpired():
            return ConnectionRow(
                id=message.connection_id,
                company_id=message.company_id,
                provider=message.provider,
                epoch=message.epoch,
                status="reconnect",
                organisation_id=message.organisation.id,
                organisation_name=message.organisation.name,
                opened_at=message.opened_at,
                opened_by=message.opened_by,
                said_at=message.occurred_at,
                cause=message.cause,
            )
        case ConnectionClosed():
            return ConnectionRow(
                id=message.connection_id,
                company_id=message.company_id,
                provider=message.provider,
                epoch=message.epoch,
                status="disconnected",
                organisation_id=message.organisation.id,
                organisation_name=message.organisation.name,
                opened_at=message.opened_at,
                opened_by=message.opened_by,
                said_at=message.occurred_at,
            )
        case _:
            return None
