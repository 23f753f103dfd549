"""The records of invoice-api as decisions see them: whole snapshots, newest first."""

from dataclasses import dataclass
from typing import TypeAlias

from contracts.ids import CompanyId, Entity, ItemId, RecordId
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot

Snapshot: TypeAlias = CustomerSnapshot | ItemSnapshot | InvoiceSnapshot


@dataclass(frozen=True, slots=True)
class Record:
    """A record and whose it is. `snapshot.version` is raised by invoice-api only."""

    company_id: CompanyId
    snapshot: Snapshot

    @property
    def entity(self) -> Entity:
        return entity_of(self.snapshot)

    @property
    def id(self) -> RecordId:
        return record_id(self.snapshot)


def entity_of(snapshot: Snapshot) -> Entity:
    match snapshot:
        case CustomerSnapshot():
            return "customer"
        case ItemSnapshot():
            return "item"
        case InvoiceSnapshot():
            return "invoice"


def record_id(snapshot: Snapshot) -> RecordId:
    return RecordId(snapshot.id)


def plain_name(snapshot: Snapshot) -> str:
    """What a person calls it: an invoice's number, else its name."""
    return snapshot.number if isinstance(snapshot, InvoiceSnapshot) else snapshot.name


def is_void(snapshot: Snapshot) -> bool:
    return isinstance(snapshot, InvoiceSnapshot) and snapshot.status == "void"


def items_of(invoice: InvoiceSnapshot) -> tuple[ItemId, ...]:
    """The items its lines name, each once, in the order of the lines."""
    return tuple(dict.fromkeys(line.item_id for line in invoice.lines if line.item_id is not None))
