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


_IN_USE = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP "
    "BYN BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD "
    "FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY "
    "KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP "
    "MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR "
    "RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT "
    "TND TOP TRY TTD TWD TZS UAH UGX USD UYU UYW UZS VES VND VUV WST XAF XCD XCG XOF XPF YER "
    "ZAR ZMW ZWG "
)
CURRENCIES = frozenset(_IN_USE.split())
"""Money that people pay with (ISO 4217, list one, without funds, metals and test codes)."""


_WIDE = Context(prec=60)
"""Wide enough that rounding a `Number` never runs out of digits."""


def minor_units(currency: str) -> int:
    """How many digits after the point an amount in this currency has."""
    return _MINOR_UNITS.get(currency, 2)


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """The amount rounded half up (away from zero at the half) to the currency's minor unit; nothing
    is never less than nothing."""
    step = Decimal(1).scaleb(-minor_units(currency))
    found = amount.quantize(step, rounding=ROUND_HALF_UP, context=_WIDE)
    return found if found else abs(found)


class Money(BaseModel):
    """An amount in a currency, rounded to its minor unit by whoever makes it."""

    model_config = ConfigDict(frozen=True)

    amount: Number
    currency: Currency
