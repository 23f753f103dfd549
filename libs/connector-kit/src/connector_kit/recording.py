"""Writing down what became of a request: rows, lanes, outcomes and budget in one transaction.

An answer is written against the request it belongs to, whoever holds its lanes or leases by now. A
row that somebody closed before stays closed.
"""

from collections.abc import Mapping, Sequence

from contracts.commands import RemoteRef
from contracts.ids import RecordId, RemoteId, RequestId
from contracts.message import Message
from contracts.sync import CauseInstance, ProviderDetails
from messaging import outbox
from messaging.database import Tx
from telemetry.logs import get_logger

from connector_kit import (
    budget_store,
    checks_store,
    connections_store,
    guard_store,
    lane_work_store,
    ledger_store,
    turns_store,
)
from connector_kit.answers import (
    Accepted,
    Answered,
    MemberAnswer,
    NoAnswer,
    NotExecuted,
    Refused,
    RequestAnswer,
)
from connector_kit.asking import Setback
from connector_kit.closing import End, NeverWas, end_of_answer, end_row
from connector_kit.connections_store import Connection
from connector_kit.connector import Connector
from connector_kit.freezing import Frozen
from connector_kit.guarding import counted
from connector_kit.lanes_store import WAKE, LaneKey
from connector_kit.ledger_store import LedgerRow, OpenRequest
from connector_kit.outcomes import Subject, delayed
from connector_kit.provider import FrozenMember
from connector_kit.setbacks import apply_setback
from connector_kit.timing import AWAY_AFTER

log = get_logger(__name__)

OUTCOME_UNKNOWN = CauseInstance(code="outcome_unknown")


async def record_answer(
    tx: Tx, connector: Connector, frozen: Frozen, answer: RequestAnswer, status: int | None
) -> None:
    """Close what the answer settles; what it leaves open is `checking`, due for a look-up now."""
    request_id = frozen.open.id
    request = await ledger_store.load_open_request(tx, request_id)
    await budget_store.answered(tx, request_id)
    members = answers_of(answer, len(frozen.members))
    if request is None:
        _note_late(request_id, members)
        return
    rows = await ledger_store.open_rows(tx, request_id)
    holders = await _holders(tx, frozen.connection, frozen.open, members)
    ends: list[tuple[LedgerRow, End]] = []
    for row in rows:
        key = LaneKey(frozen.connection.id, row.member.entity, row.member.record_id)
        end = end_of_answer(
            members[row.position],
            row.member,
            stale_before=frozen.stale_before.get(key, 0),
            who_by_reading=connector.provider.entities[row.member.entity].who_by_reading,
            holders=holders,
        )
        if end is not None:
            ends.append((row, end))
    await close(tx, connector, frozen.connection, ends)
    closed = await ledger_store.settle_request(
        tx, request_id, status=status, answered=not isinstance(answer, NoAnswer)
    )
    await _apply_setbacks(tx, connector, frozen.connection, answer, members)
    if not closed:
        still_open = [row for row in rows if row.id not in {closed.id for closed, _ in ends}]
        await tell_checking(tx, connector, frozen.connection, request, still_open)
        await checks_store.check_at_once(tx, request_id)
        tx.wake(WAKE)  # what waits for fewer requests under way
    await guard_store.count(tx, frozen.connection.id, counted(ends))


async def record_unsent(
    tx: Tx, connector: Connector, frozen: Frozen, details: ProviderDetails
) -> None:
    """Its only sender wrote nothing and never will: all rows close as never happened."""
    request = await ledger_store.load_open_request(tx, frozen.open.id)
    await budget_store.answered(tx, frozen.open.id)
    if request is not None:
        rows = await ledger_store.open_rows(tx, frozen.open.id)
        never = NeverWas("not_executed", details=details)
        await close(tx, connector, frozen.connection, [(row, never) for row in rows])
        await ledger_store.settle_request(tx, frozen.open.id, status=None, answered=False)


async def close(
    tx: Tx, connector: Connector, connection: Connection, ends: Sequence[tuple[LedgerRow, End]]
) -> None:
    """End these open rows: ledger, lanes and outcomes."""
    if not ends:
        return
    at, earlier = await ledger_store.attempts(tx, [row.id for row, _ in ends])
    ended = [
        end_row(
            row,
            end,
            connection=connection,
            provider=connector.provider,
            earlier=earlier.get(row.id, ()),
            at=at,
            ids=connector.ids,
        )
        for row, end in ends
    ]
    await ledger_store.close_rows(tx, [one.closing for one in ended])
    await lane_work_store.apply_changes(tx, [one.lane for one in ended])
    await outbox.put(tx, [one.outcome for one in ended if one.outcome is not None])


async def tell_checking(
    tx: Tx,
    connector: Connector,
    connection: Connection,
    request: OpenRequest,
    rows: Sequence[LedgerRow],
) -> None:
    """Say once of a request that its members are being checked, and until when at the latest."""
    if request.told or not rows:
        return
    at = await connections_store.now(tx)
    messages: list[Message] = [
        delayed(
            subject_of(connector, connection, row.member, row),
            "checking",
            message_id=connector.ids.new(),
            at=at,
            until=request.quiet_until,
            cause=OUTCOME_UNKNOWN,
        )
        for row in rows
    ]
    await outbox.put(tx, messages)
    await ledger_store.mark_told(tx, request.id)


def answers_of(answer: RequestAnswer, members: int) -> tuple[MemberAnswer, ...]:
    """One answer per member. One that the provider's answer leaves out has no answer."""
    match answer:
        case Answered(given):
            return (*given, *(NoAnswer() for _ in range(members - len(given))))
        case NotExecuted() | NoAnswer():
            return (answer,) * members


def subject_of(
    connector: Connector, connection: Connection, member: FrozenMember, row: LedgerRow
) -> Subject:
    return Subject(
        provider=connector.provider.name,
        company_id=connection.company_id,
        connection_id=connection.id,
        entity=member.entity,
        record_id=member.record_id,
        generation=member.generation,
        step=member.step,
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
    )


async def _holders(
    tx: Tx, connection: Connection, request: OpenRequest, members: Sequence[MemberAnswer]
) -> Mapping[RemoteId, RecordId]:
    named = [a.holder for a in members if isinstance(a, Refused) and a.holder is not None]
    if not named:
        return {}
    return await ledger_store.linked(tx, connection.id, request.entity, named)


async def _apply_setbacks(
    tx: Tx,
    connector: Connector,
    connection: Connection,
    answer: RequestAnswer,
    members: Sequence[MemberAnswer],
) -> None:
    """What the answer means for the connection: an answer ends failures, a setback holds it."""
    if not isinstance(answer, NoAnswer):
        took = any(isinstance(a, Accepted) for a in members)
        await turns_store.count_answer(tx, connection.id, AWAY_AFTER, took=took)
    whole: Setback | None = None if isinstance(answer, Answered) else answer
    if whole is None:
        whole = next((a for a in members if isinstance(a, NotExecuted)), None)
    if whole is not None:
        await apply_setback(
            tx, connector.provider, connector.timing, connector.ids, connection.id, whole
        )


def _note_late(request_id: RequestId, members: Sequence[MemberAnswer]) -> None:
    """An answer to a request that look-ups have closed. They found the same, or it is a defect."""
    accepted: list[RemoteRef] = [a.remote for a in members if isinstance(a, Accepted)]
    log.warning(
        "an answer came after its request was closed",
        request=str(request_id),
        accepted=[remote.id for remote in accepted],
    )
