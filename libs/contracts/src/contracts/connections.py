"""What connectors say of connections: one company's consent to one remote organisation.

The subject is the connection, its version the epoch: a counter that its connector raises with every
change of the connection's state. Once a minute each connector says the whole state again.
"""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from contracts.commands import RemoteRef
from contracts.ids import ConnectionId, Entity, LoadId, Provider, RecordId, RemoteId, UserId
from contracts.invoicing import Address
from contracts.message import Message, Part
from contracts.money import Currency, Number
from contracts.sync import CauseInstance, Totals

ReferenceKind = Literal["accounts", "tax_rates", "remote_customers"]


class Organisation(Part):
    id: RemoteId
    name: str


class TaxRules(Part):
    """How the organisation taxes invoices.

    `matching` says which lines name a tax of the provider's, so that a rate must be matched to one:
    none (the percent goes on the line, or the provider works the tax out), taxed ones, or all.
    `rounding` is how its total comes about: it takes ours, rounds each line's tax, rounds the sum
    of each rate, or works the tax out in a way we can't know. `included_prices`: whether prices may
    include tax there; else they go without it. `takes_our_tax`: it works the tax out, but takes our
    total if it is sent. `decimals` are an amount's digits after the point, None: the currency's.
    """

    set_up: bool = True

    matching: Literal["none", "taxed", "all"] = "taxed"
    rounding: Literal["ours", "line", "rate", "theirs"] = "ours"
    included_prices: bool = True
    takes_our_tax: bool = False
    decimals: int | None = None


class OrganisationFacts(Part):
    """What the organisation's own settings say, as far as decisions need it.

    `keeps_customer_currency`: a customer has one currency there, and invoices must be in it.
    `due_date` says what its invoices need: nothing, one at all, or one not before their date.
    """

    home_currency: Currency | None = None
    country: str | None = None
    multi_currency: bool = False
    sales_tax: bool = False
    books_closed_up_to: date | None = None
    refuses_duplicate_numbers: bool = True
    offers_accounts: bool = True
    taxes: TaxRules = TaxRules()
    keeps_customer_currency: bool = False
    max_lines: int | None = None
    max_taxed_lines: int | None = None
    due_date: Literal["any", "required", "not_before"] = "any"


class ConnectionEvent(Message):
    topic_key: ClassVar[str] = "connection_id"

    provider: Provider
    connection_id: ConnectionId
    epoch: int


class ConnectionOpened(ConnectionEvent):
    """The connection works. Also what the minute's announcement says while it does.

    `reference_as_of` says when each kind of reference data was last read there, so that a reader
    that missed its pages knows to ask again. `opened_on` is the company's day of opening.
    """

    type: Literal["connections.opened.v1"] = "connections.opened.v1"
    organisation: Organisation
    facts: OrganisationFacts = OrganisationFacts()
    opened_by: UserId
    opened_at: AwareDatetime
    opened_on: date | None = None
    token_good_until: AwareDatetime | None = None
    reference_as_of: dict[ReferenceKind, AwareDatetime] = Field(
        default_factory=dict[ReferenceKind, AwareDatetime]
    )


class ConnectionExpired(ConnectionEvent):
    """The provider no longer accepts our sign-in; `cause` says why and who must act."""

    type: Literal["connections.expired.v1"] = "connections.expired.v1"
    organisation: Organisation
    cause: CauseInstance
    opened_by: UserId
    opened_at: AwareDatetime
    expired_at: AwareDatetime


class ConnectionClosed(ConnectionEvent):
    """A person disconnected it here. Nothing was deleted at the provider."""

    type: Literal["connections.closed.v1"] = "connections.closed.v1"
    organisation: Organisation
    opened_by: UserId
    opened_at: AwareDatetime
    closed_by: UserId
    closed_by_name: str
    closed_at: AwareDatetime


class RemoteChanged(ConnectionEvent):
    """A hint that a record changed there: read it again."""

    type: Literal["connections.remote_changed.v1"] = "connections.remote_changed.v1"
    entity: Entity
    remote_id: RemoteId


class Account(Part):
    """An income account. `name` is as a person knows it, with its parents."""

    id: str
    code: str | None = None
    name: str
    active: bool = True


class RemoteTaxRate(Part):
    """A tax that can stand on a sale. `percents` are its parts, each rounded by itself; `percent`
    is their sum, None where the provider works it out."""

    id: str
    name: str
    percent: Number | None = None
    percents: tuple[Number, ...] = ()
    active: bool = True


class RemoteCustomer(Part):
    id: RemoteId
    name: str
    email: str | None = None
    phone: str | None = None
    company_name: str | None = None
    active: bool = True
    currency: Currency | None = None
    version: str | None = None
    address: Address | None = None
    merged_into: RemoteId | None = None
    """The customer there that this one was merged into, where the provider says."""

    held: str | None = None
    """A mark of what it holds: see `RemoteRef`."""


class RemoteItem(Part):
    """An item that can stand on an invoice there. `name` is as a person knows it, with its parents.

    The income account is as the provider says it of an item: by its id, its code or its name.
    """

    id: RemoteId
    name: str
    sku: str | None = None
    unit_price: Number | None = None
    income_account: str | None = None
    income_account_id: str | None = None
    income_account_code: str | None = None


class ReferencePage(ConnectionEvent):
    """Common to pages of reference data. A load is whole once pages 0 to `pages`-1 have come.

    A load that is published while it is still being read says `more`: then `pages` counts those
    read so far, and the page without `more` says how many there are.
    """

    load_id: LoadId
    as_of: AwareDatetime
    page: int
    pages: int


class AccountsListed(ReferencePage):
    type: Literal["connections.accounts_listed.v1"] = "connections.accounts_listed.v1"
    offered: bool = True
    accounts: tuple[Account, ...]


class TaxRatesListed(ReferencePage):
    type: Literal["connections.tax_rates_listed.v1"] = "connections.tax_rates_listed.v1"
    tax_rates: tuple[RemoteTaxRate, ...]


class RemoteCustomersListed(ReferencePage):
    type: Literal["connections.remote_customers_listed.v1"] = (
        "connections.remote_customers_listed.v1"
    )
    customers: tuple[RemoteCustomer, ...]
    more: bool = False
    total: int | None = None
    """About how many the load will have, where the provider says so beforehand."""
    changed_since: AwareDatetime | None = None
    """Only those changed since then were read; None: all of them."""


class RemoteItemsListed(ReferencePage):
    """Only those that can stand on an invoice: none that is inactive, a category or not sold."""

    type: Literal["connections.remote_items_listed.v1"] = "connections.remote_items_listed.v1"
    items: tuple[RemoteItem, ...]
    more: bool = False
    total: int | None = None
    """About how many the load will have, where the provider says so beforehand."""


class InvoiceRead(Part):
    """How an invoice is there now. `unread`: the provider didn't say. `step`: as it was asked for.

    `remote.held` is the mark of what it holds.
    """

    record_id: RecordId
    generation: int
    step: int | None = None
    found: Literal["there", "voided", "deleted", "unread"]
    remote: RemoteRef | None = None
    totals: Totals | None = None


class InvoicesRead(ReferencePage):
    """The answer to one `ReadInvoices`, with its load's id."""

    type: Literal["connections.invoices_read.v1"] = "connections.invoices_read.v1"
    invoices: tuple[InvoiceRead, ...]


ConnectionsEvent = Annotated[
    ConnectionOpened
    | ConnectionExpired
    | ConnectionClosed
    | RemoteChanged
    | AccountsListed
    | TaxRatesListed
    | RemoteCustomersListed
    | RemoteItemsListed
    | InvoicesRead,
    Field(discriminator="type"),
]
