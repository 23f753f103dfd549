"""What the three kinds of record have in common, so that packing, reading and looking up are one.

A kind says how its record is written and read; it knows nothing of requests.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from connector_kit.answers import Refused
from connector_kit.provider import Context, FrozenMember, Member
from contracts.commands import RemoteRef
from contracts.ids import Entity, RemoteId
from contracts.sync import Totals

from connector_freshbooks.operations.marks import Whose, whose
from connector_freshbooks.wire import Result

ACCOUNT = "account_uuid"
"""An item's income account, which FreshBooks takes and doesn't always show."""

RESTORE = "deleted"
"""The version of a record that must be restored before it takes fields: see `writing`."""


@dataclass(frozen=True)
class There:
    """A record as it is there. `fields` are its comparable values, `key` its name or number.

    `marked` is where our mark stands.
    """

    id: RemoteId
    version: str | None
    key: str
    fields: Mapping[str, str]
    deleted: bool = False
    marked: str | None = None
    created_at: datetime | None = None
    total: Decimal | None = None
    tax: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    currency: str | None = None
    number: str | None = None
    held: str | None = None
    """The mark of what an invoice holds (see `contracts.holding`)."""

    params: tuple[tuple[str, str], ...] = field(default=())

    def ref(self) -> RemoteRef:
        return RemoteRef(id=self.id, version=self.version, number=self.number, held=self.held)

    def totals(self, currency: str | None) -> Totals | None:
        """What it comes to, for invoices."""
        own = self.currency or currency
        if self.total is None or own is None:
            return None
        return Totals(total=self.total, tax=self.tax, currency=own)

    def whose(self, member: FrozenMember) -> Whose:
        return whose(self.marked, member.record_id, member.generation)


@dataclass(frozen=True)
class Written:
    """A record's fields as they go out, and what is remembered of it."""

    fields: Mapping[str, object]
    frozen: FrozenMember


class Kind(Protocol):
    """How one kind of record is written and read."""

    @property
    def entity(self) -> Entity: ...

    @property
    def name(self) -> str:
        """The key of a single record's body."""
        ...

    @property
    def path(self) -> str:
        """Its address under the account's."""
        ...

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """What every request for it says besides."""
        ...

    def refuse(self, member: Member, context: Context) -> Refused | None:
        """Why this can't be sent at all."""
        ...

    def write(self, member: Member, context: Context) -> Written:
        """The fields for a member that isn't refused; not of a void."""
        ...

    def read(self, result: Result) -> There | None:
        """The record that an answer holds."""
        ...

    def list(self, page: Result) -> list[There]:
        """The records of a page."""
        ...

    def search(self, member: FrozenMember) -> tuple[tuple[str, str], ...]:
        """What narrows the list to what could be this record, where FreshBooks heeds it."""
        ...


def version_of(stamp: str | None, fields: Mapping[str, str]) -> str | None:
    """What FreshBooks says of when it changed, and its content: two changes of the same second have
    one stamp. An account isn't always shown, so it doesn't count."""
    if stamp is None:
        return None
    content = "\n".join(f"{name}={fields[name]}" for name in sorted(fields) if name != ACCOUNT)
    return f"{stamp} {hashlib.sha256(content.encode()).hexdigest()[:12]}"


def text_fields(**values: str | None) -> dict[str, str]:
    """The comparable values that are set, without outer spaces, by their names there."""
    return {name: value.strip() for name, value in values.items() if value is not None}


_WORDS = {
    "organization": "the name",
    "name": "the name",
    "email": "the e-mail",
    "bus_phone": "the phone number",
    "p_street": "the address",
    "p_city": "the address",
    "p_code": "the address",
    "description": "the description",
    "unit_cost": "the price",
    "account_uuid": "the income account",
    "invoice_number": "the number",
    "customerid": "the customer",
    "create_date": "the date",
    "due_date": "the due date",
    "currency_code": "the currency",
    "notes": "the memo",
    "lines": "the lines",
}


def in_words(fields: Iterable[str]) -> list[str]:
    """Fields as sentences name them, each once."""
    return list(dict.fromkeys(_WORDS[name] for name in fields if name in _WORDS))
