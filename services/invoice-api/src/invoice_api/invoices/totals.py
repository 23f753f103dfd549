"""What an invoice comes to: exact decimals, rounded half up.

The rule: a line's amount is quantity × price less its discount, rounded to the currency; its tax is
worked out of that amount and rounded, per line; then both are summed. Where prices include tax, a
line's tax is what its amount holds beyond the amount without tax, and the total is the sum of the
amounts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from contracts.invoicing import InvoiceLine
from contracts.money import round_amount
from contracts.taxes import line_tax

MAX_AMOUNT = Decimal(10) ** 13
"""No line and no invoice comes to this much; sums stay far within what a decimal holds."""

_DIGITS = 60


@dataclass(frozen=True)
class Totals:
    subtotal: Decimal
    tax: Decimal
    total: Decimal


def line_amount(
    quantity: Decimal, unit_price: Decimal, currency: str, discount_percent: Decimal = Decimal(0)
) -> Decimal:
    """Quantity × price less the discount, rounded to the currency's minor unit."""
    with localcontext(prec=_DIGITS):
        return round_amount(quantity * unit_price * (100 - discount_percent) / 100, currency)


def priced_line(line: InvoiceLine, currency: str, *, included: bool) -> InvoiceLine:
    """The line with its amount and its tax worked out anew."""
    amount = line_amount(line.quantity, line.unit_price, currency, line.discount_percent)
    percent = line.tax_percent
    tax = (
        round_amount(Decimal(0), currency)
        if percent is None
        else line_tax(amount, percent, currency, included=included)
    )
    return line.model_copy(update={"amount": amount, "tax_amount": tax})


def totals(lines: Iterable[InvoiceLine], currency: str, *, included: bool = False) -> Totals:
    """The sums of lines that are priced already."""
    with localcontext(prec=_DIGITS):
        amounts = round_amount(Decimal(0), currency)
        tax = round_amount(Decimal(0), currency)
        for line in lines:
            amounts += line.amount
            tax += line.tax_amount
        if included:
            return Totals(amounts - tax, tax, amounts)
        return Totals(amounts, tax, amounts + tax)
