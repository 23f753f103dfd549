"""Money: an amount and its currency, never a float."""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""ISO 4217 code."""

Number = Annotated[Decimal, Field(max_digits=40)]
"""A decimal that can be reckoned with: neither endless nor infinite."""

_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_MINOR_UNITS = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}
"""Digits after the point where they aren't two (ISO 4217, table A.1)."""


_WIDE = Context(prec=60)
"""Wide enough that rounding a `Number` never runs out of digits."""


def minor_units(currency: str) -> int:
    """How many digits after the point an amount in this currency has."""
    return _MINOR_UNITS.get(currency, 2)


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """The amount rounded half up (away from zero at the half) to the currency's minor unit."""
    step = Decimal(1).scaleb(-minor_units(currency))
    return amount.quantize(step, rounding=ROUND_HALF_UP, context=_WIDE)


class Money(BaseModel):
    """An amount in a currency, rounded to its minor unit by whoever makes it."""

    model_config = ConfigDict(frozen=True)

    amount: Number
    currency: Currency
