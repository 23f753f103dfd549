"""Money to the cent, and no float anywhere."""

import ast
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import contracts
import pytest
from contracts.money import Money, minor_units, round_amount
from contracts.schemas import schema_of
from contracts.topics import TYPES
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

SOURCES = Path(contracts.__file__).parent


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.005", "USD", "0.01"),
        ("-0.005", "USD", "-0.01"),
        ("0.0049999999999999999999", "USD", "0.00"),
        ("2.675", "USD", "2.68"),
        ("192.285", "EUR", "192.29"),
        ("1.5", "JPY", "2"),
        ("1256.4", "XOF", "1256"),
        ("0.1235", "KWD", "0.124"),
        ("0.12345", "CLF", "0.1235"),
        ("256.38", "USD", "256.38"),
        ("1e30", "USD", "1000000000000000000000000000000.00"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_minor_unit(
    amount: str, currency: str, rounded: str
) -> None:
    assert str(round_amount(Decimal(amount), currency)) == rounded


amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**35), max_value=10**35)


@given(amounts, st.sampled_from(["USD", "JPY", "KWD", "CLF"]))
def test_rounding_is_exact_stable_and_never_off_by_more_than_half(
    amount: Decimal, currency: str
) -> None:
    rounded = round_amount(amount, currency)
    exponent = rounded.as_tuple().exponent
    assert exponent == -minor_units(currency)
    assert round_amount(rounded, currency) == rounded
    # Unary minus would round to the context's 28 digits first.
    assert round_amount(amount.copy_negate(), currency) == rounded.copy_negate()
    if amount.adjusted() > -40:
        step = Decimal(1).scaleb(-minor_units(currency))
        assert abs(_exact_difference(rounded, amount)) * 2 <= step


def _exact_difference(one: Decimal, other: Decimal) -> Decimal:
    difference = Fraction(one) - Fraction(other)
    return Decimal(difference.numerator) / Decimal(difference.denominator)


@pytest.mark.parametrize("currency", ["usd", "US", "USDD", "", "US1"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValidationError):
        Money(amount=Decimal(1), currency=currency)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e999999999", "1" * 41])
def test_an_amount_can_be_reckoned_with(amount: str) -> None:
    with pytest.raises(ValidationError):
        Money(amount=Decimal(amount), currency="USD")


def schema_types(node: object) -> Iterator[object]:
    if isinstance(node, dict):
        entries = cast("dict[str, Any]", node)
        if isinstance(entries.get("type"), str):
            yield entries["type"]
        for part in entries.values():
            yield from schema_types(part)
    elif isinstance(node, list):
        for part in cast("list[object]", node):
            yield from schema_types(part)


@pytest.mark.parametrize("name", TYPES)
def test_no_message_carries_a_float(name: str) -> None:
    assert "number" not in set(schema_types(schema_of(TYPES[name])))


def floats_in(text: str) -> list[int]:
    """Lines that name `float` or write a float down, outside of comparing schemas."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
    ]


def test_no_float_is_in_the_contracts() -> None:
    for path in sorted(SOURCES.rglob("*.py")):
        if path.name != "schema_changes.py":  # compares limits of schemas, which are numbers
            assert floats_in(path.read_text()) == [], path


def test_a_float_would_be_seen() -> None:
    assert floats_in("x: float = 1") == [1]
    assert floats_in("x = 0.1") == [1]
    assert list(schema_types({"a": [{"type": "number"}]})) == ["number"]
