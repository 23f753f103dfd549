"""What a provider said, as data: of a whole request, of each member, of a record looked up.

Whoever reads a response chooses one of these; what follows from it (adopt, close, go again, hold,
ask a person) is decided by the kit, the same for every provider.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from contracts.commands import RemoteRef
from contracts.ids import RemoteId
from contracts.sync import CauseInstance, ProviderDetails, Totals

Removed = Literal["voided", "deleted"]

NO_DETAILS = ProviderDetails()
"""Where the provider said nothing that could stand behind "details"."""


@dataclass(frozen=True)
class Accepted:
    """The provider holds the record as asked. `remote.version` is the new one.

    `totals` is given for invoices: what the provider says it comes to. `notes` are codes of `info`
    causes ("sent_with_changes"). `voided`: the void we asked for is done.
    """

    remote: RemoteRef
    totals: Totals | None = None
    notes: tuple[str, ...] = ()
    voided: bool = False
    details: ProviderDetails = NO_DETAILS


@dataclass(frozen=True)
class Refused:
    """Refused for a reason someone must act on; nothing was written.

    `holder` is the remote record that has our number or name, where the answer names it: the kit
    adds which of our records it is, if it is one of ours. `seen` is the version of the record
    itself that was read there: whoever then chooses to write over it has seen that one.
    """

    cause: CauseInstance
    holder: RemoteId | None = None
    seen: str | None = None


@dataclass(frozen=True)
class ReferenceGone:
    """Refused because records it refers to are gone there; nothing was written.

    `local_ids` are ours, as text: a customer's or an item's id as the command named it.
    """

    local_ids: tuple[str, ...]
    cause: CauseInstance


@dataclass(frozen=True)
class RemovedThere:
    """Refused because the record itself was removed there; nothing was written."""

    removed: Removed
    cause: CauseInstance


@dataclass(frozen=True)
class Unauthorized:
    """The access token wasn't accepted."""

    details: ProviderDetails = NO_DETAILS


@dataclass(frozen=True)
class Throttled:
    """Over a limit. `retry_after` is in seconds as the provider said it, not yet scaled.

    `limit` names one of `Provider.limits` if the answer tells which; `cause` is given where the
    wait is one a person should know of (a day limit).
    """

    retry_after: float | None = None
    limit: str | None = None
    cause: CauseInstance | None = None
    details: ProviderDetails = NO_DETAILS


@dataclass(frozen=True)
class Shut:
    """The organisation or our access to it takes nothing now, whatever is sent.

    `expired` says that only a person's new consent helps (the connection expires with `cause`);
    without it the connection's work is held with `cause` and tried again later.
    """

    cause: CauseInstance
    expired: bool


@dataclass(frozen=True)
class Stale:
    """The version we sent is no longer the record's; nothing was written. It is read again."""

    details: ProviderDetails = NO_DETAILS


@dataclass(frozen=True)
class NotExecuted:
    """Certainly not executed: the record is free for a new request at once, or after a wait."""

    why: Unauthorized | Throttled | Shut | Stale


@dataclass(frozen=True)
class NoAnswer:
    """Nobody knows whether it was executed: 5xx, an unreadable body, a member left out."""

    details: ProviderDetails = NO_DETAILS


MemberAnswer: TypeAlias = Accepted | Refused | ReferenceGone | RemovedThere | NotExecuted | NoAnswer


@dataclass(frozen=True)
class Answered:
    """The request was answered: one answer per member, in the order of the request."""

    members: tuple[MemberAnswer, ...]


RequestAnswer: TypeAlias = Answered | NotExecuted | NoAnswer


@dataclass(frozen=True)
class Candidate:
    """A record there that a look-up found by the frozen key or id.

    `mark`: "ours" if it carries our mark for this very record and generation, "other" if it
    carries our mark for another record or generation, "none" if it carries none.
    `differing` names the frozen fields in which it differs. `moved_on` (updates only): the
    provider's version is a later one than the one sent. `created_at` is the provider's stamp.
    """

    remote: RemoteRef
    mark: Literal["ours", "other", "none"]
    differing: tuple[str, ...] = ()
    created_at: datetime | None = None
    removed: Removed | None = None
    moved_on: bool = False
    totals: Totals | None = None
    notes: tuple[str, ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    """What the cause's sentence would say of a foreign holder (customer_there, total_there)."""


@dataclass(frozen=True)
class Seen:
    """The look-up answered for this member. No candidates: it isn't there now."""

    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class Unreadable:
    """The look-up said nothing of this member; it proves neither presence nor absence."""

    details: ProviderDetails = NO_DETAILS


Sighting: TypeAlias = Seen | Unreadable
