"""Totals are exact and rounded half up: a line's amount, then its tax, then both are summed."""

from decimal import Decimal

import pytest
from contracts.invoicing import InvoiceLine
from contracts.money import minor_units
from hypothesis import given
from hypothesis import strategies as st
from invoice_api.invoices.totals import line_amount, priced_line, totals


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


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "amount"),
    [
        ("3", "9.99", "10", "26.97"),
        ("1", "100", "12.5", "87.50"),
        ("1", "0.01", "50", "0.01"),
        ("7", "1.2345", "33.333", "5.76"),
        ("1", "-10", "10", "-9.00"),
        ("1", "10", "100", "0.00"),
    ],
)
def test_a_discount_comes_off_before_rounding(
    quantity: str, price: str, discount: str, amount: str
) -> None:
    found = line_amount(Decimal(quantity), Decimal(price), "USD", Decimal(discount))
    assert str(found) == amount


def line(price: str | Decimal, percent: str | Decimal | None, quantity: str = "1") -> InvoiceLine:
    return InvoiceLine(
        position=1,
        item_id=None,
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        tax_percent=None if percent is None else Decimal(percent),
        amount=Decimal(0),
    )


def test_tax_is_rounded_per_line_and_then_summed() -> None:
    lines = [priced_line(line("0.10", "8.25"), "USD", included=False) for _ in range(3)]
    lines.append(priced_line(line("5", None), "USD", included=False))
    sums = totals(lines, "USD")
    assert [str(one.tax_amount) for one in lines] == ["0.01", "0.01", "0.01", "0.00"]
    assert (str(sums.subtotal), str(sums.tax), str(sums.total)) == ("5.30", "0.03", "5.33")


def test_prices_that_include_tax_hold_it() -> None:
    lines = [
        priced_line(line("541.25", "15"), "NZD", included=True),
        priced_line(line("500", "15"), "NZD", included=True),
    ]
    sums = totals(lines, "NZD", included=True)
    assert [str(one.tax_amount) for one in lines] == ["70.60", "65.22"]
    assert (str(sums.subtotal), str(sums.tax), str(sums.total)) == ("905.43", "135.82", "1041.25")


@given(
    prices=st.lists(
        st.tuples(
            st.decimals(min_value=-(10**6), max_value=10**6, places=4),
            st.none() | st.decimals(min_value=0, max_value=100, places=4),
        ),
        max_size=30,
    ),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
    included=st.booleans(),
)
def test_the_total_is_the_sum_of_the_lines_and_every_sum_adds_up(
    prices: list[tuple[Decimal, Decimal | None]], currency: str, included: bool
) -> None:
    lines = [priced_line(line(*one), currency, included=included) for one in prices]
    sums = totals(lines, currency, included=included)
    assert sums.total == sums.subtotal + sums.tax
    amounts = sum((one.amount for one in lines), Decimal(0))
    assert amounts == (sums.total if included else sums.subtotal)
    assert sums.tax == sum((one.tax_amount for one in lines), Decimal(0))
    digits = -minor_units(currency)
    assert all(n.as_tuple().exponent == digits for n in (sums.subtotal, sums.tax, sums.total))
