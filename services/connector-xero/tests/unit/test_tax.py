"""How tax is said: a TaxType on each line, and no amount of tax."""

import json
from decimal import Decimal
from typing import Any
from uuid import uuid5

from contracts.commands import NO_TAX, RoundingLine, TaxRef
from contracts.ids import TaxRateId

from .examples import CONNECTION, invoice, invoice_command, line, member, packed

GST = TaxRateId(uuid5(CONNECTION, "GST"))
MATCHED = TaxRef(
    remote_id="OUTPUT2", name="GST", percent=Decimal(15), percents_there=(Decimal(15),)
)


def taxed(*, included: bool = False, **fields: object) -> dict[str, Any]:
    """The invoice's body: a taxed line and one without tax."""
    first = line().model_copy(
        update={
            "tax_rate_id": GST,
            "tax_name": "GST",
            "tax_percent": Decimal(15),
            "tax_amount": Decimal("33.44") if included else Decimal("38.46"),
        }
    )
    plain = line(2, quantity="1", unit_price="10", amount="10")
    snapshot = invoice(lines=[first, plain], tax="33.44" if included else "38.46")
    if included:
        whole = {"prices_include_tax": True, "total": Decimal("266.38")}
        snapshot = snapshot.model_copy(update=whole)
    taxes = {str(GST): MATCHED}
    command = invoice_command(snapshot).model_copy(update={"taxes": taxes, **fields})
    request, _ = packed(member(command))
    [body] = json.loads(request.body)["Invoices"]
    return body


def test_every_line_of_a_taxed_invoice_names_its_type() -> None:
    body = taxed()
    lines = body["LineItems"]
    assert body["LineAmountTypes"] == "Exclusive"
    assert [row["TaxType"] for row in lines] == ["OUTPUT2", "NONE"]
    assert not any("TaxAmount" in row for row in lines)
    chosen = {
        str(GST): MATCHED,
        NO_TAX: TaxRef(remote_id="ZERORATED", name="No tax", percent=Decimal(0)),
    }
    lines = taxed(taxes=chosen)["LineItems"]
    assert [row["TaxType"] for row in lines] == ["OUTPUT2", "ZERORATED"]


def test_prices_that_include_tax_say_so() -> None:
    assert taxed(included=True)["LineAmountTypes"] == "Inclusive"


def test_a_rounding_line_stands_on_its_account_without_tax() -> None:
    more = RoundingLine(amount=Decimal("-0.01"), income_account_id="account-260")
    lines = taxed(rounding=more)["LineItems"]
    assert lines[-1] == {
        "Description": "Rounding",
        "Quantity": 1,
        "UnitAmount": -0.01,
        "AccountID": "account-260",
        "TaxType": "NONE",
    }
