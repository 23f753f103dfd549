"""What a look-up proves about a member whose request had no answer. Pure; the same for everyone.

For a create, presence is proof at once; absence only by a look-up sent after `quiet_until`. An
unanswered update is judged only by a look-up sent after `quiet_until`, or at once where the
provider's version has moved on from the one sent. "Sent after" means that the clock was read
before the look-up was sent, not when its answer was processed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from contracts.commands import RemoteRef
from contracts.ids import RecordId, RemoteId
from contracts.sync import Totals

from connector_kit.answers import Candidate, Removed, Sighting, Unreadable
from connector_kit.provider import FrozenMember


@dataclass(frozen=True)
class Done:
    """It is there as it was sent. `voided`: the void we asked for is done."""

    remote: RemoteRef
    totals: Totals | None = None
    notes: tuple[str, ...] = ()
    voided: bool = False


@dataclass(frozen=True)
class GoesAgain:
    """It is there and ours, but a frozen field differs: the row closes with the id, and the record
    goes again as an update, never straight to synced."""

    remote: RemoteRef


@dataclass(frozen=True)
class WasRemoved:
    """It is ours and a person removed it there."""

    remote: RemoteRef
    removed: Removed


@dataclass(frozen=True)
class NeverHappened:
    """It was not executed and never will be."""


@dataclass(frozen=True)
class Taken:
    """Our number or name belongs to a record there that isn't this one."""

    holder: Candidate


@dataclass(frozen=True)
class NotYet:
    """Nothing is proved; look again later."""


CLOCKS_APART = timedelta(seconds=60)
"""How far a provider's clock may be off ours. Nobody promises a figure; without one, an invoice
whose answer was lost would be called somebody else's for a second's difference."""

Verdict: TypeAlias = Done | GoesAgain | WasRemoved | NeverHappened | Taken | NotYet


@dataclass(frozen=True)
class SentWindow:
    """When a request's members can have been created, by the provider's stamp."""

    sent: datetime
    quiet_until: datetime

    def holds(self, created_at: datetime | None) -> bool:
        # Stamps are whole seconds at some providers, so the second of sending counts.
        return (
            created_at is not None
            and self.sent.replace(microsecond=0) - CLOCKS_APART
            <= created_at
            <= self.quiet_until + CLOCKS_APART
        )


def judge(
    member: FrozenMember,
    sighting: Sighting,
    *,
    window: SentWindow,
    looked_at: datetime,
    linked: Mapping[RemoteId, RecordId],
) -> Verdict:
    """What the sighting proves of the member.

    Args:
        window: from the request's commit to its `quiet_until`.
        looked_at: the database's clock, read before the look-up was sent.
        linked: remote ids among the candidates that a finished row or a lane of ours holds, by
            record.
    """
    if isinstance(sighting, Unreadable):
        return NotYet()
    after_quiet = looked_at >= window.quiet_until
    if member.remote is None:
        return _judge_create(member, sighting.candidates, window, after_quiet, linked)
    return _judge_update(member, sighting.candidates, after_quiet)


def _judge_create(
    member: FrozenMember,
    candidates: tuple[Candidate, ...],
    window: SentWindow,
    after_quiet: bool,
    linked: Mapping[RemoteId, RecordId],
) -> Verdict:
    ours = sorted(
        (
            c
            for c in candidates
            if _is_ours(member, c, window, linked) and not _is_given_up(member, c)
        ),
        key=lambda c: (c.removed is not None, bool(c.differing), c.remote.id),
    )
    if ours:
        found = ours[0]
        if found.removed is not None:
            return WasRemoved(found.remote, found.removed)
        if found.differing:
            return GoesAgain(found.remote)
        return Done(found.remote, found.totals, found.notes)
    if not after_quiet:
        return NotYet()
    foreign = [c for c in candidates if c.removed is None]
    return Taken(foreign[0]) if foreign else NeverHappened()


def _is_given_up(member: FrozenMember, candidate: Candidate) -> bool:
    """Whether it is what this one is made instead of, or was unlinked from: without marks nothing
    else tells them apart where nobody knows any more when this was sent first."""
    again = member.forgotten and member.generation > 1 and member.mark is None
    return again and (member.intent == "void" or candidate.removed is not None)


def _is_ours(
    member: FrozenMember,
    candidate: Candidate,
    window: SentWindow,
    linked: Mapping[RemoteId, RecordId],
) -> bool:
    if member.mark is not None:
        return candidate.mark == "ours"
    holder = linked.get(candidate.remote.id)
    return (
        candidate.mark != "other"
        and not candidate.differing
        and window.holds(candidate.created_at)
        and holder in (None, member.record_id)
    )


def _judge_update(
    member: FrozenMember, candidates: tuple[Candidate, ...], after_quiet: bool
) -> Verdict:
    sent_to = member.remote.id if member.remote is not None else None
    found = next((c for c in candidates if c.remote.id == sent_to), None)
    if found is None:
        return NeverHappened() if after_quiet else NotYet()
    if found.removed is not None:
        if member.intent == "void" and found.removed == "voided":
            return Done(found.remote, found.totals, found.notes, voided=True)
        return WasRemoved(found.remote, found.removed)
    if not (after_quiet or found.moved_on):
        return NotYet()
    if found.differing or member.intent == "void":
        return NeverHappened()
    return Done(found.remote, found.totals, found.notes)
