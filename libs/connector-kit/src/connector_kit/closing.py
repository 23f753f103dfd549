"""How open rows end: what the ledger keeps, what happens to the lane, what is said. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from contracts.causes import CauseCode
from contracts.commands import RemoteRef
from contracts.ids import Entity, Ids, RecordId, RemoteId
from contracts.message import Message
from contracts.sync import Attempt, CauseInstance, ProviderDetails, Totals

from connector_kit.answers import (
    NO_DETAILS,
    Accepted,
    MemberAnswer,
    NoAnswer,
    NotExecuted,
    ReferenceGone,
    Refused,
    Removed,
    RemovedThere,
    Shut,
    Stale,
    Throttled,
    Unauthorized,
)
from connector_kit.connections_store import Connection
from connector_kit.judging import (
    Done,
    GoesAgain,
    NeverHappened,
    NotYet,
    Taken,
    Verdict,
    WasRemoved,
)
from connector_kit.lane_work_store import LaneChange
from connector_kit.lanes_store import LaneKey
from connector_kit.ledger_store import Closing, LedgerRow
from connector_kit.outcomes import Subject, failed, succeeded
from connector_kit.provider import FrozenMember
from connector_kit.provider import Provider as ProviderFacts
from connector_kit.timing import backoff

TAKEN: Mapping[Entity, CauseCode] = {
    "customer": "customer_name_taken",
    "item": "item_name_taken",
    "invoice": "invoice_number_taken",
}
"""Why a create is refused that somebody else's record is in the way of."""

_HAS_A_HOLDER = frozenset(TAKEN.values())

Result = Literal["accepted", "refused", "not_executed", "unknown", "found", "absent"]


@dataclass(frozen=True)
class EndsWell:
    """The provider holds it. `again` closes the row and sends the record again as an update."""

    result: Result
    remote: RemoteRef
    totals: Totals | None = None
    notes: tuple[str, ...] = ()
    voided: bool = False
    removed: Removed | None = None
    again: bool = False
    details: ProviderDetails = NO_DETAILS


@dataclass(frozen=True)
class EndsRefused:
    """Somebody must act, or the orchestrator re-makes what it refers to."""

    cause: CauseInstance
    reference_gone: tuple[str, ...] = ()
    removed: Removed | None = None
    result: Result = "refused"


@dataclass(frozen=True)
class NeverWas:
    """Not executed: the record is free for a new request after `wait`."""

    result: Result
    wait: timedelta = timedelta(0)
    alone: bool = False
    stale: bool = False
    details: ProviderDetails = NO_DETAILS


End: TypeAlias = EndsWell | EndsRefused | NeverWas


@dataclass(frozen=True)
class Ended:
    """Everything that one row's end means."""

    closing: Closing
    lane: LaneChange
    outcome: Message | None


def end_of_answer(
    answer: MemberAnswer,
    member: FrozenMember,
    *,
    stale_before: int,
    who_by_reading: bool = False,
    holders: Mapping[RemoteId, RecordId],
) -> End | None:
    """What a member's answer means for its row; None while nobody knows.

    `who_by_reading`: see `EntityFacts`. A first refusal of that kind isn't told: the record goes
    again and is read there first, which says who is in the way.
    """
    match answer:
        case Refused(cause) if (
            who_by_reading and not stale_before and _is_unexplained(answer, member)
        ):
            return NeverWas("refused", stale=True, details=cause.details)
        case Accepted(remote, totals, notes, voided, details):
            return EndsWell("accepted", remote, totals, notes, voided, details=details)
        case Refused(cause, holder):
            return EndsRefused(naming_holder(cause, holder, holders))
        case ReferenceGone(local_ids, cause):
            return EndsRefused(cause, reference_gone=local_ids)
        case RemovedThere("voided", cause) if member.intent == "void" and member.remote:
            return EndsWell("accepted", member.remote, voided=True, details=cause.details)
        case RemovedThere(removed, cause):
            return EndsRefused(cause, removed=removed)
        case NotExecuted(why):
            return _not_executed(why, stale_before)
        case NoAnswer():
            return None


def end_of_verdict(
    verdict: Verdict,
    member: FrozenMember,
    *,
    alone: bool,
    taken: CauseInstance,
    holders: Mapping[RemoteId, RecordId],
) -> End | None:
    """What a look-up's verdict means for its row; None while nothing is proved.

    `alone`: if it never happened, it goes alone next time. `taken` is the cause to show where our
    number or name is somebody else's.
    """
    match verdict:
        case Done(remote, totals, notes, voided):
            return EndsWell("found", remote, totals, notes, voided)
        case GoesAgain(remote):
            return EndsWell("found", remote, again=True)
        case WasRemoved(remote, removed):
            return EndsWell("found", remote, removed=removed)
        case NeverHappened():
            # Nothing is created a second time before it was looked for once more.
            return NeverWas("absent", alone=alone, stale=member.intent == "create")
        case Taken(holder):
            params = {**taken.params, **dict(holder.params)}
            cause = taken.model_copy(update={"params": params})
            return EndsRefused(naming_holder(cause, holder.remote.id, holders), result="found")
        case NotYet():
            return None


def end_row(
    row: LedgerRow,
    end: End,
    *,
    connection: Connection,
    provider: ProviderFacts,
    earlier: tuple[Attempt, ...],
    at: datetime,
    ids: Ids,
) -> Ended:
    """The row's closing, its lane's change, and the outcome, if there is something to say."""
    member = row.member
    key = LaneKey(connection.id, member.entity, member.record_id)
    details = end.cause.details if isinstance(end, EndsRefused) else end.details
    attempt = Attempt(
        number=len(earlier) + 1,
        request_id=str(row.request_id),
        started_at=row.opened_at,
        finished_at=at,
        result=end.result,
        details=details,
    )
    subject = Subject(
        provider=provider.name,
        company_id=connection.company_id,
        connection_id=connection.id,
        entity=member.entity,
        record_id=member.record_id,
        generation=member.generation,
        step=member.step,
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
    )
    lane = LaneChange(key, member.generation, member.step, finished=True)
    attempts = (*earlier, attempt)
    match end:
        case NeverWas():
            lane = replace(lane, finished=False, wait=end.wait, alone=end.alone, stale=end.stale)
            return Ended(Closing(row.id, "never_happened", attempt), lane, None)
        case EndsWell(again=True):
            closing = Closing(row.id, "finished", attempt, remote=end.remote)
            return Ended(closing, replace(lane, finished=False), None)
        case EndsWell():
            outcome = succeeded(
                subject,
                end.remote,
                message_id=ids.new(),
                at=at,
                record_version=member.record_version,
                used=member.used,
                attempts=attempts,
                totals=end.totals,
                notes=end.notes,
                voided=end.voided,
                removed=end.removed,
            )
            closing = Closing(
                row.id,
                "finished",
                attempt,
                remote=end.remote,
                removed="voided" if end.voided else end.removed,
                outcome=outcome.model_dump_json(),
            )
            return Ended(closing, lane, outcome)
        case EndsRefused():
            outcome = failed(
                subject,
                end.cause,
                message_id=ids.new(),
                at=at,
                used=member.used,
                attempts=attempts,
                remote=member.remote,
                reference_gone=end.reference_gone,
                removed=end.removed,
            )
            # Ours and removed there: the generation is spent, nothing of it is created again.
            spent = end.removed is not None and member.remote is not None
            closing = Closing(
                row.id,
                "finished" if spent else "refused",
                attempt,
                remote=member.remote,
                removed=end.removed,
                outcome=outcome.model_dump_json(),
            )
            return Ended(closing, lane, outcome)


def _not_executed(why: Unauthorized | Throttled | Shut | Stale, stale_before: int) -> NeverWas:
    match why:
        case Unauthorized(details) | Throttled(details=details):
            return NeverWas("not_executed", details=details)
        case Shut(cause):
            return NeverWas("not_executed", details=cause.details)
        case Stale(details):
            # Somebody works on the record there: soon at first, then ever more slowly.
            wait = backoff(stale_before) if stale_before else timedelta(0)
            return NeverWas("not_executed", wait=wait, stale=True, details=details)


def _is_unexplained(refused: Refused, member: FrozenMember) -> bool:
    """Whether it was refused for who is there already, or a create for nobody knows what."""
    if refused.holder is not None or member.intent == "void":
        return False
    code = refused.cause.code
    return code in _HAS_A_HOLDER or (member.intent == "create" and code == "refused_unknown")


def naming_holder(
    cause: CauseInstance, holder: RemoteId | None, holders: Mapping[RemoteId, RecordId]
) -> CauseInstance:
    """The cause, with the remote record in the way and, if it is ours, which of ours it is."""
    if holder is None:
        return cause
    params = {**cause.params, "holder_remote_id": holder}
    if holder in holders:
        params["holder_record_id"] = str(holders[holder])
    return cause.model_copy(update={"params": params})
