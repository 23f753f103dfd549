"""When something is said, and to whom it is written. Pure.

A subject is said once and then left alone until it is worse: older by a step of its ladder, or much
more money or many more records. A person's mail gathers what was said since the last one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.causes import CAUSES
from contracts.ids import CompanyId, Provider
from contracts.sync import SyncState

from invoice_api.sums import Amounts

Kind = Literal["cause", "connection", "ending", "outage"]
Choice = Literal["none", "at_once", "daily", "weekly"]

LADDERS: Mapping[Kind, tuple[timedelta, ...]] = {
    "cause": (timedelta(minutes=10), timedelta(days=1), timedelta(days=7)),
    "connection": (timedelta(0), timedelta(days=1), timedelta(days=3), timedelta(days=7)),
    "ending": (timedelta(0),),
    "outage": (timedelta(minutes=5), timedelta(days=1)),
}
"""After how long each is said: what a person mends in passing, and a short hiccup, never is."""

REMINDERS: Mapping[Kind, timedelta] = {"cause": timedelta(days=7), "outage": timedelta(days=1)}
"""How often it is said after its ladder has ended, for as long as it keeps records out of the
books."""

BACK_WITHIN = timedelta(hours=1)
"""What was over for so short a time wasn't mended: it was tried again in vain, say."""

ENDING_SOON = timedelta(days=14)
DIGEST_HOUR = 7
"""Daily and weekly mail goes from this hour on, in the company's zone; weekly on Mondays."""

_GROWN_BY = Decimal(500)
_MORE_BY = 5


@dataclass(frozen=True)
class Fact:
    """Something that is so now."""

    company: CompanyId
    kind: Kind
    provider: Provider
    subject: str
    since: datetime
    title: str
    sentence: str
    path: str
    count: int = 0
    amounts: Amounts = ()
    what: str = ""
    """The count in words."""
    stopped: bool = False
    """Whether it keeps records out of the books."""

    @property
    def key(self) -> tuple[CompanyId, Kind, Provider, str]:
        return (self.company, self.kind, self.provider, self.subject)


@dataclass(frozen=True)
class Known:
    """An open notice, as it was last said. `amounts` is None where that isn't known any more."""

    id: UUID
    company: CompanyId
    kind: Kind
    provider: Provider
    subject: str
    since: datetime
    times: int
    count: int
    amounts: Amounts | None

    @property
    def key(self) -> tuple[CompanyId, Kind, Provider, str]:
        return (self.company, self.kind, self.provider, self.subject)


def times_due(fact: Fact, known: Known | None, now: datetime) -> int | None:
    """How often it will have been said after saying it now; None where it is kept quiet."""
    since = fact.since if known is None else min(known.since, fact.since)
    due = _steps(fact, now - since)
    said = 0 if known is None else known.times
    if due > said:
        return due
    return said if known is not None and said and _worse(fact, known) else None


def _steps(fact: Fact, age: timedelta) -> int:
    ladder, every = LADDERS[fact.kind], REMINDERS.get(fact.kind)
    if every is not None and fact.stopped and age >= ladder[-1]:
        return len(ladder) + (age - ladder[-1]) // every
    return sum(1 for step in ladder if age >= step)


def comes_back_quietly(kind: Kind) -> bool:
    """Whether it is the same notice, with nothing said anew, if it is so again within the hour.

    A connection is only ever closed by a person who signed in: lost again, it is news.
    """
    return kind in {"cause", "outage"}


def kind_of(code: str) -> Kind | None:
    """As what a group of problems with this cause is told; None where it isn't.

    What asks for a sign-in is told of the connection, and what only explains isn't told.
    """
    row = CAUSES.get(code)
    if row is None or row.who in {"reconnect", "info"}:
        return None
    # Nobody can mend these, and they hold everything at once.
    alone = row.state is SyncState.HELD and row.who in {"provider_unavailable", "defect"}
    return "outage" if alone else "cause"


def _worse(fact: Fact, known: Known) -> bool:
    if fact.kind != "cause":
        return False
    before = dict(fact.amounts if known.amounts is None else known.amounts)
    money = any(
        amount >= 2 * before.get(currency, 0) and amount - before.get(currency, 0) >= _GROWN_BY
        for currency, amount in fact.amounts
    )
    many = fact.count >= 2 * known.count and fact.count - known.count >= _MORE_BY
    return money or many


@dataclass(frozen=True)
class Said:
    """A notice that someone wasn't written to about yet."""

    kind: Kind
    provider: Provider
    title: str
    sentence: str
    what: str
    amounts: Amounts
    path: str
    said_at: datetime
    new: bool = True
    """False where an earlier mail told it, and didn't arrive."""


@dataclass(frozen=True)
class Reader:
    """Someone who may be written to."""

    choice: Choice
    zone: ZoneInfo
    digest_day: object
    """The local day of their last daily or weekly mail; None before the first."""


def mail_is_due(reader: Reader, said: Sequence[Said], now: datetime) -> bool:
    """Whether what was said goes to them now. A connection that is lost never waits.

    What didn't arrive goes with the next mail, and is no reason for one: a server that takes none
    isn't asked again and again.
    """
    new = [one for one in said if one.new]
    if not new or reader.choice == "none":
        return False
    if reader.choice == "at_once" or any(one.kind == "connection" for one in new):
        return True
    local = now.astimezone(reader.zone)
    if local.hour < DIGEST_HOUR or reader.digest_day == local.date():
        return False
    return reader.choice == "daily" or local.weekday() == 0
