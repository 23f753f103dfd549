"""What a decision about one job can see: its record, its connection, what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.commands import RemoteRef
from contracts.ids import Entity, ItemId, RecordId, no_item_id
from contracts.invoicing import InvoiceSnapshot
from contracts.sync import WaitingOn

from sync_orchestrator.domain.ages import Ages
from sync_orchestrator.domain.connection import Connection, MappedAccount, MappedTax
from sync_orchestrator.domain.job import Job
from sync_orchestrator.domain.likeness import Lookalike
from sync_orchestrator.domain.no_item import needs_account
from sync_orchestrator.domain.records import Snapshot


@dataclass(frozen=True, slots=True)
class Need:
    """A customer or an item that an invoice names.

    `record` is None while its own event hasn't come, `job` while nothing has asked for it.
    """

    entity: Entity
    record_id: RecordId
    name: str
    record: Snapshot | None
    job: Job | None
    account: MappedAccount | None = None
    lookalikes: tuple[Lookalike, ...] = ()

    @property
    def link(self) -> RemoteRef | None:
        return None if self.job is None else self.job.link

    @property
    def waiting_on(self) -> WaitingOn:
        return WaitingOn(entity=self.entity, record_id=self.record_id, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """`record` is the newest snapshot; `account` is an item's, `customer` and `items` an invoice's.

    `holder` is another record of ours that holds the remote record a refusal names. `lookalikes`
    are customers there that a customer could be. `taxes` are those that local tax
    rates are matched to, by the rate's id as text.
    """

    connection: Connection
    record: Snapshot
    now: datetime
    ages: Ages
    account: MappedAccount | None = None
    customer: Need | None = None
    items: tuple[Need, ...] = ()
    holder: Need | None = None
    lookalikes: tuple[Lookalike, ...] = ()
    taxes: Mapping[str, MappedTax] = field(default_factory=dict[str, MappedTax])

    @property
    def needs(self) -> tuple[Need, ...]:
        return self.items if self.customer is None else (self.customer, *self.items)

    @property
    def no_item_id(self) -> ItemId | None:
        """Under which id the account for lines without an item is told, where an invoice's lines go
        to it."""
        invoice, there = self.invoice, self.connection
        if invoice is None or there.no_item_account is None or not needs_account(there, invoice):
            return None
        return no_item_id(there.id)

    @property
    def invoice(self) -> InvoiceSnapshot | None:
        return self.record if isinstance(self.record, InvoiceSnapshot) else None

    def account_missing(self, account: MappedAccount | None) -> bool:
        """Whether an item needs an account chosen before it can go."""
        return self.connection.facts.offers_accounts and account is None

    def is_satisfied(self, need: Need) -> bool:
        """Whether an invoice that names it can go as far as this one is concerned.

        An item counts only with the income account it is mapped to now: a line is booked on the
        account its item has at the provider.
        """
        if need.job is None or need.link is None:
            return False
        if need.entity != "item" or not self.connection.facts.offers_accounts:
            return True
        if need.job.ignored is not None:
            return True
        return need.account is not None and need.job.account_there == need.account.id
