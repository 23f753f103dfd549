"""An office with one connection: what the orchestrator decides, sent to a provider in this process.

An invoice is priced as invoice-api prices it, decided by the orchestrator's own rounds, packed and
read by the connector, and what comes of it is decided again, to the end.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4, uuid5

from connector_kit.answers import Accepted, Refused
from connector_kit.provider import FrozenMember
from contracts.commands import NO_TAX, Origin, SyncCustomer, SyncInvoice, SyncItem
from contracts.connections import RemoteTaxRate
from contracts.ids import (
    CustomerId,
    InvoiceId,
    ItemId,
    MessageId,
    TaxRateId,
)
from contracts.invoicing import CustomerSnapshot, InvoiceLine, InvoiceSnapshot, ItemSnapshot
from contracts.sync import SyncFailed, SyncSucceeded, Totals
from invoice_api.invoices.totals import priced_line, totals
from sync_orchestrator.domain.ages import Ages
from sync_orchestrator.domain.books import Books
from sync_orchestrator.domain.connection import (
    PROVIDER_CHOOSES,
    Connection,
    ConnectionSettings,
    MappedAccount,
    MappedTax,
)
from sync_orchestrator.domain.facts import Answered, Asked, Fact
from sync_orchestrator.domain.job import Job, RecordKey
from sync_orchestrator.domain.messages import Envelope, command
from sync_orchestrator.domain.records import Record, Snapshot, record_id
from sync_orchestrator.domain.round import Round, Trigger
from sync_orchestrator.domain.situation import Situation
from sync_orchestrator.domain.taxing import predicted

from money.there import COMPANY, CONNECTION, There

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
_TRIGGER = Trigger(UUID(int=1))
_BY_PERSON = Origin(by="person", name="Joe Oak")
_MOST_WRITES = 3
"""A record, once more with a rounding line, and no third time."""


@dataclass(frozen=True)
class Rate:
    """A tax rate of ours, and the tax there that it is matched to."""

    name: str
    percent: Decimal
    there: RemoteTaxRate | None = None

    @property
    def id(self) -> TaxRateId:
        return TaxRateId(uuid5(CONNECTION, self.name))


@dataclass(frozen=True)
class PlainLine:
    """What a person types; the item is the office's only one."""

    quantity: Decimal
    unit_price: Decimal
    discount: Decimal = Decimal(0)
    rate: Rate | None = None


@dataclass(frozen=True)
class Sent:
    """What became of an invoice. `frozen` is the last write's, None where nothing was sent."""

    invoice: InvoiceSnapshot
    expected: Totals | None
    """What the orchestrator says it will come to there, without a rounding line."""
    job: Job
    writes: int
    frozen: FrozenMember | None
    there: Totals | None
    """What the last answer said it came to."""

    @property
    def cause(self) -> str | None:
        return None if self.job.cause is None else self.job.cause.code


class Here:
    """One customer, one item, and as many invoices as are sent."""

    def __init__(self, there: There, *, equalised: bool = False, no_tax: str = "") -> None:
        """`equalised`: a rounding account is chosen. `no_tax` names the tax of lines without one,
        where the provider wants that said."""
        self.there = there
        self._numbers = itertools.count(1)
        account = None
        if equalised:
            account = there.accounts[0].id if there.accounts else PROVIDER_CHOOSES
        facts = there.context.facts
        settings = ConnectionSettings(
            start_date=date(2020, 1, 1),
            sync_customers=True,
            sync_invoices=True,
            rounding_account_id=account,
            customers_since=NOW,
            invoices_since=NOW,
        )
        connection = Connection(
            id=CONNECTION,
            company_id=COMPANY,
            provider=there.name,
            status="open",
            epoch=1,
            organisation=there.context.organisation,
            facts=facts,
            opened_at=NOW,
            settings=settings,
            accounts_as_of=NOW,
            customers_as_of=NOW,
        )
        self.books = Books(now=NOW, ages=Ages(), connections={CONNECTION: connection})
        untaxed = [_mapped(tax) for tax in there.taxes if tax.name == no_tax]
        self._matched = {NO_TAX: untaxed[0]} if untaxed else {}
        self.ann = CustomerSnapshot(
            id=CustomerId(uuid4()),
            version=1,
            name=f"Ann Lee {uuid4().hex[:8]}",
            kind="homeowner",
            email="ann@lee.example",
            created_at=NOW,
        )
        self.work = ItemSnapshot(
            id=ItemId(uuid4()),
            version=1,
            name=f"Work {uuid4().hex[:8]}",
            unit_price=Decimal(1),
            created_at=NOW,
        )
        for one in there.accounts[:1]:
            account_there = MappedAccount(one.id, one.name, code=one.code)
            self.books.accounts[CONNECTION, self.work.id] = account_there
        self._know(self.ann)
        self._know(self.work)

    def priced(
        self, lines: Sequence[PlainLine], currency: str, *, included: bool = False
    ) -> InvoiceSnapshot:
        """A sent invoice of these lines."""
        done = tuple(
            priced_line(_line(n, one, self.work.id), currency, included=included)
            for n, one in enumerate(lines, 1)
        )
        sums = totals(done, currency, included=included)
        return InvoiceSnapshot(
            id=InvoiceId(uuid4()),
            version=1,
            number=f"M-{next(self._numbers)}",
            status="sent",
            customer_id=self.ann.id,
            issue_date=date(2026, 6, 15),
            due_date=date(2026, 7, 15),
            currency=currency,
            prices_include_tax=included,
            lines=done,
            subtotal=sums.subtotal,
            tax=sums.tax,
            total=sums.total,
            sent_at=NOW,
        )

    def send(self, invoice: InvoiceSnapshot, rates: Sequence[Rate] = ()) -> Sent:
        """Click Sync on it; what becomes of it in the end."""
        matched = {str(rate.id): _mapped(rate.there) for rate in rates if rate.there}
        self.books.taxes[CONNECTION] = {**self._matched, **matched}
        self._know(invoice)
        key = _key(invoice)
        writes, frozen, said = 0, None, None
        to_do: list[tuple[RecordKey, Fact]] = [(key, Asked(_BY_PERSON, "person"))]
        while to_do:
            decided = Round(self.books, uuid4)
            for each, fact in to_do:
                decided.apply(each, fact, _TRIGGER)
            to_do = []
            for each in decided.to_send:
                outcome, sent_as = self._written(each)
                to_do.append((each, Answered(outcome, automatic=True)))
                if each == key and sent_as is not None:
                    writes, frozen = writes + 1, sent_as
                    said = outcome.totals if isinstance(outcome, SyncSucceeded) else None
            assert writes <= _MOST_WRITES, "it goes again and again"
        situation, job = self._situation(key), self.books.job(key)
        assert job is not None
        rules = situation.connection.facts.taxes
        expected = predicted(invoice, situation.taxes, rules)
        return Sent(invoice, expected, job, writes, frozen, said)

    def _written(self, key: RecordKey) -> tuple[SyncSucceeded | SyncFailed, FrozenMember | None]:
        job = self.books.job(key)
        assert job is not None
        said = command(job, self._situation(key), Envelope(uuid4(), NOW, _TRIGGER))
        assert isinstance(said, SyncCustomer | SyncItem | SyncInvoice)
        frozen, answer = self.there.write(said, said.link)
        common = {
            "id": MessageId(uuid4()),
            "occurred_at": NOW,
            "company_id": COMPANY,
            "correlation_id": uuid4(),
            "provider": self.there.name,
            "connection_id": CONNECTION,
            "entity": key.entity,
            "record_id": key.record_id,
            "generation": said.generation,
            "step": said.step,
            "used": {} if frozen is None else frozen.used,
        }
        match answer:
            case Accepted():
                assert frozen is not None
                told = {
                    **common,
                    "remote": answer.remote,
                    "record_version": frozen.record_version,
                    "totals": answer.totals,
                    "notes": answer.notes,
                }
                return SyncSucceeded.model_validate(told), frozen
            case Refused():
                return SyncFailed.model_validate({**common, "cause": answer.cause}), frozen
            case _:
                raise AssertionError(answer)

    def _know(self, snapshot: Snapshot) -> None:
        record = Record(COMPANY, snapshot)
        self.books.records[record.entity, record.id] = record

    def _situation(self, key: RecordKey) -> Situation:
        situation = self.books.situation(key)
        assert situation is not None
        return situation


def _line(position: int, one: PlainLine, item: ItemId) -> InvoiceLine:
    return InvoiceLine(
        position=position,
        item_id=item,
        description=f"Line {position}",
        quantity=one.quantity,
        unit_price=one.unit_price,
        discount_percent=one.discount,
        tax_rate_id=one.rate.id if one.rate else None,
        tax_name=one.rate.name if one.rate else None,
        tax_percent=one.rate.percent if one.rate else None,
        amount=Decimal(0),
    )


def _mapped(tax: RemoteTaxRate) -> MappedTax:
    return MappedTax(tax.id, tax.name, tax.percents, tax.percent, active=tax.active)


def _key(snapshot: InvoiceSnapshot) -> RecordKey:
    return RecordKey(CONNECTION, "invoice", record_id(snapshot))
