"""What outcomes and progress add up to, whatever the order they come in.

A fold is the greatest of each of three things by (generation, step, rank, time): what was said last
of all, the last link said, and the last success. So it is commutative, associative and idempotent:
any two orders of the same messages, with repeats, give the same badge.
"""

from typing import TypeVar

from contracts.causes import cause_of, state_of
from contracts.commands import RemoteRef
from contracts.sync import (
    CauseInstance,
    Outcome,
    RecordState,
    SyncDelayed,
    SyncFailed,
    SyncState,
    SyncStateChanged,
    SyncSucceeded,
)
from pydantic import AwareDatetime, BaseModel, ConfigDict


class Position(BaseModel):
    """Where in a record's history something was said."""

    model_config = ConfigDict(frozen=True)

    generation: int
    step: int
    rank: int
    at: AwareDatetime

    @property
    def key(self) -> tuple[int, int, int, AwareDatetime]:
        return (self.generation, self.step, self.rank, self.at)


class SaidLink(BaseModel):
    model_config = ConfigDict(frozen=True)

    position: Position
    remote: RemoteRef


class SaidSuccess(BaseModel):
    model_config = ConfigDict(frozen=True)

    position: Position
    synced_at: AwareDatetime
    record_version: int | None


class Folded(BaseModel):
    """All that is kept of what was said of one record in one connection."""

    model_config = ConfigDict(frozen=True)

    position: Position
    state: RecordState
    link: SaidLink | None = None
    success: SaidSuccess | None = None

    def shown(self) -> RecordState:
        """The record's state now.

        Progress is the whole state. An outcome says only what it is about: the link and the time of
        an earlier success stand, as long as they are of the same generation.
        """
        if self.position.rank == SyncStateChanged.rank:
            return self.state
        known: dict[str, object] = {}
        generation = self.position.generation
        link, success = self.link, self.success
        if self.state.remote is None and link and link.position.generation == generation:
            known["remote"] = link.remote
        if self.state.synced_at is None and success and success.position.generation == generation:
            known["synced_at"] = success.synced_at
            known["record_version"] = success.record_version
        return self.state.model_copy(update=known) if known else self.state


Said = SyncStateChanged | SyncSucceeded | SyncFailed | SyncDelayed


def said(message: Said) -> Folded:
    """One message alone."""
    if isinstance(message, SyncStateChanged):
        return said_by_progress(message.state)
    position = Position(
        generation=message.generation, step=message.step, rank=message.rank, at=message.occurred_at
    )
    return _folded(position, _state_after(message))


def said_by_progress(state: RecordState) -> Folded:
    """The orchestrator's own word on a record."""
    position = Position(
        generation=state.generation,
        step=state.step,
        rank=SyncStateChanged.rank,
        at=state.changed_at,
    )
    return _folded(position, state)


def fold(one: Folded, other: Folded) -> Folded:
    """Both together."""
    latest = _later(one, other)
    return Folded(
        position=latest.position,
        state=latest.state,
        link=_latest(one.link, other.link),
        success=_latest(one.success, other.success),
    )


_F = TypeVar("_F", Folded, SaidLink, SaidSuccess)


def _latest(one: _F | None, other: _F | None) -> _F | None:
    if one is None or other is None:
        return one or other
    return _later(one, other)


def _later(one: _F, other: _F) -> _F:
    if one.position.key != other.position.key:
        return max(one, other, key=lambda said: said.position.key)
    # The same thing said twice; should the words differ, every reader must choose the same.
    return one if one == other else max(one, other, key=lambda said: said.model_dump_json())


def _folded(position: Position, state: RecordState) -> Folded:
    return Folded(
        position=position,
        state=state,
        link=None if state.remote is None else SaidLink(position=position, remote=state.remote),
        success=(
            None
            if state.synced_at is None
            else SaidSuccess(
                position=position, synced_at=state.synced_at, record_version=state.record_version
            )
        ),
    )


def _state_after(outcome: SyncSucceeded | SyncFailed | SyncDelayed) -> RecordState:
    match outcome:
        case SyncSucceeded():
            removed = outcome.removed
            state = (
                SyncState.REMOVED_THERE
                if removed is not None
                else SyncState.VOIDED
                if outcome.voided
                else SyncState.SYNCED
            )
            return _state(
                outcome,
                state,
                remote=outcome.remote,
                cause=None if removed is None else _gone(outcome, removed),
                totals=outcome.totals,
                synced_at=outcome.occurred_at if state is SyncState.SYNCED else None,
                record_version=outcome.record_version,
            )
        case SyncFailed():
            if outcome.reference_gone:
                return _state(outcome, SyncState.QUEUED, remote=outcome.remote)
            if outcome.removed is not None:
                return _state(
                    outcome,
                    SyncState.REMOVED_THERE,
                    remote=outcome.remote,
                    cause=_gone(outcome, outcome.removed),
                )
            return _state(
                outcome,
                state_of(outcome.cause.code) or SyncState.BLOCKED,
                remote=outcome.remote,
                cause=outcome.cause,
            )
        case SyncDelayed():
            cause = outcome.cause or _why(outcome)
            return _state(
                outcome,
                state_of(cause.code) or SyncState.QUEUED,
                remote=outcome.remote,
                cause=cause,
                until=outcome.until,
            )


def _state(outcome: Outcome, state: SyncState, **known: object) -> RecordState:
    return RecordState.model_validate(
        {
            "provider": outcome.provider,
            "connection_id": outcome.connection_id,
            "entity": outcome.entity,
            "record_id": outcome.record_id,
            "generation": outcome.generation,
            "step": outcome.step,
            "state": state,
            "changed_at": outcome.occurred_at,
            **known,
        }
    )


def _gone(outcome: Outcome, how: str) -> CauseInstance | None:
    if outcome.entity != "invoice":
        return None
    return cause_of("invoice_gone_there", how=how)


def _why(outcome: SyncDelayed) -> CauseInstance:
    match outcome.why:
        case "checking":
            return cause_of("outcome_unknown")
        case "quota":
            return cause_of("paced_by_provider", time=outcome.until)
        case "provider":
            return cause_of("provider_down", time=outcome.occurred_at, next_time=outcome.until)
        case "connection":
            return cause_of("connection_expired")
