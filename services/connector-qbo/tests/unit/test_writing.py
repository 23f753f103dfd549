"""Commands into requests: the golden pairs, byte for byte where it matters."""

import json
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from connector_kit.provider import Context, WriteCommand
from connector_qbo.operations.lines import priced
from contracts.commands import ItemRef
from contracts.ids import ItemId, RemoteId
from contracts.invoicing import Address, InvoiceLine
from contracts.money import round_amount
from hypothesis import given
from hypothesis import strategies as st

from .examples import (
    CUSTOMER,
    INVOICE,
    ITEM,
    OPERATIONS,
    REALM,
    REQUEST,
    SECOND_INVOICE,
    SECOND_ITEM,
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

MAY_ADDRESS = Address(
    line1="123 Test Street",
    city="Mountain View",
    region="CA",
    postal_code="94042",
    country="USA",
)
KEY = (("minorversion", "75"), ("requestid", REQUEST.hex))


def test_a_new_customer_is_posted_with_our_mark() -> None:
    request, frozen = packed(member(customer_command(address=MAY_ADDRESS)))
    assert (request.method, request.path) == ("POST", f"/v3/company/{REALM}/customer")
    assert request.query == KEY
    assert request.meter == "single"
    assert json.loads(request.body) == json.loads(golden("create_customer.request.json"))
    only = frozen.members[0]
    assert (only.intent, only.natural_key) == ("create", "test customer may 2026 regen")
    assert only.record_version == 7


def test_a_request_id_is_32_hex_characters() -> None:
    assert len(REQUEST.hex) == 32


def test_a_linked_customer_is_updated_sparsely_and_made_active() -> None:
    command = customer_command("Ann Lee", email="ann@lee.example", phone=None)
    request, _ = packed(member(command, linked("60", "3")))
    assert json.loads(request.body) == json.loads(golden("update_customer.request.json"))
    assert request.path.endswith("/customer")


def test_a_customer_s_own_note_there_is_never_written_over() -> None:
    request, _ = packed(member(customer_command(), linked("60", "3")))
    assert "Notes" not in json.loads(request.body)


def test_the_name_chosen_for_there_goes_instead_of_ours() -> None:
    request, frozen = packed(member(customer_command("Ann: Lee", name_there="Ann Lee (2)")))
    assert json.loads(request.body)["DisplayName"] == "Ann Lee (2)"
    assert frozen.members[0].natural_key == "ann lee (2)"


def test_what_is_too_long_is_cut_and_said() -> None:
    command = customer_command(company_name="x" * 51, phone="1" * 31)
    request, frozen = packed(member(command))
    body = json.loads(request.body)
    assert body["CompanyName"] == "x" * 50
    assert "PrimaryPhone" not in body
    assert frozen.members[0].extra["notes"] == "sent_with_changes"


def test_a_new_item_is_a_service_on_its_income_account() -> None:
    command = item_command(sku="CALL", description="A visit", unit_price="128.19")
    request, frozen = packed(member(command))
    assert json.loads(request.body) == json.loads(golden("create_item.request.json"))
    assert request.path == f"/v3/company/{REALM}/item"
    assert frozen.members[0].mark is None


def test_a_linked_item_keeps_its_type() -> None:
    command = item_command("Call-out", unit_price="128.19", account="80")
    request, _ = packed(member(command, linked("23", "1")))
    assert json.loads(request.body) == json.loads(golden("update_item.request.json"))


def test_a_new_invoice_is_posted_with_number_mark_and_no_e_mail() -> None:
    request, frozen = packed(member(invoice_command()))
    assert json.loads(request.body) == json.loads(golden("create_invoice.request.json"))
    assert request.path == f"/v3/company/{REALM}/invoice"
    assert request.query == KEY
    only = frozen.members[0]
    assert only.natural_key == "1001"
    assert only.used == {str(CUSTOMER): "60", str(ITEM): "23"}


def test_an_invoice_sent_before_is_updated_whole() -> None:
    request, _ = packed(member(invoice_command(), linked("155", "4")))
    assert json.loads(request.body) == json.loads(golden("update_invoice.request.json"))


def test_an_invoice_made_again_may_have_the_number_of_its_predecessor() -> None:
    again, _ = packed(member(invoice_command(generation=2)))
    assert ("include", "allowduplicatedocnum") in again.query
    other = invoice_command(invoice("1002", record=SECOND_INVOICE), generation=2)
    batch, _ = packed(member(invoice_command()), member(other))
    items = json.loads(batch.body)["BatchItemRequest"]
    assert [item.get("optionsData") for item in items] == [None, "allowduplicatedocnum"]


def test_several_members_go_as_one_batch_in_their_order() -> None:
    ten = line(item=SECOND_ITEM, description="", quantity="1", unit_price="10", amount="10")
    second = invoice("1002", lines=[ten], due_date=None, record=SECOND_INVOICE)
    request, frozen = packed(
        member(invoice_command()), member(invoice_command(second), linked("156", "2"))
    )
    assert request.path == f"/v3/company/{REALM}/batch"
    assert request.query == KEY
    assert (request.meter, request.units) == ("batch", 2)
    assert json.loads(request.body) == json.loads(golden("batch_invoices.request.json"))
    assert [m.record_id for m in frozen.members] == [INVOICE, SECOND_INVOICE]


def test_a_batch_of_thirty_has_short_ids() -> None:
    members = [
        member(customer_command(f"C{n}", record=CUSTOMER.__class__(int=CUSTOMER.int + n)))
        for n in range(30)
    ]
    request, _ = packed(*members)
    ids = [item["bId"] for item in json.loads(request.body)["BatchItemRequest"]]
    assert ids == [str(n) for n in range(1, 31)]
    assert request.units == 30


def test_the_same_members_give_the_same_bytes() -> None:
    members = [member(invoice_command()), member(void_command(), linked("155"))]
    first = OPERATIONS.pack(members, context(), REQUEST)
    assert first == OPERATIONS.pack(members, context(), REQUEST)


def test_a_void_names_only_the_invoice_and_its_version() -> None:
    request, frozen = packed(member(void_command(), linked("155", "4")))
    assert ("operation", "void") in request.query
    assert json.loads(request.body) == {"Id": "155", "SyncToken": "4", "sparse": True}
    assert frozen.members[0].intent == "void"


def test_voids_batch_among_themselves() -> None:
    second = void_command(invoice("1002", record=SECOND_INVOICE))
    voids = [member(void_command(), linked("155")), member(second, linked("156"))]
    assert {OPERATIONS.lot(m) for m in voids} == {"void"}
    assert OPERATIONS.lot(member(invoice_command())) != "void"
    request, _ = packed(*voids)
    items = json.loads(request.body)["BatchItemRequest"]
    assert [(i["operation"], i["optionsData"]) for i in items] == [("update", "void")] * 2


def test_a_very_long_invoice_goes_alone() -> None:
    lines = [line(n, quantity="1", unit_price="1", amount="1") for n in range(1, 202)]
    lots = {
        OPERATIONS.lot(member(invoice_command(invoice("1", lines=lines, record=record))))
        for record in (INVOICE, SECOND_INVOICE)
    }
    assert len(lots) == 2


# Money


def test_a_discount_goes_into_the_price_and_the_amount_stays() -> None:
    half = line(quantity="3", unit_price="9.99", discount="10", amount="26.97")
    request, frozen = packed(member(invoice_command(invoice(lines=[half]))))
    sent = json.loads(request.body)["Line"][0]
    detail = sent["SalesItemLineDetail"]
    assert (sent["Amount"], detail["Qty"], detail["UnitPrice"]) == (26.97, 3, 8.991)
    assert frozen.members[0].extra["notes"] == "sent_with_changes"


def test_an_amount_that_is_no_product_goes_as_one_piece() -> None:
    odd = line(quantity="3", unit_price="1.00", amount="2.99")
    request, _ = packed(member(invoice_command(invoice(lines=[odd]))))
    detail = json.loads(request.body)["Line"][0]["SalesItemLineDetail"]
    assert (detail["Qty"], detail["UnitPrice"]) == (1, 2.99)


@given(
    quantity=st.decimals(min_value=0, max_value=10_000, places=3),
    price=st.decimals(min_value=-5_000, max_value=5_000, places=4),
    discount=st.decimals(min_value=0, max_value=100, places=2),
    currency=st.sampled_from(["USD", "JPY", "BHD"]),
)
def test_quantity_times_price_is_the_amount_to_the_cent_in_every_currency(
    quantity: Decimal, price: Decimal, discount: Decimal, currency: str
) -> None:
    amount = round_amount(quantity * price * (100 - discount) / 100, currency)
    one = InvoiceLine(
        position=1,
        item_id=None,
        quantity=quantity,
        unit_price=price,
        discount_percent=discount,
        amount=amount,
    )
    there = priced(one)
    cents = round_amount(amount, "USD")
    assert round_amount(there.quantity * there.unit_price, "USD") == cents
    assert there.changed or (there.quantity, there.unit_price) == (quantity, price)


# What differs by company


def test_currency_is_said_only_where_there_are_several() -> None:
    plain, _ = packed(member(invoice_command()))
    assert "CurrencyRef" not in json.loads(plain.body)
    euro = invoice_command(invoice(currency="EUR"))
    many, _ = packed(member(euro), on=context(multi_currency=True))
    assert json.loads(many.body)["CurrencyRef"] == {"value": "EUR"}


def test_our_memo_is_for_the_customer_and_cut_where_it_must_be() -> None:
    request, frozen = packed(member(invoice_command(invoice(memo="m" * 1001))))
    assert json.loads(request.body)["CustomerMemo"] == {"value": "m" * 1000}
    assert frozen.members[0].extra["notes"] == "sent_with_changes"


def test_dates_are_the_invoice_s_own_days() -> None:
    late = invoice().model_copy(update={"issue_date": date(2026, 3, 31)})
    request, _ = packed(member(invoice_command(late)))
    assert json.loads(request.body)["TxnDate"] == "2026-03-31"


# Refused before anything is sent


def refusal(command: WriteCommand, on: Context | None = None) -> tuple[str, dict[str, str]]:
    """The cause's code and params of a command that can't be sent at all."""
    result = OPERATIONS.pack([member(command)], on or context(), REQUEST)
    assert (result.request, result.frozen) == (None, ())
    record, refused = result.refused[0]
    assert record == command.record_id
    return refused.cause.code, refused.cause.params


@pytest.mark.parametrize(
    ("name", "why", "cleaned"),
    [
        ("Lee: Ann", "colon", "Lee Ann"),
        ("Lee\tAnn", "line_break", "Lee Ann"),
        ("Lee\nAnn", "line_break", "Lee Ann"),
        ("x" * 501, "too_long", "x" * 500),
    ],
)
def test_a_customer_s_name_that_is_not_taken_there_is_refused_here(
    name: str, why: str, cleaned: str
) -> None:
    code, params = refusal(customer_command(name))
    assert code == "name_not_allowed"
    assert params == {"name": name, "why": why, "limit": "500", "cleaned_name": cleaned}


def test_an_item_s_name_has_at_most_100_characters() -> None:
    code, params = refusal(item_command("x" * 101))
    assert (code, params["limit"]) == ("name_not_allowed", "100")


@pytest.mark.parametrize("email", ["ann", "ann@lee", "ann lee@x.example", f"{'a' * 95}@x.com"])
def test_an_e_mail_that_is_not_taken_there_is_refused_here(email: str) -> None:
    code, params = refusal(customer_command("Ann Lee", email=email))
    assert (code, params["email"]) == ("customer_email_invalid", email)


def test_an_item_without_an_income_account_is_refused_here() -> None:
    code, params = refusal(item_command("Call-out", account=None))
    assert (code, params["items"]) == ("item_account_unmapped", '["Call-out"]')


def test_a_number_of_more_than_21_characters_is_refused_here() -> None:
    code, params = refusal(invoice_command(invoice("2026-06-OAKPLUMBING-000001")))
    assert code == "invoice_number_not_allowed"
    assert params["length"] == "26"
    assert params["short_number"] == "6-OAKPLUMBING-000001".rjust(21, "0")


def test_a_line_without_an_item_is_refused_here() -> None:
    code, params = refusal(invoice_command(invoice(lines=[line(item=None)])))
    assert (code, params["line"]) == ("line_without_item", "1")


def test_a_line_without_an_item_goes_on_the_item_made_for_such() -> None:
    made = ItemId(UUID("01920000-0000-7000-8000-00000000ffff"))
    command = invoice_command(invoice(lines=[line(), line(2, item=None)]))
    ours = ItemRef(remote_id=RemoteId("77"), name="Services (no item)", income_account_id="79")
    items = {**command.items, str(made): ours}
    command = command.model_copy(update={"items": items, "no_item_id": made})
    request, frozen = packed(member(command))
    sent = json.loads(request.body)["Line"]
    refs = [each["SalesItemLineDetail"]["ItemRef"]["value"] for each in sent]
    assert refs == ["23", "77"]
    assert frozen.members[0].used[str(made)] == "77", "so that it is made again if it has gone"
    unlinked = {**items, str(made): ours.model_copy(update={"remote_id": None})}
    assert refusal(command.model_copy(update={"items": unlinked}))[0] == "our_mistake"


def test_an_item_that_is_not_linked_is_our_mistake() -> None:
    items = {str(ITEM): ItemRef(remote_id=None, name="Call-out")}
    assert refusal(invoice_command(items=items))[0] == "our_mistake"
    assert refusal(invoice_command(items={}))[0] == "our_mistake"


def test_an_invoice_without_lines_or_number_is_our_mistake() -> None:
    assert refusal(invoice_command(invoice(lines=[])))[0] == "our_mistake"
    assert refusal(invoice_command(invoice(" ")))[0] == "our_mistake"


def test_a_total_below_zero_is_refused_here() -> None:
    code, params = refusal(invoice_command(invoice(lines=[line(quantity="-2", amount="-256.38")])))
    assert (code, params["total"]) == ("invoice_total_negative", "-256.38 USD")


def test_a_currency_that_is_not_switched_on_is_refused_here() -> None:
    code, params = refusal(invoice_command(invoice(currency="EUR")))
    assert code == "currency_not_enabled"
    assert params == {"currency": "EUR", "org": "Oak Books"}


def test_one_refused_member_leaves_the_others_their_request() -> None:
    bad = customer_command("a:b", record=SECOND_INVOICE)
    result = OPERATIONS.pack([member(bad), member(customer_command())], context(), REQUEST)
    assert [record for record, _ in result.refused] == [SECOND_INVOICE]
    assert [m.record_id for m in result.frozen] == [CUSTOMER]
    assert result.request is not None
    assert result.request.path.endswith("/customer")
