"""What the three kinds of record have in common, so that packing, reading and looking up are one.

A kind says how its record is written, read and asked for; it knows nothing of batches.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from connector_kit.answers import Refused, Removed
from connector_kit.exchange import Exchange
from connector_kit.provider import Context, FrozenMember, Member
from contracts.commands import RemoteRef
from contracts.ids import RecordId, RemoteId
from contracts.sync import Totals

from connector_xero.bodies import NotRead
from connector_xero.operations.marks import Marked
from connector_xero.wire import Answer, Element, RefusedElement, Wire


@dataclass(frozen=True)
class CodedMember(Member):
    """An invoice's member with the codes that its items have there, by our id as text.

    Lines name an item by its code, which people may change; links hold its id.
    """

    codes: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class There:
    """A record as it is there. `fields` are its comparable values, `key` its natural key.

    `marked` is the mark it carries. `removed`: archived or deleted, voided. `merged_into` is the
    contact it was merged into. `settled`: payments or credit notes are allocated to it.
    """

    id: RemoteId
    version: str | None
    key: str
    fields: Mapping[str, str]
    marked: Marked | None = None
    created_at: datetime | None = None
    removed: Removed | None = None
    merged_into: RemoteId | None = None
    settled: bool = False
    total: Decimal | None = None
    tax: Decimal | None = None
    currency: str | None = None
    number: str | None = None
    held: str | None = None
    """The mark of what an invoice holds (see `contracts.holding`)."""

    params: tuple[tuple[str, str], ...] = field(default=())

    def ref(self, url: str = "") -> RemoteRef:
        """Where it is; `url` is what its id is put behind for a person to open it."""
        return RemoteRef(
            id=self.id,
            version=self.version,
            number=self.number,
            url=f"{url}{self.id}" if url else None,
            held=self.held,
        )

    def totals(self, currency: str | None) -> Totals | None:
        """What it comes to, for invoices; `currency` is that of one that doesn't say its own."""
        own = self.currency or currency
        if self.total is None or own is None:
            return None
        return Totals(total=self.total, tax=self.tax or Decimal(0), currency=own)


@dataclass(frozen=True)
class Written:
    """A record as it goes out, and what is remembered of it."""

    body: Wire
    frozen: FrozenMember


class Kind(Protocol):
    """How one kind of record is written, read and asked for."""

    @property
    def path(self) -> str:
        """The collection: the last part of its address and its name in a body."""
        ...

    def refuse(self, member: Member, context: Context) -> Refused | None:
        """Why this can't be sent at all."""
        ...

    def write(self, member: Member, context: Context) -> Written:
        """The object for a member that isn't refused."""
        ...

    def elements(self, answer: Answer) -> Sequence[Element]:
        """The elements of an answer, refused ones too."""
        ...

    def there(self, element: Element) -> There | None:
        """The record that an element is; None for one without an id."""
        ...

    def claims(self, element: Element | RefusedElement, member: FrozenMember) -> bool:
        """Whether the element is this member's, by what we sent to know it by."""
        ...

    def look_up_key(self, member: FrozenMember) -> str:
        """What to ask for after a create without an answer: its mark or its natural key."""
        ...

    def by_look_up_keys(
        self, organisation: RemoteId, keys: Sequence[str]
    ) -> Exchange[list[There] | NotRead]:
        """All records under these, removed ones too, or why that couldn't be read."""
        ...

    def hidden(
        self, organisation: RemoteId, members: Sequence[FrozenMember]
    ) -> Exchange[list[There] | NotRead]:
        """Records that may bear the marks of these creates under other keys, which people there
        gave them before we looked."""
        ...

    def found(self, member: FrozenMember, there: There) -> bool:
        """Whether a record found so is one under the member's key."""
        ...

    def asks_first(self, member: Member) -> bool:
        """Whether even a first try of this create is preceded by asking who is in its way."""
        ...

    def taking(
        self, organisation: RemoteId, members: Sequence[Member]
    ) -> Exchange[list[There] | NotRead]:
        """The records that may stand in the way of these creates."""
        ...

    def in_the_way(self, member: Member, there: There) -> bool:
        """Whether this record takes the name, code or number that the create needs."""
        ...

    def by_ids(
        self, organisation: RemoteId, ids: Sequence[RemoteId]
    ) -> Exchange[list[There] | NotRead]:
        """The records with these ids, removed ones too where they are still listed."""
        ...


def text_fields(**values: str | None) -> dict[str, str]:
    """The comparable values that are set, without outer spaces, by their names there."""
    return {name: value.strip() for name, value in values.items() if value}


def frozen_of(
    member: Member,
    *,
    natural_key: str,
    mark: str | None,
    version: int,
    fields: dict[str, str],
    extra: dict[str, str],
    used: dict[str, RemoteId] | None = None,
) -> FrozenMember:
    """What is remembered of a member; the command says the rest."""
    command = member.command
    return FrozenMember(
        entity=command.entity,
        record_id=command.record_id,
        generation=command.generation,
        step=command.step,
        intent=member.intent,
        natural_key=natural_key,
        mark=mark,
        remote=member.remote,
        record_version=version,
        fields=fields,
        used=used or {},
        extra=extra,
    )


_WORDS: dict[str, str] = {
    "Name": "the name",
    "EmailAddress": "the e-mail",
    "PhoneNumber": "the phone number",
    "AddressLine1": "the address",
    "City": "the address",
    "PostalCode": "the address",
    "Code": "the code",
    "Description": "the description",
    "UnitPrice": "the price",
    "AccountCode": "the income account",
    "InvoiceNumber": "the number",
    "Contact": "the customer",
    "Date": "the date",
    "DueDate": "the due date",
    "CurrencyCode": "the currency",
    "Reference": "the memo",
    "Total": "the total",
    "Lines": "the lines",
}


def in_words(fields: Iterable[str]) -> list[str]:
    """Fields as sentences name them, each once."""
    return list(dict.fromkeys(_WORDS[name] for name in fields if name in _WORDS))


def version_of(updated: datetime | None) -> str | None:
    """The only version there is: when it was changed last, to the millisecond."""
    return updated.isoformat(timespec="milliseconds") if updated else None


def same_record(marked: Marked | None, record: RecordId) -> bool:
    """Whether a mark is this record's, of any generation."""
    return marked is not None and marked[0] == record
