"""How many and how much, as a person reads it: the same words on every page and in every mail."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from contracts.money import minor_units, round_amount

Amounts = tuple[tuple[str, Decimal], ...]
"""Sums of money, each with its currency before it; the largest first."""

_SIGNS = {"USD": "$", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$", "GBP": "£", "EUR": "€"}


def money(amount: Decimal | str, currency: str) -> str:
    """`$2,176.02`; a currency without a sign of its own is written behind: `80.00 SEK`."""
    rounded = round_amount(Decimal(amount), currency)
    text = f"{abs(rounded):,.{minor_units(currency)}f}"
    minus = "−" if rounded < 0 else ""
    sign = _SIGNS.get(currency)
    return f"{minus}{sign}{text}" if sign else f"{minus}{text} {currency}"


def summed(amounts: Iterable[tuple[str, Decimal]]) -> Amounts:
    """One sum a currency: currencies are never added up."""
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return tuple(sorted(sums.items(), key=lambda one: (-one[1], one[0])))


def in_words(amounts: Iterable[tuple[str, Decimal]]) -> str:
    """`$150.00 and €20.00`; empty where nothing is worth anything."""
    said = [money(amount, currency) for currency, amount in amounts if amount]
    *others, last = said or [""]
    return f"{', '.join(others)} and {last}" if others else last


def counted(count: int, kinds: Collection[str]) -> str:
    """`37 invoices`, `1 customer`; `41 records` where they are of several kinds."""
    kind = next(iter(kinds)) if len(kinds) == 1 else "record"
    return f"{count:,} {kind if count == 1 else kind + 's'}"
