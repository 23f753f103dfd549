"""Reads reference data at the provider and publishes it, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, TypeVar, cast
from uuid import UUID

from contracts.commands import InvoiceToRead, Origin, ReadInvoices, ReadRemote
from contracts.connections import (
    AccountsListed,
    InvoiceRead,
    InvoicesRead,
    ReferenceKind,
    RemoteCustomersListed,
    RemoteItemsListed,
    TaxRatesListed,
)
from contracts.ids import CompanyId, ConnectionId, LoadId, MessageId
from contracts.ids import Provider as ProviderName
from contracts.message import Message
from messaging import outbox
from messaging.database import Tx

from connector_kit import connections_store, loads_store
from connector_kit.answers import Seen, Sighting
from connector_kit.asking import Halted
from connector_kit.connections_store import Connection
from connector_kit.connector import Connector
from connector_kit.expiry import announce
from connector_kit.loads_store import Load
from connector_kit.provider import CustomersRead, ItemsRead, OrganisationRead
from connector_kit.setbacks import apply_setback
from connector_kit.timing import LEASE, backoff

T = TypeVar("T")

PAGE = 500
"""Rows of one message: far below the size a message may have."""


@dataclass(frozen=True)
class InHand:
    """A load, held under `lease`."""

    lease: UUID
    load: Load
    connection: Connection


class Loader:
    """Reference data, one load at a time."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def claim(self) -> InHand | None:
        """A load that waits, leased."""
        connector = self._connector
        lease = connector.ids.new()
        async with connector.database.transaction() as tx:
            load = await loads_store.claim(tx, lease, LEASE)
            if load is None:
                return None
            found = await connections_store.find(tx, [load.connection_id])
        return InHand(lease, load, found[load.connection_id])

    async def carry_out(self, in_hand: InHand) -> None:
        """Read it at the provider and publish it; or try again later.

        Customers and items may be very many: one part is read and published, the load then waits
        for the next, so that memory stays flat and a crash or a limit loses nothing of it.
        """
        connector, load, connection = self._connector, in_hand.load, in_hand.connection
        data = await self._read(load, connection)
        async with connector.database.transaction() as tx:
            if isinstance(data, Halted):
                await loads_store.try_again(tx, load, backoff(load.tries))
                await apply_setback(
                    tx,
                    connector.provider,
                    connector.timing,
                    connector.ids,
                    connection.id,
                    data.why,
                )
                return
            if isinstance(data, CustomersRead | ItemsRead):
                if not await self._part(tx, load, connection, data):
                    return
            elif not await loads_store.finish(tx, load):
                return
            if isinstance(data, OrganisationRead):
                await connections_store.save_facts(
                    tx, connection.id, data.organisation.name, data.facts
                )
            elif isinstance(data, ItemsRead):
                return  # whoever asked for them has them: nothing else hangs on the list
            elif load.kind == "invoices":
                assert not isinstance(data, CustomersRead), "invoices are read as messages"
                await outbox.put(tx, data)
                return
            else:
                kind = cast("ReferenceKind", load.kind)
                await connections_store.save_as_of(tx, connection.id, kind, load.as_of)
                if not isinstance(data, CustomersRead):
                    await outbox.put(tx, data)
            await announce(
                tx,
                connector.provider.name,
                connector.ids,
                [connection.id],
                correlation_id=load.correlation_id,
            )

    async def _part(
        self, tx: Tx, load: Load, connection: Connection, read: CustomersRead | ItemsRead
    ) -> bool:
        """Publish a part of the list; whether it was the last, and ours to publish."""
        count = len(read.customers if isinstance(read, CustomersRead) else read.items)
        # An empty last page says that there are no more.
        starts = range(0, count, PAGE) or (range(1) if read.after is None else range(0))
        pages = load.pages + len(starts)
        if read.after is None:
            if not await loads_store.finish(tx, load):
                return False
        elif not await loads_store.went_on(tx, load, read.after, pages):
            return False
        messages: list[Message] = []
        for page, at in enumerate(starts, load.pages):
            envelope = self._envelope(load, connection, page, page + 1)
            more = page + 1 < pages or read.after is not None
            messages.append(
                RemoteItemsListed(
                    **envelope, items=read.items[at : at + PAGE], more=more, total=read.total
                )
                if isinstance(read, ItemsRead)
                else RemoteCustomersListed(
                    **envelope,
                    customers=read.customers[at : at + PAGE],
                    more=more,
                    total=read.total,
                    changed_since=None if read.all else load.changed_since,
                )
            )
        await outbox.put(tx, messages)
        return read.after is None

    async def _read(
        self, load: Load, connection: Connection
    ) -> Sequence[Message] | OrganisationRead | CustomersRead | ItemsRead | Halted:
        operations, ask = self._connector.provider.operations, self._connector.asker.ask
        context = self._connector.context_of(connection)
        match load.kind:
            case "organisation":
                organisation = await ask(operations.organisation(context), connection)
                if isinstance(organisation, Halted):
                    return organisation
                return organisation.value
            case "accounts":
                accounts = await ask(operations.accounts(context), connection)
                if isinstance(accounts, Halted):
                    return accounts
                offered = accounts.value.offered
                return [
                    AccountsListed(**envelope, offered=offered, accounts=tuple(rows))
                    for envelope, rows in self._paged(load, connection, accounts.value.accounts)
                ]
            case "tax_rates":
                rates = await ask(operations.tax_rates(context), connection)
                if isinstance(rates, Halted):
                    return rates
                return [
                    TaxRatesListed(**envelope, tax_rates=tuple(rows))
                    for envelope, rows in self._paged(load, connection, rates.value)
                ]
            case "remote_customers":
                part = operations.remote_customers(
                    context, after=load.after, changed_since=load.changed_since
                )
                customers = await ask(part, connection)
                return customers if isinstance(customers, Halted) else customers.value
            case "remote_items":
                items = await ask(operations.remote_items(context, after=load.after), connection)
                return items if isinstance(items, Halted) else items.value
            case "invoices":
                return await self._invoices(load, connection)

    async def _invoices(self, load: Load, connection: Connection) -> Sequence[Message] | Halted:
        """How the invoices that were asked for are there now; one message."""
        asked = ReadInvoices.model_validate_json(load.asked or "")
        members = [(_reading(asked, one), one.remote) for one in asked.invoices]
        operations = self._connector.provider.operations
        context = self._connector.context_of(connection)
        read = await self._connector.asker.ask(operations.read_remote(members, context), connection)
        if isinstance(read, Halted):
            return read
        rows = tuple(
            _invoice_read(one, sighting)
            for one, sighting in zip(asked.invoices, read.value, strict=True)
        )
        return [InvoicesRead(**self._envelope(load, connection, 0, 1), invoices=rows)]

    def _paged(
        self, load: Load, connection: Connection, rows: Sequence[T]
    ) -> "list[tuple[_Envelope, Sequence[T]]]":
        """The envelope and rows of each page; a load of nothing is one empty page."""
        pages = max(1, -(-len(rows) // PAGE))
        return [
            (
                self._envelope(load, connection, page, pages),
                rows[page * PAGE : (page + 1) * PAGE],
            )
            for page in range(pages)
        ]

    def _envelope(self, load: Load, connection: Connection, page: int, pages: int) -> "_Envelope":
        return {
            "id": MessageId(self._connector.ids.new()),
            "occurred_at": load.as_of,
            "company_id": connection.company_id,
            "correlation_id": load.correlation_id,
            "causation_id": load.causation_id,
            "provider": self._connector.provider.name,
            "connection_id": connection.id,
            "epoch": connection.epoch,
            "load_id": load.id,
            "as_of": load.as_of,
            "page": page,
            "pages": pages,
        }


def _reading(asked: ReadInvoices, one: InvoiceToRead) -> ReadRemote:
    return ReadRemote(
        id=asked.id,
        occurred_at=asked.occurred_at,
        company_id=asked.company_id,
        correlation_id=asked.correlation_id,
        provider=asked.provider,
        connection_id=asked.connection_id,
        epoch=asked.epoch,
        record_id=one.record_id,
        generation=one.generation,
        step=0,
        origin=Origin(by="run"),
        link=one.remote,
        entity="invoice",
    )


def _invoice_read(one: InvoiceToRead, sighting: Sighting) -> InvoiceRead:
    """A sighting in which the provider says nothing of the invoice proves nothing of it."""
    found = sighting.candidates[0] if isinstance(sighting, Seen) and sighting.candidates else None
    if found is None:
        return InvoiceRead(
            record_id=one.record_id, generation=one.generation, step=one.step, found="unread"
        )
    return InvoiceRead(
        record_id=one.record_id,
        generation=one.generation,
        step=one.step,
        found=found.removed or "there",
        remote=found.remote,
        totals=found.totals,
    )


class _Envelope(TypedDict):
    id: MessageId
    occurred_at: datetime
    company_id: CompanyId
    correlation_id: UUID
    causation_id: UUID | None
    provider: ProviderName
    connection_id: ConnectionId
    epoch: int
    load_id: LoadId
    as_of: datetime
    page: int
    pages: int
