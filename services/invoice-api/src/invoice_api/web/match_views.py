"""What the pages of Books Match are given."""

from dataclasses import dataclass

from invoice_api.web.office_views import RunCard
from invoice_api.web.pages import ProviderHead, Shell, Tab


@dataclass(frozen=True)
class MatchCard:
    """A month at a provider, as one line over the invoice list.

    `ask` is where the browser learns how it stands: the list doesn't wait for another service.
    """

    sentence: str
    url: str
    icon: str
    equal: bool = False
    ask: str | None = None


@dataclass(frozen=True)
class TotalRow:
    currency: str
    here: str
    there: str
    difference: str
    equal: bool


@dataclass(frozen=True)
class MismatchRow:
    """An invoice that isn't there as it should be, and both amounts."""

    number: str
    url: str
    date: str
    sentence: str
    here: str
    there: str
    fix: str


@dataclass(frozen=True)
class UnreadRow:
    """An invoice that the last check couldn't read."""

    number: str
    url: str
    date: str


@dataclass(frozen=True)
class MatchPage:
    shell: Shell
    head: ProviderHead
    months: tuple[Tab, ...]
    month: str
    month_name: str
    sentence: str
    equal: bool
    expected: int
    totals: tuple[TotalRow, ...]
    rows: tuple[MismatchRow, ...]
    more: int
    """Exceptions beyond those shown; all are in the file."""
    accepted: tuple[MismatchRow, ...]
    """What differs and was accepted as it is there: no exception."""
    more_accepted: int
    left_out: str
    checked: str
    """When it was last checked there, and how far, in words."""
    unread: tuple[UnreadRow, ...]
    more_unread: int
    run: RunCard | None
    live_url: str
    away: bool

    @property
    def here(self) -> str:
        return f"/integrations/{self.head.provider}/match"
