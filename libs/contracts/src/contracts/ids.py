"""Typed identifiers and the one place that makes them.

Ids are UUIDv7 (RFC 9562 §5.7): they sort by the time they were made. Whoever needs one is given an
`Ids`; nothing here reads a clock or a random source by itself, so a run can be repeated exactly.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, NewType, Protocol
from uuid import UUID, uuid5

CompanyId = NewType("CompanyId", UUID)
UserId = NewType("UserId", UUID)
CustomerId = NewType("CustomerId", UUID)
ItemId = NewType("ItemId", UUID)
InvoiceId = NewType("InvoiceId", UUID)
TaxRateId = NewType("TaxRateId", UUID)
ConnectionId = NewType("ConnectionId", UUID)
MessageId = NewType("MessageId", UUID)
RequestId = NewType("RequestId", UUID)
RunId = NewType("RunId", UUID)
LoadId = NewType("LoadId", UUID)

RecordId = NewType("RecordId", UUID)
"""A customer's, item's or invoice's id where the kind stands beside it."""

RemoteId = NewType("RemoteId", str)
"""A record's id at the provider, as the provider writes it."""

Entity = Literal["customer", "item", "invoice"]
Provider = Literal["qbo", "xero", "freshbooks"]

PROVIDER_LABELS: dict[Provider, str] = {
    "qbo": "QuickBooks",
    "xero": "Xero",
    "freshbooks": "FreshBooks",
}


def no_item_id(connection: ConnectionId) -> ItemId:
    """The id of what lines without an item are booked on; always the same for a connection.

    It is no item of the company's: invoice-api has none of this id.
    """
    return ItemId(uuid5(connection, "lines without an item"))


class Ids(Protocol):
    """Makes new ids. The composition root chooses the clock and the randomness behind it."""

    def new(self) -> UUID:
        """A fresh UUIDv7."""
        ...


def made_at(own_id: UUID) -> datetime | None:
    """When an id of version 7 was made, to the millisecond (RFC 9562 §5.7); None for others."""
    return datetime.fromtimestamp((own_id.int >> 80) / 1000, UTC) if own_id.version == 7 else None


def uuid7(unix_ms: int, random: Callable[[int], bytes]) -> UUID:
    """A UUIDv7 for this millisecond; `random(10)` must give ten random bytes."""
    tail = int.from_bytes(random(10), "big")
    value = (unix_ms & (2**48 - 1)) << 80
    value |= 0x7 << 76
    value |= ((tail >> 68) & 0xFFF) << 64
    value |= 0b10 << 62
    value |= tail & (2**62 - 1)
    return UUID(int=value)
