"""What the three kinds of record have in common, so that packing, reading and looking up are one.

A kind says how its record is written and read; it knows nothing of requests.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from connector_kit.answers import Refused, Removed
from connector_kit.provider import Context, FrozenMember, Member
from contracts.commands import RemoteRef
from contracts.ids import Entity, RemoteId
from contracts.sync import Totals

from connector_qbo.operations.statements import Table
from connector_qbo.wire import Answer, BatchItem, QueryResponse, Wire


@dataclass(frozen=True)
class There:
    """A record as it is there. `fields` are its comparable values, `key` its name or number.

    `note` is where our mark stands. `inactive` is what people there call deleted; `removed` is said
    of invoices, which have no such flag.
    """

    id: RemoteId
    version: str | None
    key: str
    fields: Mapping[str, str]
    note: str | None = None
    created_at: datetime | None = None
    inactive: bool = False
    removed: Removed | None = None
    total: Decimal | None = None
    tax: Decimal | None = None
    currency: str | None = None
    number: str | None = None
    kept_in: str | None = None
    """A customer's currency, which can't be changed there."""
    held: str | None = None
    """The mark of what an invoice holds (see `contracts.holding`)."""

    params: tuple[tuple[str, str], ...] = field(default=())

    @property
    def content(self) -> dict[str, str]:
        """What people enter: whether it is active isn't, as what we need is made active again."""
        return {name: value for name, value in self.fields.items() if name != "Active"}

    def ref(self, url: str = "") -> RemoteRef:
        """Where it is; `url` is what its id is put behind for a person to open it."""
        return RemoteRef(
            id=self.id,
            version=self.version,
            number=self.number,
            url=f"{url}{self.id}" if url else None,
            currency=self.kept_in,
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
    """How one kind of record is written and read."""

    @property
    def entity(self) -> Entity: ...

    @property
    def table(self) -> Table: ...

    @property
    def path(self) -> str:
        """The last part of its address, in lower case."""
        ...

    @property
    def key_field(self) -> str:
        """The column that holds its natural key."""
        ...

    @property
    def conditions(self) -> tuple[str, ...]:
        """What every query for it says besides."""
        ...

    def refuse(self, member: Member, context: Context) -> Refused | None:
        """Why this can't be sent at all."""
        ...

    def write(self, member: Member, context: Context) -> Written:
        """The object for a member that isn't refused."""
        ...

    def read(self, answer: Answer | BatchItem) -> There | None:
        """The record that an answer holds."""
        ...

    def list(self, page: QueryResponse) -> list[There]:
        """The records of a page."""
        ...

    def keys(self, member: FrozenMember) -> tuple[str, ...]:
        """What to look for where only the natural key is known."""
        ...


def text_fields(**values: str | None) -> dict[str, str]:
    """The comparable values that are set, without outer spaces, by their names there."""
    return {name: value.strip() for name, value in values.items() if value is not None}


_WORDS = {
    "DisplayName": "the name",
    "Name": "the name",
    "CompanyName": "the company name",
    "PrimaryEmailAddr": "the e-mail",
    "PrimaryPhone": "the phone number",
    "Line1": "the address",
    "City": "the address",
    "PostalCode": "the address",
    "Sku": "the code",
    "Description": "the description",
    "UnitPrice": "the price",
    "IncomeAccountRef": "the income account",
    "DocNumber": "the number",
    "CustomerRef": "the customer",
    "TxnDate": "the date",
    "DueDate": "the due date",
    "CurrencyRef": "the currency",
    "CustomerMemo": "the memo",
    "TotalAmt": "the total",
    "TotalTax": "the tax",
    "TaxCodes": "the tax",
    "Line": "the lines",
}


def in_words(fields: Iterable[str]) -> list[str]:
    """Fields as sentences name them, each once."""
    return list(dict.fromkeys(_WORDS[name] for name in fields if name in _WORDS))
