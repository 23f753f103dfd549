"""Commands into requests: golden pairs, and what is refused before anything is sent."""

import json
from datetime import date
from typing import cast

import pytest
from connector_freshbooks.operations.lines import digest
from connector_freshbooks.wire import Line
from connector_kit.answers import Accepted, Answered, NoAnswer
from connector_kit.provider import WriteCommand
from contracts.invoicing import Address

from .examples import (
    ITEM,
    OPERATIONS,
    REQUEST,
    context,
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
    void_command,
)

_COMMANDS = {
    "create_customer": member(
        customer_command(
            address=Address(line1="1 Oak St", city="Berlin", region="NH", postal_code="03570")
        )
    ),
    "update_customer": member(customer_command(email=None, phone=None), linked("567521")),
    "restore_customer": member(customer_command(), linked("567521", "deleted")),
    "create_item": member(item_command(description="A visit", unit_price="128.19")),
    "update_item": member(item_command(account="a-uuid", unit_price="9"), linked("31")),
    "create_invoice": member(invoice_command(invoice(memo="Thank you"))),
    "update_invoice": member(invoice_command(), linked("77")),
    "void_invoice": member(void_command(), linked("77")),
}


@pytest.mark.parametrize("name", _COMMANDS)
def test_a_command_is_exactly_this_request(name: str) -> None:
    request, _ = packed(_COMMANDS[name])
    wanted = cast("dict[str, object]", json.loads(golden(f"{name}.request.json")))
    sent = f"{request.method} {request.path}"
    assert {"request": sent, "body": json.loads(request.body)} == wanted


@pytest.mark.parametrize("name", ["create_customer", "create_item", "create_invoice"])
def test_an_answer_as_it_was_seen_is_accepted(name: str) -> None:
    _, frozen = packed(_COMMANDS[name])
    answer = OPERATIONS.read(frozen, ok(golden(f"{name}.response.json")))
    assert isinstance(answer, Answered)
    (accepted,) = answer.members
    assert isinstance(accepted, Accepted)
    assert accepted.remote.id.isdecimal()


def test_nothing_is_mixed_with_vis_state() -> None:
    for name in ("restore_customer", "void_invoice"):
        (fields,) = json.loads(packed(_COMMANDS[name])[0].body).values()
        assert list(fields) == ["vis_state"]
    for name in ("update_customer", "update_item", "update_invoice"):
        (fields,) = json.loads(packed(_COMMANDS[name])[0].body).values()
        assert not {"vis_state", "status", "due_date"} & set(fields)
        assert not [field for field in fields if field.startswith("action")]


def test_the_same_record_gives_the_same_bytes() -> None:
    assert packed(_COMMANDS["create_invoice"])[0] == packed(_COMMANDS["create_invoice"])[0]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (customer_command(email="ann@"), "customer_email_invalid"),
        (customer_command("  "), "name_not_allowed"),
        (customer_command("Ann\nLee"), "name_not_allowed"),
        (item_command("x" * 256), "name_not_allowed"),
        (invoice_command(invoice("1" * 21)), "invoice_number_not_allowed"),
        (invoice_command(invoice(due_date=date(2026, 6, 14))), "due_date_invalid"),
        (
            invoice_command(invoice(lines=[line(quantity="-1", amount="-128.19")])),
            "invoice_total_negative",
        ),
    ],
)
def test_what_cannot_go_is_refused_here(command: WriteCommand, code: str) -> None:
    result = OPERATIONS.pack([member(command)], context(), REQUEST)
    assert result.request is None
    ((_, answer),) = result.refused
    assert answer.cause.code == code


def test_an_account_goes_only_where_it_is_offered() -> None:
    request, frozen = packed(_COMMANDS["update_item"], on=context(offers_accounts=False))
    assert b"account_uuid" not in request.body
    assert "account_uuid" not in frozen.members[0].fields


def test_a_new_client_is_billed_in_the_customer_s_currency() -> None:
    kept = customer_command().model_copy(update={"currency": "EUR"})
    request, _ = packed(member(kept))
    assert json.loads(request.body)["client"]["currency_code"] == "EUR"
    request, _ = packed(member(kept, remote=linked("567521")))
    assert "currency_code" not in json.loads(request.body)["client"]


def test_a_discount_goes_into_the_price_or_as_one_piece() -> None:
    lines = [
        line(1, quantity="2", unit_price="10", discount="10", amount="18.00"),
        line(2, quantity="3", unit_price="9.99", discount="12.5", amount="26.22"),
    ]
    request, frozen = packed(member(invoice_command(invoice(lines=lines))))
    sent = json.loads(request.body)["invoice"]["lines"]
    assert [(each["qty"], each["unit_cost"]["amount"]) for each in sent] == [
        ("2", "9"),
        ("1", "26.22"),
    ]
    assert frozen.members[0].extra["notes"] == "sent_with_changes"


def test_a_line_names_its_item_as_it_is_named_there() -> None:
    command = invoice_command(invoice())
    named = command.items[str(ITEM)].model_copy(update={"name_there": "Service visit"})
    items = {**command.items, str(ITEM): named}
    request, _ = packed(member(command.model_copy(update={"items": items})))
    (sent,) = json.loads(request.body)["invoice"]["lines"]
    assert (sent["name"], sent["description"]) == ("Service visit", "Call-out visit")


def test_a_line_without_an_item_is_called_by_its_description() -> None:
    request, _ = packed(member(invoice_command(invoice(lines=[line(item=None)]))))
    (sent,) = json.loads(request.body)["invoice"]["lines"]
    assert (sent["name"], sent["description"]) == ("Call-out visit", "")


@pytest.mark.parametrize(
    ("name", "there", "field"),
    [("create_customer", "client", "note"), ("create_invoice", "invoice", "invoice_number")],
)
def test_what_was_not_asked_for_is_not_taken_for_what_was_made(
    name: str, there: str, field: str
) -> None:
    """Another record's mark or number in the answer to a create: looked up instead."""
    body = json.loads(golden(f"{name}.response.json"))
    body["response"]["result"][there][field] = "somebody else's"
    _, frozen = packed(_COMMANDS[name])
    answer = OPERATIONS.read(frozen, ok(json.dumps(body)))
    assert isinstance(answer, NoAnswer)


def test_a_second_tax_put_on_a_line_there_is_seen_as_an_edit() -> None:
    sent = Line(name="Work", qty="1", tax_name="GST", tax_percent="5")
    answered = {"name": "Work", "qty": "1", "taxName1": "GST", "taxAmount1": "5"}
    without = {**answered, "taxName2": None, "taxAmount2": "0"}
    assert digest([Line.model_validate(without)]) == digest([sent])
    more = {**answered, "taxName2": "PST", "taxAmount2": "7"}
    assert digest([Line.model_validate(more)]) != digest([sent])
