"""Tax, discounts and totals through the whole chain in Xero and in FreshBooks."""

from decimal import Decimal

from money_side import bill, match, tax_rate, taxing_office, there
from office import Json, Office
from provider_side import act, behave, writes
from testkit import Stack

_MANY = 1_114


def odd_lines(tax: str) -> tuple[Json, ...]:
    return (
        {"quantity": "0.333", "unit_price": "19.9999", "tax_rate_id": tax},
        {"quantity": "40", "unit_price": "0.0375", "discount_percent": "12.5"},
        {"quantity": "1", "unit_price": "-1.25", "tax_rate_id": tax},
    )


async def odd_and_many(oak: Office, tax: str) -> None:
    """Nothing, odd amounts, less than nothing, and as many lines as an invoice may well have."""
    nothing = await bill(oak, {"quantity": "1", "unit_price": "0.00"})
    mixed = await bill(oak, *odd_lines(tax))
    negative = await bill(oak, {"quantity": "1", "unit_price": "-5.00"})
    many = await bill(oak, *({"quantity": "1.5", "unit_price": "0.35"},) * _MANY)
    badge = await oak.badge_when("invoice", nothing, "synced")
    assert await there(oak, badge) == ("0.00", "0.00")
    badge = await oak.badge_when("invoice", mixed, "synced")
    assert await there(oak, badge) == (mixed["total"], mixed["tax"])
    badge = await oak.badge_when("invoice", negative, "blocked")
    assert badge["cause"]["code"] == "invoice_total_negative"
    badge = await oak.badge_when("invoice", many, "synced")
    assert many["total"] == str(_MANY * Decimal("0.53"))
    assert await there(oak, badge) == (many["total"], "0.00")


async def test_s32_s31_s30_s33_s34_xero_right_to_the_cent_or_both_totals_said(
    stack: Stack,
) -> None:
    switches = {"country": "NZ", "currency": "USD", "tax_ties": "half_even"}
    async with taxing_office(stack, "Kiwi", "xero", **switches) as oak:
        gst = await tax_rate(oak, "GST", "15")
        first = await bill(oak, {"unit_price": "100.00", "tax_rate_id": gst})
        badge = await oak.badge_when("invoice", first, "blocked")
        assert badge["cause"]["code"] == "tax_rate_unmapped"
        assert not [row for row in await writes(oak) if "Invoices" in row["path"]]
        await match(oak, GST="15% GST on Income")
        badge = await oak.badge_when("invoice", first, "synced")
        assert await there(oak, badge) == ("115.00", "15.00")

        await odd_and_many(oak, gst)

        # A tax that is another percent there is no rounding.
        sold = await tax_rate(oak, "Export", "4.12")
        await match(oak, Export="Zero Rated")
        other = await bill(oak, {"unit_price": "100.00", "tax_rate_id": sold})
        badge = await oak.badge_when("invoice", other, "synced_with_difference")
        assert badge["cause"]["code"] == "tax_recalculated_there"
        assert "$104.12" in badge["cause"]["sentence"]
        # Accepted, no longer accepted, accepted after all: nothing is sent for any of it.
        before = len(await oak.requests())
        await act(oak, "invoice", other, "accept_difference")
        await oak.badge_when("invoice", other, "synced")
        await act(oak, "invoice", other, "show_difference")
        again = await oak.badge_when("invoice", other, "synced_with_difference")
        assert again["cause"]["sentence"] == badge["cause"]["sentence"]
        await act(oak, "invoice", other, "accept_difference")
        badge = await oak.badge_when("invoice", other, "synced")
        assert await there(oak, badge) == ("100.00", "0.00")
        assert len(await oak.requests()) == before

        # Half a cent, which it rounds to the even one: 0.10 there, 0.11 here.
        half = await bill(oak, {"unit_price": "0.70", "tax_rate_id": gst})
        badge = await oak.badge_when("invoice", half, "synced_with_difference")
        assert badge["cause"]["title"] == "Differs by $0.01"
        account = (await oak.accounts())["Services"]
        await act(oak, "invoice", half, "add_rounding_line", account_id=account)
        badge = await oak.badge_when("invoice", half, "synced")
        assert (await there(oak, badge))[0] == "0.81"

        euro = await bill(oak, {"unit_price": "10.00"}, currency="EUR")
        badge = await oak.badge_when("invoice", euro, "blocked")
        assert badge["cause"]["code"] == "currency_not_enabled"
        await behave(oak, currencies=["EUR"])
        await act(oak, "invoice", euro, "check_again")
        badge = await oak.badge_when("invoice", euro, "synced")
        assert await there(oak, badge) == ("10.00", "0.00")


async def test_s32_s30_s33_s34_freshbooks_right_to_the_cent_or_both_totals_said(
    stack: Stack,
) -> None:
    async with taxing_office(stack, "Fresh", "freshbooks") as oak:
        # The percent goes on the line: there is nothing to match.
        vat = await tax_rate(oak, "VAT", "20")
        first = await bill(oak, {"unit_price": "100.00", "tax_rate_id": vat})
        badge = await oak.badge_when("invoice", first, "synced")
        assert await there(oak, badge) == ("120.00", "20.00")

        await odd_and_many(oak, vat)

        lines = ({"quantity": "1", "unit_price": "0.13", "tax_rate_id": vat},) * 3
        cents = await bill(oak, *lines)
        badge = await oak.badge_when("invoice", cents, "synced_with_difference")
        assert badge["cause"]["code"] == "rounding_difference"
        assert badge["cause"]["title"] == "Differs by $0.01"
        assert await there(oak, badge) == ("0.47", "0.08")
        await act(oak, "invoice", cents, "add_rounding_line")
        badge = await oak.badge_when("invoice", cents, "synced")
        assert (await there(oak, badge))[0] == "0.48"

        # It keeps no client in one currency, and takes an invoice in any.
        euro = await bill(oak, {"unit_price": "10.00"}, currency="EUR")
        badge = await oak.badge_when("invoice", euro, "synced")
        assert await there(oak, badge) == ("10.00", "0.00")
