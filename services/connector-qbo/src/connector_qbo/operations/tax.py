"""Sales tax: the company's codes, and how an invoice's tax is said.

Three ways. In the US lines are `TAX` or `NON`: without automated sales tax our total goes along,
with the company's code where there is one for all lines; with it QuickBooks works the tax out, and
our total goes only where a person asked for that
(https://blogs.intuit.com/2017/12/11/using-quickbooks-online-api-automated-sales-tax/). Elsewhere
every line names a code of the company, and the whole says whether prices include tax
(https://developer.intuit.com/app/developer/qbo/docs/workflows/calculate-sales-tax).
"""

import hashlib
from collections.abc import Iterable
from decimal import Decimal

from connector_kit.answers import Refused
from connector_kit.exchange import Exchange
from connector_kit.provider import Context
from contracts.causes import cause_of
from contracts.commands import NO_TAX, SyncInvoice, TaxRef
from contracts.connections import OrganisationFacts, RemoteTaxRate, TaxRules
from contracts.invoicing import InvoiceLine
from contracts.sync import Subject
from contracts.taxes import rounded

from connector_qbo.bodies import NotRead
from connector_qbo.operations.statements import ANY_ACTIVITY, rows
from connector_qbo.wire import Line, Ref, TaxCode, TaxPrefs, TxnTaxDetail, plain

TAXABLE, NOT_TAXABLE = "TAX", "NON"
"""The pseudo codes of lines in the US; elsewhere codes are the company's own."""

MAX_LINES, MAX_TAXED_LINES = 10_000, 750
"""https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice"""

_DECIMALS = 2


def is_american(facts: OrganisationFacts) -> bool:
    return facts.country in (None, "US", "USA")


def rules_of(country: str | None, prefs: TaxPrefs) -> TaxRules:
    """What the company's preferences mean for an invoice's tax."""
    american = country in (None, "US", "USA")
    automated = american and bool(prefs.partner_tax_enabled)
    if not (prefs.using_sales_tax or prefs.partner_tax_enabled):
        return TaxRules(
            set_up=False, matching="none", included_prices=not american, decimals=_DECIMALS
        )
    if automated:
        return TaxRules(
            matching="none",
            rounding="theirs",
            included_prices=False,
            takes_our_tax=True,
            decimals=_DECIMALS,
        )
    if american:
        return TaxRules(
            matching="taxed", rounding="ours", included_prices=False, decimals=_DECIMALS
        )
    return TaxRules(matching="all", rounding="rate", decimals=_DECIMALS)


def sales_taxes(realm: str) -> Exchange[list[RemoteTaxRate] | NotRead]:
    """The codes that can stand on a sale, with the percents they are made of.

    `TAX` says only that a line is taxable: no rate is that, so it isn't offered.
    """
    codes = yield from rows(realm, "TaxCode", ANY_ACTIVITY)
    if isinstance(codes, NotRead):
        return codes
    rates = yield from rows(realm, "TaxRate", ANY_ACTIVITY)
    if isinstance(rates, NotRead):
        return rates
    percents = {rate.id: rate.rate_value for page in rates for rate in page.tax_rate}
    return [
        _offered(code, percents)
        for page in codes
        for code in page.tax_code
        if code.id != TAXABLE and code.sales_tax_rate_list is not None
    ]


def _offered(code: TaxCode, percents: dict[str, Decimal | None]) -> RemoteTaxRate:
    details = () if code.sales_tax_rate_list is None else code.sales_tax_rate_list.tax_rate_detail
    refs = [detail.tax_rate_ref.value for detail in details if detail.tax_rate_ref]
    parts = [percents.get(ref) for ref in refs]
    known = [part for part in parts if part is not None]
    return RemoteTaxRate(
        id=code.id,
        name=code.name,
        percent=sum(known, Decimal(0)) if len(known) == len(parts) else None,
        percents=tuple(known) if len(known) == len(parts) else (),
        active=code.active and not code.hidden,
    )


def tax_problem(command: SyncInvoice, context: Context) -> Refused | None:
    """Why the tax of this invoice can't be said there."""
    invoice, rules = command.invoice, context.facts.taxes
    taxed = any(_is_taxed(line) for line in invoice.lines)
    if taxed and not rules.set_up:
        return Refused(
            cause_of("sales_tax_not_set_up", invoice=invoice.number, org=context.organisation.name)
        )
    limit = MAX_TAXED_LINES if taxed else MAX_LINES
    if len(invoice.lines) > limit:
        return Refused(
            cause_of(
                "too_many_lines",
                invoice=invoice.number,
                lines=len(invoice.lines),
                limit=limit,
                scope="taxed" if taxed else None,
            )
        )
    for line in invoice.lines:
        if line.tax_rate_id is None and rules.matching != "all":
            continue
        tax = _tax_of(line, command)
        if rules.matching != "none" and (tax is None or tax.remote_id is None):
            rate = str(line.tax_rate_id) if line.tax_rate_id else NO_TAX
            subject = Subject(id=rate, name=line.tax_name or "No tax")
            return Refused(cause_of("tax_rate_unmapped", subject=subject, invoice=invoice.number))
    return None


def code_of(line: InvoiceLine, command: SyncInvoice, facts: OrganisationFacts) -> Ref | None:
    """The tax code that a line says."""
    tax = _tax_of(line, command)
    if is_american(facts):
        untaxed = not line.tax_percent or (tax is not None and tax.remote_id == NOT_TAXABLE)
        return Ref(value=NOT_TAXABLE if untaxed else TAXABLE)
    if not facts.taxes.set_up or tax is None or tax.remote_id is None:
        return None
    return Ref(value=tax.remote_id)


def whole_of(command: SyncInvoice, facts: OrganisationFacts, *, anew: bool) -> TxnTaxDetail | None:
    """What the invoice says of its tax as a whole; `anew`: it isn't there yet.

    An update says our total even where it is nothing: it replaces one that is there.
    """
    rules = facts.taxes
    if not is_american(facts) or not rules.set_up:
        return None
    if rules.rounding == "theirs" and not command.our_tax:
        return None
    taxed = any(_is_taxed(line) for line in command.invoice.lines)
    if not taxed and anew:
        return None
    codes = {
        tax.remote_id
        for line in command.invoice.lines
        if _is_taxed(line)
        and (tax := _tax_of(line, command)) is not None
        and tax.remote_id not in (None, TAXABLE, NOT_TAXABLE)
    }
    only = next(iter(codes)) if len(codes) == 1 and not command.our_tax else None
    return TxnTaxDetail(
        txn_tax_code_ref=Ref(value=only) if only else None,
        total_tax=in_cents(command.invoice.tax),
    )


def calculation_of(command: SyncInvoice, facts: OrganisationFacts) -> str | None:
    """Whether prices include tax; said outside the US only."""
    if is_american(facts):
        return None
    if not facts.taxes.set_up:
        return "NotApplicable"
    return "TaxInclusive" if command.invoice.prices_include_tax else "TaxExcluded"


def is_net(command: SyncInvoice, facts: OrganisationFacts) -> bool:
    """Whether lines go without the tax that their prices include: the US knows no such prices."""
    return command.invoice.prices_include_tax and not facts.taxes.included_prices


def codes_digest(lines: Iterable[Line]) -> str | None:
    """The tax codes of all lines as one value to compare by; None where no line is taxed."""
    details = [line.sales_item_line_detail for line in lines if line.sales_item_line_detail]
    codes = [detail.tax_code_ref.value for detail in details if detail.tax_code_ref]
    if len(codes) != len(details) or all(code == NOT_TAXABLE for code in codes):
        return None
    return hashlib.sha256("\x1f".join(codes).encode()).hexdigest()[:16]


def in_cents(amount: Decimal) -> Decimal:
    """Half up to what an amount has there in every currency."""
    return rounded(amount, _DECIMALS)


def total_text(detail: TxnTaxDetail | None) -> str | None:
    return None if detail is None or detail.total_tax is None else plain(detail.total_tax)


def _is_taxed(line: InvoiceLine) -> bool:
    return line.tax_rate_id is not None and bool(line.tax_percent)


def _tax_of(line: InvoiceLine, command: SyncInvoice) -> TaxRef | None:
    return command.taxes.get(NO_TAX if line.tax_rate_id is None else str(line.tax_rate_id))
