"""Invoices, through python-quickbooks unchanged and over plain HTTP."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from quickbooks.exceptions import ObjectNotFoundException, QuickbooksException, ValidationException

from .sdk import EmailAddress, Invoice, Ref, SalesItemLine, SalesItemLineDetail
from .support import Api, Body, Connected, Controls, Stock, sale


def _line(stock: Stock, quantity: float, price: float) -> Any:
    line = SalesItemLine()
    line.Amount = round(quantity * price, 2)
    line.Description = "Call-out visit"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = Ref()
    line.SalesItemLineDetail.ItemRef.value = stock.item
    line.SalesItemLineDetail.Qty = quantity
    line.SalesItemLineDetail.UnitPrice = price
    return line


def _invoice(stock: Stock, *lines: Any) -> Any:
    invoice = Invoice()
    invoice.CustomerRef = Ref()
    invoice.CustomerRef.value = stock.customer
    invoice.Line = list(lines)
    return invoice


def test_an_invoice_is_made_changed_voided_and_deleted_through_the_sdk(
    controls: Controls, oak: Connected, stock: Stock
) -> None:
    invoice = _invoice(stock, _line(stock, 2, 128.19), _line(stock, 0.333, 10))
    invoice.DocNumber = "1001"
    invoice.TxnDate, invoice.DueDate = "2026-06-15", "2026-07-15"
    made = invoice.save(qb=oak.client)
    assert (made.Id, made.SyncToken, made.TotalAmt, made.Balance) == ("145", "0", 259.71, 259.71)
    assert [line.DetailType for line in made.Line] == [
        "SalesItemLineDetail",
        "SalesItemLineDetail",
        "SubTotalLineDetail",
    ]
    found = Invoice.get(made.Id, qb=oak.client)
    assert found.CustomerRef.name == "Ann Lee"
    assert found.Line[0].SalesItemLineDetail.ItemAccountRef.value == stock.income
    found.PrivateNote = "changed"
    changed = found.save(qb=oak.client)
    assert (changed.SyncToken, changed.TotalAmt, changed.PrivateNote) == ("1", 259.71, "changed")
    voided = changed.void(qb=oak.client)["Invoice"]
    assert (voided["TotalAmt"], voided["Balance"]) == (0, 0)
    assert voided["PrivateNote"] == "Voided - changed"
    assert voided["SyncToken"] == "2"
    assert {line["Amount"] for line in voided["Line"]} == {0}
    assert controls.books()["invoices"][0]["status"] == "void"
    changed.SyncToken = "2"
    gone = changed.delete(qb=oak.client)
    assert gone["Invoice"] == {"status": "Deleted", "domain": "QBO", "Id": made.Id}
    with pytest.raises(ObjectNotFoundException, match="Another user has deleted this transaction"):
        Invoice.get(made.Id, qb=oak.client)
    with pytest.raises(ObjectNotFoundException):
        changed.delete(qb=oak.client)
    assert controls.books()["invoices"][0]["status"] == "deleted"


def test_an_answer_has_the_fields_of_a_recorded_one(api: Api, stock: Stock) -> None:
    made = api.create(
        "invoice",
        {
            "CustomerRef": {"value": stock.customer},
            "TxnDate": "2024-01-15",
            "DocNumber": "1042",
            "Line": [sale(stock.item, 1, 100)],
        },
    )
    meta = made.pop("MetaData")
    assert set(meta) == {"CreateTime", "LastModifiedByRef", "LastUpdatedTime"}
    assert made == {
        "AllowIPNPayment": False,
        "AllowOnlinePayment": False,
        "AllowOnlineCreditCardPayment": True,
        "AllowOnlineACHPayment": True,
        "domain": "QBO",
        "sparse": False,
        "Id": "145",
        "SyncToken": "0",
        "CustomField": [],
        "DocNumber": "1042",
        "TxnDate": "2024-01-15",
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "LinkedTxn": [],
        "Line": [
            {
                "Id": "1",
                "LineNum": 1,
                "Amount": 100,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": stock.item, "name": "Call-out"},
                    "UnitPrice": 100,
                    "Qty": 1,
                    "ItemAccountRef": {"value": stock.income, "name": "Services"},
                    "TaxCodeRef": {"value": "NON"},
                },
                "CustomExtensions": [],
            },
            {"Amount": 100, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        ],
        "TxnTaxDetail": {"TotalTax": 0},
        "CustomerRef": {"value": stock.customer, "name": "Ann Lee"},
        "FreeFormAddress": True,
        "DueDate": "2024-02-14",
        "TotalAmt": 100,
        "ApplyTaxAfterDiscount": False,
        "PrintStatus": "NeedToPrint",
        "EmailStatus": "NotSet",
        "Balance": 100,
    }


def test_the_books_show_an_invoice_in_the_neutral_shape(
    controls: Controls, api: Api, stock: Stock
) -> None:
    line = sale(stock.item, 2, 128.19) | {"Description": "Call-out visit"}
    api.create(
        "invoice",
        {
            "CustomerRef": {"value": stock.customer},
            "DocNumber": "1001",
            "TxnDate": "2026-06-15",
            "DueDate": "2026-07-15",
            "Line": [line],
        },
    )
    shown = controls.books()["invoices"][0]
    expected = {
        "id": "145",
        "number": "1001",
        "customer_id": stock.customer,
        "date": "2026-06-15",
        "due_date": "2026-07-15",
        "currency": "USD",
        "status": "open",
        "total": "256.38",
        "tax": "0.00",
    }
    assert {name: shown[name] for name in expected} == expected
    line = {
        "item_id": stock.item,
        "description": "Call-out visit",
        "quantity": "2",
        "unit_price": "128.19",
        "amount": "256.38",
        "account_id": stock.income,
    }
    assert {name: shown["lines"][0][name] for name in line} == line


@pytest.mark.parametrize(
    ("changes", "code", "element"),
    [
        ({"CustomerRef": None}, "2020", "CustomerRef"),
        ({"CustomerRef": {"value": ""}}, "6000", ""),
        ({"CustomerRef": {"value": "999999"}}, "2500", None),
        ({"Line": None}, "2020", "Line"),
        ({"Line": []}, "2020", "Line"),
        ({"Line": [{"Amount": 1}]}, "2020", "Line.DetailType"),
        ({"Line": [{"DetailType": "Nothing"}]}, "2170", "DetailType"),
        ({"Line": [{"DetailType": "SalesItemLineDetail"}]}, "2020", "Line.Amount"),
        ({"Line": [sale("999")]}, "2500", "Line.SalesItemLineDetail.ItemRef"),
        ({"DocNumber": "x" * 22}, "2050", "DocNumber"),
        ({"PrivateNote": "x" * 4001}, "2050", "PrivateNote"),
        ({"CustomerMemo": {"value": "x" * 1001}}, "2050", "Customer Memo"),
        ({"BillEmail": {"Address": "nobody"}}, "2210", "BillEmail"),
        ({"EmailStatus": "NeedToSend"}, "2020", "BillEmail"),
        ({"EmailStatus": "Perhaps"}, "2170", "EmailStatus"),
        ({"TxnDate": "15/06/2026"}, "2090", "TxnDate"),
        ({"SalesTermRef": {"value": "99"}}, "2500", "SalesTermRef"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000", ""),
        ({"Gadget": 1}, "2010", None),
        ({"Line": "none"}, "2010", None),
        ({"CustomerRef": "58"}, "2010", None),
    ],
)
def test_invoices_are_checked(
    api: Api, stock: Stock, changes: Body, code: str, element: str | None
) -> None:
    body = {name: value for name, value in stock.invoice(**changes).items() if value is not None}
    error = api.error("invoice", body)
    assert (error["code"], error.get("element")) == (code, element)


def test_an_unknown_property_inside_a_line_is_refused_or_ignored(
    controls: Controls, api: Api, stock: Stock
) -> None:
    body = stock.invoice(Line=[sale(stock.item, 1, 10, Colour="red")])
    assert "Property Name:Colour" in api.error("invoice", body)["Detail"]
    controls.set(unknown_properties="ignore")
    assert "Colour" not in str(api.create("invoice", body))


def test_a_body_that_isnt_json_is_refused(api: Api) -> None:
    path = f"/v3/company/{api.realm}/invoice"
    for body in (b"{", b"\xff\xfe", b"[]", b'{"TotalAmt":NaN}'):
        answer = api.http.post(path, content=body, headers=api.headers())
        assert answer.json()["Fault"]["Error"][0]["code"] == "2010"


def test_amounts_must_be_price_times_quantity(controls: Controls, api: Api, stock: Stock) -> None:
    wrong = stock.invoice(Line=[sale(stock.item, 2, 50) | {"Amount": 100.01}])
    assert api.error("invoice", wrong)["code"] == "6070"
    controls.set(amount_mismatch="6000")
    assert api.error("invoice", wrong)["Detail"] == (
        "Business Validation Error: Amount is not equal to UnitPrice * Qty. Supplied value:100.01"
    )


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [(0.333, 10, 3.33), (3, 0.3333, 1), (1, 0.005, 0.01), (1.5, 33.33, 50), (-1, 5, -5)],
)
def test_amounts_are_rounded_to_cents_halves_up(
    api: Api, stock: Stock, quantity: float, price: float, amount: float
) -> None:
    lines = [sale(stock.item, quantity, price) | {"Amount": amount}, sale(stock.item, 1, 100)]
    made = api.create("invoice", stock.invoice(Line=lines))
    assert made["TotalAmt"] == round(100 + amount, 2)


def test_a_total_below_zero_is_refused(api: Api, stock: Stock) -> None:
    assert api.error("invoice", stock.invoice(Line=[sale(stock.item, -1, 5)]))["code"] == "6000"


def test_the_sdks_empty_defaults_are_taken_as_absent(oak: Connected, stock: Stock) -> None:
    line = _line(stock, 1, 100)
    line.SalesItemLineDetail.Qty = 0
    line.SalesItemLineDetail.UnitPrice = 0
    made = _invoice(stock, line).save(qb=oak.client)
    assert made.TotalAmt == 100
    due = date.fromisoformat(made.TxnDate) + timedelta(days=30)
    assert made.DueDate == due.isoformat()


def test_decimals_sent_as_strings_are_numbers(oak: Connected, stock: Stock) -> None:
    body = stock.invoice()
    body["Line"][0]["Amount"] = "256.38"
    body["Line"][0]["SalesItemLineDetail"] |= {"Qty": "2", "UnitPrice": "128.190"}
    made = oak.api.create("invoice", body)
    assert made["Line"][0]["Amount"] == 256.38
    assert made["Line"][0]["SalesItemLineDetail"]["UnitPrice"] == 128.19


def test_numbers_are_given_unless_the_company_says_its_own(
    controls: Controls, api: Api, stock: Stock
) -> None:
    assert api.create("invoice", stock.invoice())["DocNumber"] == "1001"
    assert api.create("invoice", stock.invoice(DocNumber="2000"))["DocNumber"] == "2000"
    assert api.create("invoice", stock.invoice())["DocNumber"] == "2001"
    controls.set(custom_numbers=True)
    assert "DocNumber" not in api.create("invoice", stock.invoice())


def test_a_doubled_number_is_refused_only_where_the_company_warns(
    controls: Controls, api: Api, stock: Stock
) -> None:
    first = api.create("invoice", stock.invoice(DocNumber="X-100"))
    assert api.create("invoice", stock.invoice(DocNumber="X-100"))["Id"] != first["Id"]
    controls.set(refuse_duplicate_numbers=True)
    error = api.error("invoice", stock.invoice(DocNumber="X-100"))
    assert error["code"] == "6140"
    assert error["Detail"].endswith(
        f"DocNumber=X-100 is assigned to TxnType=Invoice with TxnId={first['Id']}"
    )
    over = api.post("invoice", stock.invoice(DocNumber="X-100"), include="allowduplicatedocnum")
    assert over.status_code == 200
    changed: Body = {"Id": first["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "n"}
    assert api.create("invoice", changed)["DocNumber"] == "X-100"


def test_a_term_decides_the_due_date(api: Api, stock: Stock) -> None:
    term = api.query("select * from Term where Name = 'Net 15'")["Term"][0]["Id"]
    made = api.create("invoice", stock.invoice(TxnDate="2026-06-15", SalesTermRef={"value": term}))
    assert made["DueDate"] == "2026-06-30"


def test_a_sparse_update_replaces_the_lines_and_keeps_their_ids(api: Api, stock: Stock) -> None:
    made = api.create("invoice", stock.invoice(PrivateNote="note", DocNumber="7"))
    kept = sale(stock.item, 1, 10) | {"Id": "1"}
    changed = api.create(
        "invoice",
        {
            "Id": made["Id"],
            "SyncToken": 0,
            "sparse": True,
            "Line": [sale(stock.item, 1, 5), kept],
        },
    )
    ids = [(each.get("Id"), each["Amount"]) for each in changed["Line"]]
    assert ids == [("2", 5), ("1", 10), (None, 15)]
    assert (changed["PrivateNote"], changed["DocNumber"]) == ("note", "7")
    assert (changed["TotalAmt"], changed["Balance"]) == (15, 15)


def test_a_full_update_needs_lines_and_clears_the_rest(api: Api, stock: Stock) -> None:
    made = api.create("invoice", stock.invoice(PrivateNote="note"))
    ids: Body = {"Id": made["Id"], "SyncToken": "0"}
    assert api.error("invoice", ids)["Detail"].startswith("Required parameter CustomerRef")
    bare: Body = {**ids, "CustomerRef": {"value": stock.customer}}
    assert api.error("invoice", bare)["Detail"].startswith("Required parameter Line")
    changed = api.create("invoice", stock.invoice(**ids))
    assert "PrivateNote" not in changed
    assert changed["SyncToken"] == "1"


def test_a_version_that_moved_on_or_is_missing_is_refused(oak: Connected, stock: Stock) -> None:
    made = oak.api.create("invoice", stock.invoice())
    ids: Body = {"Id": made["Id"], "sparse": True, "PrivateNote": "n"}
    assert oak.api.error("invoice", ids)["code"] == "2020"
    assert oak.api.error("invoice", {**ids, "SyncToken": "7"})["code"] == "5010"
    invoice = Invoice.get(made["Id"], qb=oak.client)
    oak.api.create("invoice", {**ids, "SyncToken": "0"})
    with pytest.raises(QuickbooksException) as stale:
        invoice.save(qb=oak.client)
    assert stale.value.error_code == 5010


def test_a_misspelt_void_is_an_update(api: Api, stock: Stock) -> None:
    made = api.create("invoice", stock.invoice())
    body: Body = {"Id": made["Id"], "SyncToken": "0", "CustomerRef": {"value": stock.customer}}
    answer = api.post("invoice", body, operate="void")
    assert answer.json()["Fault"]["Error"][0]["Detail"] == (
        "Required parameter Line is missing in the request"
    )


def test_what_was_made_inactive_cant_be_invoiced(
    controls: Controls, oak: Connected, stock: Stock
) -> None:
    controls.change("items", stock.item, {"active": False})
    with pytest.raises(ValidationException, match="made inactive"):
        _invoice(stock, _line(stock, 1, 1)).save(qb=oak.client)
    controls.set(inactive_reference="610")
    with pytest.raises(ObjectNotFoundException, match="made inactive"):
        _invoice(stock, _line(stock, 1, 1)).save(qb=oak.client)
    controls.change("items", stock.item, {"active": True})
    controls.change("accounts", stock.income, {"active": False})
    with pytest.raises(ObjectNotFoundException):
        _invoice(stock, _line(stock, 1, 1)).save(qb=oak.client)
    controls.change("accounts", stock.income, {"active": True})
    controls.change("customers", stock.customer, {"active": False})
    with pytest.raises(ObjectNotFoundException):
        _invoice(stock, _line(stock, 1, 1)).save(qb=oak.client)
    controls.change("customers", stock.customer, {"active": True})
    assert _invoice(stock, _line(stock, 1, 1)).save(qb=oak.client).Id


def test_an_invoice_keeps_its_lines_when_its_item_was_made_inactive_since(
    controls: Controls, api: Api, stock: Stock
) -> None:
    made = api.create("invoice", stock.invoice())
    controls.change("items", stock.item, {"active": False})
    body: Body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "n"}
    changed = api.create("invoice", body)
    assert (changed["Line"], changed["PrivateNote"]) == (made["Line"], "n")


def test_a_category_cant_be_sold(api: Api, stock: Stock) -> None:
    category = api.create("item", {"Name": "Work", "Type": "Category"})
    error = api.error("invoice", stock.invoice(Line=[sale(category["Id"])]))
    assert "Categories cannot be used in transactions." in error["Detail"]


def test_a_line_without_an_item_is_refused_or_booked_on_the_default(
    controls: Controls, api: Api, stock: Stock
) -> None:
    line: Body = {"DetailType": "SalesItemLineDetail", "Amount": 5, "SalesItemLineDetail": {}}
    body = stock.invoice(Line=[line])
    assert api.error("invoice", body)["code"] == "2020"
    controls.set(line_without_item="default_item")
    made = api.create("invoice", body)
    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": "1", "name": "Services"}


def test_a_discount_and_a_description_are_lines_of_their_own(
    controls: Controls, api: Api, stock: Stock
) -> None:
    discount: Body = {
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
    }
    words: Body = {"DetailType": "DescriptionOnly", "Description": "thank you"}
    body = stock.invoice(Line=[sale(stock.item, 1, 99.99), words, discount])
    made = api.create("invoice", body)
    assert made["TotalAmt"] == 89.99
    assert made["Line"][-1]["Amount"] == 10
    shown = controls.books()["invoices"][0]["lines"]
    assert [each["amount"] for each in shown] == ["99.99", "0.00", "-10.00"]
    controls.set(allow_discount=False)
    assert api.error("invoice", body)["code"] == "6000"


def test_closed_books_refuse_making_changing_voiding_and_deleting(
    controls: Controls, api: Api, stock: Stock
) -> None:
    made = api.create("invoice", stock.invoice(TxnDate="2026-03-31"))
    controls.set(lock_date="2026-03-31")
    ids: Body = {"Id": made["Id"], "SyncToken": "0"}
    assert api.error("invoice", stock.invoice(TxnDate="2026-03-31"))["code"] == "6200"
    assert api.error("invoice", {**ids, "sparse": True, "PrivateNote": "n"})["code"] == "6200"
    controls.set(closed_period_code="6210")
    assert api.error("invoice", ids, operation="void")["code"] == "6210"
    assert api.error("invoice", ids, operation="delete")["code"] == "6210"
    assert api.create("invoice", stock.invoice(TxnDate="2026-04-01"))["TxnDate"] == "2026-04-01"


def test_a_payment_lowers_the_balance_and_moves_the_version(
    controls: Controls, api: Api, stock: Stock
) -> None:
    made = api.create("invoice", stock.invoice())
    pay: Body = {"organisation": "Oak", "invoice_id": made["Id"], "amount": "56.38"}
    paid = controls.post("payments", pay)
    assert paid["invoice"]["status"] == "open"
    now = api.get(f"invoice/{made['Id']}").json()["Invoice"]
    assert (now["Balance"], now["SyncToken"]) == (200, "1")
    assert now["LinkedTxn"] == [{"TxnId": paid["id"], "TxnType": "Payment"}]
    assert api.get(f"payment/{paid['id']}").json()["Payment"]["TotalAmt"] == 56.38
    assert controls.books()["customers"][0]["balance"] == "200.00"
    rest = controls.post("payments", {"organisation": "Oak", "invoice_id": made["Id"]})
    assert rest["invoice"]["status"] == "paid"
    over = controls.http.post("/_sim/payments", json=pay)
    assert over.status_code == 409


def test_a_paid_invoice_is_voided_and_deleted_only_where_set_so(
    controls: Controls, api: Api, stock: Stock
) -> None:
    for operation, switch in (
        ("void", "void_paid_invoice"),
        ("delete", "delete_paid_invoice"),
    ):
        made = api.create("invoice", stock.invoice())
        controls.post("payments", {"organisation": "Oak", "invoice_id": made["Id"]})
        ids: Body = {"Id": made["Id"], "SyncToken": "1"}
        assert api.error("invoice", ids, operation=operation)["code"] == "6000"
        controls.set(**{switch: "allow"})
        assert api.post("invoice", ids, operation=operation).status_code == 200


def test_another_amount_of_a_paid_invoice_is_refused_only_where_its_payment_was_deposited(
    controls: Controls, api: Api, stock: Stock
) -> None:
    made = api.create("invoice", stock.invoice())
    controls.post("payments", {"organisation": "Oak", "invoice_id": made["Id"], "amount": "1.00"})
    other = {**stock.invoice(), "Id": made["Id"], "sparse": True, "Line": [sale(stock.item, 77)]}
    controls.set(edit_paid_invoice="refuse")
    assert api.error("invoice", {**other, "SyncToken": "1"})["code"] == "6540"
    same: Body = {"Id": made["Id"], "SyncToken": "1", "sparse": True, "DueDate": "2026-09-30"}
    assert api.post("invoice", same).status_code == 200
    controls.set(edit_paid_invoice="allow")
    assert api.post("invoice", {**other, "SyncToken": "2"}).status_code == 200


def test_an_invoice_is_sent_and_printed_through_the_sdk(oak: Connected, stock: Stock) -> None:
    made = _invoice(stock, _line(stock, 1, 10)).save(qb=oak.client)
    assert made.download_pdf(qb=oak.client).startswith(b"%PDF")
    with pytest.raises(ValidationException, match="BillEmail"):
        made.send(qb=oak.client)
    sent = made.send(qb=oak.client, send_to="ann@lee.example")["Invoice"]
    assert sent["EmailStatus"] == "EmailSent"
    assert sent["BillEmail"] == {"Address": "ann@lee.example"}
    assert sent["DeliveryInfo"]["DeliveryType"] == "Email"


def test_an_invoice_with_email_and_memo_comes_back_as_sent(oak: Connected, stock: Stock) -> None:
    invoice = _invoice(stock, _line(stock, 1, 10))
    invoice.BillEmail = EmailAddress()
    invoice.BillEmail.Address = "ann@lee.example"
    invoice.EmailStatus = "NeedToSend"
    made = invoice.save(qb=oak.client)
    assert (made.EmailStatus, made.BillEmail.Address) == ("NeedToSend", "ann@lee.example")


def test_currencies_follow_the_customer_where_there_are_several(
    controls: Controls, api: Api, stock: Stock
) -> None:
    euros: Body = {"DisplayName": "Café", "CurrencyRef": {"value": "EUR"}}
    assert api.error("customer", euros)["code"] == "6000"
    controls.set(multicurrency=True)
    other = api.create("customer", euros)
    assert api.error("invoice", stock.invoice())["Detail"].startswith(
        "Required parameter CurrencyRef"
    )
    theirs = stock.invoice(CustomerRef={"value": other["Id"]})
    assert api.error("invoice", theirs | {"CurrencyRef": {"value": "USD"}})["code"] == "6000"
    made = api.create("invoice", theirs | {"CurrencyRef": {"value": "EUR"}})
    assert (made["CurrencyRef"]["value"], made["ExchangeRate"]) == ("EUR", 1)
