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
