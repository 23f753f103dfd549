"""Commands of one company, with fresh ids, for any provider."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from contracts.commands import (
    InvoiceToRead,
    ItemRef,
    ListRemoteCustomers,
    ListRemoteItems,
    Origin,
    Priority,
    ReadInvoices,
    ReadRemote,
    RemoteRef,
    SyncCustomer,
    SyncInvoice,
    SyncItem,
    VoidInvoice,
)
from contracts.connections import Account
from contracts.ids import (
    CompanyId,
    ConnectionId,
    CustomerId,
    Entity,
    InvoiceId,
    ItemId,
    MessageId,
    Provider,
    RecordId,
    RemoteId,
)
from contracts.invoicing import CustomerSnapshot, InvoiceLine, InvoiceSnapshot, ItemSnapshot
from messaging.clock import SystemIds

IDS = SystemIds()
MOMENT = datetime(2026, 6, 15, 14, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Company:
    """Who commands, and through which connection of which provider."""

    provider: Provider
    id: CompanyId = field(default_factory=lambda: CompanyId(IDS.new()))
    connection: ConnectionId = field(default_factory=lambda: ConnectionId(IDS.new()))

    def customer(
        self,
        name: str,
        *,
        email: str | None = "ann@lee.example",
        record: UUID | None = None,
        link: RemoteRef | None = None,
        generation: int = 1,
        step: int = 1,
        priority: Priority = "automatic",
        name_there: str | None = None,
    ) -> SyncCustomer:
        record = record or IDS.new()
        return SyncCustomer(
            id=MessageId(IDS.new()),
            occurred_at=MOMENT,
            company_id=self.id,
            correlation_id=record,
            provider=self.provider,
            connection_id=self.connection,
            epoch=1,
            record_id=RecordId(record),
            generation=generation,
            step=step,
            priority=priority,
            origin=Origin(by="event"),
            link=link,
            customer=CustomerSnapshot(
                id=CustomerId(record),
                version=step,
                name=name,
                kind="homeowner",
                email=email,
                phone="(555) 555-1234",
                created_at=MOMENT,
            ),
            name_there=name_there,
        )

    def item(
        self,
        name: str,
        account: Account | None,
        *,
        price: str = "128.19",
        sku: str = "CALL",
        record: UUID | None = None,
        link: RemoteRef | None = None,
        step: int = 1,
    ) -> SyncItem:
        record = record or IDS.new()
        return SyncItem(
            id=MessageId(IDS.new()),
            occurred_at=MOMENT,
            company_id=self.id,
            correlation_id=record,
            provider=self.provider,
            connection_id=self.connection,
            epoch=1,
            record_id=RecordId(record),
            generation=1,
            step=step,
            origin=Origin(by="event"),
            link=link,
            item=ItemSnapshot(
                id=ItemId(record),
                version=step,
                name=name,
                sku=sku,
                description="A visit",
                unit_price=Decimal(price),
                created_at=MOMENT,
            ),
            income_account_id=None if account is None else account.id,
            income_account_code=None if account is None else account.code,
        )

    def invoice(
        self,
        number: str,
        customer: tuple[UUID, str],
        lines: Sequence[tuple[UUID, str, str, str]],
        *,
        record: UUID | None = None,
        link: RemoteRef | None = None,
        generation: int = 1,
        step: int = 1,
        priority: Priority = "automatic",
        currency: str = "USD",
    ) -> SyncInvoice:
        """`customer` is (ours, theirs); a line is (item of ours, theirs, quantity, price)."""
        snapshot = _snapshot(number, customer[0], lines, record or IDS.new(), step, currency)
        items: Mapping[str, ItemRef] = {
            str(ours): ItemRef(remote_id=RemoteId(theirs), name="Call-out")
            for ours, theirs, _, _ in lines
        }
        return SyncInvoice(
            id=MessageId(IDS.new()),
            occurred_at=MOMENT,
            company_id=self.id,
            correlation_id=snapshot.id,
            provider=self.provider,
            connection_id=self.connection,
            epoch=1,
            record_id=RecordId(snapshot.id),
            generation=generation,
            step=step,
            priority=priority,
            origin=Origin(by="event"),
            link=link,
            invoice=snapshot,
            customer_remote_id=RemoteId(customer[1]),
            customer_name="Ann Lee",
            items=dict(items),
        )

    def read(self, entity: Entity, record: UUID, link: RemoteRef, *, step: int) -> ReadRemote:
        return ReadRemote(
            id=MessageId(IDS.new()),
            occurred_at=MOMENT,
            company_id=self.id,
            correlation_id=record,
            provider=self.provider,
            connection_id=self.connection,
            epoch=1,
            record_id=RecordId(record),
            generation=1,
            step=step,
            origin=Origin(by="event"),
            link=link,
            entity=entity,
        )

    def list_items(self) -> ListRemoteItems:
        """A load of its own each time."""
        return ListRemoteItems.model_validate(self._load())

    def list_customers(self) -> ListRemoteCustomers:
        """A load of its own each time."""
        return ListRemoteCustomers.model_validate(self._load())

    def read_invoices(self, *invoices: InvoiceToRead) -> ReadInvoices:
        """A load of its own each time."""
        return ReadInvoices.model_validate({**self._load(), "invoices": invoices})

    def _load(self) -> dict[str, object]:
        load = IDS.new()
        return {
            "id": IDS.new(),
            "occurred_at": MOMENT,
            "company_id": self.id,
            "correlation_id": load,
            "provider": self.provider,
            "connection_id": self.connection,
            "epoch": 1,
            "load_id": load,
        }

    def void(self, invoice: SyncInvoice, link: RemoteRef | None, *, step: int = 2) -> VoidInvoice:
        return VoidInvoice(
            id=MessageId(IDS.new()),
            occurred_at=MOMENT,
            company_id=self.id,
            correlation_id=invoice.record_id,
            provider=self.provider,
            connection_id=self.connection,
            epoch=1,
            record_id=invoice.record_id,
            generation=invoice.generation,
            step=step,
            origin=Origin(by="person", name="Joe"),
            link=link,
            invoice=invoice.invoice.model_copy(update={"status": "void"}),
            customer_remote_id=invoice.customer_remote_id,
        )


def _snapshot(
    number: str,
    customer: UUID,
    lines: Sequence[tuple[UUID, str, str, str]],
    record: UUID,
    version: int,
    currency: str,
) -> InvoiceSnapshot:
    priced = [
        InvoiceLine(
            position=position,
            item_id=ItemId(ours),
            description="Call-out visit",
            quantity=Decimal(quantity),
            unit_price=Decimal(price),
            amount=(Decimal(quantity) * Decimal(price)).quantize(Decimal("0.01")),
        )
        for position, (ours, _, quantity, price) in enumerate(lines, start=1)
    ]
    total = sum((line.amount for line in priced), start=Decimal(0))
    return InvoiceSnapshot(
        id=InvoiceId(record),
        version=version,
        number=number,
        status="sent",
        customer_id=CustomerId(customer),
        issue_date=date(2026, 6, 15),
        due_date=date(2026, 7, 15),
        currency=currency,
        lines=tuple(priced),
        subtotal=total,
        tax=Decimal(0),
        total=total,
    )
