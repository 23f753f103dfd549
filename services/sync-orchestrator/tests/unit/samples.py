"""Connections, records and outcomes to decide about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid4

from contracts.commands import Origin, RecordCommand, RemoteRef
from contracts.connections import Organisation, OrganisationFacts
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
from contracts.sync import CauseInstance, SyncDelayed, SyncFailed, SyncSucceeded, Totals
from sync_orchestrator.domain.ages import Ages
from sync_orchestrator.domain.books import Books
from sync_orchestrator.domain.connection import Connection, ConnectionSettings, MappedAccount
from sync_orchestrator.domain.deciding import Decision
from sync_orchestrator.domain.facts import Asked, Fact
from sync_orchestrator.domain.job import Job, RecordKey
from sync_orchestrator.domain.messages import Envelope, command
from sync_orchestrator.domain.records import Record, Snapshot, record_id
from sync_orchestrator.domain.round import Round, Trigger

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
COMPANY = CompanyId(uuid4())
BY_EVENT = Origin(by="event")
BY_PERSON = Origin(by="person", name="Joe Oak")
ACCOUNT = MappedAccount("79", "Service revenue")


def connection(
    *,
    status: Literal["open", "expired", "closed"] = "open",
    sync_customers: bool = True,
    sync_invoices: bool = True,
    facts: OrganisationFacts | None = None,
    gone_there: Literal["make_again", "ask"] = "make_again",
    provider: Provider = "qbo",
) -> Connection:
    return Connection(
        id=ConnectionId(UUID(int=7)),
        company_id=COMPANY,
        provider=provider,
        status=status,
        epoch=1,
        organisation=Organisation(id=RemoteId("9130"), name="Oak Books"),
        facts=facts or OrganisationFacts(),
        opened_at=NOW,
        cause=None if status == "open" else CauseInstance(code="connection_expired"),
        settings=ConnectionSettings(
            start_date=date(2020, 1, 1),
            sync_customers=sync_customers,
            sync_invoices=sync_invoices,
            gone_there=gone_there,
            customers_since=NOW,
            invoices_since=NOW,
        ),
        accounts_as_of=NOW,
        customers_as_of=NOW,
    )


def customer(
    name: str = "Ann Lee",
    *,
    known_as: UUID | None = None,
    version: int = 1,
    email: str | None = "a@b.example",
) -> CustomerSnapshot:
    return CustomerSnapshot(
        id=CustomerId(known_as or uuid4()),
        version=version,
        name=name,
        kind="homeowner",
        email=email,
        phone=f"555 {version}",
        created_at=NOW,
    )


def item(name: str = "Call-out", *, known_as: UUID | None = None, version: int = 1) -> ItemSnapshot:
    return ItemSnapshot(
        id=ItemId(known_as or uuid4()),
        version=version,
        name=name,
        unit_price=Decimal("128.19"),
        description=f"as of {version}",
        created_at=NOW,
    )


def invoice(
    customer: CustomerSnapshot,
    *items: ItemSnapshot,
    number: str = "1001",
    known_as: UUID | None = None,
    version: int = 1,
    status: str = "sent",
    dated: date = date(2026, 6, 15),
    currency: str = "USD",
    total: Decimal | None = None,
) -> InvoiceSnapshot:
    lines = tuple(
        InvoiceLine(
            position=n,
            item_id=one.id,
            description=one.name,
            quantity=Decimal(1),
            unit_price=one.unit_price,
            amount=one.unit_price,
        )
        for n, one in enumerate(items, 1)
    )
    amount = total if total is not None else sum((one.unit_price for one in items), Decimal(0))
    return InvoiceSnapshot.model_validate(
        {
            "id": InvoiceId(known_as or uuid4()),
            "version": version,
            "number": number,
            "status": status,
            "customer_id": customer.id,
            "issue_date": dated,
            "currency": currency,
            "memo": f"as of {version}",
            "lines": lines,
            "subtotal": amount,
            "tax": Decimal(0),
            "total": amount,
            "sent_at": NOW,
        }
    )


def edited(record: Snapshot) -> Snapshot:
    """The record's next version, with something in it that the books hold."""
    version = record.version + 1
    told = {
        CustomerSnapshot: {"phone": f"555 {version}"},
        ItemSnapshot: {"description": f"as of {version}"},
        InvoiceSnapshot: {"memo": f"as of {version}"},
    }
    return record.model_copy(update={"version": version, **told[type(record)]})


class Desk:
    """Books with a connection, and a round to apply facts with."""

    def __init__(self, there: Connection | None = None, ages: Ages | None = None) -> None:
        self.books = Books(now=NOW, ages=ages or Ages())
        self.there = there or connection()
        self.books.connections[self.there.id] = self.there
        self.round = Round(self.books, uuid4)
        self.trigger = Trigger(uuid4())

    def know(self, *snapshots: Snapshot, mapped: bool = True) -> None:
        """Records as they are now; items with an account unless said."""
        for snapshot in snapshots:
            record = Record(COMPANY, snapshot)
            self.books.records[record.entity, record.id] = record
            if isinstance(snapshot, ItemSnapshot) and mapped:
                self.books.accounts[self.there.id, snapshot.id] = ACCOUNT

    def settle(self, there: Connection) -> None:
        self.there = there
        self.books.connections[there.id] = there

    def key(self, snapshot: Snapshot) -> RecordKey:
        entity = Record(COMPANY, snapshot).entity
        return RecordKey(self.there.id, entity, record_id(snapshot))

    def apply(self, snapshot: Snapshot, fact: Fact) -> Decision | None:
        return self.round.apply(self.key(snapshot), fact, self.trigger)

    def ask(self, snapshot: Snapshot, origin: Origin = BY_EVENT) -> None:
        priority = "person" if origin.by == "person" else "automatic"
        self.apply(snapshot, Asked(origin, priority))

    def job(self, snapshot: Snapshot) -> Job:
        job = self.books.job(self.key(snapshot))
        assert job is not None
        return job

    def state(self, snapshot: Snapshot) -> str:
        return self.job(snapshot).state.value

    def sent(self) -> list[RecordCommand]:
        """The commands of this round; a new round begins."""
        commands: list[RecordCommand] = []
        for key in self.round.to_send:
            job, situation = self.books.job(key), self.books.situation(key)
            assert job is not None
            assert situation is not None
            said = command(job, situation, Envelope(uuid4(), NOW, self.trigger))
            if said is not None:
                commands.append(said)
        self.round = Round(self.books, uuid4)
        return commands

    def synced(self, snapshot: Snapshot, remote: str, account: str | None = None) -> None:
        """A record that is there already."""
        job = self.books.job(self.key(snapshot)) or self.books.new_job(self.key(snapshot))
        self.books.put(
            replace(
                job,
                step=job.step + 1,
                state=type(job.state).SYNCED,
                link=RemoteRef(id=RemoteId(remote)),
                synced_version=snapshot.version,
                account_there=account,
                state_since=NOW,
            )
        )


def entity_of(command: RecordCommand) -> Entity:
    entity: Entity = getattr(command, "entity")  # noqa: B009  (each subclass has its literal)
    return entity


def success(
    command: RecordCommand,
    remote: str,
    *,
    version: int = 1,
    totals: Totals | None = None,
    used: dict[str, str] | None = None,
) -> SyncSucceeded:
    return SyncSucceeded(
        id=MessageId(uuid4()),
        occurred_at=NOW,
        company_id=COMPANY,
        correlation_id=uuid4(),
        provider=command.provider,
        connection_id=command.connection_id,
        entity=entity_of(command),
        record_id=command.record_id,
        generation=command.generation,
        step=command.step,
        remote=RemoteRef(id=RemoteId(remote)),
        record_version=version,
        totals=totals,
        used={local: RemoteId(there) for local, there in (used or {}).items()},
    )


def failure(
    command: RecordCommand,
    code: str,
    *,
    remote: str | None = None,
    gone: Sequence[UUID] = (),
    used: dict[str, str] | None = None,
    removed: Literal["voided", "deleted"] | None = None,
    params: dict[str, str] | None = None,
) -> SyncFailed:
    return SyncFailed(
        id=MessageId(uuid4()),
        occurred_at=NOW,
        company_id=COMPANY,
        correlation_id=uuid4(),
        provider=command.provider,
        connection_id=command.connection_id,
        entity=entity_of(command),
        record_id=command.record_id,
        generation=command.generation,
        step=command.step,
        cause=CauseInstance(code=code, params=params or {}),
        remote=None if remote is None else RemoteRef(id=RemoteId(remote)),
        reference_gone=tuple(str(local) for local in gone),
        used={local: RemoteId(there) for local, there in (used or {}).items()},
        removed=removed,
    )


def delay(
    command: RecordCommand,
    why: Literal["checking", "quota", "provider", "connection"],
    code: str | None = None,
    until: datetime | None = None,
) -> SyncDelayed:
    return SyncDelayed(
        id=MessageId(uuid4()),
        occurred_at=NOW,
        company_id=COMPANY,
        correlation_id=uuid4(),
        provider=command.provider,
        connection_id=command.connection_id,
        entity=entity_of(command),
        record_id=RecordId(command.record_id),
        generation=command.generation,
        step=command.step,
        why=why,
        until=until,
        cause=None if code is None else CauseInstance(code=code),
    )


def ready(
    there: Connection | None = None,
) -> tuple[Desk, CustomerSnapshot, ItemSnapshot, InvoiceSnapshot]:
    """A customer and an item that are there, and an invoice of them."""
    desk = Desk(there)
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    desk.know(ann, call_out, bill)
    desk.synced(ann, "60")
    desk.synced(call_out, "23", account="79")
    return desk, ann, call_out, bill
