"""What an invoice's taxes are there, and what the provider will make of its total."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from contracts.commands import NO_TAX, TaxRef
from contracts.connections import TaxRules
from contracts.invoicing import InvoiceLine, InvoiceSnapshot
from contracts.money import minor_units
from contracts.sync import Totals
from contracts.taxes import TaxedAmount, rounded, rounding_tolerance, sums

from sync_orchestrator.domain.connection import MappedTax

Matched = Mapping[str, MappedTax]


@dataclass(frozen=True, slots=True)
class WantedTax:
    """A tax that lines of an invoice name: the local rate's id as text, or `NO_TAX`."""

    rate: str
    name: str
    percent: Decimal


def is_taxed(invoice: InvoiceSnapshot) -> bool:
    return any(line.tax_rate_id is not None and line.tax_percent for line in invoice.lines)


def wanted(invoice: InvoiceSnapshot, rules: TaxRules) -> tuple[WantedTax, ...]:
    """The taxes that must be matched before it can go, in the order of its lines."""
    if rules.matching == "none":
        return ()
    ordered = list(all_taxes(invoice))
    untaxed = any(line.tax_rate_id is None for line in invoice.lines)
    if rules.matching == "all" and untaxed:
        ordered.append(WantedTax(NO_TAX, "No tax", Decimal(0)))
    return tuple(ordered)


def all_taxes(invoice: InvoiceSnapshot) -> tuple[WantedTax, ...]:
    """Every tax rate of its lines, each once."""
    found: dict[str, WantedTax] = {}
    for line in invoice.lines:
        if line.tax_rate_id is not None:
            name, percent = line.tax_name or "of this line", line.tax_percent or Decimal(0)
            found.setdefault(rate_of(line), WantedTax(rate_of(line), name, percent))
    return tuple(found.values())


def rate_of(line: InvoiceLine) -> str:
    """The key of a line's tax."""
    return NO_TAX if line.tax_rate_id is None else str(line.tax_rate_id)


def refs(invoice: InvoiceSnapshot, matched: Matched) -> dict[str, TaxRef]:
    """Every tax of the invoice as a command says it; `NO_TAX` only where it is matched."""
    found: dict[str, TaxRef] = {}
    for line in invoice.lines:
        rate = rate_of(line)
        tax = matched.get(rate)
        if rate in found or (rate == NO_TAX and tax is None):
            continue
        found[rate] = TaxRef(
            remote_id=None if tax is None else tax.id,
            name=line.tax_name or ("No tax" if rate == NO_TAX else ""),
            percent=line.tax_percent or Decimal(0),
            name_there=None if tax is None else tax.name,
            percents_there=() if tax is None else tax.percents,
        )
    return found


def predicted(invoice: InvoiceSnapshot, matched: Matched, rules: TaxRules) -> Totals | None:
    """What the provider will make of it; None where that can't be known."""
    if rules.rounding == "theirs":
        return None if is_taxed(invoice) else _ours(invoice)
    if rules.rounding == "ours" and rules.decimals is None:
        return _ours(invoice)
    included = invoice.prices_include_tax and rules.included_prices
    lines = [
        TaxedAmount(
            line.amount - line.tax_amount
            if invoice.prices_include_tax and not included
            else line.amount,
            _percents(line, matched, rules),
            rate_of(line),
        )
        for line in invoice.lines
    ]
    found = sums(
        lines,
        invoice.currency,
        included=included,
        rounding="rate" if rules.rounding == "rate" else "line",
        decimals=rules.decimals,
    )
    if rules.rounding == "ours":
        tax = invoice.tax if rules.decimals is None else rounded(invoice.tax, rules.decimals)
        return Totals(total=found.subtotal + tax, tax=tax, currency=invoice.currency)
    return Totals(total=found.total, tax=found.tax, currency=invoice.currency)


def small(invoice: InvoiceSnapshot, difference: Decimal, matched: Matched, rules: TaxRules) -> bool:
    """Whether a difference of totals can come of rounding alone: of other percents it never does,
    however little it is."""
    lines, currency = len(invoice.lines), invoice.currency
    near = abs(difference) <= rounding_tolerance(lines, currency, decimals=rules.decimals)
    return near and not (difference and _of_other_percents(invoice, matched, rules))


def equalising(invoice: InvoiceSnapshot, there: Decimal, rules: TaxRules) -> Decimal:
    """What a line must add there so that the total is ours, as far as amounts there can say it."""
    digits = minor_units(invoice.currency) if rules.decimals is None else rules.decimals
    return (invoice.total - there).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_DOWN)


def _of_other_percents(invoice: InvoiceSnapshot, matched: Matched, rules: TaxRules) -> bool:
    if rules.matching == "none" or rules.rounding == "ours":
        return False
    for line in invoice.lines:
        tax = matched.get(rate_of(line))
        if tax is not None and tax.percents and sum(tax.percents) != (line.tax_percent or 0):
            return True
    return False


def _percents(line: InvoiceLine, matched: Matched, rules: TaxRules) -> tuple[Decimal, ...]:
    tax = matched.get(rate_of(line))
    if line.tax_rate_id is None and rules.matching != "all":
        return ()
    if rules.matching != "none" and tax is not None and tax.percents:
        return tax.percents
    return (line.tax_percent,) if line.tax_percent else ()


def _ours(invoice: InvoiceSnapshot) -> Totals:
    return Totals(total=invoice.total, tax=invoice.tax, currency=invoice.currency)
