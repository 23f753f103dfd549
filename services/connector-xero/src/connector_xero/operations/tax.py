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
from contracts.taxes import rounded

RULES = TaxRules(matching="taxed", rounding="line", decimals=2)

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
    """What the invoice comes to there, so that another total is a sign of an edit; None where a tax
    there isn't of the percent it is here."""
    invoice = command.invoice
    for line in invoice.lines:
        tax = _tax_of(line, command)
        if line.tax_rate_id is None or tax is None or not tax.percents_there:
            continue
        if sum(tax.percents_there, Decimal(0)) != (line.tax_percent or 0):
            return None
    total = rounded(invoice.total, 2)
    if total != invoice.total:
        return None
    return total if command.rounding is None else total + command.rounding.amount


def _tax_of(line: InvoiceLine, command: SyncInvoice) -> TaxRef | None:
    return command.taxes.get(NO_TAX if line.tax_rate_id is None else str(line.tax_rate_id))
