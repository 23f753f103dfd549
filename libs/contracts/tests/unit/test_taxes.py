"""Tax, exactly: rounded half up, per line here, per rate where a provider does so."""

from decimal import Decimal

import pytest
from contracts.taxes import TaxedAmount, line_tax, rounding_tolerance, sums
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("amount", "percent", "currency", "included", "tax"),
    [
        ("541.25", "15", "NZD", True, "70.60"),
        ("500.00", "15", "NZD", True, "65.22"),
        ("100.00", "8.25", "USD", False, "8.25"),
        ("0.10", "8.25", "USD", False, "0.01"),
        ("-0.10", "5", "USD", False, "-0.01"),
        ("1000", "10", "JPY", False, "100"),
        ("10.005", "5", "KWD", False, "0.500"),
        ("10.00", "0", "USD", True, "0.00"),
    ],
)
def test_a_lines_tax(amount: str, percent: str, currency: str, included: bool, tax: str) -> None:
    found = line_tax(Decimal(amount), Decimal(percent), currency, included=included)
    assert str(found) == tax


def test_three_lines_of_ten_cents_differ_by_how_they_are_rounded() -> None:
    lines = [TaxedAmount(Decimal("0.10"), (Decimal("8.25"),), "a")] * 3
    assert str(sums(lines, "USD", rounding="line").tax) == "0.03"
    assert str(sums(lines, "USD", rounding="rate").tax) == "0.02"


def test_parts_of_a_rate_are_rounded_each_by_itself() -> None:
    line = TaxedAmount(Decimal("0.90"), (Decimal(5), Decimal(5)), "a")
    assert str(sums([line], "CAD", rounding="rate").tax) == "0.10"
    whole = TaxedAmount(Decimal("0.90"), (Decimal(10),), "b")
    assert str(sums([whole], "CAD", rounding="rate").tax) == "0.09"


def test_included_tax_is_part_of_the_total() -> None:
    found = sums(
        [TaxedAmount(Decimal("115.00"), (Decimal(15),))], "NZD", included=True, rounding="line"
    )
    assert (str(found.subtotal), str(found.tax), str(found.total)) == ("100.00", "15.00", "115.00")


@given(
    amounts=st.lists(
        st.decimals(min_value=-1000, max_value=1000, places=2), min_size=1, max_size=60
    ),
    percent=st.decimals(min_value=0, max_value=30, places=4),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_two_roundings_are_never_further_apart_than_the_tolerance(
    amounts: list[Decimal], percent: Decimal, currency: str
) -> None:
    lines = [TaxedAmount(amount, (percent,), "a") for amount in amounts]
    by_line, by_rate = (sums(lines, currency, rounding=r).tax for r in ("line", "rate"))
    unit = rounding_tolerance(1, currency)
    assert abs(by_line - by_rate) <= rounding_tolerance(len(lines), currency) + unit
