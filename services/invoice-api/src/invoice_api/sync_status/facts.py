"""What a badge needs to know besides the record's state in a connection."""

from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Literal

from contracts.causes import Reader
from contracts.ids import ConnectionId, Entity, Provider, RecordId
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, InvoiceStatus, ItemSnapshot

ConnectionStatus = Literal["connected", "reconnect", "disconnected"]


@dataclass(frozen=True)
class ConnectionFacts:
    """A connection as badges need it. `automatic_*` say whether its switches are on."""

    provider: Provider
    id: ConnectionId
    status: ConnectionStatus
    organisation: str | None = None
    start_date: date | None = None
    automatic_customers: bool = False
    automatic_invoices: bool = False


@dataclass(frozen=True)
class RecordFacts:
    """A record as badges need it. `name` is an invoice's number; status and date are invoices'."""

    entity: Entity
    id: RecordId
    name: str
    status: InvoiceStatus | None = None
    issue_date: date | None = None


@dataclass(frozen=True)
class Viewer:
    """Who looks at the badge: their zone, their day, and whether they may act on it."""

    zone: tzinfo
    today: date
    may_act: bool = True

    @property
    def reader(self) -> Reader:
        return Reader(self.zone, self.today)


def facts_of(record: CustomerSnapshot | ItemSnapshot | InvoiceSnapshot) -> RecordFacts:
    """What its snapshot says."""
    match record:
        case CustomerSnapshot():
            return RecordFacts("customer", RecordId(record.id), record.name)
        case ItemSnapshot():
            return RecordFacts("item", RecordId(record.id), record.name)
        case InvoiceSnapshot():
            return RecordFacts(
                "invoice", RecordId(record.id), record.number, record.status, record.issue_date
            )
