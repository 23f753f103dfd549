"""From what was sent to an invoice, or to what is wrong with it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from contracts.ids import CustomerId, InvoiceId, ItemId, TaxRateId
from contracts.invoicing import InvoiceLine, InvoiceSnapshot, ItemSnapshot
from contracts.money import CURRENCIES

from invoice_api.http.problems import FieldError, Problem, invalid
from invoice_api.invoices.schemas import InvoiceChanges, NewInvoice, NewLine
from invoice_api.invoices.totals import MAX_AMOUNT, priced_line, totals
from invoice_api.tax_rates.store import TaxRate

MAX_SNAPSHOT_BYTES = 3_500_000
"""An invoice travels whole in one message, which may have 4 MiB."""


@dataclass
class Findings:
    """The fields that can't be as they are."""

    wrong: list[FieldError] = field(default_factory=list[FieldError])

    def problem(self) -> Problem | None:
        """One refusal that names all of them."""
        return invalid(*self.wrong[:100]) if self.wrong else None


@dataclass(frozen=True)
class Facts:
    """What a draft is checked against: the company's own customers, items and tax rates."""

    currency: str
    today: date
    customers: frozenset[CustomerId]
    items: Mapping[ItemId, ItemSnapshot]
    tax_rates: Mapping[TaxRateId, TaxRate]


def draft(
    wanted: NewInvoice, invoice_id: InvoiceId, facts: Facts, findings: Findings, where: str = ""
) -> InvoiceSnapshot:
    """The draft without its number; what is wrong goes into `findings`, under `where`."""
    currency = _currency(wanted.currency, facts, findings, where)
    customer = CustomerId(wanted.customer_id)
    _check_customer(customer, facts, findings, where)
    included = wanted.prices_include_tax
    lines = price(wanted.lines, facts, currency, findings, where, included=included)
    sums = totals(lines, currency, included=included)
    snapshot = InvoiceSnapshot(
        id=invoice_id,
        version=1,
        number=wanted.number or "",
        status="draft",
        customer_id=customer,
        issue_date=wanted.issue_date or facts.today,
        due_date=wanted.due_date,
        currency=currency,
        memo=wanted.memo,
        prices_include_tax=included,
        lines=lines,
        subtotal=sums.subtotal,
        tax=sums.tax,
        total=sums.total,
    )
    _check_due(snapshot, findings, where)
    _check_size(snapshot, findings, where)
    return snapshot


def changed(
    before: InvoiceSnapshot, changes: InvoiceChanges, facts: Facts, findings: Findings
) -> InvoiceSnapshot:
    """The invoice with these fields changed, still of the same version."""
    given = changes.model_fields_set
    plain = changes.model_dump(
        include=given & {"number", "issue_date", "due_date", "memo", "prices_include_tax"},
        exclude_unset=True,
    )
    after = before.model_copy(update=plain)
    if "currency" in given:
        currency = _currency(changes.currency, facts, findings, "")
        after = after.model_copy(update={"currency": currency})
    if "customer_id" in given:
        customer = CustomerId(changes.customer_id)
        _check_customer(customer, facts, findings, "")
        after = after.model_copy(update={"customer_id": customer})
    included = after.prices_include_tax
    repriced = (before.currency, before.prices_include_tax) != (after.currency, included)
    if "lines" in given or repriced:
        lines = (
            price(changes.lines, facts, after.currency, findings, "", included=included)
            if "lines" in given
            else tuple(priced_line(line, after.currency, included=included) for line in after.lines)
        )
        sums = totals(lines, after.currency, included=included)
        after = after.model_copy(
            update={
                "lines": lines,
                "subtotal": sums.subtotal,
                "tax": sums.tax,
                "total": sums.total,
            }
        )
        if before.status != "draft" and not lines:
            findings.wrong.append(FieldError("lines", "must not be empty on a finalized invoice"))
    if (after.issue_date, after.due_date) != (before.issue_date, before.due_date):
        _check_due(after, findings, "")
    _check_size(after, findings, "")
    return after


def price(
    wanted: Sequence[NewLine],
    facts: Facts,
    currency: str,
    findings: Findings,
    where: str,
    *,
    included: bool,
) -> tuple[InvoiceLine, ...]:
    """The lines with their amounts and taxes; `included`: prices include tax."""
    lines: list[InvoiceLine] = []
    for position, line in enumerate(wanted):
        at = f"{where}lines.{position}."
        item = None if line.item_id is None else facts.items.get(ItemId(line.item_id))
        if line.item_id is not None and item is None:
            findings.wrong.append(FieldError(f"{at}item_id", "isn't one of your items"))
        unit_price = line.unit_price
        if unit_price is None and item is not None:
            unit_price = item.unit_price
        if unit_price is None:
            if line.item_id is None:
                findings.wrong.append(
                    FieldError(f"{at}unit_price", "is required without an item", "no_price")
                )
            unit_price = Decimal(0)
        discount = line.discount_percent or Decimal(0)
        if not 0 <= discount <= 100:
            findings.wrong.append(
                FieldError(
                    f"{at}discount_percent", 'must be from "0" to "100", in percent', "percent"
                )
            )
            discount = Decimal(0)
        rate = (
            None if line.tax_rate_id is None else facts.tax_rates.get(TaxRateId(line.tax_rate_id))
        )
        if line.tax_rate_id is not None and rate is None:
            findings.wrong.append(FieldError(f"{at}tax_rate_id", "isn't one of your tax rates"))
        priced = priced_line(
            InvoiceLine(
                position=position + 1,
                item_id=None if item is None else item.id,
                description=line.description,
                quantity=line.quantity,
                unit_price=unit_price,
                discount_percent=discount,
                tax_rate_id=None if rate is None else rate.id,
                tax_name=None if rate is None else rate.name,
                tax_percent=None if rate is None else rate.percent,
                amount=Decimal(0),
            ),
            currency,
            included=included,
        )
        if abs(priced.amount) >= MAX_AMOUNT:
            findings.wrong.append(FieldError(f"{at}quantity", "comes to more than a line holds"))
        lines.append(priced)
    return tuple(lines)


def _currency(wanted: str | None, facts: Facts, findings: Findings, where: str) -> str:
    if wanted is not None and wanted not in CURRENCIES and wanted != facts.currency:
        findings.wrong.append(
            FieldError(f"{where}currency", "isn't a currency: its three letters, such as EUR")
        )
        return facts.currency
    return wanted or facts.currency


def _check_customer(customer: CustomerId, facts: Facts, findings: Findings, where: str) -> None:
    if customer not in facts.customers:
        findings.wrong.append(FieldError(f"{where}customer_id", "isn't one of your customers"))


def _check_due(invoice: InvoiceSnapshot, findings: Findings, where: str) -> None:
    day = invoice.issue_date
    if invoice.due_date is not None and invoice.due_date < day:
        told = f"must not be before the invoice's date, {day.day} {day:%b %Y}"
        findings.wrong.append(FieldError(f"{where}due_date", told, "early"))


def _check_size(invoice: InvoiceSnapshot, findings: Findings, where: str) -> None:
    if len(invoice.lines) > 400 and len(invoice.model_dump_json()) > MAX_SNAPSHOT_BYTES // 4:
        size = len(invoice.model_dump_json().encode())
        if size > MAX_SNAPSHOT_BYTES:
            findings.wrong.append(
                FieldError(f"{where}lines", "are too long together; shorten their descriptions")
            )
