"""Commands: what the orchestrator asks a connector to make true of one record, or to read.

A sync command says what should be true, never "create" or "update": the connector chooses that
when it sends. Its subject is the job (connection, entity, record); its version is (generation,
step), and its outcome echoes both.
"""

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.ids import ConnectionId, Entity, ItemId, LoadId, Provider, RecordId, RemoteId
from contracts.invoicing import CustomerSnapshot, InvoiceLine, InvoiceSnapshot, ItemSnapshot
from contracts.message import Message, Part
from contracts.money import Currency, Number

Priority = Literal["person", "automatic"]


class Origin(Part):
    """Who or what started this: a person's click, an event, a sweep, a Sync Now run."""

    by: Literal["person", "event", "sweep", "run", "fix"]
    name: str | None = None
    user_id: UUID | None = None
    run_id: UUID | None = None


class RemoteRef(Part):
    """A record at the provider. `version` is the provider's own (SyncToken and the like).

    `currency` is a customer's, where the provider keeps one that can't be changed. `held` is a mark
    of what it held there when a person linked it or it was imported, made and read by its connector
    only; an invoice's is of when we last wrote or read it too, and is compared by
    `contracts.holding`.
    """

    id: RemoteId
    version: str | None = None
    number: str | None = None
    url: str | None = None
    currency: Currency | None = None
    held: str | None = None


class Command(Message):
    """What every command has: the connection it is for and that connection's epoch."""

    topic_key: ClassVar[str] = "connection_id"

    provider: Provider
    connection_id: ConnectionId
    epoch: int


class RecordCommand(Command):
    """A command about one record. `link` is the record's own remote id, where it is known."""

    record_id: RecordId
    generation: int
    step: int
    priority: Priority = "automatic"
    origin: Origin
    link: RemoteRef | None = None


class SyncCustomer(RecordCommand):
    """`currency` is what a new one is kept in, where an invoice in it asked for the customer."""

    type: Literal["sync.sync_customer.v1"] = "sync.sync_customer.v1"
    entity: Literal["customer"] = "customer"
    customer: CustomerSnapshot
    name_there: str | None = None
    currency: Currency | None = None


class SyncItem(RecordCommand):
    """`income_account_code` is for providers whose items name an account by its code."""

    type: Literal["sync.sync_item.v1"] = "sync.sync_item.v1"
    entity: Literal["item"] = "item"
    item: ItemSnapshot
    income_account_id: str | None
    income_account_code: str | None = None
    name_there: str | None = None


class ItemRef(Part):
    """The remote item a line is booked on, and the income account it was mapped to when decided.

    `name_there` is its name at the provider where that is known to be another one.
    """

    remote_id: RemoteId | None
    name: str
    income_account_id: str | None = None
    income_account_code: str | None = None
    name_there: str | None = None


NO_TAX = "none"
"""The key in `SyncInvoice.taxes` of lines without a tax rate."""


class TaxRef(Part):
    """The provider's tax that a local tax rate is matched to, as it was decided.

    `percent` is the rate's here. `percents_there` are the percents that it is worked out of there,
    each rounded by itself; empty where that isn't known. `remote_id` is None where nothing is
    matched: the provider takes the percent itself, or works the tax out.
    """

    remote_id: str | None = None
    name: str
    percent: Number
    name_there: str | None = None
    percents_there: tuple[Number, ...] = ()


class RoundingLine(Part):
    """A line that equalises the total, in the invoice's currency; negative where theirs is more.

    `income_account_id` is None where the provider chooses accounts itself.
    """

    amount: Number
    income_account_id: str | None = None
    income_account_code: str | None = None


class SyncInvoice(RecordCommand):
    """`items` has an entry for each item that a line names, by the item's id as text; and under
    `no_item_id` what lines without one are booked on, where an account was chosen for them. That
    has a remote id only where no line goes without an item.

    `taxes` likewise by the tax rate's id, and under `NO_TAX` for lines without one, where the
    provider wants that said. `our_tax`: send our tax total where the provider would work out its
    own. `post_on`: the day it is dated there, where the books are closed for its own.
    """

    type: Literal["sync.sync_invoice.v1"] = "sync.sync_invoice.v1"
    entity: Literal["invoice"] = "invoice"
    invoice: InvoiceSnapshot
    customer_remote_id: RemoteId
    customer_name: str
    items: dict[str, ItemRef]
    number_there: str | None = None
    taxes: dict[str, TaxRef] = Field(default_factory=dict[str, TaxRef])
    our_tax: bool = False
    rounding: RoundingLine | None = None
    post_on: date | None = None
    no_item_id: ItemId | None = None

    def item_key(self, line: InvoiceLine) -> str:
        """Under which key of `items` it stands what the line is booked on."""
        return str(line.item_id or self.no_item_id)

    def booked_on(self, line: InvoiceLine) -> ItemRef | None:
        """What the line is booked on; None where nothing was decided for it."""
        return self.items.get(self.item_key(line))

    @property
    def date_there(self) -> date:
        """The day that the provider is told."""
        return self.post_on or self.invoice.issue_date

    @property
    def memo_there(self) -> str | None:
        """The memo; it begins with the invoice's own date where it is dated otherwise there."""
        own = self.invoice.issue_date
        if self.date_there == own:
            return self.invoice.memo
        noted = f"Invoice date {own.day} {own:%B %Y}."
        return f"{noted} {self.invoice.memo}" if self.invoice.memo else noted


class VoidInvoice(RecordCommand):
    """Without `link` where it may have gone there and the database that knew was restored from a
    backup: then it is looked for by its number, `number_there` if it has another one there, and by
    its date and its customer, as far as known.
    """

    type: Literal["sync.void_invoice.v1"] = "sync.void_invoice.v1"
    entity: Literal["invoice"] = "invoice"
    invoice: InvoiceSnapshot
    number_there: str | None = None
    customer_remote_id: RemoteId | None = None
    post_on: date | None = None

    @property
    def date_there(self) -> date:
        """The day that the provider was told."""
        return self.post_on or self.invoice.issue_date


class ReadRemote(RecordCommand):
    """Read the record at the provider and say how it is there; writes nothing."""

    type: Literal["sync.read_remote.v1"] = "sync.read_remote.v1"
    entity: Entity


class RefreshReferenceData(Command):
    """Read accounts and tax rates again and publish them."""

    type: Literal["sync.refresh_reference_data.v1"] = "sync.refresh_reference_data.v1"
    load_id: LoadId


class ListRemoteCustomers(Command):
    """Read all customers at the provider and publish them a page at a time.

    `changed_since`: those changed since then are enough, where the provider can tell; the pages say
    whether they are all.
    """

    type: Literal["sync.list_remote_customers.v1"] = "sync.list_remote_customers.v1"
    load_id: LoadId
    changed_since: AwareDatetime | None = None


class ListRemoteItems(Command):
    """Read the items at the provider that can stand on an invoice, all of them, and publish them a
    page at a time."""

    type: Literal["sync.list_remote_items.v1"] = "sync.list_remote_items.v1"
    load_id: LoadId


class InvoiceToRead(Part):
    """An invoice that is there as far as we know, and the generation of its link.

    `step` is the last of it that was answered: its reading says it again, so that one which is
    older than a later write proves nothing.
    """

    record_id: RecordId
    generation: int
    step: int | None = None
    remote: RemoteRef


class ReadInvoices(Command):
    """Say how these invoices are at the provider now, in one `InvoicesRead`; writes nothing."""

    type: Literal["sync.read_invoices.v1"] = "sync.read_invoices.v1"
    load_id: LoadId
    invoices: tuple[InvoiceToRead, ...]


SyncCommand = Annotated[
    SyncCustomer
    | SyncItem
    | SyncInvoice
    | VoidInvoice
    | ReadRemote
    | RefreshReferenceData
    | ListRemoteCustomers
    | ListRemoteItems
    | ReadInvoices,
    Field(discriminator="type"),
]
