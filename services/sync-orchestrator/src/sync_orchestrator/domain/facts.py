"""What can happen to a job. Each is decided by `deciding.decide`."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from contracts.commands import Origin, Priority, RemoteRef
from contracts.ids import RemoteId
from contracts.sync import CauseInstance, SyncDelayed, SyncFailed, SyncSucceeded, Totals


@dataclass(frozen=True, slots=True)
class Asked:
    """The record should be at the provider: an event, a click, or an invoice that needs it.

    `again` is a person's Try again: a refusal no longer stands. `currency` is what a new customer
    is kept in, where an invoice in it asks.
    """

    origin: Origin
    priority: Priority = "automatic"
    again: bool = False
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """The record was changed here. `automatic`: the change may go by itself."""

    automatic: bool


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Something the job depends on may have changed, or its time has come."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An outcome came."""

    outcome: SyncSucceeded | SyncFailed | SyncDelayed
    automatic: bool
    """Whether an edit that came meanwhile may go by itself."""


@dataclass(frozen=True, slots=True)
class RemoteGone:
    """A command that relied on this record was told it is gone. `used` is the id it relied on."""

    used: RemoteId | None


@dataclass(frozen=True, slots=True)
class SeenThere:
    """It was read there: `removed` there, or with these totals. Nobody asked for it to change.

    `step` was its last answered one when it was asked for, where that is known.
    """

    generation: int
    removed: Literal["voided", "deleted"] | None
    remote: RemoteRef | None
    totals: Totals | None
    step: int | None = None


@dataclass(frozen=True, slots=True)
class CameFromThere:
    """An import made the record of this remote one. `automatic`: an edit since may go by itself."""

    remote: RemoteRef
    automatic: bool


@dataclass(frozen=True, slots=True)
class LinkedByPerson:
    """A person says which remote record it is. `account` and `named` are an item's income account
    and name there, where the list that it was chosen from says so and it matters."""

    remote: RemoteRef
    origin: Origin
    account: str | None = None
    named: str | None = None


@dataclass(frozen=True, slots=True)
class UnlinkedByPerson:
    """A person says that the remote record isn't this one. Nothing changes there."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class NoneOfThose:
    """A person says that those who look like this record there are others."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class IgnoreAsked:
    by: str
    why: str | None


@dataclass(frozen=True, slots=True)
class StopIgnoring:
    origin: Origin


@dataclass(frozen=True, slots=True)
class CreateAgain:
    """Only for what was removed there."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class AddWithoutEmail:
    origin: Origin


@dataclass(frozen=True, slots=True)
class NameThere:
    """A name or number to use at the provider only. `anew`: for a new record, not the old one."""

    name: str
    origin: Origin
    anew: bool = False


@dataclass(frozen=True, slots=True)
class MakeActive:
    """Bring back what was made inactive there: what it was linked to, or the record named."""

    remote: RemoteRef | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class DifferenceAccepted:
    """It may stay there as it is: totals that differ, or an edit made there."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class DifferenceShown:
    """What was left different is a question again.

    `was` is the question that was answered by leaving it, where nothing was decided since; without
    it, only totals that differ can be one again.
    """

    origin: Origin
    was: CauseInstance | None = None


@dataclass(frozen=True, slots=True)
class KeepOurs:
    """What is here replaces an edit made there."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class SendOurTax:
    """Our tax total goes instead of what the provider works out."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class SendAgain:
    """It goes again as it would go now: what differs there was chosen anew."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class PostOnFirstOpenDay:
    """It may be dated the first day that the books are open for."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class RoundingWanted:
    """A rounding line makes the total there ours."""

    origin: Origin


Fact: TypeAlias = (
    Asked
    | Edited
    | Reviewed
    | Answered
    | RemoteGone
    | SeenThere
    | CameFromThere
    | LinkedByPerson
    | UnlinkedByPerson
    | NoneOfThose
    | IgnoreAsked
    | StopIgnoring
    | CreateAgain
    | AddWithoutEmail
    | NameThere
    | MakeActive
    | DifferenceAccepted
    | DifferenceShown
    | KeepOurs
    | SendOurTax
    | SendAgain
    | RoundingWanted
    | PostOnFirstOpenDay
)
