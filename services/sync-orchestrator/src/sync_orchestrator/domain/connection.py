"""A connection as decisions see it: is it open, what was it told, what does it offer."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from contracts.connections import Organisation, OrganisationFacts
from contracts.ids import CompanyId, ConnectionId, Provider, RecordId, made_at
from contracts.sync import CauseInstance

PROVIDER_CHOOSES = "default"
"""The rounding account where the provider offers none: it books the line as it does others."""

ConnectionStatus = Literal["open", "expired", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """What people chose for a connection.

    `customers_since` and `invoices_since` are when each switch was last turned on: the switches
    look forward only.
    """

    start_date: date
    sync_customers: bool = False
    sync_invoices: bool = False
    gone_there: Literal["make_again", "ask"] = "make_again"
    rounding_account_id: str | None = None
    no_item_account_id: str | None = None
    post_in_closed_period: Literal["never", "first_open_day"] = "never"
    customers_since: datetime | None = None
    invoices_since: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class MappedAccount:
    """The income account an item was mapped to. `name` and `active` as last read there.

    `known` is False where the account is in no list we read.
    """

    id: str
    name: str | None = None
    known: bool = True
    active: bool = True
    code: str | None = None

    @property
    def usable(self) -> bool:
        return self.known and self.active


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One company's consent to one organisation, with its settings.

    `cause` says why it isn't open. `accounts_as_of` is None until its income accounts were read.
    """

    id: ConnectionId
    company_id: CompanyId
    provider: Provider
    status: ConnectionStatus
    epoch: int
    organisation: Organisation
    facts: OrganisationFacts
    opened_at: datetime
    settings: ConnectionSettings
    cause: CauseInstance | None = None
    accounts_as_of: datetime | None = None
    customers_as_of: datetime | None = None
    """Until when the customers there are known; None until all of them were listed once."""

    no_item_account: MappedAccount | None = None
    """The account that `settings` has for lines without an item."""

    rounding_account: MappedAccount | None = None
    """The one it has for rounding lines; None also where the provider chooses it."""

    restored_at: datetime | None = None
    """When what we know of it was last restored from a backup, if ever."""

    first_step: int = 0
    """Where the steps of a record begin: ahead of those that a restore has forgotten."""

    @property
    def is_open(self) -> bool:
        return self.status == "open"

    def may_have_forgotten(self, record: RecordId) -> bool:
        """Whether it may have gone there between a backup and its restore.

        Where the connection is closed, too: it may have been opened again in between.
        """
        if self.restored_at is None:
            return False
        made = made_at(record)
        return made is None or made <= self.restored_at


@dataclass(frozen=True, slots=True)
class MappedTax:
    """The provider's tax that a local tax rate is matched to, as last read there.

    `percents` are its parts. `known` is False where the tax is in no list we read.
    """

    id: str
    name: str | None = None
    percents: tuple[Decimal, ...] = ()
    percent: Decimal | None = None
    known: bool = True
    active: bool = True


def current(connections: tuple[Connection, ...]) -> Connection | None:
    """Of one provider's connections of a company, the one that new work belongs to."""
    return max(connections, key=lambda c: (c.opened_at, c.id), default=None)
