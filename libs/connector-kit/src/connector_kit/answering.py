"""Steps that are answered here, without a request: the ledger keeps their outcome too. Pure.

A step is answered once. Asked for again, its outcome is said again from the ledger.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.commands import ReadRemote, RemoteRef
from contracts.ids import Ids
from contracts.sync import Attempt, CauseInstance, ProviderDetails, SyncFailed, SyncSucceeded

from connector_kit.answers import (
    NotExecuted,
    ReferenceGone,
    Refused,
    RemovedThere,
    Seen,
    Stale,
)
from connector_kit.choosing import version_of
from connector_kit.connections_store import Connection
from connector_kit.lane_work_store import LaneChange
from connector_kit.lanes_store import Lane
from connector_kit.ledger_store import NewRow
from connector_kit.outcomes import Subject, failed, succeeded
from connector_kit.provider import FrozenMember, Member
from connector_kit.timing import backoff


@dataclass(frozen=True)
class AnsweredHere:
    """A closed ledger row, the lane's change and the outcome."""

    row: NewRow
    lane: LaneChange
    outcome: SyncSucceeded | SyncFailed


def refused_here(
    lane: Lane,
    answer: Refused | ReferenceGone | RemovedThere,
    remote: RemoteRef | None,
    *,
    connection: Connection,
    at: datetime,
    ids: Ids,
    attempts: tuple[Attempt, ...] = (),
) -> AnsweredHere:
    """The record can't be sent as it is: the provider's rules or what was read there say so.

    `attempts` were made for this step before.
    """
    outcome = failed(
        Subject.of(lane.command, lane.key.entity),
        answer.cause,
        message_id=ids.new(),
        at=at,
        attempts=attempts,
        remote=remote,
        reference_gone=answer.local_ids if isinstance(answer, ReferenceGone) else (),
        removed=answer.removed if isinstance(answer, RemovedThere) else None,
    )
    return _answered(lane, outcome, remote, connection, ids)


def nothing_to_void_here(
    lane: Lane, *, connection: Connection, at: datetime, ids: Ids
) -> AnsweredHere:
    """A void of a record that was never created: it isn't there, which is what was asked for."""
    answer = RemovedThere("voided", CauseInstance(code="invoice_gone_there"))
    return refused_here(lane, answer, None, connection=connection, at=at, ids=ids)


def voided_already_here(
    lane: Lane, remote: RemoteRef, *, connection: Connection, at: datetime, ids: Ids
) -> AnsweredHere:
    """A void of what was voided there: it is as it should be."""
    command = lane.command
    outcome = succeeded(
        Subject.of(command, lane.key.entity),
        remote,
        message_id=ids.new(),
        at=at,
        record_version=0 if isinstance(command, ReadRemote) else version_of(command),
        used={},
        attempts=(),
        voided=True,
    )
    return _answered(lane, outcome, remote, connection, ids)


def not_ready_here(
    lane: Lane,
    member: Member,
    answer: Refused | ReferenceGone | RemovedThere,
    *,
    connection: Connection,
    at: datetime,
    ids: Ids,
    attempts: tuple[Attempt, ...] = (),
) -> AnsweredHere:
    """What was read before sending says that nothing is to be sent, or nothing more."""
    match answer:
        case RemovedThere(removed="voided") if member.intent == "void" and member.remote:
            return voided_already_here(lane, member.remote, connection=connection, at=at, ids=ids)
        case _:
            return refused_here(
                lane,
                answer,
                _as_seen(member, answer),
                connection=connection,
                at=at,
                ids=ids,
                attempts=attempts,
            )


def _as_seen(member: Member, answer: Refused | ReferenceGone | RemovedThere) -> RemoteRef | None:
    if member.remote is None or not isinstance(answer, Refused) or answer.seen is None:
        return member.remote
    return member.remote.model_copy(update={"version": answer.seen})


def our_mistake_here(
    lane: Lane, reason: str, *, connection: Connection, at: datetime, ids: Ids
) -> AnsweredHere:
    """A defect of ours keeps this record from being sent."""
    details = ProviderDetails(provider_message=reason)
    answer = Refused(CauseInstance(code="our_mistake", details=details))
    return refused_here(lane, answer, None, connection=connection, at=at, ids=ids)


def nothing_to_read_here(
    lane: Lane, *, connection: Connection, at: datetime, ids: Ids
) -> AnsweredHere:
    """A read of a record that has no remote id."""
    reason = "a read was asked for, but no remote id is known"
    return our_mistake_here(lane, reason, connection=connection, at=at, ids=ids)


def read_there(
    lane: Lane,
    asked: RemoteRef,
    sighting: Seen,
    known_version: int,
    *,
    connection: Connection,
    at: datetime,
    ids: Ids,
) -> AnsweredHere:
    """How the record is at the provider now. One that isn't found is deleted."""
    found = next((c for c in sighting.candidates if c.remote.id == asked.id), None)
    outcome = succeeded(
        Subject.of(lane.command, lane.key.entity),
        asked if found is None else found.remote,
        message_id=ids.new(),
        at=at,
        record_version=known_version,
        used={},
        attempts=(),
        totals=None if found is None else found.totals,
        notes=() if found is None else found.notes,
        removed="deleted" if found is None else found.removed,
    )
    return _answered(lane, outcome, outcome.remote, connection, ids)


def goes_on(lane: Lane, why: NotExecuted | None) -> LaneChange:
    """The lane isn't sent now and goes on as it was; a stale one reads its version again."""
    stale = why is not None and isinstance(why.why, Stale)
    wait = backoff(lane.stale) if stale and lane.stale else timedelta(0)
    return LaneChange(lane.key, lane.generation, lane.step, finished=False, wait=wait, stale=stale)


def _answered(
    lane: Lane,
    outcome: SyncSucceeded | SyncFailed,
    remote: RemoteRef | None,
    connection: Connection,
    ids: Ids,
) -> AnsweredHere:
    command = lane.command
    member = FrozenMember(
        entity=lane.key.entity,
        record_id=lane.key.record_id,
        generation=lane.generation,
        step=lane.step,
        intent="update" if remote is not None else "create",
        natural_key="",
        remote=remote,
        record_version=0 if isinstance(command, ReadRemote) else version_of(command),
        fields={},
        used={},
    )
    row = NewRow(
        id=ids.new(),
        connection_id=connection.id,
        position=0,
        member=member,
        correlation_id=command.correlation_id,
        causation_id=command.id,
        state="told",
        outcome=outcome.model_dump_json(),
    )
    change = LaneChange(lane.key, lane.generation, lane.step, finished=True)
    return AnsweredHere(row, change, outcome)
