"""What an invoice comes to: exact decimals, rounded half up, once per line."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from contracts.money import round_amount

MAX_AMOUNT = Decimal(10) ** 13
"""No line and no invoice comes to this much; sums stay far within what a decimal holds."""

_DIGITS = 60


@dataclass(frozen=True)
class Totals:
    subtotal: Decimal
    tax: Decimal
    total: Decimal


def line_amount(quantity: Decimal, unit_price: Decimal, currency: str) -> Decimal:
    """Quantity × price, rounded to the currency's minor unit."""
    with localcontext(prec=_DIGITS):
        return round_amount(quantity * unit_price, currency)


def totals(amounts: Iterable[Decimal], currency: str) -> Totals:
    """The sum of lines that are rounded already; there is no tax yet."""
    with localcontext(prec=_DIGITS):
        subtotal = round_amount(sum(amounts, Decimal(0)), currency)
        tax = round_amount(Decimal(0), currency)
        return Totals(subtotal, tax, subtotal + tax)
