"""What decisions say happened to a job; `evolving.evolve` folds them and the history keeps them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from contracts.causes import HeldBy
from contracts.commands import Origin, Priority, RemoteRef
from contracts.sync import CauseInstance, SyncState, Totals, WaitingOn

from sync_orchestrator.domain.job import Want


@dataclass(frozen=True, slots=True)
class Requested:
    """Something asks for the record, as of this version."""

    want: Want
    version: int
    origin: Origin | None
    priority: Priority | None
    again: bool = False
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """A command goes out; its step is this decision's. `accounts` is the mapping it goes with."""

    want: Want
    version: int
    mark: str
    account: str | None = None
    accounts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reissued:
    """The same step goes out again: overdue, lent priority, or it is held no more, or tried again.

    `dirty`: what goes out now says something else than what went out first.
    """

    priority: Priority
    resumed: bool = False
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class Replaced:
    """While a command is out, something newer is wanted: it goes when the outcome has come."""

    want: Want
    version: int
    origin: Origin | None = None
    priority: Priority | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """It can't go: blocked, or waiting for another record."""

    state: SyncState
    cause: CauseInstance
    also: tuple[CauseInstance, ...] = ()
    waiting_on: WaitingOn | None = None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """The connection isn't open."""

    cause: CauseInstance


@dataclass(frozen=True, slots=True)
class TookTooLong:
    """Longer than it should in the state it is in."""

    cause: CauseInstance


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """An outcome of this generation named the remote record; or it was read there, as it was.

    `totals` are what it comes to there, where that is news.
    """

    remote: RemoteRef
    step: int
    totals: Totals | None = None


@dataclass(frozen=True, slots=True)
class Synced:
    """The provider holds this version. `difference` where its totals aren't ours."""

    step: int
    remote: RemoteRef
    version: int
    at: datetime
    totals: Totals | None = None
    difference: CauseInstance | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider said no; this stands until what was sent would differ, or somebody tries again.

    `state` is what the cause leads to.
    """

    step: int
    state: SyncState
    cause: CauseInstance
    held_by: HeldBy | None = None


@dataclass(frozen=True, slots=True)
class Freed:
    """The outcome is in and settles nothing: something else goes on at once."""

    step: int


@dataclass(frozen=True, slots=True)
class HolderAhead:
    """Refused because of another record of ours whose command is out; goes after its outcome."""

    step: int
    cause: CauseInstance
    waiting_on: WaitingOn


@dataclass(frozen=True, slots=True)
class GoesAgain:
    """The holder of the number has moved on, or another name is used there: once more."""

    step: int
    after: str
    named: str | None = None


@dataclass(frozen=True, slots=True)
class Delayed:
    """Not decided yet at the provider."""

    step: int
    state: SyncState
    until: datetime | None
    cause: CauseInstance | None
    held_by: HeldBy | None


@dataclass(frozen=True, slots=True)
class Removed:
    """The remote record is gone; a new generation begins.

    `was` is the remote record, where it is still of use: the next command may make it active again,
    or look at it, and a voided invoice stays in the books. `times` counts how often it went lately,
    this time included.
    """

    cause: CauseInstance
    was: RemoteRef | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class MadeAnew:
    """What has gone there is given up: what is sent next makes another one."""


@dataclass(frozen=True, slots=True)
class VoidedThere:
    step: int


@dataclass(frozen=True, slots=True)
class VoidedUnsent:
    """Void here; there nothing of it is in the books, or it is void as well."""


@dataclass(frozen=True, slots=True)
class OutOfDate:
    cause: CauseInstance


@dataclass(frozen=True, slots=True)
class ChangedThere:
    """Somebody altered it there; it comes to this now."""

    cause: CauseInstance
    totals: Totals


@dataclass(frozen=True, slots=True)
class Unchanged:
    """What is there is what is here: nothing to send."""


@dataclass(frozen=True, slots=True)
class NotEligible:
    cause: CauseInstance


@dataclass(frozen=True, slots=True)
class Linked:
    """To this remote record, taken to be as the record is here (`mark`). `account` is the one that
    an item is on there; `named` its name there, empty where that is ours, None where it stays
    what was chosen."""

    remote: RemoteRef
    version: int
    mark: str
    relinked: bool
    origin: Origin | None = None
    totals: Totals | None = None
    account: str | None = None
    named: str | None = None


@dataclass(frozen=True, slots=True)
class Unlinked:
    """From its remote record, which stays as it is."""

    remote: RemoteRef
    origin: Origin


@dataclass(frozen=True, slots=True)
class ToldApart:
    """From those that look like it there."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class IgnoreBegan:
    by: str
    why: str | None


@dataclass(frozen=True, slots=True)
class IgnoreEnded:
    """In the state it is in then: with the difference that it was ignored with, if it has one."""

    state: SyncState
    origin: Origin
    cause: CauseInstance | None = None


@dataclass(frozen=True, slots=True)
class EmailWaived:
    origin: Origin


@dataclass(frozen=True, slots=True)
class Named:
    name: str
    origin: Origin
    anew: bool = False


@dataclass(frozen=True, slots=True)
class LeftAsItIs:
    """A person accepts how it is there. `was` is the question that this answers."""

    origin: Origin
    was: CauseInstance | None = None


@dataclass(frozen=True, slots=True)
class NotLeftAsItIs:
    """A person takes back that what differs may stay so: it is asked about again, in this state."""

    cause: CauseInstance
    origin: Origin
    state: SyncState = SyncState.SYNCED_WITH_DIFFERENCE


@dataclass(frozen=True, slots=True)
class OurTaxChosen:
    """A person sends our tax total instead of what the provider works out."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class DatedThere:
    """Dated another day there than here; `origin` is who chose it, None: the setting does."""

    day: date
    instead_of: date
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class RoundingLearned:
    """What a rounding line adds to this content (`told`), by what the provider answered."""

    amount: Decimal
    told: str


Event: TypeAlias = (
    Requested
    | Issued
    | Reissued
    | Replaced
    | Stopped
    | HeldBack
    | TookTooLong
    | LinkSeen
    | Synced
    | Refused
    | Freed
    | HolderAhead
    | GoesAgain
    | Delayed
    | Removed
    | MadeAnew
    | VoidedThere
    | VoidedUnsent
    | OutOfDate
    | ChangedThere
    | Unchanged
    | NotEligible
    | Linked
    | Unlinked
    | ToldApart
    | IgnoreBegan
    | IgnoreEnded
    | EmailWaived
    | Named
    | LeftAsItIs
    | NotLeftAsItIs
    | OurTaxChosen
    | RoundingLearned
    | DatedThere
)
