"""A job: one record in one connection, and all that decisions remember of it.

`step` grows with every decision, and a command carries the step of the decision that sent it.
`generation` grows only when the remote record was removed or the job was linked to another one.
`outstanding` is the step of the one command whose outcome hasn't come; there is never a second.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from contracts.causes import HeldBy
from contracts.commands import Origin, Priority, RemoteRef
from contracts.ids import CompanyId, ConnectionId, Entity, Provider, RecordId
from contracts.sync import CauseInstance, SyncState, Totals, WaitingOn

Want = Literal["there", "void"]
"""What should be true at the provider: the record as it is here, or void."""


@dataclass(frozen=True, slots=True)
class RecordKey:
    """A record in a connection."""

    connection_id: ConnectionId
    entity: Entity
    record_id: RecordId


@dataclass(frozen=True, slots=True)
class Ignored:
    """Who told us to leave a record alone, why and when, and out of which group of problems."""

    by: str
    why: str | None
    at: datetime | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """See the module. Times are aware and UTC.

    Attributes:
        want: None while nothing asks for the record to be there.
        wanted_version: the version of the record that was asked for last.
        outstanding_want: what the command that is out asks for.
        sent_mark: what the last command said (see `content.mark`); a refusal stands while it holds.
        sent_account: the income account in it, where the record is an item.
        refused: the state comes from the provider's answer to `sent_mark`.
        dirty: while a command is out, something else is wanted already.
        synced_mark: what the provider is known to hold.
        account_there: an item's income account at the provider.
        gone_link: what it was linked to and has gone there, until it is made anew: the next command
            makes it active again, or looks whether it is. An invoice's is one that is void there.
        answered_step: the newest step whose outcome was recorded.
        named_there: a name or number chosen for there only.
        without_email: a person said to add this customer without one.
        none_of_those: a person said it is none of those there that look like it.
        our_tax: a person said to send our tax where the provider works out its own.
        rounding: what equalised the total of the content `rounding_for`, as the provider answered.
        post_on: the day an invoice of the date `post_on_for` is dated there instead.
        currency: what a new customer is kept in there, where an invoice in it asked.
        restored: linked, or out, before the database was restored; there it may have been changed
            since.
        again_for: the holder of a taken number after which this record was sent once more.
        remade_at: when it had gone there for the first time of late; `remade` times since.
        sync_id: the running (or last) operation, for the history.
    """

    company_id: CompanyId
    provider: Provider
    connection_id: ConnectionId
    entity: Entity
    record_id: RecordId
    generation: int = 1
    step: int = 0
    state: SyncState = SyncState.NOT_SYNCED
    cause: CauseInstance | None = None
    also: tuple[CauseInstance, ...] = ()
    waiting_on: WaitingOn | None = None
    held_by: HeldBy | None = None
    until: datetime | None = None
    want: Want | None = None
    wanted_version: int | None = None
    origin: Origin | None = None
    priority: Priority = "automatic"
    outstanding: int | None = None
    outstanding_want: Want = "there"
    sent_version: int | None = None
    sent_mark: str | None = None
    sent_account: str | None = None
    refused: bool = False
    dirty: bool = False
    link: RemoteRef | None = None
    gone_link: RemoteRef | None = None
    answered_step: int = 0
    synced_version: int | None = None
    synced_mark: str | None = None
    account_there: str | None = None
    totals: Totals | None = None
    synced_at: datetime | None = None
    named_there: str | None = None
    without_email: bool = False
    none_of_those: bool = False
    our_tax: bool = False
    rounding: Decimal | None = None
    rounding_for: str | None = None
    currency: str | None = None
    post_on: date | None = None
    post_on_for: date | None = None
    ignored: Ignored | None = None
    restored: bool = False
    again_for: str | None = None
    remade_at: datetime | None = None
    remade: int = 0
    asked_at: datetime | None = None
    state_since: datetime | None = None
    changed_at: datetime | None = None
    sync_id: UUID | None = None

    @property
    def key(self) -> RecordKey:
        return RecordKey(self.connection_id, self.entity, self.record_id)

    @property
    def is_settled(self) -> bool:
        """Nothing is out and nothing is wanted."""
        return self.outstanding is None and self.want is None


UNKNOWN_MARK = "unknown..."
"""A mark that no content has: which of two contents a step carried isn't known."""

SYNCED = frozenset({SyncState.SYNCED, SyncState.SYNCED_WITH_DIFFERENCE})
"""States that promise a remote record that is as it should be."""

FINAL = frozenset(
    {
        SyncState.NOT_ELIGIBLE,
        SyncState.NOT_SYNCED,
        SyncState.SYNCED,
        SyncState.SYNCED_WITH_DIFFERENCE,
        SyncState.OUT_OF_DATE,
        SyncState.CHANGED_THERE,
        SyncState.IGNORED,
        SyncState.REMOVED_THERE,
        SyncState.VOIDED,
    }
)
"""States in which an operation is over: nothing goes on without a person or a new fact."""
