"""Records as the events that would have told of them."""

from datetime import datetime
from typing import TypedDict
from uuid import NAMESPACE_URL, UUID, uuid5

from contracts.ids import CompanyId, MessageId
from contracts.invoicing import (
    CustomerChanged,
    CustomerSnapshot,
    InvoiceChanged,
    InvoiceSent,
    InvoiceSnapshot,
    InvoiceVoided,
    ItemChanged,
    ItemSnapshot,
)
from contracts.message import Message
from messaging.database import Tx
from messaging.feeds import Entry, FeedPage, Position, read_page

from invoice_api.feed import store
from invoice_api.feed.store import FeedRow


class Envelope(TypedDict):
    id: MessageId
    occurred_at: datetime
    company_id: CompanyId
    correlation_id: UUID


_NAMESPACE = uuid5(NAMESPACE_URL, "tallybridge:invoicing.feed")


async def page(tx: Tx, after: str, limit: int) -> FeedPage:
    """The records after a position, as events. Raises ValueError for what is no position."""

    async def query(position: Position, before_xid: int, most: int) -> list[Entry]:
        rows = await store.read_records(tx, position.xid, position.uuid, before_xid, most)
        return [(Position(row.xid, str(row.id)), event_of(row)) for row in rows]

    return await read_page(tx, after, query, limit=limit)


def event_of(row: FeedRow) -> Message:
    """The event; the same version of a record gets the same id however often it is read."""
    match row.entity:
        case "customer":
            customer = CustomerSnapshot.model_validate_json(row.snapshot)
            return CustomerChanged(**_envelope(row, customer.version), customer=customer)
        case "item":
            item = ItemSnapshot.model_validate_json(row.snapshot)
            return ItemChanged(**_envelope(row, item.version), item=item)
        case "invoice":
            invoice = InvoiceSnapshot.model_validate_json(row.snapshot)
            envelope = _envelope(row, invoice.version)
            if invoice.status == "void":
                return InvoiceVoided(**envelope, invoice=invoice)
            if invoice.sent_at is not None:
                return InvoiceSent(**envelope, invoice=invoice)
            # Synced by a click before it was sent: not to be taken for one that was.
            return InvoiceChanged(**envelope, invoice=invoice)


def _envelope(row: FeedRow, version: int) -> Envelope:
    told = MessageId(uuid5(_NAMESPACE, f"{row.entity}:{row.id}:{version}"))
    return Envelope(
        id=told, occurred_at=row.changed_at, company_id=row.company, correlation_id=told
    )
