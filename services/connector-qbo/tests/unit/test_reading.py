"""Responses into answers: golden ones, batches in any order, and all that can be cut off."""

import json
from datetime import date
from decimal import Decimal

import pytest
from connector_kit.answers import (
    Accepted,
    Answered,
    MemberAnswer,
    NoAnswer,
    NotExecuted,
    ReferenceGone,
    Refused,
    RemovedThere,
    Stale,
    Throttled,
)
from connector_kit.exchange import Response
from connector_kit.provider import FrozenRequest
from hypothesis import given
from hypothesis import strategies as st

from .examples import (
    CUSTOMER,
    INVOICE,
    ITEM,
    OPERATIONS,
    REQUEST,
    SECOND_ITEM,
    context,
    customer_command,
    fault,
    frozen,
    golden,
    invoice,
    invoice_command,
    item_command,
    line,
    linked,
    member,
    ok,
    packed,
    refused,
    void_command,
)
from .test_errors import INACTIVE


def read(request: FrozenRequest, response: Response) -> tuple[MemberAnswer, ...]:
    assert OPERATIONS.whole(response) is None
    answer = OPERATIONS.read(request, response)
    assert isinstance(answer, Answered)
    assert len(answer.members) == len(request.members)
    return answer.members


def answer_to_invoice(response: Response) -> MemberAnswer:
    return read(packed(member(invoice_command()))[1], response)[0]


# Accepted


def test_a_created_customer_has_an_id_and_a_version() -> None:
    request = packed(member(customer_command()))[1]
    (answer,) = read(request, ok(golden("create_customer.response.json")))
    assert isinstance(answer, Accepted)
    assert (answer.remote.id, answer.remote.version) == ("60", "0")
    assert answer.totals is None
    assert answer.notes == ()


def test_a_created_item_has_an_id_and_a_version() -> None:
    request = packed(member(item_command()))[1]
    (answer,) = read(request, ok(golden("create_item.response.json")))
    assert isinstance(answer, Accepted)
    assert (answer.remote.id, answer.remote.version) == ("23", "0")


def test_a_created_invoice_brings_the_number_and_totals_it_has_there() -> None:
    answer = answer_to_invoice(ok(golden("create_invoice.response.json")))
    assert isinstance(answer, Accepted)
    assert (answer.remote.id, answer.remote.number, answer.remote.url) == ("155", "1001", None)
    assert answer.totals is not None
    assert (answer.totals.total, answer.totals.tax) == (Decimal("256.38"), Decimal(0))
    assert answer.totals.currency == "USD"


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ("production", "https://app.qbo.intuit.com/app/invoice?txnId=155"),
        ("sandbox", "https://sandbox.qbo.intuit.com/app/invoice?txnId=155"),
    ],
)
def test_an_invoice_can_be_opened_where_its_page_is_known(environment: str, url: str) -> None:
    on = context(environment="production" if environment == "production" else "sandbox")
    request = packed(member(invoice_command()), on=on)[1]
    (answer,) = read(request, ok(golden("create_invoice.response.json")))
    assert isinstance(answer, Accepted)
    assert answer.remote.url == url


def test_totals_changed_there_are_told_as_they_are() -> None:
    body = golden("create_invoice.response.json")
    body = body.replace(b'"TotalTax":0', b'"TotalTax":4.12').replace(
        b'"TotalAmt":256.38', b'"TotalAmt":260.50'
    )
    answer = answer_to_invoice(ok(body))
    assert isinstance(answer, Accepted)
    assert answer.totals is not None
    assert (answer.totals.total, answer.totals.tax) == (Decimal("260.5"), Decimal("4.12"))


def test_what_went_with_changes_says_so() -> None:
    request = packed(member(invoice_command(invoice(memo="m" * 1001))))[1]
    (answer,) = read(request, ok(golden("create_invoice.response.json")))
    assert isinstance(answer, Accepted)
    assert answer.notes == ("sent_with_changes",)


def test_fields_we_never_heard_of_are_ignored() -> None:
    body = json.loads(golden("create_invoice.response.json"))
    body["Invoice"]["SomethingNew"] = {"deep": [1]}
    body["Invoice"]["Line"][0]["SomethingNew"] = "x"
    assert isinstance(answer_to_invoice(ok(body)), Accepted)


# Voids

VOIDED = {
    "Id": "155",
    "SyncToken": "2",
    "DocNumber": "1001",
    "TotalAmt": 0,
    "PrivateNote": f"Voided\nTallybridge {INVOICE} g1",
    "CurrencyRef": {"value": "USD"},
}


def test_a_void_is_done_when_the_answer_shows_it() -> None:
    request = packed(member(void_command(), linked("155", "1")))[1]
    (answer,) = read(request, ok({"Invoice": VOIDED}))
    assert isinstance(answer, Accepted)
    assert answer.voided


def test_a_void_taken_for_an_update_is_never_called_done() -> None:
    request = packed(member(void_command(), linked("155", "1")))[1]
    (answer,) = read(request, ok(golden("create_invoice.response.json")))
    assert isinstance(answer, Refused)
    assert answer.cause.code == "our_mistake"


def test_a_void_of_a_deleted_invoice_finds_it_removed() -> None:
    request = packed(member(void_command(), linked("155", "1")))[1]
    (answer,) = read(request, refused("610", "Object Not Found"))
    assert isinstance(answer, RemovedThere)
    assert answer.removed == "deleted"


def test_a_void_refused_for_a_payment_says_so() -> None:
    request = packed(member(void_command(), linked("155", "1")))[1]
    (answer,) = read(request, refused("6000", "Business Validation Error: a payment is applied"))
    assert isinstance(answer, Refused)
    assert answer.cause.code == "void_refused"


# Refused


def test_a_taken_number_names_its_holder() -> None:
    answer = answer_to_invoice(
        refused(
            "6140",
            "Duplicate Document Number Error : You must specify a different number. This number has"
            " already been used. DocNumber=1001 is assigned to TxnType=Invoice with TxnId=17984",
        )
    )
    assert isinstance(answer, Refused)
    assert (answer.cause.code, answer.holder) == ("invoice_number_taken", "17984")
    assert answer.cause.params["invoice"] == "1001"
    assert answer.cause.details.trace_id == "1-5f"


def test_a_number_held_by_another_kind_of_document_is_no_invoice_to_link() -> None:
    answer = answer_to_invoice(
        refused("6140", "DocNumber=1001 is assigned to TxnType=Estimate with TxnId=9")
    )
    assert isinstance(answer, Refused)
    assert answer.holder is None


@pytest.mark.parametrize(
    ("detail", "holder"),
    [
        ("The name supplied already exists. : Id=58", "58"),
        ("The name supplied already exists. : null", None),
        ("Another customer, vendor or employee is already using this name.", None),
        ("Le nom existe déjà. : Id=58", "58"),
    ],
)
def test_a_taken_name_names_its_holder_where_the_text_does(detail: str, holder: str | None) -> None:
    request = packed(member(customer_command("Ann Lee", email=None)))[1]
    (answer,) = read(request, refused("6240", detail, message="Nom en double"))
    assert isinstance(answer, Refused)
    assert (answer.cause.code, answer.holder) == ("customer_name_taken", holder)
    assert answer.cause.params["name"] == "Ann Lee"
    assert answer.cause.params.get("remote_id") == holder


def test_a_taken_item_name_is_an_item_s_cause() -> None:
    request = packed(member(item_command("Call-out")))[1]
    (answer,) = read(request, refused("6240", "The name supplied already exists. : Id=23"))
    assert isinstance(answer, Refused)
    assert (answer.cause.code, answer.holder) == ("item_name_taken", "23")


def test_an_account_that_is_gone_is_named_by_its_id() -> None:
    request = packed(member(item_command("Call-out")))[1]
    (answer,) = read(request, refused("2500", f"Invalid Reference Id : {INACTIVE}"))
    assert isinstance(answer, Refused)
    assert answer.cause.code == "account_gone"
    assert answer.cause.subject is not None
    assert answer.cause.subject.id == "79"


def test_a_refusal_nobody_knows_quotes_the_provider() -> None:
    answer = answer_to_invoice(refused("7777", "Mercury is in retrograde"))
    assert isinstance(answer, Refused)
    assert answer.cause.code == "refused_unknown"
    assert answer.cause.details.provider_message == "Mercury is in retrograde"
    assert answer.cause.params["record"] == "invoice 1001"


def test_a_fault_with_status_200_is_still_a_refusal() -> None:
    answer = answer_to_invoice(refused("6140", "taken", status=200))
    assert isinstance(answer, Refused)


def test_a_closed_period_says_until_when() -> None:
    on = context(closed=date(2026, 6, 30))
    request = packed(member(invoice_command()), on=on)[1]
    (answer,) = read(request, refused("6210", "closed"))
    assert isinstance(answer, Refused)
    assert answer.cause.code == "period_closed"
    assert answer.cause.params["lock_date"] == "2026-06-30"
    assert answer.cause.params["date"] == "2026-06-15"
    assert answer.cause.subject is not None
    assert answer.cause.subject.id == "2026-06-30"


def test_a_wrong_address_is_our_mistake_for_every_member() -> None:
    answer = answer_to_invoice(ok("<html>Not Found</html>", 404))
    assert isinstance(answer, Refused)
    assert answer.cause.code == "our_mistake"


# References

TWO_ITEMS = invoice(
    lines=[line(), line(2, item=SECOND_ITEM, quantity="1", unit_price="5", amount="5")]
)


def references(response: Response) -> set[str]:
    request = packed(member(invoice_command(TWO_ITEMS)))[1]
    (answer,) = read(request, response)
    assert isinstance(answer, ReferenceGone)
    assert answer.cause.code == "record_deleted_there"
    return set(answer.local_ids)


def test_a_customer_that_is_gone_is_named_by_its_remote_id() -> None:
    gone = refused("2500", "Invalid Reference Id : Names element id 60 not found")
    assert references(gone) == {str(CUSTOMER)}


def test_an_item_that_is_gone_may_be_any_of_the_lines() -> None:
    gone = refused(
        "2500",
        "Invalid Reference Id : Line.SalesItemLineDetail.ItemRef",
        element="Line.SalesItemLineDetail.ItemRef",
    )
    assert references(gone) == {str(ITEM), str(SECOND_ITEM)}


@pytest.mark.parametrize("code", ["2500", "610"])
def test_something_inactive_may_be_any_reference(code: str) -> None:
    gone = refused(code, f"Object Not Found : {INACTIVE}")
    assert references(gone) == {str(CUSTOMER), str(ITEM), str(SECOND_ITEM)}


def test_an_id_that_is_none_of_ours_is_no_reference_of_ours() -> None:
    answer = answer_to_invoice(refused("2500", "Names element id 999999 not found"))
    assert isinstance(answer, Refused)
    assert answer.cause.code == "refused_unknown"


# Not executed, or nobody knows


def test_an_old_version_is_stale() -> None:
    request = packed(member(invoice_command(), linked("155", "1")))[1]
    (answer,) = read(request, refused("5010", "Stale Object Error"))
    assert isinstance(answer, NotExecuted)
    assert isinstance(answer.why, Stale)


def test_an_invoice_deleted_there_is_removed() -> None:
    request = packed(member(invoice_command(), linked("155", "1")))[1]
    gone = refused("610", "Object Not Found : Another user has deleted this transaction.")
    (answer,) = read(request, gone)
    assert isinstance(answer, RemovedThere)
    assert answer.cause.code == "invoice_gone_there"
    assert answer.cause.params["how"] == "deleted"


@pytest.mark.parametrize("body", [b"{}", b'{"Invoice":{}}', b'{"Customer":{"Id":"1"}}'])
def test_an_answer_without_the_record_decides_nothing(body: bytes) -> None:
    assert isinstance(answer_to_invoice(ok(body)), NoAnswer)


def test_an_answer_about_another_record_decides_nothing() -> None:
    request = packed(member(invoice_command(), linked("999", "1")))[1]
    (answer,) = read(request, ok(golden("create_invoice.response.json")))
    assert isinstance(answer, NoAnswer)


STRANGERS = [
    {"Id": "999999", "SyncToken": "0", "DocNumber": "X-1", "TotalAmt": 1.0},
    {"Id": "155", "SyncToken": "0"},
    {
        "Id": "155",
        "SyncToken": "0",
        "DocNumber": "1001",
        "PrivateNote": "Tallybridge 0196fa10-0000-7000-8000-00000000ffff g1",
    },
]


@pytest.mark.parametrize("record", STRANGERS)
def test_what_was_not_asked_for_is_not_taken_for_what_was_made(record: dict[str, object]) -> None:
    """Neither our mark nor our number, or another record's mark: looked up instead."""
    answer = answer_to_invoice(ok(json.dumps({"Invoice": record}).encode()))
    assert isinstance(answer, NoAnswer)


def test_an_invoice_that_the_company_numbers_itself_is_known_by_our_mark() -> None:
    body = json.loads(golden("create_invoice.response.json"))
    body["Invoice"]["DocNumber"] = "20044"
    body["Invoice"]["PrivateNote"] = f"Tallybridge {INVOICE} g1"
    answer = answer_to_invoice(ok(json.dumps(body).encode()))
    assert isinstance(answer, Accepted)
    assert answer.remote.number == "20044"


# Batches


def batch() -> FrozenRequest:
    record = [INVOICE.__class__(int=INVOICE.int + n) for n in range(4)]
    commands = [invoice_command(invoice(f"{1001 + n}", record=record[n])) for n in range(4)]
    return packed(*[member(command) for command in commands])[1]


def test_each_member_of_a_batch_has_its_own_answer() -> None:
    answers = read(batch(), ok(golden("batch_mixed.response.json")))
    assert [type(answer) for answer in answers] == [Refused, ReferenceGone, Accepted, NoAnswer]
    third = answers[2]
    assert isinstance(third, Accepted)
    assert (third.remote.id, third.remote.number) == ("157", "1003")


def test_a_batch_refused_as_a_whole_refuses_every_member() -> None:
    answers = read(batch(), refused("1040", "BatchSizeExceedsAllowedLimit"))
    assert [a.cause.code for a in answers if isinstance(a, Refused)] == ["our_mistake"] * 4


def test_a_batch_member_that_was_throttled_was_not_executed() -> None:
    items = [{"bId": str(n), "Fault": fault("3001", "limit")} for n in range(1, 5)]
    answers = read(batch(), ok({"BatchItemResponse": items}))
    assert all(isinstance(a, NotExecuted) and isinstance(a.why, Throttled) for a in answers)


def test_a_batch_member_that_failed_inside_the_provider_is_looked_up() -> None:
    items = [{"bId": str(n), "Fault": fault("10000", "failure")} for n in range(1, 5)]
    answers = read(batch(), ok({"BatchItemResponse": items}))
    assert all(isinstance(a, NoAnswer) for a in answers)


def test_a_batch_answer_that_is_no_batch_decides_nothing() -> None:
    answers = read(batch(), ok(golden("create_invoice.response.json")))
    assert all(isinstance(a, NoAnswer) for a in answers)


@given(st.data())
def test_a_batch_answer_in_any_order_gives_the_same(data: st.DataObject) -> None:
    body = json.loads(golden("batch_mixed.response.json"))
    items = data.draw(st.permutations(body["BatchItemResponse"]))
    kept = data.draw(st.integers(0, len(items)))
    answers = read(batch(), ok({"BatchItemResponse": items[:kept]}))
    whole = read(batch(), ok(golden("batch_mixed.response.json")))
    present = {item["bId"] for item in items[:kept]}
    for position, (answer, usual) in enumerate(zip(answers, whole, strict=True), start=1):
        if str(position) in present:
            assert answer == usual
        else:
            assert isinstance(answer, NoAnswer)


@given(st.binary(max_size=100), st.sampled_from([200, 400, 404, 403, 500]))
def test_no_response_is_ever_taken_for_success(body: bytes, status: int) -> None:
    response = ok(body, status)
    if OPERATIONS.whole(response) is None:
        answer = OPERATIONS.read(batch(), response)
        if isinstance(answer, Answered):
            assert not any(isinstance(a, Accepted) for a in answer.members)


def test_a_request_is_read_as_it_was_frozen_after_a_restart() -> None:
    again = type(frozen(invoice_command())).model_validate_json(
        frozen(invoice_command()).model_dump_json()
    )
    request = FrozenRequest(id=REQUEST, entity="invoice", members=(again,))
    (answer,) = read(request, ok(golden("create_invoice.response.json")))
    assert isinstance(answer, Accepted)
