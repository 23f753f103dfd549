"""What goes out: golden requests, and what can't go."""

import json
from decimal import Decimal
from uuid import UUID

import pytest
from connector_kit.provider import Member
from connector_xero.operations.lines import priced
from connector_xero.operations.marks import (
    contact_number,
    invoice_url,
    item_code,
    marked_contact,
    marked_invoice,
    marked_item,
    whose,
)
from connector_xero.operations.names import name_problem, normal
from contracts.commands import ItemRef, SyncInvoice
from contracts.ids import ItemId, RecordId
from contracts.invoicing import Address

from .examples import (
    CUSTOMER,
    INVOICE,
    ITEM,
    OPERATIONS,
    REQUEST,
    SECOND_INVOICE,
    TENANT,
    context,
    customer_command,
    golden,
    invoice,
    invoice_command,
    item_command,
    line,
    linked,
    member,
    packed,
    void_command,
)

CONTACT_ID = "2f79af6c-0000-4000-8000-00000000c001"
INVOICE_ID = "60aa5d55-0000-4000-8000-00000000f001"
ADDRESS = Address(line1="1 High St", city="Leeds", postal_code="LS1", country="United Kingdom")

GOLDEN: dict[str, list[Member]] = {
    "create_contact": [member(customer_command("Acme Plumbing", address=ADDRESS))],
    "update_contact": [member(customer_command("Acme Plumbing"), linked(CONTACT_ID))],
    "create_item": [member(item_command("Call-out", sku="CALL", unit_price="128.19"))],
    "create_item_without_sku": [member(item_command("Call-out", unit_price="128.19"))],
    "create_invoice": [member(invoice_command())],
    "create_invoices": [
        member(invoice_command(invoice("1001"))),
        member(invoice_command(invoice("1002", record=SECOND_INVOICE))),
    ],
    "update_invoice": [member(invoice_command(), linked(INVOICE_ID))],
    "void_invoice": [member(void_command(), linked(INVOICE_ID))],
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_request_is_the_golden_one(name: str) -> None:
    request, _ = packed(*GOLDEN[name])
    sent = {"method": request.method, "path": request.path, "body": json.loads(request.body)}
    assert sent == json.loads(golden(f"{name}.request.json"))


def test_a_create_carries_the_request_s_id_as_its_key_and_an_update_none() -> None:
    create, _ = packed(member(customer_command()))
    update, _ = packed(member(customer_command(), linked(CONTACT_ID)))
    assert dict(create.headers)["idempotency-key"] == str(REQUEST)
    assert "idempotency-key" not in dict(update.headers)
    for request in (create, update):
        assert dict(request.headers)["xero-tenant-id"] == TENANT
        assert dict(request.headers)["accept"] == "application/json"
        assert dict(request.query) == {"summarizeErrors": "false"}


def test_prices_have_four_decimals_where_there_are_prices() -> None:
    for command in (item_command(), invoice_command()):
        request, _ = packed(member(command))
        assert dict(request.query) == {"summarizeErrors": "false", "unitdp": "4"}


def test_the_same_arguments_give_the_same_bytes() -> None:
    members = GOLDEN["create_invoices"]
    assert packed(*members)[0] == packed(*members)[0]


def test_no_totals_are_sent() -> None:
    request, _ = packed(member(invoice_command()))
    for word in (b"Total", b'LineAmount"', b"TaxAmount", b"SubTotal"):
        assert word not in request.body


def test_creates_share_a_request_and_updates_and_long_invoices_go_alone() -> None:
    long = invoice(lines=[line(n) for n in range(1, 1_000)])
    lots = [
        OPERATIONS.lot(each)
        for each in (
            member(customer_command()),
            member(customer_command(), linked(CONTACT_ID)),
            member(invoice_command(long)),
            member(void_command(), linked(INVOICE_ID)),
        )
    ]
    assert lots[0] == "create"
    assert len(set(lots)) == 4


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (140, "Regency cakestand, three tiers"),
        (40, "n" * 1_000),
        (10, "\N{GRINNING FACE}" * 400),
        (9, "\x01" * 1_000),
    ],
    ids=["long", "wordy", "beyond the plane", "escaped"],
)
def test_fifty_that_share_stay_below_what_a_request_may_have(lines: int, text: str) -> None:
    each = invoice(lines=[line(n, description=text) for n in range(1, lines + 1)], memo="m" * 4_000)
    assert OPERATIONS.lot(member(invoice_command(each))) == "create"
    request, _ = packed(*(member(invoice_command(each)) for _ in range(50)))
    assert len(request.body) < 3_500_000
    doubled = each.model_copy(update={"lines": each.lines * 3})
    assert OPERATIONS.lot(member(invoice_command(doubled))) != "create"


@pytest.mark.parametrize(
    ("one", "why", "cleaned"),
    [
        ("Ann  Lee", "double_spaces", "Ann Lee"),
        ("<Ann> Lee", "angle_brackets", "Ann Lee"),
        ("Ann\tLee", "line_break", "Ann Lee"),
        ("x" * 256, "too_long", "x" * 255),
        (" ", "empty", None),
    ],
)
def test_a_name_that_is_not_taken_there_is_refused_here(
    one: str, why: str, cleaned: str | None
) -> None:
    result = OPERATIONS.pack([member(customer_command(one))], context(), REQUEST)
    assert result.request is None
    ((_, refused),) = result.refused
    assert refused.cause.code == "name_not_allowed"
    assert refused.cause.params["why"] == why
    assert refused.cause.params.get("cleaned_name") == cleaned


def test_an_item_s_name_has_fifty_characters_and_its_code_thirty() -> None:
    problem = name_problem("x" * 51, limit=50)
    assert problem is not None
    assert problem.why == "too_long"
    _, frozen = packed(member(item_command(sku="x" * 31)))
    assert frozen.members[0].extra["code"] == item_code(RecordId(ITEM), 1)
    assert frozen.members[0].extra["notes"] == "sent_with_changes"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (invoice_command(invoice(due_date=None)), "due_date_invalid"),
        (invoice_command(invoice("É-1")), "invoice_number_not_allowed"),
        (invoice_command(invoice("1" * 256)), "invoice_number_not_allowed"),
        (invoice_command(invoice(lines=[line(item=None)])), "line_without_item"),
        (invoice_command(invoice(lines=[])), "our_mistake"),
        (
            invoice_command(invoice(lines=[line(unit_price="-5", quantity="1", amount="-5")])),
            "invoice_total_negative",
        ),
    ],
)
def test_an_invoice_that_cannot_go_says_why(command: SyncInvoice, code: str) -> None:
    result = OPERATIONS.pack([member(command)], context(), REQUEST)
    assert [refused.cause.code for _, refused in result.refused] == [code]


def test_a_line_without_an_item_names_its_account_alone() -> None:
    without = ItemId(UUID("01920000-0000-7000-8000-00000000ffff"))
    bare = line(3, item=None, description="")
    command = invoice_command(invoice(lines=[line(), line(2, item=None), bare]))
    account = ItemRef(
        remote_id=None,
        name="Services (no item)",
        income_account_id="b3c1",
        income_account_code="4010",
    )
    items = {**command.items, str(without): account}
    command = command.model_copy(update={"items": items, "no_item_id": without})
    request, frozen = packed(member(command))
    first, second, third = json.loads(request.body)["Invoices"][0]["LineItems"]
    assert first["ItemCode"] == "CALL"
    assert "ItemCode" not in second
    assert (second["AccountCode"], second["Description"]) == ("4010", "Call-out visit")
    assert third["Description"] == "Services (no item)", "one is mandatory there"
    assert str(without) not in frozen.members[0].used


def test_an_account_without_a_code_is_named_by_its_id() -> None:
    command = invoice_command(invoice(lines=[line()]))
    key = str(line().item_id)
    item = command.items[key]
    plain = item.model_copy(update={"income_account_id": "b3c1", "income_account_code": None})
    request, _ = packed(member(command.model_copy(update={"items": {key: plain}})))
    (sent,) = json.loads(request.body)["Invoices"][0]["LineItems"]
    assert "AccountCode" not in sent
    assert sent["AccountID"] == "b3c1"


def test_an_item_names_its_account_by_its_code_or_not_at_all() -> None:
    command = item_command().model_copy(update={"income_account_code": None})
    request, _ = packed(member(command))
    assert "AccountCode" not in json.loads(request.body)["Items"][0]["SalesDetails"]


def test_an_item_without_an_account_waits_for_one() -> None:
    result = OPERATIONS.pack([member(item_command(account=None))], context(), REQUEST)
    assert [refused.cause.code for _, refused in result.refused] == ["item_account_unmapped"]


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "amount", "changed"),
    [
        ("2", "128.19", "0", "256.38", False),
        ("2", "128.19", "10", "230.74", False),
        ("0.3333", "3.0001", "0", "1", False),
        ("1", "0.00005", "0", "0", True),
        ("1", "100", "33.333", "66.67", True),
        ("3", "0.5", "0", "2", True),
    ],
)
def test_a_line_s_total_there_is_ours_or_it_goes_as_one_piece(
    quantity: str, price: str, discount: str, amount: str, changed: bool
) -> None:
    one = line(quantity=quantity, unit_price=price, discount=discount, amount=amount)
    result = priced(one)
    assert result.changed is changed
    rate = result.discount or Decimal(0)
    exact = result.quantity * result.unit_amount * (100 - rate) / 100
    assert abs(exact - Decimal(amount)) < Decimal("0.0051")


def test_marks_read_back_and_name_record_and_generation() -> None:
    record = RecordId(CUSTOMER)
    assert marked_contact(contact_number(record, 2)) == (CUSTOMER, 2)
    assert marked_invoice(invoice_url(RecordId(INVOICE), 3)) == (INVOICE, 3)
    for generation in (1, 2, 99):
        code = item_code(RecordId(ITEM), generation)
        assert len(code) <= 30
        assert marked_item(code) == (ITEM, generation)
    assert len(contact_number(record, 1)) <= 50
    assert "xero" not in invoice_url(RecordId(INVOICE), 1)
    assert marked_contact("C-12") is marked_invoice("https://a.example/b") is None
    assert whose((CUSTOMER, 1), record, 2) == "other"
    assert whose((UUID(int=1), 1), record, 1) == "other"
    assert whose(None, record, 1) == "none"


def test_names_compare_without_regard_to_case_and_outer_spaces() -> None:
    assert normal(" Ann LEE ") == normal("ann lee")
