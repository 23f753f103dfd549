"""How far a run is: a function of the states its records are in, never of counters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from contracts.causes import CAUSES
from contracts.ids import Entity
from contracts.sync import RunCounts, SyncState

Standing = Literal["done", "failed", "left"]

LATELY = timedelta(seconds=60)
"""How far back the pace is measured."""

UNDER_WAY = 1_000
"""Records asked for that haven't ended: more would only wait at the connector, out of our hands."""

AT_LEAST = 60
"""So many may be on their way at any pace: two batches of the smallest kind."""

KIND_NAMES: dict[Entity, str] = {"customer": "customers", "item": "items", "invoice": "invoices"}

_DONE = frozenset(
    {
        SyncState.SYNCED,
        SyncState.SYNCED_WITH_DIFFERENCE,
        SyncState.OUT_OF_DATE,
        SyncState.VOIDED,
    }
)
_LEFT = frozenset({SyncState.WAITING, SyncState.HELD, SyncState.QUEUED, SyncState.CHECKING})
_BEING_SENT = frozenset({SyncState.QUEUED, SyncState.CHECKING})


@dataclass(frozen=True, slots=True)
class Tally:
    """So many records of a run that stand alike. `state` is None while nothing is known of them.

    `lately` of them went there within `LATELY`.
    """

    entity: Entity
    taken: bool
    refused: bool
    state: SyncState | None
    cause_code: str | None
    count: int
    lately: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """A run's records counted. `being_sent` of those left can't be called back."""

    total: int
    done: int
    failed: int
    untaken: int
    being_sent: int
    lately: int
    by_state: dict[str, int]
    kinds: dict[str, RunCounts]

    @property
    def left(self) -> int:
        return self.total - self.done - self.failed

    @property
    def under_way(self) -> int:
        """Records that were asked for and haven't ended."""
        return self.left - self.untaken


def standing_of(tally: Tally, kind: str) -> Standing:
    """Whether such a record of a run of this kind is done, needs attention, or is still to come."""
    if not tally.taken:
        return "left"
    if tally.refused:
        return "failed"
    state = tally.state
    if kind == "verify":
        altered = state in (SyncState.CHANGED_THERE, SyncState.REMOVED_THERE)
        return "failed" if altered else "done"
    if kind == "ignore":
        return "done" if state is SyncState.IGNORED else "failed"
    if kind == "unignore" and state in (None, SyncState.NOT_SYNCED, SyncState.NOT_ELIGIBLE):
        return "done"
    if state in _DONE:
        return "done"
    if state in _LEFT and not _needs_a_person(tally.cause_code):
        return "left"
    return "failed"


def progress_of(tallies: Iterable[Tally], kind: str) -> Progress:
    """All of a run's records, counted. An untaken one counts under "not_taken"."""
    by_state: dict[str, int] = {}
    kinds: dict[str, RunCounts] = {}
    total = done = failed = untaken = being_sent = lately = 0
    for tally in tallies:
        standing = standing_of(tally, kind)
        total += tally.count
        done += tally.count if standing == "done" else 0
        failed += tally.count if standing == "failed" else 0
        untaken += 0 if tally.taken else tally.count
        being_sent += tally.count if tally.taken and tally.state in _BEING_SENT else 0
        lately += tally.lately if standing == "done" else 0
        name = _state_name(tally)
        by_state[name] = by_state.get(name, 0) + tally.count
        before = kinds.get(KIND_NAMES[tally.entity], RunCounts(total=0))
        kinds[KIND_NAMES[tally.entity]] = RunCounts(
            total=before.total + tally.count,
            done=before.done + (tally.count if standing == "done" else 0),
            failed=before.failed + (tally.count if standing == "failed" else 0),
        )
    return Progress(total, done, failed, untaken, being_sent, lately, by_state, kinds)


def room_for(progress: Progress) -> int:
    """How many more records may be asked for now.

    Never more than what goes in ten seconds at the pace of the last minute: what was asked for
    can't be called back, and who presses Stop waits for it.
    """
    ahead = max(AT_LEAST, progress.lately * 10 // 60)
    return max(0, min(UNDER_WAY - progress.under_way, ahead - progress.being_sent))


def eta_of(progress: Progress, started_at: datetime, now: datetime) -> datetime | None:
    """When it should be over at the pace of the last minute; None while there is no pace yet."""
    elapsed = min(now - started_at, LATELY)
    if progress.left == 0 or progress.lately == 0 or elapsed <= timedelta(0):
        return None
    return now + elapsed * (progress.left / progress.lately)


def is_over(progress: Progress, *, cancelled: bool) -> bool:
    """Nothing is to come; of a run that was stopped, nothing is being sent any more."""
    return progress.being_sent == 0 if cancelled else progress.left == 0


def _needs_a_person(cause_code: str | None) -> bool:
    """Waiting for a record that is blocked, or held for something only a person mends there."""
    row = None if cause_code is None else CAUSES.get(cause_code)
    return row is not None and row.who == "fix_record"


def _state_name(tally: Tally) -> str:
    if not tally.taken:
        return "not_taken"
    if tally.refused:
        return "refused"
    return "unknown" if tally.state is None else tally.state.value
