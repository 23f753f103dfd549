"""How an invoice's tax is said: a TaxType on each line, by its code and not its name, and whether
prices include tax. Amounts of tax are never sent: Xero rounds each line's by itself and sums
(https://developer.xero.com/documentation/guides/how-to-guides/rounding-in-xero).

A line without a TaxType would get its account's own, so every line of a taxed invoice names one:
what is matched to lines without tax, else the country's type of no tax. An invoice without any tax
says `NoTax` as a whole.
"""

from decimal import Decimal

from connector_kit.answers import Refused
from contracts.causes import cause_of
from contracts.commands import NO_TAX, SyncInvoice, TaxRef
from contracts.connections import OrganisationFacts, TaxRules
from contracts.invoicing import InvoiceLine
from contracts.sync import Subject
from contracts.taxes import TaxedAmount, rounded, sums

_DECIMALS = 2
RULES = TaxRules(matching="taxed", rounding="line", decimals=_DECIMALS)

_UNTAXED = {"AU": "BASEXCLUDED"}
"""Elsewhere `NONE`: https://developer.xero.com/documentation/api/accounting/types#tax-rates"""


def tax_problem(command: SyncInvoice) -> Refused | None:
    """Why the tax of this invoice can't be said there."""
    for line in command.invoice.lines:
        tax = None if line.tax_rate_id is None else _tax_of(line, command)
        if line.tax_rate_id is not None and (tax is None or tax.remote_id is None):
            subject = Subject(id=str(line.tax_rate_id), name=line.tax_name or "")
            return Refused(
                cause_of("tax_rate_unmapped", subject=subject, invoice=command.invoice.number)
            )
    return None


def amounts_of(command: SyncInvoice) -> str:
    """What amounts are: `LineAmountTypes`."""
    if all(line.tax_rate_id is None for line in command.invoice.lines):
        return "NoTax"
    return "Inclusive" if command.invoice.prices_include_tax else "Exclusive"


def type_of(line: InvoiceLine, command: SyncInvoice, facts: OrganisationFacts) -> str | None:
    """A line's TaxType; None where the invoice has no tax at all."""
    if amounts_of(command) == "NoTax":
        return None
    tax = _tax_of(line, command)
    if tax is not None and tax.remote_id is not None:
        return tax.remote_id
    return untaxed(facts)


def untaxed(facts: OrganisationFacts) -> str:
    """The TaxType of no tax."""
    return _UNTAXED.get(facts.country or "", "NONE")


def expected_total(command: SyncInvoice) -> Decimal | None:
    """What the invoice comes to there, so that another total is a sign of an edit; None where a
    line's tax is half a cent exactly: which way Xero rounds that is unconfirmed."""
    included = amounts_of(command) == "Inclusive"
    lines = [
        TaxedAmount(rounded(line.amount, _DECIMALS), _percents(line, command))
        for line in command.invoice.lines
    ]
    if any(_is_tie(line, included=included) for line in lines):
        return None
    currency = command.invoice.currency
    found = sums(lines, currency, included=included, rounding="line", decimals=_DECIMALS)
    return found.total if command.rounding is None else found.total + command.rounding.amount


def _percents(line: InvoiceLine, command: SyncInvoice) -> tuple[Decimal, ...]:
    if amounts_of(command) == "NoTax":
        return ()
    tax = _tax_of(line, command)
    if tax is not None and tax.percents_there:
        return tax.percents_there
    return (line.tax_percent,) if line.tax_rate_id is not None and line.tax_percent else ()


def _is_tie(line: TaxedAmount, *, included: bool) -> bool:
    whole = sum(line.percents, Decimal(0))
    cents = line.amount * 100 * (100 / (100 + whole) if included else whole / 100)
    return abs(cents % 1) == Decimal("0.5")


def _tax_of(line: InvoiceLine, command: SyncInvoice) -> TaxRef | None:
    return command.taxes.get(NO_TAX if line.tax_rate_id is None else str(line.tax_rate_id))
