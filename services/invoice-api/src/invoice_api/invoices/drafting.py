"""From what was sent to an invoice, or to what is wrong with it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from contracts.ids import CustomerId, InvoiceId, ItemId
from contracts.invoicing import InvoiceLine, InvoiceSnapshot, ItemSnapshot

from invoice_api.http.problems import FieldError, Problem, invalid
from invoice_api.invoices.schemas import InvoiceChanges, NewInvoice, NewLine
from invoice_api.invoices.totals import MAX_AMOUNT, line_amount, totals

MAX_SNAPSHOT_BYTES = 3_500_000
"""An invoice travels whole in one message, which may have 4 MiB."""


@dataclass
class Findings:
    """What is wrong: fields that can't be, and fields that can't be yet."""

    wrong: list[FieldError] = field(default_factory=list[FieldError])
    early: list[FieldError] = field(default_factory=list[FieldError])

    def problem(self) -> Problem | None:
        """One refusal that names all of them."""
        if self.wrong:
            return invalid(*self.wrong[:100])
        if self.early:
            first = self.early[0]
            return Problem(
                422,
                "not_yet",
                "Not possible yet",
                f"{first.field}: {first.message}",
                errors=self.early[:100],
            )
        return None


@dataclass(frozen=True)
class Facts:
    """What a draft is checked against: the company's own customers and items."""

    currency: str
    today: date
    customers: frozenset[CustomerId]
    items: Mapping[ItemId, ItemSnapshot]


def draft(
    wanted: NewInvoice, invoice_id: InvoiceId, facts: Facts, findings: Findings, where: str = ""
) -> InvoiceSnapshot:
    """The draft without its number; what is wrong goes into `findings`, under `where`."""
    currency = _currency(wanted.currency, facts, findings, where)
    _check(wanted.prices_include_tax, findings, where)
    customer = CustomerId(wanted.customer_id)
    _check_customer(customer, facts, findings, where)
    lines = price(wanted.lines, facts, currency, findings, where)
    sums = totals((line.amount for line in lines), currency)
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
        lines=lines,
        subtotal=sums.subtotal,
        tax=sums.tax,
        total=sums.total,
    )
    _check_size(snapshot, findings, where)
    return snapshot


def changed(
    before: InvoiceSnapshot, changes: InvoiceChanges, facts: Facts, findings: Findings
) -> InvoiceSnapshot:
    """The invoice with these fields changed, still of the same version."""
    given = changes.model_fields_set
    if "currency" in given:
        _currency(changes.currency, facts, findings, "")
    _check(changes.prices_include_tax, findings, "")
    plain = changes.model_dump(
        include=given & {"number", "issue_date", "due_date", "memo"}, exclude_unset=True
    )
    after = before.model_copy(update=plain)
    if "customer_id" in given:
        customer = CustomerId(changes.customer_id)
        _check_customer(customer, facts, findings, "")
        after = after.model_copy(update={"customer_id": customer})
    if "lines" in given:
        lines = price(changes.lines, facts, after.currency, findings, "")
        sums = totals((line.amount for line in lines), after.currency)
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
    _check_size(after, findings, "")
    return after


def price(
    wanted: Sequence[NewLine], facts: Facts, currency: str, findings: Findings, where: str
) -> tuple[InvoiceLine, ...]:
    """The lines with their amounts."""
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
                findings.wrong.append(FieldError(f"{at}unit_price", "is required without an item"))
            unit_price = Decimal(0)
        if line.discount_percent:
            findings.early.append(
                FieldError(f"{at}discount_percent", "discounts can't be given yet; lower the price")
            )
        if line.tax_rate_id is not None:
            findings.early.append(FieldError(f"{at}tax_rate_id", "tax can't be charged yet"))
        amount = line_amount(line.quantity, unit_price, currency)
        if abs(amount) >= MAX_AMOUNT:
            findings.wrong.append(FieldError(f"{at}quantity", "comes to more than a line holds"))
        lines.append(
            InvoiceLine(
                position=position + 1,
                item_id=None if item is None else item.id,
                description=line.description,
                quantity=line.quantity,
                unit_price=unit_price,
                amount=amount,
            )
        )
    return tuple(lines)


def _currency(wanted: str | None, facts: Facts, findings: Findings, where: str) -> str:
    if wanted is not None and wanted != facts.currency:
        findings.early.append(
            FieldError(
                f"{where}currency", f"invoices can only be in {facts.currency}, your currency, yet"
            )
        )
    return facts.currency


def _check(prices_include_tax: bool, findings: Findings, where: str) -> None:
    if prices_include_tax:
        findings.early.append(
            FieldError(f"{where}prices_include_tax", "prices can't include tax yet")
        )


def _check_customer(customer: CustomerId, facts: Facts, findings: Findings, where: str) -> None:
    if customer not in facts.customers:
        findings.wrong.append(FieldError(f"{where}customer_id", "isn't one of your customers"))


def _check_size(invoice: InvoiceSnapshot, findings: Findings, where: str) -> None:
    if len(invoice.lines) > 400 and len(invoice.model_dump_json()) > MAX_SNAPSHOT_BYTES // 4:
        size = len(invoice.model_dump_json().encode())
        if size > MAX_SNAPSHOT_BYTES:
            findings.wrong.append(
                FieldError(f"{where}lines", "are too long together; shorten their descriptions")
            )
