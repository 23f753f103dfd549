"""Invoices, through freshbooks-sdk unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from .sdk import FilterBuilder, FreshBooksError, IncludesBuilder, SortBuilder, VisState
from .support import Connected, Controls, invoice, line, refused


def _with_lines() -> Any:
    return IncludesBuilder().include("lines")


def _numbers(oak: Connected, *builders: Any) -> list[str]:
    found = oak.sdk.invoices.list(oak.account, builders=list(builders))
    return [each.invoice_number for each in found]


def _put(oak: Connected, made: Any, **fields: object) -> Any:
    return oak.sdk.invoices.update(oak.account, made.id, fields, _with_lines())


def test_an_invoice_is_made_a_draft_and_its_lines_come_only_when_included(oak: Connected) -> None:
    client = oak.client(organization="Lee Ltd", p_street="1 Elm Street", p_city="Troy")
    made = oak.invoice(client, due_offset_days=30, notes="thanks", nonsense=1)
    assert (made.invoice_number, made.status, made.vis_state) == ("0000001", 1, VisState.ACTIVE)
    assert (made.v3_status, made.display_status, made.payment_status) == (
        "draft",
        "draft",
        "unpaid",
    )
    assert made.data["amount"] == {"amount": "128.20", "code": "USD"}
    assert made.data["outstanding"] == made.data["amount"]
    assert (made.data["create_date"], made.data["due_date"]) == ("2026-06-29", "2026-07-29")
    assert (made.id, made.street, made.city) == (made.invoiceid, "1 Elm Street", "Troy")
    assert (made.organization, made.current_organization) == ("Lee Ltd", "Lee Ltd")
    assert not {"lines", "presentation", "nonsense", "_tax"} & made.data.keys()
    found = oak.sdk.invoices.get(oak.account, made.id, _with_lines().include("presentation"))
    assert [each["amount"]["amount"] for each in found.data["lines"]] == ["128.20"]
    assert (found.lines[0].qty, found.lines[0].lineid) == ("2", 1)
    assert found.presentation.invoiceid == made.id
    listed = oak.sdk.invoices.list(oak.account, [_with_lines()])
    assert len(listed[0].data["lines"]) == 1
    body = invoice(client, lines=[line()])
    created = oak.sdk.invoices.create(oak.account, body, _with_lines())
    assert len(created.data["lines"]) == 1


def test_numbers_go_on_from_the_last_one_used(oak: Connected) -> None:
    client = oak.client()
    assert oak.invoice(client).invoice_number == "0000001"
    assert oak.invoice(client, invoice_number="INV-0099").invoice_number == "INV-0099"
    assert oak.invoice(client).invoice_number == "INV-0100"
    assert oak.invoice(client, invoice_number="A-3").invoice_number == "A-3"
    oak.invoice(client, invoice_number="A-3x")
    assert oak.invoice(client).invoice_number == "A-4x"


@pytest.mark.parametrize("hidden", [0, 1, 2])
def test_a_number_stays_taken_by_archived_and_deleted_invoices(oak: Connected, hidden: int) -> None:
    client = oak.client()
    made = oak.invoice(client, invoice_number="1001")
    _put(oak, made, vis_state=hidden)
    with pytest.raises(FreshBooksError, match="already exists") as error:
        oak.invoice(client, invoice_number="1001")
    assert refused(error) == (422, 1029, "invoice_number")
    other = oak.invoice(client, invoice_number="1002")
    with pytest.raises(FreshBooksError):
        _put(oak, other, invoice_number="1001")
    _put(oak, other, invoice_number="1002")


def test_doubled_numbers_have_switches(controls: Controls, oak: Connected) -> None:
    client = oak.client()
    oak.invoice(client, invoice_number="a1")
    for switch, status, errno in (("409-1029", 409, 1029), ("409-409", 409, 409)):
        controls.set(duplicate_number=switch)
        with pytest.raises(FreshBooksError) as error:
            oak.invoice(client, invoice_number="a1")
        assert refused(error)[:2] == (status, errno)
    oak.invoice(client, invoice_number="A1")
    controls.set(number_case="insensitive")
    with pytest.raises(FreshBooksError):
        oak.invoice(client, invoice_number="A1 ")
    controls.set(refuse_duplicate_numbers=False)
    oak.invoice(client, invoice_number="A1")


def test_numbers_have_a_length_and_perhaps_an_alphabet(controls: Controls, oak: Connected) -> None:
    client = oak.client()
    with pytest.raises(FreshBooksError) as error:
        oak.invoice(client, invoice_number="1" * 21)
    assert refused(error) == (422, 1017, "invoice_number")
    oak.invoice(client, invoice_number="INV/1")
    controls.set(number_charset="alphanumeric", number_limit=None)
    with pytest.raises(FreshBooksError) as error:
        oak.invoice(client, invoice_number="INV/2")
    assert refused(error) == (422, 1027, "invoice_number")
    oak.invoice(client, invoice_number="1" * 21)


def test_an_invoice_is_found_by_its_number_and_a_deleted_one_only_when_asked_for(
    controls: Controls, oak: Connected
) -> None:
    client = oak.client()
    made = oak.invoice(client, invoice_number="X-1")
    oak.invoice(client, invoice_number="X-12")
    by_number = FilterBuilder().equals("invoice_number", "X-1")
    assert _numbers(oak, by_number) == ["X-1"]
    gone: Any = oak.sdk.invoices.delete(oak.account, made.id)
    assert gone.data == {}
    assert _numbers(oak, by_number) == []
    deleted = FilterBuilder().equals("invoice_number", "X-1").equals("vis_state", 1)
    assert _numbers(oak, deleted) == ["X-1"]
    found = oak.sdk.invoices.get(oak.account, made.id)
    assert (found.vis_state, found.invoice_number) == (VisState.DELETED, "X-1")
    assert controls.books()["invoices"][0]["status"] == "deleted"
    _put(oak, made, vis_state=0)
    assert _numbers(oak, by_number) == ["X-1"]
    controls.set(number_search="prefix")
    assert _numbers(oak, by_number) == ["X-12", "X-1"]


def test_other_filters_of_invoices(oak: Connected) -> None:
    ann, bob = oak.client(), oak.client()
    oak.invoice(ann, invoice_number="1", create_date="2026-06-01", status=2)
    oak.invoice(bob, invoice_number="2", create_date="2026-06-02")
    everything = ["2", "1"]
    assert _numbers(oak) == everything
    assert _numbers(oak, FilterBuilder().equals("customerid", ann.id)) == ["1"]
    assert _numbers(oak, FilterBuilder().in_list("customerid", [ann.id, bob.id])) == everything
    assert _numbers(oak, FilterBuilder().between("date", "2026-06-01", "2026-06-02")) == ["1"]
    assert _numbers(oak, FilterBuilder().equals("v3_status", "draft")) == ["2"]
    assert _numbers(oak, FilterBuilder().equals("status", 1)) == everything
    assert _numbers(oak, FilterBuilder().between("create_date", min="2026-06-02")) == everything
    assert _numbers(oak, SortBuilder().asc("invoice_date")) == ["1", "2"]
    assert _numbers(oak, SortBuilder().asc("invoice_number")) == everything


def test_what_an_invoice_needs_is_said_field_by_field(controls: Controls, oak: Connected) -> None:
    client = oak.client()
    for body, errno, field in (
        ({"create_date": "2026-06-29"}, 1001, "customerid"),
        ({"customerid": client.id}, 1001, "create_date"),
        (invoice(client, create_date="29.6.2026"), 1033, "create_date"),
        (invoice(client, status="sent"), 1015, "status"),
        (invoice(client, status=4), 8008, "status"),
        (invoice(client, status=0), 8008, "status"),
        (invoice(client, discount_value="lots"), 1018, "discount_value"),
        (invoice(client, due_offset_days=-1), 1025, "due_offset_days"),
        (invoice(client, lines=[line(price="x")]), 1015, "unit_cost.amount"),
        (invoice(client, lines=[line(type=5)]), 1004, "type"),
        (invoice(client, lines=[line(taxName1="A", taxName2="A")]), 1019, "taxName2"),
        (invoice(client, lines=[line(taxName1="A", taxAmount1="x")]), 1018, "taxAmount1"),
        (invoice(client, lines=[line(price="-1")]), 1025, "amount"),
    ):
        with pytest.raises(FreshBooksError) as error:
            oak.sdk.invoices.create(oak.account, body)
        assert refused(error) == (422, errno, field)
    assert controls.books()["invoices"] == []
    controls.set(
        create_date="today", negative_total="accept", negative_due_offset="accept", max_lines=1
    )
    made = oak.sdk.invoices.create(oak.account, {"customerid": client.id, "due_offset_days": -1})
    assert made.data["due_date"] < made.data["create_date"]
    with pytest.raises(FreshBooksError) as error:
        oak.invoice(client, lines=[line(), line()])
    assert refused(error) == (422, 1017, "lines")
    controls.set(invoice_without_lines="refuse")
    with pytest.raises(FreshBooksError) as error:
        oak.invoice(client, lines=[])
    assert refused(error) == (422, 1001, "lines")


def test_due_date_is_read_only(oak: Connected) -> None:
    client = oak.client()
    made = oak.invoice(client)
    for write in (
        lambda: oak.invoice(client, due_date="2026-07-01"),
        lambda: _put(oak, made, due_date="2026-07-01", notes="x"),
    ):
        with pytest.raises(FreshBooksError, match="Write access denied") as error:
            write()
        assert refused(error) == (403, 1038, "due_date")
    assert oak.sdk.invoices.get(oak.account, made.id).notes == ""


def test_an_unknown_and_a_deleted_customer_are_refused_as_set(
    controls: Controls, oak: Connected
) -> None:
    gone = oak.client()
    old = oak.invoice(gone)
    oak.sdk.clients.delete(oak.account, gone.id)
    for switch in ("422-1011", "404-1011", "404-1012"):
        controls.set(deleted_customer=switch)
        with pytest.raises(FreshBooksError) as error:
            oak.invoice(gone)
        status, _, errno = switch.partition("-")
        assert refused(error) == (int(status), int(errno), "customerid")
    assert _put(oak, old, notes="still").notes == "still"
    controls.set(deleted_customer="accept")
    assert oak.invoice(gone).customerid == gone.id
    for switch, status in (("404-1012", 404), ("422-1012", 422)):
        controls.set(unknown_customer=switch)
        with pytest.raises(FreshBooksError, match="Client not found") as error:
            oak.sdk.invoices.create(oak.account, {"customerid": 5, "create_date": "2026-06-29"})
        assert refused(error) == (status, 1012, "customerid")


def test_the_first_phase_wins_and_the_rest_is_silently_dropped(oak: Connected) -> None:
    made = oak.invoice(oak.client())
    kept = _put(oak, made, vis_state=0, action_mark_as_sent=True, notes="x", due_date="2026-07-01")
    assert (kept.status, kept.notes, kept.vis_state) == (1, "", VisState.ACTIVE)
    sent = _put(oak, made, action_mark_as_sent=True, notes="x", status="bad", lines=[])
    assert (sent.status, sent.v3_status, sent.notes) == (2, "overdue", "")
    assert sent.data["amount"]["amount"] == "128.20"
    assert sent.fulfillment_date is not None
    changed = _put(oak, made, notes="x")
    assert changed.notes == "x"
    with pytest.raises(FreshBooksError, match=r"vis_state must be 0, 1 or 2\."):
        _put(oak, made, vis_state=3)


def test_status_is_a_number_and_only_four_can_be_written(oak: Connected) -> None:
    made = oak.invoice(oak.client(), status=2)
    assert (made.status, made.display_status) == (2, "sent")
    for status, name in ((3, "viewed"), (0, "disputed"), (1, "draft"), (2, "sent")):
        assert _put(oak, made, status=status).display_status == name
    for status, errno in ((4, 1004), (8, 1004), ("draft", 1015)):
        with pytest.raises(FreshBooksError, match="must be") as error:
            _put(oak, made, status=status)
        assert refused(error) == (422, errno, "status")


def test_an_e_mail_marks_as_sent_and_needs_somebody_to_go_to(
    controls: Controls, oak: Connected
) -> None:
    made = oak.invoice(oak.client())
    with pytest.raises(FreshBooksError) as error:
        _put(oak, made, action_email=True)
    assert refused(error) == (422, 1001, "email_recipients")
    _put(oak, made, action_email=True, email_recipients=["ann@lee.example"])
    found = controls.books()["invoices"][0]
    assert (found["sent"], found["emails"]) == (True, ["ann@lee.example"])


def test_an_action_at_creation_is_ignored_unless_switched(
    controls: Controls, oak: Connected
) -> None:
    client = oak.client()
    assert oak.invoice(client, action_mark_as_sent=True).status == 1
    controls.set(action_on_create="honoured")
    assert oak.invoice(client, action_mark_as_sent=True).status == 2


def test_lines_are_replaced_whole_and_kept_where_left_out(
    controls: Controls, oak: Connected
) -> None:
    made = oak.invoice(oak.client(), lines=[line("A"), line("B")])
    assert [each.name for each in _put(oak, made, notes="x").lines] == ["A", "B"]
    after = _put(oak, made, lines=[line("C", "10")])
    assert [(each.name, each.lineid) for each in after.lines] == [("C", 1)]
    assert after.data["amount"]["amount"] == "20.00"
    controls.set(put_keeps_lineids=True)
    after = _put(oak, made, lines=[line("D"), line("C", lineid=1)])
    assert [(each.name, each.lineid) for each in after.lines] == [("D", 2), ("C", 1)]
    controls.set(put_without_lines="clear")
    assert _put(oak, made, notes="y").data["lines"] == []


def test_the_version_changes_with_every_update_and_the_client_is_touched(oak: Connected) -> None:
    client = oak.client()
    made = oak.invoice(client)
    seen = {made.data["version"]}
    for notes in ("a", "a", "b"):
        seen.add(_put(oak, made, notes=notes).data["version"])
    assert len(seen) == 4


def test_tax_is_a_percentage_of_the_line_after_the_discount(oak: Connected) -> None:
    made = oak.invoice(
        oak.client(),
        discount_value="10",
        lines=[
            line("Bowls", "5.00", 4, taxName1="HST1", taxAmount1="13"),
            line("Mugs", "4.00", 6),
        ],
    )
    assert made.data["amount"]["amount"] == "41.94"
    assert made.data["discount_total"]["amount"] == "-4.40"


def test_tax_rounds_at_the_total_or_at_each_line(controls: Controls, oak: Connected) -> None:
    client = oak.client()
    lines = [line("A", "0.15", 1, taxName1="T", taxAmount1="10") for _ in range(3)]
    assert oak.invoice(client, lines=lines).data["amount"]["amount"] == "0.50"
    assert controls.books()["invoices"][0]["tax"] == "0.05"
    controls.set(tax_rounding="line")
    assert oak.invoice(client, lines=lines).data["amount"]["amount"] == "0.51"
    controls.set(rounding="half_even")
    lines = [line("A", "0.45", 1, taxName1="T", taxAmount1="10")]
    assert oak.invoice(client, lines=lines).data["amount"]["amount"] == "0.49"
    controls.set(unit_cost_rounding="cents")
    made = oak.invoice(client, lines=[line("A", "0.125", 2)])
    assert made.data["amount"]["amount"] == "0.24"


def test_compounded_and_known_taxes(controls: Controls, oak: Connected) -> None:
    client = oak.client()
    oak.sdk.taxes.create(oak.account, {"name": "GST", "amount": "5", "number": "RT 1"})
    compounded = line(
        "A", "100", 1, taxName1="GST", taxName2="PST", taxAmount2="10", compounded_tax=True
    )
    made = oak.sdk.invoices.create(oak.account, invoice(client, lines=[compounded]), _with_lines())
    assert made.data["amount"]["amount"] == "115.50"
    one = made.lines[0]
    assert (one.taxAmount1, one.taxNumber1, one.taxNumber2) == ("5", "RT 1", None)
    controls.set(unknown_tax="create")
    oak.invoice(client, lines=[compounded])
    assert [each["name"] for each in controls.books()["taxes"]] == ["GST", "PST"]
    controls.set(unknown_tax="422-1012")
    with pytest.raises(FreshBooksError) as error:
        oak.invoice(client, lines=[line(taxName1="VAT", taxAmount1="20")])
    assert refused(error) == (422, 1012, "taxName1")


def test_the_currency_is_the_clients_unless_said_and_not_compared(oak: Connected) -> None:
    client = oak.client(organization="Lee", currency_code="KES")
    assert oak.invoice(client).data["amount"]["code"] == "KES"
    made = oak.invoice(client, currency_code="USD")
    assert made.data["amount"]["code"] == "USD"
    after = _put(oak, made, currency_code="CAD")
    assert after.data["lines"][0]["unit_cost"]["code"] == "CAD"


def test_payments_move_the_invoice_and_may_lock_it(controls: Controls, oak: Connected) -> None:
    made = oak.invoice(oak.client(), status=2, create_date="2099-01-01")

    def now() -> Any:
        return oak.sdk.invoices.get(oak.account, made.id)

    assert now().v3_status == "sent"
    controls.pay(made.id, "28.20")
    assert (now().v3_status, now().status, now().payment_status) == ("partial", 2, "partial")
    assert now().data["outstanding"]["amount"] == "100.00"
    controls.pay(made.id)
    assert (now().v3_status, now().status, now().payment_status) == ("paid", 4, "paid")
    assert controls.books()["invoices"][0]["status"] == "paid"
    assert len(oak.sdk.payments.list(oak.account)) == 2
    controls.set(edit_paid="422-1004", delete_paid="422-1004")
    for write in (lambda: _put(oak, made, notes="x"), lambda: _put(oak, made, vis_state=1)):
        with pytest.raises(FreshBooksError) as error:
            write()
        assert error.value.status_code == 422
    controls.set(edit_paid="accept", delete_paid="accept")
    _put(oak, made, notes="x")
    oak.sdk.invoices.delete(oak.account, made.id)
    assert now().vis_state == VisState.DELETED
