"""What the two switches mean: which records go by themselves. They look forward only."""

from typing import assert_never

from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.domain.records import Snapshot


def goes_by_itself(record: Snapshot, connection: Connection) -> bool:
    """Whether this record, not at the provider yet, goes there without anybody asking.

    Customers created after Sync Customers was switched on, but none that was imported from this
    very connection; invoices sent after Sync Invoices was switched on and dated on or after the
    start date. Items never: they go along with an invoice.
    """
    settings = connection.settings
    match record:
        case CustomerSnapshot():
            since = settings.customers_since
            origin = record.came_from
            return (
                settings.sync_customers
                and since is not None
                and record.created_at >= since
                and (origin is None or origin.connection_id != connection.id)
            )
        case ItemSnapshot():
            return False
        case InvoiceSnapshot():
            since = settings.invoices_since
            return (
                settings.sync_invoices
                and record.status in ("sent", "paid")
                and since is not None
                and record.sent_at is not None
                and record.sent_at >= since
                and record.issue_date >= settings.start_date
            )
        case _:
            assert_never(record)


def edits_go_by_themselves(record: Snapshot, connection: Connection) -> bool:
    """Whether an edit of a record that is there already goes without anybody asking."""
    match record:
        case CustomerSnapshot():
            return connection.settings.sync_customers
        case ItemSnapshot():
            return False
        case InvoiceSnapshot():
            return connection.settings.sync_invoices
        case _:
            assert_never(record)
