"""What comes back: one answer per member, whatever form the response has."""

import json
from decimal import Decimal
from uuid import UUID

import pytest
from connector_kit.answers import (
    Accepted,
    Answered,
    MemberAnswer,
    NoAnswer,
    ReferenceGone,
    Refused,
    RemovedThere,
)
from connector_kit.exchange import Response
from connector_kit.provider import Member
from contracts.commands import RoundingLine
from contracts.ids import ItemId

from .examples import (
    CUSTOMER,
    ITEM,
    OPERATIONS,
    SECOND_INVOICE,
    customer_command,
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

CONTACT_ID = "2f79af6c-0000-4000-8000-00000000c001"
INVOICE_ID = "60aa5d55-0000-4000-8000-00000000f001"


def read(response: Response, *members: Member) -> tuple[MemberAnswer, ...]:
    answer = OPERATIONS.read(packed(*members)[1], response)
    assert isinstance(answer, Answered), answer
    return answer.members


def test_a_created_contact_is_accepted() -> None:
    answer = golden("create_contact.response.json")
    (one,) = read(ok(answer), member(customer_command("Acme Plumbing")))
    assert isinstance(one, Accepted)
    assert one.remote.id == CONTACT_ID
    assert one.remote.version == "2026-09-14T09:29:53.493+00:00"


def test_a_created_item_is_accepted_and_its_code_is_its_number() -> None:
    answer = golden("create_item.response.json")
    (one,) = read(ok(answer), member(item_command("Call-out", sku="CALLOUT")))
    assert isinstance(one, Accepted)
    assert one.remote.number == "CALLOUT"


def test_a_created_invoice_is_accepted_with_its_totals() -> None:
    answer = golden("create_invoice.response.json")
    (one,) = read(ok(answer), member(invoice_command(invoice("INV-0055"))))
    assert isinstance(one, Accepted)
    assert one.totals is not None
    assert (str(one.totals.total), str(one.totals.tax)) == ("24.15", "3.15")


def test_elements_are_told_apart_by_number_in_any_order_and_one_left_out_has_no_answer() -> None:
    row = json.loads(golden("create_invoice.response.json"))["Invoices"][0]
    first = {**row, "InvoiceNumber": "1001", "StatusAttributeString": "OK"}
    second = {
        "InvoiceNumber": "1002",
        "InvoiceID": "00000000-0000-0000-0000-000000000000",
        "HasErrors": True,
        "StatusAttributeString": "ERROR",
        "ValidationErrors": [{"Message": "Invoice # must be unique."}],
    }
    members = (
        member(invoice_command(invoice("1001"))),
        member(invoice_command(invoice("1002", record=SECOND_INVOICE))),
    )
    one, two = read(ok({"Invoices": [second, first]}), *members)
    assert isinstance(one, Accepted)
    assert isinstance(two, Refused)
    assert two.cause.code == "invoice_number_taken"
    one, two = read(ok({"Invoices": [first]}), *members)[0], read(ok({"Invoices": []}), *members)[1]
    assert isinstance(two, NoAnswer)


def test_a_summarised_400_says_nothing_of_those_it_does_not_name() -> None:
    members = (
        member(invoice_command(invoice("1001"))),
        member(invoice_command(invoice("1002", record=SECOND_INVOICE))),
    )
    one, two = read(refused("Invoice # must be unique.", InvoiceNumber="1002"), *members)
    assert isinstance(one, NoAnswer)
    assert isinstance(two, Refused)


def test_an_archived_contact_is_named_by_our_own_id() -> None:
    said = (
        "The contact with the specified contact details has been archived. The contact must be "
        "un-archived before creating new invoices or credit notes."
    )
    (one,) = read(refused(said), member(invoice_command()))
    assert isinstance(one, ReferenceGone)
    assert one.local_ids == (str(CUSTOMER),)


def test_an_item_that_is_gone_is_named_by_our_own_id() -> None:
    (one,) = read(refused("Item Code is invalid."), member(invoice_command()))
    assert isinstance(one, ReferenceGone)
    assert one.local_ids == (str(ITEM),)


@pytest.mark.parametrize(
    ("said", "account"),
    [
        ("Account code '4010' has been archived, or has been deleted. Each line …", "no-item"),
        ("Account code '4020' is not a valid code for this document.", "rounding"),
        ("The TaxType code 'X' cannot be used with account code '4010'.", "no-item"),
        ("Account must be valid.", "rounding"),
        ("Account code '9999' is not a valid code for this document.", "first"),
    ],
)
def test_a_refused_account_is_the_one_that_the_refusal_names(said: str, account: str) -> None:
    """That of an item, of lines without one, or of the rounding line."""
    without = ItemId(UUID("01920000-0000-7000-8000-00000000ffff"))
    command = invoice_command(invoice(lines=[line(), line(2, item=None)]))
    key = str(line().item_id)
    item = command.items[key]
    booked = {
        key: item.model_copy(update={"income_account_id": "first", "income_account_code": "4000"}),
        str(without): item.model_copy(
            update={
                "remote_id": None,
                "income_account_id": "no-item",
                "income_account_code": "4010",
            }
        ),
    }
    rounding = RoundingLine(
        amount=Decimal("0.01"), income_account_id="rounding", income_account_code="4020"
    )
    more = {"items": booked, "no_item_id": without, "rounding": rounding}
    (one,) = read(refused(said), member(command.model_copy(update=more)))
    assert isinstance(one, Refused)
    assert one.cause.subject is not None
    assert one.cause.subject.id == account


def test_an_archived_contact_takes_no_update() -> None:
    body = golden("update_contact_archived.response.json")
    (one,) = read(ok(body), member(customer_command(), linked(CONTACT_ID)))
    assert isinstance(one, RemovedThere)
    assert (one.removed, one.cause.code) == ("deleted", "customer_inactive_there")


def test_a_code_made_of_our_id_that_is_there_already_is_looked_up() -> None:
    said = "Price List Item with Code 'abc' already exists"
    (one,) = read(refused(said), member(item_command()))
    assert isinstance(one, NoAnswer)
    (other,) = read(refused(said), member(item_command(sku="abc")))
    assert isinstance(other, Refused)
    assert other.cause.code == "item_name_taken"


def test_a_404_removes_what_has_its_own_address_and_is_our_mistake_otherwise() -> None:
    missing = Response(404, {"content-type": "text/html"}, b"The resource you're looking for")
    (one,) = read(missing, member(void_command(), linked(INVOICE_ID)))
    assert isinstance(one, RemovedThere)
    (other,) = read(missing, member(customer_command()))
    assert isinstance(other, Refused)
    assert other.cause.code == "our_mistake"


def test_a_void_that_is_not_void_there_is_never_called_done() -> None:
    row = {"InvoiceID": INVOICE_ID, "Status": "AUTHORISED", "Type": "ACCREC"}
    void = member(void_command(), linked(INVOICE_ID))
    (one,) = read(ok({"Invoices": [row]}), void)
    assert isinstance(one, Refused)
    (done,) = read(ok({"Invoices": [{**row, "Status": "VOIDED"}]}), void)
    assert isinstance(done, Accepted)
    assert done.voided


@pytest.mark.parametrize("number", [14, 16, 17, 20])
def test_a_request_that_was_not_understood_is_our_mistake(number: int) -> None:
    body = {"ErrorNumber": number, "Type": "PostDataInvalidException", "Message": "The string …"}
    (one,) = read(ok(body, 400), member(customer_command()))
    assert isinstance(one, Refused)
    assert one.cause.code == "our_mistake"


def test_an_unknown_refusal_keeps_its_words() -> None:
    (one,) = read(refused("The moon is wrong."), member(customer_command()))
    assert isinstance(one, Refused)
    assert one.cause.code == "refused_unknown"
    assert one.cause.details.provider_message == "The moon is wrong."


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"Contacts":[{"Conta', b"[]"])
def test_a_body_that_cannot_be_read_is_no_answer(body: bytes) -> None:
    frozen = packed(member(customer_command()))[1]
    assert isinstance(OPERATIONS.read(frozen, ok(body)), NoAnswer)


def test_one_element_that_cannot_be_read_spoils_no_neighbour() -> None:
    row = json.loads(golden("create_invoice.response.json"))["Invoices"][0]
    members = (
        member(invoice_command(invoice("1001"))),
        member(invoice_command(invoice("1002", record=SECOND_INVOICE))),
    )
    one, two = read(
        ok({"Invoices": [{**row, "InvoiceNumber": "1001"}, {"InvoiceNumber": 5}]}), *members
    )
    assert isinstance(one, Accepted)
    assert isinstance(two, NoAnswer)


def test_what_was_not_asked_for_is_not_taken_for_what_was_made() -> None:
    invoice_answer = json.loads(golden("create_invoice.response.json"))
    invoice_answer["Invoices"][0]["InvoiceNumber"] = "X-1"
    (one,) = read(ok(json.dumps(invoice_answer).encode()), member(invoice_command(invoice())))
    assert isinstance(one, NoAnswer)
    contact_answer = json.loads(golden("create_contact.response.json"))
    contact_answer["Contacts"][0]["ContactNumber"] = "TB-somebody-else-1"
    contact = member(customer_command("Acme Plumbing"))
    (one,) = read(ok(json.dumps(contact_answer).encode()), contact)
    assert isinstance(one, NoAnswer)
