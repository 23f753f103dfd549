"""What tax comes to, here and at providers: exact decimals, rounded half up.

Here tax is worked out per line, rounded to the currency, then summed. A provider may instead round
the sum of each rate once; its total is predicted with the same lines and its own rounding.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Literal

from contracts.money import minor_units

Rounding = Literal["line", "rate"]

_DIGITS = 60
_WIDE = Context(prec=_DIGITS)


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


def line_tax(
    amount: Decimal,
    percent: Decimal,
    currency: str,
    *,
    included: bool,
    decimals: int | None = None,
) -> Decimal:
    """The tax of one line. Within the amount where it is included: the amount less what is left
    of it without tax, which is what is rounded. `decimals`: other ones than the currency's."""
    digits = minor_units(currency) if decimals is None else decimals
    with localcontext(prec=_DIGITS):
        if not included:
            return rounded(amount * percent / 100, digits)
        if percent <= -100:
            return rounded(Decimal(0), digits)
        return rounded(amount, digits) - rounded(amount * 100 / (100 + percent), digits)


def sums(
    lines: Iterable[TaxedAmount],
    currency: str,
    *,
    included: bool = False,
    rounding: Rounding,
    decimals: int | None = None,
) -> Sums:
    """What these lines come to. Included tax is always worked out per line."""
    digits = minor_units(currency) if decimals is None else decimals
    with localcontext(prec=_DIGITS):
        amounts = rounded(Decimal(0), digits)
        tax = rounded(Decimal(0), digits)
        bases: dict[tuple[str, int], tuple[Decimal, Decimal]] = {}
        for line in lines:
            amount = rounded(line.amount, digits)
            amounts += amount
            if included:
                whole = sum(line.percents, Decimal(0))
                tax += line_tax(amount, whole, currency, included=True, decimals=digits)
                continue
            for part, percent in enumerate(line.percents):
                if rounding == "line":
                    tax += rounded(amount * percent / 100, digits)
                else:
                    base, _ = bases.get((line.rate, part), (Decimal(0), percent))
                    bases[line.rate, part] = (base + amount, percent)
        for base, percent in bases.values():
            tax += rounded(base * percent / 100, digits)
        if included:
            return Sums(amounts - tax, tax, amounts)
        return Sums(amounts, tax, amounts + tax)


def rounded(amount: Decimal, digits: int) -> Decimal:
    """Half up (away from zero at the half) to so many digits after the point; nothing is never
    less than nothing."""
    found = amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=_WIDE)
    return found if found else abs(found)


def rounding_tolerance(lines: int, currency: str, *, decimals: int | None = None) -> Decimal:
    """How far two ways of rounding the same invoice can be apart: a unit a line, half of it from
    each side; the larger unit where amounts there have `decimals` and not the currency's."""
    digits = minor_units(currency)
    coarse = digits if decimals is None else min(digits, decimals)
    return Decimal(1).scaleb(-coarse) * max(lines, 1)
