"""A badge is a fold: whatever order messages come in, and however often, it says the same."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from contracts.causes import cause_of
from contracts.commands import RemoteRef
from contracts.ids import CompanyId, ConnectionId, MessageId, RecordId, RemoteId
from contracts.sync import (
    CauseInstance,
    RecordState,
    SyncDelayed,
    SyncFailed,
    SyncState,
    SyncStateChanged,
    SyncSucceeded,
)
from hypothesis import given
from hypothesis import strategies as st
from invoice_api.sync_status.fold import Folded, Said, fold, said

START = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
COMPANY = CompanyId(UUID(int=1))
CONNECTION = ConnectionId(UUID(int=2))
RECORD = RecordId(UUID(int=3))
REMOTES = [RemoteRef(id=RemoteId("155"), number="1001"), RemoteRef(id=RemoteId("156"))]


def progress(
    generation: int,
    step: int,
    state: SyncState,
    *,
    second: int = 0,
    remote: RemoteRef | None = None,
) -> SyncStateChanged:
    at = START + timedelta(seconds=second)
    return SyncStateChanged(
        id=MessageId(UUID(int=4)),
        occurred_at=at,
        company_id=COMPANY,
        correlation_id=UUID(int=4),
        state=RecordState(
            provider="qbo",
            connection_id=CONNECTION,
            entity="invoice",
            record_id=RECORD,
            generation=generation,
            step=step,
            state=state,
            remote=remote,
            changed_at=at,
        ),
    )


def succeeded(
    generation: int,
    step: int,
    remote: RemoteRef = REMOTES[0],
    *,
    second: int = 0,
    voided: bool = False,
) -> SyncSucceeded:
    return SyncSucceeded(
        id=MessageId(UUID(int=5)),
        occurred_at=START + timedelta(seconds=second),
        company_id=COMPANY,
        correlation_id=UUID(int=4),
        provider="qbo",
        connection_id=CONNECTION,
        entity="invoice",
        record_id=RECORD,
        generation=generation,
        step=step,
        remote=remote,
        record_version=step,
        voided=voided,
    )


def failed(
    generation: int,
    step: int,
    cause: CauseInstance,
    *,
    second: int = 0,
    reference_gone: tuple[str, ...] = (),
) -> SyncFailed:
    return SyncFailed(
        id=MessageId(UUID(int=6)),
        occurred_at=START + timedelta(seconds=second),
        company_id=COMPANY,
        correlation_id=UUID(int=4),
        provider="qbo",
        connection_id=CONNECTION,
        entity="invoice",
        record_id=RECORD,
        generation=generation,
        step=step,
        cause=cause,
        reference_gone=reference_gone,
    )


def delayed(generation: int, step: int, *, second: int = 0, quota: bool = False) -> SyncDelayed:
    return SyncDelayed(
        id=MessageId(UUID(int=7)),
        occurred_at=START + timedelta(seconds=second),
        company_id=COMPANY,
        correlation_id=UUID(int=4),
        provider="qbo",
        connection_id=CONNECTION,
        entity="invoice",
        record_id=RECORD,
        generation=generation,
        step=step,
        why="quota" if quota else "checking",
        until=START + timedelta(minutes=1) if quota else None,
    )


def folded(messages: list[Said]) -> Folded:
    first, *rest = [said(message) for message in messages]
    for one in rest:
        first = fold(first, one)
    return first


steps = st.integers(1, 3)
seconds = st.integers(0, 2)
messages = st.one_of(
    st.builds(
        progress,
        steps,
        steps,
        st.sampled_from(list(SyncState)),
        second=seconds,
        remote=st.sampled_from([None, *REMOTES]),
    ),
    st.builds(
        succeeded, steps, steps, st.sampled_from(REMOTES), second=seconds, voided=st.booleans()
    ),
    st.builds(
        failed,
        steps,
        steps,
        st.sampled_from([cause_of("invoice_number_taken"), cause_of("our_mistake")]),
        second=seconds,
        reference_gone=st.sampled_from([(), ("a",)]),
    ),
    st.builds(delayed, steps, steps, second=seconds, quota=st.booleans()),
)


@given(
    st.lists(messages, min_size=1, max_size=8).flatmap(
        lambda heard: st.tuples(st.just(heard), st.permutations(heard + heard[:3]))
    )
)
def test_no_order_and_no_repeat_changes_the_badge(
    heard: tuple[list[Said], list[Said]],
) -> None:
    in_order, shuffled = heard
    assert folded(in_order) == folded(shuffled)


@given(st.lists(messages, min_size=2, max_size=8), st.data())
def test_folding_parts_first_changes_nothing(heard: list[Said], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(heard) - 1))
    assert folded(heard) == fold(folded(heard[:cut]), folded(heard[cut:]))


def test_an_outcome_wins_over_what_was_said_before_it_of_the_same_step() -> None:
    shown = folded([succeeded(1, 2), progress(1, 2, SyncState.QUEUED), delayed(1, 2)]).shown()
    assert (shown.state, shown.remote) == (SyncState.SYNCED, REMOTES[0])
    assert shown.synced_at == START


def test_a_late_outcome_of_an_older_generation_changes_nothing() -> None:
    shown = folded([progress(2, 1, SyncState.QUEUED), succeeded(1, 9)]).shown()
    assert (shown.state, shown.remote) == (SyncState.QUEUED, None)


def test_a_refused_update_keeps_the_link_and_the_time_of_the_last_success() -> None:
    refused = failed(1, 3, cause_of("period_closed"), second=5)
    shown = folded([refused, succeeded(1, 2)]).shown()
    assert shown.state is SyncState.BLOCKED
    assert (shown.remote, shown.synced_at) == (REMOTES[0], START)


def test_a_link_of_an_older_generation_is_not_shown_for_the_new_one() -> None:
    refused = failed(2, 1, cause_of("period_closed"))
    shown = folded([refused, succeeded(1, 2)]).shown()
    assert (shown.remote, shown.synced_at) == (None, None)


def test_a_reference_that_is_gone_is_not_a_problem_for_a_person() -> None:
    shown = said(failed(1, 1, cause_of("our_mistake"), reference_gone=("a",))).shown()
    assert (shown.state, shown.cause) == (SyncState.QUEUED, None)


def test_delays_say_why() -> None:
    checking, in_line = said(delayed(1, 1)).shown(), said(delayed(1, 1, quota=True)).shown()
    assert checking.state is SyncState.CHECKING
    assert (in_line.state, in_line.until) == (SyncState.QUEUED, START + timedelta(minutes=1))


def test_what_was_removed_there_is_never_synced() -> None:
    gone = succeeded(1, 2).model_copy(update={"removed": "voided"})
    shown = said(gone).shown()
    assert shown.state is SyncState.REMOVED_THERE
    assert shown.cause is not None
    assert shown.cause.params == {"how": "voided"}
    assert said(succeeded(1, 2, voided=True)).shown().state is SyncState.VOIDED
