"""Totals are exact and rounded half up, once per line."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoice_api.invoices.totals import line_amount, totals


@pytest.mark.parametrize(
    ("quantity", "price", "currency", "amount"),
    [
        ("2", "128.19", "USD", "256.38"),
        ("0.333", "10", "USD", "3.33"),
        ("1", "0.005", "USD", "0.01"),
        ("1", "-0.005", "USD", "-0.01"),
        ("1", "2.345", "USD", "2.35"),
        ("3", "1.6667", "USD", "5.00"),
        ("1", "0.5", "JPY", "1"),
        ("1", "1.0005", "KWD", "1.001"),
        ("999999999999", "999999999999.999999", "USD", "999999999998999999000000.00"),
    ],
)
def test_a_line_is_rounded_half_up_to_its_currency(
    quantity: str, price: str, currency: str, amount: str
) -> None:
    assert str(line_amount(Decimal(quantity), Decimal(price), currency)) == amount


cents = st.decimals(min_value=-(10**10), max_value=10**10, places=2)


@given(st.lists(cents, max_size=50))
def test_the_total_is_the_sum_of_the_lines(amounts: list[Decimal]) -> None:
    sums = totals(amounts, "USD")
    assert sums.total == sums.subtotal == sum(amounts, Decimal(0))
    assert str(sums.tax) == "0.00"
