"""Money: an amount and its currency, never a float."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""ISO 4217 code."""

_MINOR_UNITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3}
"""Digits after the point where they aren't two (ISO 4217)."""


def minor_units(currency: str) -> int:
    """How many digits after the point an amount in this currency has."""
    return _MINOR_UNITS.get(currency, 2)


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """The amount rounded half up to the currency's minor unit."""
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), rounding=ROUND_HALF_UP)


class Money(BaseModel):
    """An amount in a currency, rounded to its minor unit by whoever makes it."""

    model_config = ConfigDict(frozen=True)

    amount: Decimal
    currency: Currency
