"""Who a customer was merged into: told by our own invoices, and never by a guess."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from connector_kit.answers import NoAnswer, ReferenceGone, Refused
from connector_kit.exchange import Response
from connector_kit.provider import Member, NotReady, Prepared, Ready
from contracts.ids import RemoteId

from .examples import (
    CUSTOMER,
    OPERATIONS,
    context,
    customer_command,
    drive,
    frozen,
    golden,
    invoice_command,
    linked,
    ok,
    refused,
    rows,
)

GONE = refused("610", "Object Not Found : Something you're trying to use has been made inactive.")
OLD, SURVIVOR = "60", "61"


def customer_there(**changes: object) -> Response:
    row = json.loads(golden("create_customer.response.json"))["Customer"]
    return rows("Customer", {**row, "Id": OLD, "SyncToken": "4", **changes})


def invoices_on(*customers: str) -> Response:
    row = json.loads(golden("create_invoice.response.json"))["Invoice"]
    return rows(
        "Invoice",
        *(
            {**row, "Id": str(150 + n), "CustomerRef": {"value": customer}}
            for n, customer in enumerate(customers)
        ),
    )


def counted(number: int) -> Response:
    return ok({"QueryResponse": {"totalCount": number}})


def needed(invoices: int = 2) -> Member:
    last = frozen(customer_command(), linked(OLD, "0"))
    used_by = tuple(RemoteId(str(150 + n)) for n in range(invoices))
    return Member(customer_command(), linked(OLD, None), last=last, used_by=used_by)


def prepared(member: Member, *responses: Response) -> Prepared:
    (one,), _ = drive(OPERATIONS.prepare([member], context()), *responses)
    return one


@pytest.mark.parametrize(
    "old", [[customer_there(Active=False)], [rows("Customer"), GONE]], ids=["inactive", "gone"]
)
def test_s21_where_all_our_invoices_went_is_who_it_was_merged_into(old: Sequence[Response]) -> None:
    answer = prepared(needed(), *old, invoices_on(SURVIVOR, SURVIVOR), counted(0))
    assert isinstance(answer, NotReady)
    assert isinstance(answer.answer, Refused)
    assert answer.answer.cause.code == "customer_merged_there"
    assert answer.answer.holder == SURVIVOR
    assert answer.answer.cause.params["remote_id"] == SURVIVOR


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param([invoices_on(OLD, OLD)], id="they are where they were"),
        pytest.param([invoices_on(SURVIVOR, OLD)], id="one was moved"),
        pytest.param([invoices_on(SURVIVOR, "62")], id="they went apart"),
        pytest.param([invoices_on(SURVIVOR, SURVIVOR), counted(3)], id="others stayed"),
    ],
)
def test_a_customer_whose_invoices_tell_of_no_merge_is_made_active_again(
    seen: Sequence[Response],
) -> None:
    answer = prepared(needed(), customer_there(Active=False), *seen)
    assert isinstance(answer, Ready)


def test_where_none_of_ours_was_on_it_nothing_can_be_told() -> None:
    assert isinstance(prepared(needed(0), customer_there(Active=False)), Ready)


def test_one_that_is_in_use_is_asked_nothing_more() -> None:
    assert isinstance(prepared(needed(), customer_there(Active=True)), Ready)


def test_a_question_without_an_answer_decides_nothing() -> None:
    for unread in ([ok(b"<html>")], [invoices_on(SURVIVOR, SURVIVOR), ok(b"<html>")]):
        answer = prepared(needed(), customer_there(Active=False), *unread)
        assert isinstance(answer, NotReady)
        assert isinstance(answer.answer, NoAnswer)


def moved_invoice() -> Member:
    member = Member(invoice_command(), linked("150", None), last=frozen(invoice_command()))
    assert member.last is not None
    fields = {**member.last.fields, "CustomerRef": invoice_command().customer_remote_id}
    return replace(member, last=member.last.model_copy(update={"fields": fields}))


def test_an_edited_invoice_that_a_merge_moved_waits_for_its_customer() -> None:
    answer = prepared(moved_invoice(), invoices_on(SURVIVOR), customer_there(Active=False))
    if isinstance(answer, NotReady) and isinstance(answer.answer, ReferenceGone):
        assert answer.answer.local_ids == (str(CUSTOMER),)
        return
    raise AssertionError(answer)


def test_an_edited_invoice_that_a_person_moved_is_a_question() -> None:
    answer = prepared(
        moved_invoice(),
        invoices_on(SURVIVOR),
        customer_there(Id=invoice_command().customer_remote_id, Active=True),
    )
    assert isinstance(answer, NotReady)
    assert isinstance(answer.answer, Refused)
    assert answer.answer.cause.code == "changed_on_both_sides"
