"""What somebody altered of an invoice at its provider, in words."""

from collections.abc import Sequence
from datetime import date

from contracts import holding
from contracts.commands import RemoteRef
from contracts.holding import Change

from sync_orchestrator.domain.job import Job
from sync_orchestrator.domain.situation import Situation

THE_TOTAL = "the total"

_WORDS = {
    "customer": "the customer",
    "number": "the number",
    "date": "the date",
    "due_date": "the due date",
    "currency": "the currency",
    "lines": "the lines",
    "accounts": "the income account",
    "discount_accounts": "the discount's account",
    "products": "the product",
    "item_accounts": "the income account",
    "taxes": "the tax",
    "tax": "the tax",
}
_TO = " → "
_DAYS = frozenset({"date", "due_date"})
_SHOWN_AS_THEY_ARE = frozenset({"number", "currency"})


def altered_fields(job: Job, there: RemoteRef | None, situation: Situation) -> tuple[str, ...]:
    """The fields that hold something else there than when we last wrote or read it.

    Nothing where either isn't known.
    """
    if there is None or job.link is None or there.id != job.link.id:
        return ()
    found = _but_for_amounts(holding.changes(job.link.held, there.held), there)
    told = [one for one in found if not _is_our_doing(one, job, situation)]
    return tuple(dict.fromkeys(_in_words(one) for one in told))


_BESIDE_AMOUNTS = ("accounts", "discount_accounts", "products", "item_accounts", "taxes")
"""What stands on a line is marked beside the line's amounts: they move all of these at once."""


def _but_for_amounts(found: Sequence[Change], there: RemoteRef) -> Sequence[Change]:
    """Where amounts of lines are others, nobody can tell what else of the lines is."""
    names = {change.field for change in found}
    held = [name for name in _BESIDE_AMOUNTS if holding.says(there.held, name)]
    if "lines" not in names or not held or not names.issuperset(held):
        return found
    return [change for change in found if change.field not in _BESIDE_AMOUNTS]


def _is_our_doing(change: Change, job: Job, situation: Situation) -> bool:
    """Whether it follows from what we wrote or know of other records.

    Customers are merged there, and their invoices move along to whom we follow them. An account
    that a line has by its item may follow the item, which we have written since.
    """
    if change.field == "customer":
        need = situation.customer
        return need is not None and need.link is not None and need.link.id == change.now
    if change.field == "item_accounts":
        written = [need.job.synced_at for need in situation.items if need.job is not None]
        at = job.synced_at
        return at is None or any(moment is not None and moment > at for moment in written)
    return False


def _in_words(change: Change) -> str:
    word = _WORDS[change.field]
    if change.field in _DAYS:
        before, now = _day(change.before), _day(change.now)
        return f"{word} ({before}{_TO}{now})" if before and now else word
    if change.field in _SHOWN_AS_THEY_ARE and change.before and change.now:
        return f"{word} ({change.before}{_TO}{change.now})"
    return word


def _day(text: str) -> str | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return f"{day.day} {day:%b %Y}"


def joined(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """What was told and isn't decided yet, and what is new; of a field that changed again, from
    what it was at first to what it is now. One that is again what it was at first is left out."""
    first = {_word_of(one): one for one in before}
    newer = {_word_of(one) for one in now}
    kept = [one for one in before if _word_of(one) not in newer]
    since = (_since(first.get(_word_of(one)), one) for one in now)
    return [*kept, *(one for one in since if one is not None)]


def _word_of(field: str) -> str:
    return field.split(" (", 1)[0]


def _since(first: str | None, now: str) -> str | None:
    if first is None or _TO not in first or _TO not in now:
        return now
    was, is_now = first.split(_TO, 1)[0], now.split(_TO, 1)[1]
    return None if was == f"{_word_of(now)} ({is_now[:-1]}" else f"{was}{_TO}{is_now}"
