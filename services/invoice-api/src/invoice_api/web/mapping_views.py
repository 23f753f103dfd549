"""What the pages of account and tax mapping are given."""

from dataclasses import dataclass

from invoice_api.web.pages import Option, ProviderHead, Shell, Tab


@dataclass(frozen=True)
class MappingRow:
    item_id: str
    name: str
    sku: str
    used_on: str
    account_id: str
    original: str
    note: str | None
    """What the choice replaces; None where nothing is staged."""
    conflict: str | None
    archived: bool


@dataclass(frozen=True)
class AccountMappingPage:
    shell: Shell
    head: ProviderHead
    rows: tuple[MappingRow, ...]
    accounts: tuple[Option, ...]
    archived: tuple[Option, ...]
    tabs: tuple[Tab, ...]
    show: str
    query: str
    page: int
    pages: int
    total: int
    unmapped: int
    open: int
    staged: int
    waiting: str | None
    """"37 invoices, $18,240.00" that wait for an account; None where none does."""
    as_of: str | None
    refreshing: bool
    offered: bool
    problem: str | None
    bulk: str = ""
    accounts_away: bool = False
    since: str = ""
    """Which list of accounts the page was made with."""
    read_again: bool = False
    """Another list came since then."""


@dataclass(frozen=True)
class TaxRow:
    """A local tax rate, or the lines without one (`key` "none")."""

    key: str
    name: str
    percent: str
    used_on: str
    waiting: str | None
    """Invoices that wait for this one's tax."""
    tax_code: str
    saved: str
    """What the mapping says; differs from `tax_code` where a choice isn't saved yet."""
    options: tuple[Option, ...]
    suggested: str | None
    warning: str | None
    conflict: str | None
    wrong: str | None


@dataclass(frozen=True)
class TaxMappingPage:
    shell: Shell
    head: ProviderHead
    rows: tuple[TaxRow, ...]
    unmatched: int
    waiting: str | None
    """All that waits for a tax, and its money."""
    matched_here: bool
    """False where the provider takes the percent as it is or works the tax out."""
    taxes: bool
    note: str | None
    set_up: bool
    version: str
    as_of: str | None
    refreshing: bool
    since: str
    """The list's time as a later look at the page says it back."""
    read_again: bool
    """Whether the list is a newer one than a page that asks again has."""
    away: bool
    problem: str | None
