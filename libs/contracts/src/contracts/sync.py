"""What became of a command, and the state of a record in a connection.

Outcomes come from connectors and echo the command's generation and step. `SyncStateChanged` comes
from the orchestrator and carries the whole state. A reader that folds both keeps the message with
the greatest (generation, step, rank): progress 0, delay 1, outcome 2.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.commands import Origin, RemoteRef
from contracts.ids import ConnectionId, Entity, Provider, RecordId, RemoteId
from contracts.message import Message, Part
from contracts.money import Currency, Number

OperationResult: TypeAlias = Literal["synced", "failed", "under_way", "ignored"]
"""How an operation ended or stands, in the words by which a person looks for it."""
StartedBy: TypeAlias = Literal["person", "automatic", "run"]
"""Who or what began an operation."""


class SyncState(StrEnum):
    """The state of one record in one connection."""

    NOT_ELIGIBLE = "not_eligible"
    NOT_SYNCED = "not_synced"
    WAITING = "waiting"
    BLOCKED = "blocked"
    HELD = "held"
    QUEUED = "queued"
    CHECKING = "checking"
    SYNCED = "synced"
    SYNCED_WITH_DIFFERENCE = "synced_with_difference"
    OUT_OF_DATE = "out_of_date"
    CHANGED_THERE = "changed_there"
    IGNORED = "ignored"
    REMOVED_THERE = "removed_there"
    VOIDED = "voided"


class ProviderDetails(Part):
    """What stands behind "details": the provider's own words, never shown unasked."""

    provider_code: str | None = None
    provider_message: str | None = None
    trace_id: str | None = None
    attempt: int | None = None


class Subject(Part):
    """What a cause is about where it isn't the record itself: an account, a customer, an item."""

    id: str
    name: str


class CauseInstance(Part):
    """One cause as it stands on one record. `params` fill the sentence of `contracts.causes`.

    `because` is the prerequisite's own cause, where this one is `prerequisite_blocked`.
    """

    code: str
    subject: Subject | None = None
    params: dict[str, str] = Field(default_factory=dict)
    details: ProviderDetails = ProviderDetails()
    because: "CauseInstance | None" = None


class Totals(Part):
    """What the provider says the invoice comes to."""

    total: Number
    tax: Number
    currency: Currency


class Attempt(Part):
    """One request to the provider that this record was a member of."""

    number: int
    request_id: str
    started_at: AwareDatetime
    finished_at: AwareDatetime | None
    result: Literal["accepted", "refused", "not_executed", "unknown", "found", "absent"]
    details: ProviderDetails = ProviderDetails()


class Outcome(Message):
    """Common to all that a connector says of a record's command."""

    rank: ClassVar[int] = 2

    provider: Provider
    connection_id: ConnectionId
    entity: Entity
    record_id: RecordId
    generation: int
    step: int
    attempts: tuple[Attempt, ...] = ()
    used: dict[str, RemoteId] = Field(default_factory=dict)
    """Remote ids this outcome relied on: "self" is the record's own, else the local id as text."""


class SyncSucceeded(Outcome):
    """The provider holds the record as the command said. `remote` is always in hand.

    `removed` says that ours was found there, but voided or deleted by a person; `voided` that the
    void we asked for is done.
    """

    type: Literal["sync.succeeded.v1"] = "sync.succeeded.v1"
    remote: RemoteRef
    record_version: int
    totals: Totals | None = None
    notes: tuple[str, ...] = ()
    voided: bool = False
    removed: Literal["voided", "deleted"] | None = None


class SyncFailed(Outcome):
    """Refused, for a reason someone must act on.

    `reference_gone` lists local ids (as text) whose remote record is gone: not a cause, the
    orchestrator re-makes them. `remote` is the record's own link where it has one.
    """

    type: Literal["sync.failed.v1"] = "sync.failed.v1"
    cause: CauseInstance
    remote: RemoteRef | None = None
    reference_gone: tuple[str, ...] = ()
    removed: Literal["voided", "deleted"] | None = None


class SyncDelayed(Outcome):
    """Not decided yet: being checked, in line for a limit, or the provider or sign-in is away."""

    rank: ClassVar[int] = 1

    type: Literal["sync.delayed.v1"] = "sync.delayed.v1"
    why: Literal["checking", "quota", "provider", "connection"]
    until: AwareDatetime | None = None
    cause: CauseInstance | None = None
    remote: RemoteRef | None = None


SyncOutcome = Annotated[SyncSucceeded | SyncFailed | SyncDelayed, Field(discriminator="type")]


class WaitingOn(Part):
    """The record that goes first."""

    entity: Entity
    record_id: RecordId
    name: str


class IgnoredNote(Part):
    """Who told us to leave a record alone, why and when."""

    by: str | None = None
    why: str | None = None
    at: AwareDatetime | None = None


class RecordState(Part):
    """Everything a badge needs of one record in one connection.

    `post_on` is the day an invoice is dated there, where that isn't its own.
    """

    provider: Provider
    connection_id: ConnectionId
    entity: Entity
    record_id: RecordId
    generation: int
    step: int
    state: SyncState
    cause: CauseInstance | None = None
    also: tuple[CauseInstance, ...] = ()
    waiting_on: WaitingOn | None = None
    until: AwareDatetime | None = None
    remote: RemoteRef | None = None
    record_version: int | None = None
    totals: Totals | None = None
    synced_at: AwareDatetime | None = None
    origin: Origin | None = None
    ignored: IgnoredNote | None = None
    post_on: date | None = None
    changed_at: AwareDatetime


class SyncStateChanged(Message):
    """The record's whole state in a connection."""

    rank: ClassVar[int] = 0

    type: Literal["sync.state_changed.v1"] = "sync.state_changed.v1"
    state: RecordState


class MappingChanged(Message):
    """An item's income account in a connection. `version` is the mapping row's own."""

    type: Literal["sync.mapping_changed.v1"] = "sync.mapping_changed.v1"
    provider: Provider
    connection_id: ConnectionId
    item_id: RecordId
    account_id: str | None
    version: int


class RunCounts(Part):
    """How far one kind of record is in a run."""

    total: int
    done: int = 0
    failed: int = 0


class RunGroup(Part):
    """Records of a run that need attention for one cause."""

    group: str
    cause: CauseInstance
    count: int


class RunProgress(Part):
    """A long piece of work as it stands: an import, a load, a Sync Now, a fixed group.

    What is neither done nor failed is still to come. `kind` is `sync_now`, `fix`, `retry`,
    `ignore`, `unignore`, `verify`, `load_customers`, `import_customers` or `import_invoices`;
    a reader shows one it doesn't know by its counts. `about` is the group or the file it is for.
    `kinds` is by "customers", "items" and "invoices"; `not_included` counts by reason what was
    left out. `version` grows whenever any of it changes.
    """

    id: UUID
    kind: str
    version: int
    state: Literal["running", "stopping", "stopped", "done"]
    provider: Provider | None = None
    connection_id: ConnectionId | None = None
    about: str | None = None
    started_by: Origin
    started_at: AwareDatetime
    finished_at: AwareDatetime | None = None
    total: int
    done: int
    failed: int
    eta: AwareDatetime | None = None
    by_state: dict[str, int] = Field(default_factory=dict[str, int])
    kinds: dict[str, RunCounts] = Field(default_factory=dict[str, RunCounts])
    not_included: dict[str, int] = Field(default_factory=dict[str, int])
    groups: tuple[RunGroup, ...] = ()

    @property
    def left(self) -> int:
        return self.total - self.done - self.failed


class RunChanged(Message):
    """A run of the orchestrator moved on. Its version is the run's own."""

    type: Literal["sync.run_changed.v1"] = "sync.run_changed.v1"
    run: RunProgress


SyncProgress = Annotated[
    SyncStateChanged | MappingChanged | RunChanged, Field(discriminator="type")
]
