"""How tax is said: by country, and by whether QuickBooks works it out."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from connector_kit.provider import Context
from connector_qbo.operations.tax import rules_of
from connector_qbo.wire import TaxPrefs
from contracts.commands import RoundingLine, SyncInvoice, TaxRef

from .examples import (
    OPERATIONS,
    REQUEST,
    SALES_TAX,
    SECOND_ITEM,
    context,
    drive,
    invoice,
    invoice_command,
    line,
    linked,
    member,
    ok,
    packed,
)

AUTOMATED = TaxPrefs(using_sales_tax=True, partner_tax_enabled=True)
OFF = TaxPrefs(using_sales_tax=False)
VAT = TaxRef(remote_id="3", name="VAT 20%", percent=Decimal(20), percents_there=(Decimal(20),))
EXEMPT = TaxRef(remote_id="NON", name="Exempt", percent=Decimal(0))


def taxed(tax: TaxRef = SALES_TAX, amount: str = "21.15", **fields: Any) -> SyncInvoice:
    """Two lines, the first of them taxed."""
    plain = line(2, item=SECOND_ITEM, quantity="1", unit_price="10", amount="10")
    lines = [line(tax=tax, tax_amount=amount), plain]
    return invoice_command(invoice(lines=lines, tax=amount), taxes=[tax], **fields)


def body(command: SyncInvoice, on: Context | None = None, remote: str | None = None) -> Any:
    request, _ = packed(member(command, linked(remote, "4") if remote else None), on=on)
    return json.loads(request.body)


def codes(sent: Mapping[str, Any]) -> list[str | None]:
    details = [row["SalesItemLineDetail"] for row in sent["Line"]]
    return [detail.get("TaxCodeRef", {}).get("value") for detail in details]


def refused(command: SyncInvoice, on: Context) -> tuple[str, str | None]:
    result = OPERATIONS.pack([member(command)], on, REQUEST)
    assert result.request is None
    cause = result.refused[0][1].cause
    return cause.code, None if cause.subject is None else cause.subject.name


def test_in_the_us_lines_are_taxable_or_not_and_our_total_goes_with_the_company_s_code() -> None:
    sent = body(taxed())
    assert codes(sent) == ["TAX", "NON"]
    assert sent["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "2"}, "TotalTax": 21.15}
    assert "GlobalTaxCalculation" not in sent


def test_several_codes_or_none_send_our_total_alone() -> None:
    city = TaxRef(remote_id="3", name="City tax", percent=Decimal(2))
    lines = [line(tax=SALES_TAX, tax_amount="21.15"), line(2, tax=city, tax_amount="5.13")]
    both = invoice_command(invoice(lines=lines, tax="26.28"), taxes=[SALES_TAX, city])
    assert body(both)["TxnTaxDetail"] == {"TotalTax": 26.28}
    exempt = invoice_command(invoice(lines=[line(tax=EXEMPT)]), taxes=[EXEMPT])
    sent = body(exempt)
    assert codes(sent) == ["NON"]
    assert "TxnTaxDetail" not in sent
    assert body(invoice_command(), remote="155")["TxnTaxDetail"] == {"TotalTax": 0}


def test_automated_tax_is_theirs_unless_a_person_sends_ours() -> None:
    on = context(prefs=AUTOMATED)
    theirs = body(taxed(), on)
    assert codes(theirs) == ["TAX", "NON"]
    assert "TxnTaxDetail" not in theirs
    assert body(taxed(our_tax=True), on)["TxnTaxDetail"] == {"TotalTax": 21.15}
    unmatched = taxed(TaxRef(name="Sales tax", percent=Decimal("8.25")))
    assert codes(body(unmatched, on)) == ["TAX", "NON"]


def test_a_total_that_isnt_ours_to_say_is_no_sign_of_an_edit() -> None:
    _, theirs = packed(member(taxed()), on=context(prefs=AUTOMATED))
    assert "TotalAmt" not in theirs.members[0].fields
    _, ours = packed(member(taxed()))
    assert ours.members[0].fields["TotalAmt"] == "287.53"
    assert ours.members[0].fields["TotalTax"] == "21.15"


def test_in_the_us_prices_that_include_tax_go_without_it() -> None:
    priced = line(tax=SALES_TAX, tax_amount="19.54")
    sent = body(
        invoice_command(invoice(lines=[priced], tax="19.54", included=True), taxes=[SALES_TAX])
    )
    detail = sent["Line"][0]["SalesItemLineDetail"]
    assert (sent["Line"][0]["Amount"], detail["Qty"], detail["UnitPrice"]) == (236.84, 1, 236.84)
    assert "TaxInclusiveAmt" not in detail
    assert sent["TxnTaxDetail"]["TotalTax"] == 19.54


def test_elsewhere_every_line_names_a_code_and_no_total_goes() -> None:
    on = context(country="GB")
    sent = body(taxed(VAT, "51.28", no_tax="10"), on)
    assert codes(sent) == ["3", "10"]
    assert sent["GlobalTaxCalculation"] == "TaxExcluded"
    assert "TxnTaxDetail" not in sent


def test_elsewhere_prices_may_include_tax() -> None:
    priced = line(tax=VAT, tax_amount="42.73")
    command = invoice_command(invoice(lines=[priced], tax="42.73", included=True), taxes=[VAT])
    sent = body(command, context(country="GB"))
    assert sent["GlobalTaxCalculation"] == "TaxInclusive"
    assert sent["Line"][0]["Amount"] == 256.38
    assert sent["Line"][0]["SalesItemLineDetail"]["TaxInclusiveAmt"] == 256.38


def test_a_tax_that_cannot_be_said_is_refused_by_name() -> None:
    unmatched = TaxRef(name="Sales tax", percent=Decimal("8.25"))
    assert refused(taxed(unmatched), context()) == ("tax_rate_unmapped", "Sales tax")
    british = context(country="GB")
    assert refused(taxed(VAT, "51.28"), british) == ("tax_rate_unmapped", "No tax")
    assert refused(taxed(), context(prefs=OFF)) == ("sales_tax_not_set_up", None)
    without = body(invoice_command(), context(country="GB", prefs=OFF))
    assert without["GlobalTaxCalculation"] == "NotApplicable"
    assert codes(without) == [None]


@pytest.mark.parametrize(("tax", "many"), [(None, 10_001), (SALES_TAX, 751)])
def test_too_many_lines_are_refused(tax: TaxRef | None, many: int) -> None:
    lines = [line(n, tax=tax) for n in range(1, many + 1)]
    command = invoice_command(invoice(lines=lines), taxes=[tax] if tax else [])
    assert refused(command, context())[0] == "too_many_lines"


def test_a_rounding_line_is_a_discount_on_its_account_after_tax() -> None:
    more = RoundingLine(amount=Decimal("-0.01"), income_account_id="79")
    sent = body(taxed(VAT, "51.28", no_tax="10", rounding=more), context(country="GB"))
    assert sent["Line"][-1] == {
        "DetailType": "DiscountLineDetail",
        "Amount": 0.01,
        "DiscountLineDetail": {"PercentBased": False, "DiscountAccountRef": {"value": "79"}},
    }
    assert sent["ApplyTaxAfterDiscount"] is False


def test_codes_are_read_with_the_percents_they_are_made_of() -> None:
    codes: dict[str, Any] = {
        "QueryResponse": {
            "TaxCode": [
                {"Id": "TAX", "Name": "TAX", "Active": True, "SalesTaxRateList": {}},
                {"Id": "NON", "Name": "NON", "Active": True, "SalesTaxRateList": {}},
                {
                    "Id": "3",
                    "Name": "Tucson",
                    "Active": True,
                    "SalesTaxRateList": {
                        "TaxRateDetail": [
                            {"TaxRateRef": {"value": "1"}},
                            {"TaxRateRef": {"value": "2"}},
                        ]
                    },
                },
                {"Id": "9", "Name": "Old", "Active": False, "SalesTaxRateList": {}},
            ]
        }
    }
    rates = {
        "QueryResponse": {"TaxRate": [{"Id": "1", "RateValue": 7.1}, {"Id": "2", "RateValue": 2}]}
    }
    read, sent = drive(OPERATIONS.tax_rates(context()), ok(codes), ok(rates))
    assert len(sent) == 2
    assert [(tax.id, tax.name, tax.percent, tax.active) for tax in read] == [
        ("NON", "NON", Decimal(0), True),
        ("3", "Tucson", Decimal("9.1"), True),
        ("9", "Old", Decimal(0), False),
    ]
    assert read[1].percents == (Decimal("7.1"), Decimal(2))


def test_preferences_decide_how_tax_is_matched_and_rounded() -> None:
    using = TaxPrefs(using_sales_tax=True, partner_tax_enabled=False)
    manual, automated, off = (rules_of("US", prefs) for prefs in (using, AUTOMATED, OFF))
    assert (manual.matching, manual.rounding) == ("taxed", "ours")
    assert (automated.matching, automated.rounding) == ("none", "theirs")
    assert automated.takes_our_tax
    assert not off.set_up
    abroad = rules_of("GB", using)
    assert (abroad.matching, abroad.rounding, abroad.included_prices) == ("all", "rate", True)
