"""Books match: of a month's invoices, which should be there, which are, and what doesn't agree."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from contracts.ids import RecordId
from contracts.sync import CauseInstance, SyncState

_HERE = frozenset({"sent", "paid"})

ACCEPTED = "accepted"
"""The reason of an invoice whose other total there a person left as it is."""


NOT_READ = "not_read"
"""The reason of an invoice that was linked, and whose total there nobody has told yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An invoice of the month, and what is known of it there.

    `total_there` is what the provider said at the last write or reading.
    """

    record_id: RecordId
    number: str
    dated: date
    status: str
    total: Decimal
    currency: str
    linked: bool
    state: SyncState | None = None
    cause: CauseInstance | None = None
    total_there: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An invoice that isn't there as it is here, or isn't known to be.

    `reason`: its state, `differs`, `accepted` or `not_read`.
    """

    entry: Entry
    reason: str


@dataclass(frozen=True, slots=True)
class Match:
    """A month. `totals` are (here, there) by currency, of what should be there and of what is."""

    expected: int
    there: int
    totals: dict[str, tuple[Decimal, Decimal]]
    not_expected: dict[str, int]
    mismatches: tuple[Mismatch, ...]

    @property
    def matched(self) -> bool:
        """All agrees, but for what was accepted as it is there."""
        accepted = dict.fromkeys(self.totals, Decimal(0))
        for one in self.mismatches:
            if one.reason != ACCEPTED:
                return False
            accepted[one.entry.currency] += (one.entry.total_there or 0) - one.entry.total
        return all(
            here + accepted[currency] == there for currency, (here, there) in self.totals.items()
        )


def match_of(entries: Iterable[Entry], start: date) -> Match:
    """Compare what should be there with what is."""
    expected = there = 0
    totals: dict[str, tuple[Decimal, Decimal]] = {}
    left_out: dict[str, int] = {}
    mismatches: list[Mismatch] = []
    for entry in entries:
        why_not = _not_expected(entry, start)
        if why_not is not None:
            left_out[why_not] = left_out.get(why_not, 0) + 1
            continue
        is_void = entry.status == "void"
        is_there = entry.linked and entry.state is not SyncState.REMOVED_THERE
        here = Decimal(0) if is_void else entry.total
        amount = Decimal(0)
        if is_there:
            amount = entry.total if entry.total_there is None else entry.total_there
        before = totals.get(entry.currency, (Decimal(0), Decimal(0)))
        totals[entry.currency] = (before[0] + here, before[1] + amount)
        expected += 0 if is_void else 1
        there += 1 if is_there else 0
        reason = _reason(entry, here, amount, is_there=is_there)
        if reason is not None:
            mismatches.append(Mismatch(entry, reason))
    return Match(expected, there, totals, left_out, tuple(mismatches))


def _not_expected(entry: Entry, start: date) -> str | None:
    if entry.status == "void":
        gone = entry.state in (None, SyncState.VOIDED, SyncState.REMOVED_THERE)
        return "void" if gone or not entry.linked else None
    if entry.linked or entry.state is SyncState.REMOVED_THERE:
        return None
    begun = entry.state not in (None, SyncState.NOT_SYNCED, SyncState.NOT_ELIGIBLE)
    if not begun and entry.dated < start:
        return "before_start_date"
    return None if entry.status in _HERE or begun else "not_sent"


def _reason(entry: Entry, here: Decimal, there: Decimal, *, is_there: bool) -> str | None:
    state = entry.state
    if not is_there:
        return SyncState.NOT_SYNCED.value if state is None else state.value
    if state is SyncState.SYNCED and entry.total_there is None and entry.status != "void":
        return NOT_READ
    if state in (SyncState.SYNCED, SyncState.VOIDED) and here == there:
        return None
    if state is SyncState.VOIDED or (state is SyncState.SYNCED and entry.status == "void"):
        return "differs"
    if state is SyncState.SYNCED:
        # Nothing else leaves a synced invoice with another total there.
        return ACCEPTED
    return SyncState.NOT_SYNCED.value if state is None else state.value
