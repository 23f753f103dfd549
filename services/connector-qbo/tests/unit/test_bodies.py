"""Bodies of every kind that has been seen, and some that only an accident makes."""

import contextlib
from decimal import Decimal

import pytest
from connector_qbo.bodies import Unreadable, read_answer, read_fault
from connector_qbo.wire import Invoice, Line, SalesItemLineDetail, plain
from hypothesis import given
from hypothesis import strategies as st

from .examples import golden

GATEWAY = b"""{"warnings":null,"intuitObject":null,"fault":{"error":[{"message":
"message=AuthenticationFailed; errorCode=003200; statusCode=401","detail":"Token expired: AB01",
"code":"3200","element":null}],"type":"AUTHENTICATION"},"report":null,"queryResponse":null,
"batchItemResponse":[],"attachableResponse":[],"syncErrorResponse":null,"requestId":null,
"time":1633520295688,"status":null,"cdcresponse":[]}"""

XML = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<IntuitResponse time="2016-12-07T15:27:09.527-08:00" xmlns="http://schema.intuit.com/finance/v3">
  <Fault type="SERVICE">
    <Error code="3001">
      <Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>
      <Detail>The request limit was reached.  Try again later &amp; relax</Detail>
    </Error>
  </Fault>
</IntuitResponse>"""

XML_BATCH = b"""<IntuitResponse xmlns="http://schema.intuit.com/finance/v3">
<BatchItemResponse bId="1"><Customer><Id>5</Id></Customer></BatchItemResponse>
<BatchItemResponse bId="2"><Fault type="ValidationFault"><Error code="2050"/></Fault>
</BatchItemResponse></IntuitResponse>"""


def test_a_customer_is_read_from_the_recorded_answer() -> None:
    customer = read_answer(golden("create_customer.response.json")).customer
    assert customer is not None
    assert (customer.id, customer.sync_token, customer.active) == ("60", "0", True)
    assert customer.meta_data is not None
    assert customer.meta_data.create_time is not None
    assert customer.meta_data.create_time.utcoffset() is not None


def test_a_fault_is_read_in_both_json_envelopes() -> None:
    body = b'{"Fault":{"Error":[{"Message":"M","Detail":"D","code":"610"}],"type":"V"}}'
    usual, gateway = read_fault(body), read_fault(GATEWAY)
    assert usual is not None
    assert [e.code for e in usual.error] == ["610"]
    assert gateway is not None
    assert [e.code for e in gateway.error] == ["3200"]


def test_a_fault_is_read_from_xml_that_was_not_asked_for() -> None:
    fault = read_fault(XML)
    assert fault is not None
    assert fault.error[0].code == "3001"
    assert fault.error[0].detail == "The request limit was reached.  Try again later & relax"


def test_a_fault_cut_off_in_the_middle_still_names_its_code() -> None:
    fault = read_fault(XML[: XML.index(b"errorCode")])
    assert fault is not None
    assert fault.error[0].code == "3001"


def test_a_batch_in_xml_is_no_fault_of_the_whole_batch() -> None:
    assert read_fault(XML_BATCH) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>503 Service Unavailable</body></html>",
        b"[]",
        b"null",
        b'{"Customer":',
        b"\xff\xfe",
    ],
)
def test_what_is_no_answer_is_unreadable_and_holds_no_fault(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_answer(body)
    assert read_fault(body) is None


@given(st.binary(max_size=200))
def test_no_body_makes_reading_fail_otherwise(body: bytes) -> None:
    read_fault(body)
    with contextlib.suppress(Unreadable):
        read_answer(body)


@given(st.data())
def test_an_answer_cut_off_anywhere_is_unreadable_or_whole(data: st.DataObject) -> None:
    body = golden("create_invoice.response.json").strip()
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(Unreadable):
        read_answer(body[:cut])


def test_a_batch_member_that_cannot_be_read_leaves_its_neighbours_alone() -> None:
    answer = read_answer(
        b'{"BatchItemResponse":[{"bId":"1","Invoice":{"TxnDate":"never"}},7,'
        b'{"bId":"2","Invoice":{"Id":"8"}}]}'
    )
    items = answer.batch_item_response
    assert items is not None
    assert [(item.b_id, item.invoice and item.invoice.id) for item in items] == [
        ("1", None),
        ("", None),
        ("2", "8"),
    ]


@given(
    st.decimals(min_value=-(10**11), max_value=10**11, places=2, allow_nan=False)
    | st.decimals(min_value=-(10**6), max_value=10**6, places=7, allow_nan=False)
)
def test_amounts_go_out_as_numbers_that_come_back_the_same(amount: Decimal) -> None:
    line = Line(amount=amount, sales_item_line_detail=SalesItemLineDetail(qty=amount))
    body = Invoice(id="1", line=(line,)).body()
    assert b'"Amount":"' not in body
    again = read_answer(b'{"Invoice":' + body + b"}").invoice
    assert again is not None
    assert again.line is not None
    assert again.line[0].amount == amount


def test_an_amount_no_float_can_hold_goes_as_text() -> None:
    amount = Decimal("12345678901234567890.123456789")
    assert b'"Amount":"12345678901234567890.123456789"' in Line(amount=amount).body()


def test_whole_amounts_have_no_decimals() -> None:
    assert Line(amount=Decimal("100.00")).body() == b'{"Amount":100}'
    assert plain(Decimal("100.00")) == plain(Decimal("1E+2")) == "100"


def test_fields_are_read_only_as_the_api_spells_them() -> None:
    assert read_answer(b'{"customer":{"id":"1"},"Item":{"id":"2"}}').customer is None
    item = read_answer(b'{"customer":{"id":"1"},"Item":{"id":"2"}}').item
    assert item is not None
    assert item.id is None
