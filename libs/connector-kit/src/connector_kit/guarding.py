"""The blast guard's rules: when so much is created that somebody must look first. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.commands import SyncInvoice
from contracts.sync import CauseInstance, ProviderDetails

from connector_kit.closing import TAKEN, End, EndsRefused, EndsWell
from connector_kit.ledger_store import LedgerRow
from connector_kit.provider import Member
from connector_kit.verifying import made_at

MOST_UNASKED = 50
"""Creates in an hour that no click, import or send asked for."""

FEWEST_DECIDED = 50
"""Of fewer creates than these a tenth says nothing: an office's first customers may look alike."""

_LATELY = timedelta(days=1)
_DUPLICATE = frozenset(TAKEN.values())


@dataclass(frozen=True)
class Creates:
    """What became of creates of one connection in some time."""

    unasked: int = 0
    decided: int = 0
    duplicates: int = 0


def unasked(member: Member, now: datetime) -> bool:
    """Whether nobody asked for this create: a sweep found it, and it isn't of these days.

    What was made or sent here lately was asked for by whoever did; only the word of it was lost.
    """
    command = member.command
    if member.intent != "create" or command.origin.by != "sweep":
        return False
    since = now - _LATELY
    if isinstance(command, SyncInvoice) and command.invoice.issue_date >= since.date():
        return False
    made = made_at(command)
    return made is None or made < since


def blasting(creates: Creates) -> bool:
    """Whether the creates of an hour are too many, or too many of them duplicates."""
    a_tenth = creates.duplicates * 10 >= creates.decided >= FEWEST_DECIDED
    return creates.unasked >= MOST_UNASKED or a_tenth


def is_duplicate(cause: CauseInstance) -> bool:
    """Whether it was refused as its name or number is there already."""
    return cause.code in _DUPLICATE


def counted(ends: Iterable[tuple[LedgerRow, End]]) -> Creates:
    """What these ends say of creates."""
    made = [end for row, end in ends if row.member.intent == "create"]
    duplicates = sum(isinstance(end, EndsRefused) and is_duplicate(end.cause) for end in made)
    decided = sum(isinstance(end, EndsWell | EndsRefused) for end in made)
    return Creates(decided=decided, duplicates=duplicates)


def pause_cause(creates: Creates) -> CauseInstance:
    """Why the connection is paused: ours to look at, nothing for the owner to do."""
    message = (
        f"paused as a precaution: in the last hour {creates.unasked} records were created that"
        f" nobody asked for, and {creates.duplicates} of {creates.decided} were refused as"
        " duplicates"
    )
    return CauseInstance(code="app_problem", details=ProviderDetails(provider_message=message))
