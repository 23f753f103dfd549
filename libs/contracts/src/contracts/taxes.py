"""What tax comes to, here and at providers: exact decimals, rounded half up.

Here tax is worked out per line, rounded to the currency, then summed. A provider may instead round
the sum of each rate once; its total is predicted with the same lines and its own rounding.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Literal

from contracts.money import minor_units, round_amount

Rounding = Literal["line", "rate"]

_DIGITS = 60


@dataclass(frozen=True, slots=True)
class TaxedAmount:
    """A line's amount after discount and the percents on it; amounts of one `rate` are summed."""

    amount: Decimal
    percents: tuple[Decimal, ...] = ()
    rate: str = ""


@dataclass(frozen=True, slots=True)
class Sums:
    """`total` is `subtotal` and `tax`."""

    subtotal: Decimal
    tax: Decimal
    total: Decimal


def line_tax(amount: Decimal, percent: Decimal, currency: str, *, included: bool) -> Decimal:
    """The tax of one line. Within the amount where it is included: the amount less what is left
    of it without tax, which is what is rounded."""
    with localcontext(prec=_DIGITS):
        if included:
            if percent <= -100:
                return round_amount(Decimal(0), currency)
            return round_amount(amount, currency) - round_amount(
                amount * 100 / (100 + percent), currency
            )
        return round_amount(amount * percent / 100, currency)


def sums(
    lines: Iterable[TaxedAmount], currency: str, *, included: bool = False, rounding: Rounding
) -> Sums:
    """What these lines come to. Included tax is always worked out per line."""
    with localcontext(prec=_DIGITS):
        amounts = round_amount(Decimal(0), currency)
        tax = round_amount(Decimal(0), currency)
        bases: dict[tuple[str, int], tuple[Decimal, Decimal]] = {}
        for line in lines:
            amounts += line.amount
            if included:
                whole = sum(line.percents, Decimal(0))
                tax += line_tax(line.amount, whole, currency, included=True)
                continue
            for part, percent in enumerate(line.percents):
                if rounding == "line":
                    tax += line_tax(line.amount, percent, currency, included=False)
                else:
                    base, _ = bases.get((line.rate, part), (Decimal(0), percent))
                    bases[line.rate, part] = (base + line.amount, percent)
        for base, percent in bases.values():
            tax += line_tax(base, percent, currency, included=False)
        if included:
            return Sums(amounts - tax, tax, amounts)
        return Sums(amounts, tax, amounts + tax)


def rounding_tolerance(lines: int, currency: str) -> Decimal:
    """How far two ways of rounding the same invoice can be apart: half a unit a line, at least one
    unit."""
    unit = Decimal(1).scaleb(-minor_units(currency))
    return max(unit, round_amount(unit * lines / 2, currency))
