"""Sales tax in its four ways."""

from __future__ import annotations

import pytest

from .support import Api, Body, Controls, Stock, sale

TAXED: Body = {"TaxCodeRef": {"value": "TAX"}}


def test_a_given_total_is_honoured_in_the_us(controls: Controls, api: Api, stock: Stock) -> None:
    lines = [sale(stock.item, 1, 100, **TAXED)]
    for mode in ("manual", "ast"):
        controls.set(tax_mode=mode)
        made = api.create("invoice", stock.invoice(Line=lines, TxnTaxDetail={"TotalTax": 7.13}))
        assert made["TxnTaxDetail"]["TotalTax"] == 7.13
        assert made["TotalAmt"] == 107.13
    assert controls.books()["invoices"][0]["tax"] == "7.13"


def test_a_transactions_code_is_computed_with_its_rates(api: Api, stock: Stock) -> None:
    lines = [sale(stock.item, 1, 582.5, **TAXED), sale(stock.item, 1, 10)]
    made = api.create(
        "invoice", stock.invoice(Line=lines, TxnTaxDetail={"TxnTaxCodeRef": {"value": "2"}})
    )
    assert made["TxnTaxDetail"] == {
        "TxnTaxCodeRef": {"value": "2"},
        "TotalTax": 46.6,
        "TaxLine": [
            {
                "Amount": 46.6,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": "3"},
                    "PercentBased": True,
                    "TaxPercent": 8,
                    "NetAmountTaxable": 582.5,
                },
            }
        ],
    }
    assert made["TotalAmt"] == 639.1
    bad = stock.invoice(TxnTaxDetail={"TxnTaxCodeRef": {"value": "99"}})
    assert api.error("invoice", bad)["code"] == "2500"


def test_automated_tax_changes_a_total_nobody_gave(
    controls: Controls, api: Api, stock: Stock
) -> None:
    controls.set(tax_mode="ast", ast_percent="4.12")
    lines = [sale(stock.item, 1, 100, **TAXED), sale(stock.item, 1, 50)]
    made = api.create("invoice", stock.invoice(Line=lines))
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (4.12, 154.12)
    explicit = api.create("invoice", stock.invoice(Line=lines, TxnTaxDetail={"TotalTax": 0}))
    assert explicit["TotalAmt"] == 150
    sparse: Body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Line": [lines[0]]}
    assert api.create("invoice", sparse)["TotalAmt"] == 104.12


def test_an_items_taxable_mark_stands_in_for_a_missing_code(
    controls: Controls, api: Api, stock: Stock
) -> None:
    controls.set(tax_mode="ast", ast_percent="10")
    part = controls.seed(items=[{"name": "Pipe", "taxable": True}])["items"][0]["id"]
    made = api.create("invoice", stock.invoice(Line=[sale(part, 1, 10)]))
    assert made["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "TAX"}
    assert made["TotalAmt"] == 11


def test_an_id_as_a_lines_code_is_refused_in_the_us(api: Api, stock: Stock) -> None:
    lines = [sale(stock.item, 1, 10, TaxCodeRef={"value": "2"})]
    assert api.error("invoice", stock.invoice(Line=lines))["code"] == "6100"


def test_tax_that_isnt_set_up_is_refused_or_ignored(
    controls: Controls, api: Api, stock: Stock
) -> None:
    body = stock.invoice(Line=[sale(stock.item, 1, 10, **TAXED)])
    given = stock.invoice(TxnTaxDetail={"TotalTax": 1})
    controls.set(tax_mode="none")
    assert api.error("invoice", body)["code"] == "6000"
    assert api.error("invoice", given)["code"] == "6000"
    controls.set(tax_not_set_up="6100")
    assert api.error("invoice", body)["code"] == "6100"
    controls.set(tax_not_set_up="ignore")
    made = api.create("invoice", body)
    assert (made["TotalAmt"], made["TxnTaxDetail"]) == (10, {"TotalTax": 0})
    assert api.get("preferences").json()["Preferences"]["TaxPrefs"] == {"UsingSalesTax": False}


@pytest.mark.parametrize(
    ("country", "word", "code", "tax"),
    [("GB", "VAT", "3", 20), ("CA", "GST/HST", "7", 12), ("AU", "GST", "3", 10)],
)
def test_elsewhere_each_line_needs_a_code(
    controls: Controls, api: Api, stock: Stock, country: str, word: str, code: str, tax: int
) -> None:
    controls.set(country=country)
    error = api.error("invoice", stock.invoice(Line=[sale(stock.item, 1, 100)]))
    assert error["Detail"] == (
        f"Business Validation Error: Make sure all your transactions have a {word} rate "
        "before you save."
    )
    unknown = [sale(stock.item, 1, 100, **TAXED)]
    assert api.error("invoice", stock.invoice(Line=unknown))["code"] == "2500"
    lines = [sale(stock.item, 1, 100, TaxCodeRef={"value": code})]
    made = api.create("invoice", stock.invoice(Line=lines, GlobalTaxCalculation="TaxExcluded"))
    assert made["TxnTaxDetail"]["TotalTax"] == tax
    assert made["TotalAmt"] == 100 + tax
    assert made["GlobalTaxCalculation"] == "TaxExcluded"
    controls.change("taxcodes", code, {"active": False})
    assert api.error("invoice", stock.invoice(Line=lines))["code"] == "2500"


@pytest.mark.parametrize(
    ("country", "code", "gross", "net", "tax"),
    [
        ("GB", "3", 120, 100, 20),
        ("AU", "3", 99.99, 90.9, 9.09),
        ("CA", "7", 10, 8.93, 1.07),
        ("CA", "7", 0.52, 0.46, 0.06),
    ],
)
def test_a_price_that_includes_tax_is_booked_without_it(
    controls: Controls,
    api: Api,
    stock: Stock,
    country: str,
    code: str,
    gross: float,
    net: float,
    tax: float,
) -> None:
    controls.set(country=country)
    line = sale(stock.item, 1, gross, TaxCodeRef={"value": code}, TaxInclusiveAmt=gross)
    body = stock.invoice(Line=[line], GlobalTaxCalculation="TaxInclusive")
    made = api.create("invoice", body)
    assert made["Line"][0]["Amount"] == net
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (tax, gross)
    sparse: Body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "n"}
    assert api.create("invoice", sparse)["TotalAmt"] == gross


def test_tax_is_rounded_on_the_total_or_on_each_line(
    controls: Controls, api: Api, stock: Stock
) -> None:
    controls.set(tax_mode="ast", ast_percent="8.25")
    lines = [sale(stock.item, 1, 0.1, **TAXED)] * 3
    assert api.create("invoice", stock.invoice(Line=lines))["TxnTaxDetail"]["TotalTax"] == 0.02
    controls.set(tax_rounding="line")
    assert api.create("invoice", stock.invoice(Line=lines))["TxnTaxDetail"]["TotalTax"] == 0.03


def test_tax_comes_before_or_after_a_discount(controls: Controls, api: Api, stock: Stock) -> None:
    controls.set(tax_mode="ast", ast_percent="10")
    discount: Body = {
        "DetailType": "DiscountLineDetail",
        "Amount": 20,
        "DiscountLineDetail": {"PercentBased": False},
    }
    lines = [sale(stock.item, 1, 100, **TAXED), discount]
    before = api.create("invoice", stock.invoice(Line=lines))
    assert before["TotalAmt"] == 90
    after = api.create("invoice", stock.invoice(Line=lines, ApplyTaxAfterDiscount=True))
    assert after["TotalAmt"] == 88
