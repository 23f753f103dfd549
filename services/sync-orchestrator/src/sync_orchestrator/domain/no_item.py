"""Lines without an item: what they are booked on.

A setting of the connection says on which income account. Where a line names its account, that is
all. Where no line goes without an item, one is made for them, once for a connection: it is needed,
sent, given another account and made again as an item of the company is.
"""

from decimal import Decimal

from contracts.ids import RecordId, no_item_id
from contracts.invoicing import InvoiceSnapshot, ItemSnapshot
from contracts.providers import LINES_CARRY_NO_ITEM, LINES_NEED_AN_ITEM

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.records import Record

NAME = "Services (no item)"


def no_item_key(connection: Connection) -> RecordKey:
    return RecordKey(connection.id, "item", RecordId(no_item_id(connection.id)))


def is_no_item(key: RecordKey) -> bool:
    """Whether this is no item of the company's, but the one for lines without."""
    return key.entity == "item" and key.record_id == no_item_id(key.connection_id)


def no_item_record(connection: Connection) -> Record:
    """The item of a connection where no line goes without."""
    made = ItemSnapshot(
        id=no_item_id(connection.id),
        version=1,
        name=NAME,
        unit_price=Decimal(0),
        created_at=connection.opened_at,
    )
    return Record(connection.company_id, made)


def needs_one(connection: Connection, invoice: InvoiceSnapshot) -> bool:
    """Whether lines of this invoice are booked on the item made for lines without."""
    return connection.provider in LINES_NEED_AN_ITEM and _has_such(invoice)


def needs_account(connection: Connection, invoice: InvoiceSnapshot) -> bool:
    """Whether lines of this invoice go to the account for lines without an item."""
    carried = connection.provider not in LINES_CARRY_NO_ITEM
    return carried and connection.facts.offers_accounts and _has_such(invoice)


def _has_such(invoice: InvoiceSnapshot) -> bool:
    return any(line.item_id is None for line in invoice.lines)
