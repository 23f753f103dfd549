"""Outcomes as messages. Pure: time and ids come from the caller."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypedDict
from uuid import UUID

from contracts.commands import RecordCommand, RemoteRef
from contracts.ids import (
    CompanyId,
    ConnectionId,
    Entity,
    MessageId,
    RecordId,
    RemoteId,
)
from contracts.ids import (
    Provider as ProviderName,
)
from contracts.sync import (
    Attempt,
    CauseInstance,
    ProviderDetails,
    SyncDelayed,
    SyncFailed,
    SyncSucceeded,
    Totals,
)

from connector_kit.answers import Removed

SELF = "self"
DelayWhy = Literal["checking", "quota", "provider", "connection"]


@dataclass(frozen=True)
class Subject:
    """Whose outcome: the record and the step it answers, and what led to it."""

    provider: ProviderName
    company_id: CompanyId
    connection_id: ConnectionId
    entity: Entity
    record_id: RecordId
    generation: int
    step: int
    correlation_id: UUID
    causation_id: UUID

    @staticmethod
    def of(command: RecordCommand, entity: Entity) -> "Subject":
        return Subject(
            provider=command.provider,
            company_id=command.company_id,
            connection_id=command.connection_id,
            entity=entity,
            record_id=command.record_id,
            generation=command.generation,
            step=command.step,
            correlation_id=command.correlation_id,
            causation_id=command.id,
        )


def succeeded(
    subject: Subject,
    remote: RemoteRef,
    *,
    message_id: UUID,
    at: datetime,
    record_version: int,
    used: dict[str, RemoteId],
    attempts: tuple[Attempt, ...],
    totals: Totals | None = None,
    notes: tuple[str, ...] = (),
    voided: bool = False,
    removed: Removed | None = None,
) -> SyncSucceeded:
    """The provider holds it; the record's own remote id is echoed in `used`."""
    return SyncSucceeded(
        **_envelope(subject, message_id, at),
        remote=remote,
        record_version=record_version,
        totals=totals,
        notes=notes,
        voided=voided,
        removed=removed,
        used=_with_self(used, remote),
        attempts=attempts,
    )


def failed(
    subject: Subject,
    cause: CauseInstance,
    *,
    message_id: UUID,
    at: datetime,
    used: dict[str, RemoteId] | None = None,
    attempts: tuple[Attempt, ...] = (),
    remote: RemoteRef | None = None,
    reference_gone: tuple[str, ...] = (),
    removed: Removed | None = None,
) -> SyncFailed:
    """Refused. A refusal too echoes the record's own remote id, where it has one."""
    return SyncFailed(
        **_envelope(subject, message_id, at),
        cause=cause,
        remote=remote,
        reference_gone=reference_gone,
        removed=removed,
        used=_with_self(used or {}, remote),
        attempts=attempts,
    )


def delayed(
    subject: Subject,
    why: DelayWhy,
    *,
    message_id: UUID,
    at: datetime,
    until: datetime | None = None,
    cause: CauseInstance | None = None,
    attempts: tuple[Attempt, ...] = (),
) -> SyncDelayed:
    """Not decided yet."""
    return SyncDelayed(
        **_envelope(subject, message_id, at), why=why, until=until, cause=cause, attempts=attempts
    )


def our_mistake(subject: Subject, reason: str, *, message_id: UUID, at: datetime) -> SyncFailed:
    """The command itself could not be taken: a defect, which alerts us and asks nobody."""
    cause = CauseInstance(code="our_mistake", details=ProviderDetails(provider_message=reason))
    return failed(subject, cause, message_id=message_id, at=at)


def _with_self(used: dict[str, RemoteId], remote: RemoteRef | None) -> dict[str, RemoteId]:
    return used if remote is None else {**used, SELF: remote.id}


class _Envelope(TypedDict):
    id: MessageId
    occurred_at: datetime
    company_id: CompanyId
    correlation_id: UUID
    causation_id: UUID
    provider: ProviderName
    connection_id: ConnectionId
    entity: Entity
    record_id: RecordId
    generation: int
    step: int


def _envelope(subject: Subject, message_id: UUID, at: datetime) -> _Envelope:
    return {
        "id": MessageId(message_id),
        "occurred_at": at,
        "company_id": subject.company_id,
        "correlation_id": subject.correlation_id,
        "causation_id": subject.causation_id,
        "provider": subject.provider,
        "connection_id": subject.connection_id,
        "entity": subject.entity,
        "record_id": subject.record_id,
        "generation": subject.generation,
        "step": subject.step,
    }
