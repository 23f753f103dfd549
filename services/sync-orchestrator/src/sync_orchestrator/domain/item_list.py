"""When the provider is asked for its items: when somebody looks at the list, and it is old.

Nothing waits for the list but whoever looks at it; so nothing else asks for it, and whoever looks
again asks again for what didn't arrive.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from contracts.ids import LoadId

FRESH_FOR = timedelta(minutes=10)
REFRESHED_AT_MOST_EVERY = timedelta(seconds=10)
STUCK_AFTER = timedelta(minutes=1)
GIVEN_UP_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class ItemList:
    """A connection's newest load of items. `as_of` is None until a whole list came."""

    load_id: LoadId
    running: bool
    loaded: int
    total: int | None
    asked_at: datetime
    moved_at: datetime
    as_of: datetime | None


def what_to_ask(
    known: ItemList | None, now: datetime, *, refresh: bool = False
) -> Literal["nothing", "again", "anew"]:
    """Whether the items are to be asked for: for the same load once more, or by a new one.

    A load that is under way is waited for, even by `refresh`, unless nothing of it comes.
    """
    if known is None:
        return "anew"
    if known.running:
        if now - known.moved_at > GIVEN_UP_AFTER:
            return "anew"
        asked_lately = now - known.asked_at <= STUCK_AFTER
        return "again" if is_stuck(known, now) and not asked_lately else "nothing"
    age = None if known.as_of is None else now - known.as_of
    good_for = REFRESHED_AT_MOST_EVERY if refresh else FRESH_FOR
    return "nothing" if age is not None and age < good_for else "anew"


def is_stuck(known: ItemList, now: datetime) -> bool:
    """Whether nothing of the load has come for a while."""
    return known.running and now - known.moved_at > STUCK_AFTER
