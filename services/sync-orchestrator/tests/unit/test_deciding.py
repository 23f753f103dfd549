"""Decisions about what goes, what waits and what is blocked."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from contracts.commands import (
    SyncCustomer,
    SyncInvoice,
    SyncItem,
    VoidInvoice,
)
from contracts.connections import OrganisationFacts
from contracts.sync import Totals
from sync_orchestrator.domain.connection import MappedAccount
from sync_orchestrator.domain.facts import (
    Answered,
    Asked,
    Edited,
    Reviewed,
)

from .samples import (
    BY_PERSON,
    Desk,
    connection,
    customer,
    edited,
    entity_of,
    failure,
    invoice,
    item,
    ready,
    success,
)


def test_an_invoice_whose_needs_are_there_goes_at_once() -> None:
    desk, _, call_out, bill = ready()
    desk.ask(bill)
    (said,) = desk.sent()
    assert isinstance(said, SyncInvoice)
    assert said.customer_remote_id == "60"
    assert said.items[str(call_out.id)].remote_id == "23"
    assert said.items[str(call_out.id)].income_account_id == "79"
    assert desk.state(bill) == "queued"
    assert (said.step, said.step) == (desk.job(bill).step, desk.job(bill).outstanding)


def test_what_an_invoice_needs_goes_along_first() -> None:
    desk = Desk()
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    desk.know(ann, call_out, bill)
    desk.ask(bill)
    first = desk.sent()
    assert sorted(type(said).__name__ for said in first) == ["SyncCustomer", "SyncItem"]
    assert desk.state(bill) == "waiting"
    for said in first:
        snapshot = ann if isinstance(said, SyncCustomer) else call_out
        remote = "60" if isinstance(said, SyncCustomer) else "23"
        desk.apply(snapshot, Answered(success(said, remote), automatic=True))
    (then,) = [said for said in desk.sent() if isinstance(said, SyncInvoice)]
    desk.apply(bill, Answered(success(then, "155"), automatic=True))
    assert desk.state(bill) == "synced"


@pytest.mark.parametrize(
    ("facts", "total", "code"),
    [
        (OrganisationFacts(home_currency="EUR"), None, "currency_not_enabled"),
        (OrganisationFacts(books_closed_up_to=date(2026, 6, 30)), None, "period_closed"),
        (OrganisationFacts(), Decimal(-1), "invoice_total_negative"),
    ],
)
def test_preflight_stops_what_could_only_be_refused(
    facts: OrganisationFacts, total: Decimal | None, code: str
) -> None:
    desk = Desk(connection(facts=facts))
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out, total=total)
    desk.know(ann, call_out, bill)
    desk.ask(bill)
    assert desk.sent() == [], "nothing goes along with an invoice that can't go"
    assert desk.state(bill) == "blocked"
    cause = desk.job(bill).cause
    assert cause is not None
    assert cause.code == code


def test_a_customer_is_made_in_its_own_currency_or_its_invoice_is_stopped() -> None:
    facts = OrganisationFacts(
        home_currency="USD", multi_currency=True, keeps_customer_currency=True
    )
    desk = Desk(connection(facts=facts))
    ann, call_out = customer().model_copy(update={"currency": "EUR"}), item()
    dollars, euros = invoice(ann, call_out), invoice(ann, call_out, currency="EUR")
    desk.know(ann, call_out, dollars, euros)
    desk.ask(dollars)
    cause = desk.job(dollars).cause
    assert cause is not None
    assert (cause.code, cause.params["currency_there"]) == ("customer_currency_differs", "EUR")
    assert desk.sent() == []
    desk.ask(ann)
    (said,) = desk.sent()
    assert isinstance(said, SyncCustomer)
    assert said.currency == "EUR"
    desk.ask(euros)
    assert desk.state(euros) == "waiting"


def test_s26_unmapped_items_are_one_cause_that_names_them_all() -> None:
    desk = Desk()
    ann, items = customer(), [item(name) for name in ("Call-out", "Parts", "Travel")]
    bill = invoice(ann, *items)
    desk.know(ann, bill)
    desk.know(*items, mapped=False)
    desk.ask(bill)
    cause = desk.job(bill).cause
    assert cause is not None
    assert cause.code == "item_account_unmapped"
    assert cause.subject is None
    assert cause.params["items"] == '["Call-out", "Parts", "Travel"]'
    desk.know(*items)
    desk.apply(bill, Reviewed())
    assert len(desk.sent()) == 4, "the customer and three items, with no further click"


def test_a_plan_without_accounts_needs_no_mapping() -> None:
    desk = Desk(connection(facts=OrganisationFacts(offers_accounts=False)))
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    desk.know(ann, bill)
    desk.know(call_out, mapped=False)
    desk.ask(bill)
    (for_item,) = [said for said in desk.sent() if isinstance(said, SyncItem)]
    assert for_item.income_account_id is None


def test_s27_an_archived_account_blocks_by_its_name_and_remapping_releases() -> None:
    desk, _, call_out, bill = ready()
    key = (desk.there.id, call_out.id)
    desk.books.accounts[key] = MappedAccount("79", "Old revenue", active=False)
    desk.ask(bill)
    cause = desk.job(bill).cause
    assert cause is not None
    assert (cause.code, cause.subject and cause.subject.id) == ("account_gone", "79")
    desk.books.accounts[key] = MappedAccount("81", "New revenue")
    desk.apply(bill, Reviewed())
    (for_item,) = desk.sent()
    assert isinstance(for_item, SyncItem), "the item takes its new account first"
    assert for_item.income_account_id == "81"
    desk.apply(call_out, Answered(success(for_item, "23"), automatic=False))
    assert isinstance(desk.sent()[0], SyncInvoice)


def test_z3b_an_automatic_invoice_blocks_on_a_customer_that_isnt_there() -> None:
    desk = Desk(connection(sync_customers=False))
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    desk.know(ann, call_out, bill)
    desk.ask(bill)
    assert desk.sent() == []
    cause = desk.job(bill).cause
    assert cause is not None
    assert (cause.code, cause.subject and cause.subject.id) == (
        "customer_not_in_books",
        str(ann.id),
    )
    desk.ask(ann, BY_PERSON)
    for_customer, for_item = sorted(desk.sent(), key=entity_of)
    assert isinstance(for_customer, SyncCustomer)
    assert isinstance(for_item, SyncItem)
    assert desk.state(bill) == "waiting"


def test_a_click_on_an_invoice_is_a_click_on_its_customer() -> None:
    desk = Desk(connection(sync_customers=False))
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    desk.know(ann, call_out, bill)
    desk.ask(bill, BY_PERSON)
    sent = desk.sent()
    assert {type(said) for said in sent} == {SyncCustomer, SyncItem}
    assert {said.priority for said in sent} == {"person"}


def test_s35_an_edit_of_what_is_there_goes_by_itself_only_with_the_switch_on() -> None:
    for automatic in (True, False):
        desk, _, _, bill = ready()
        desk.ask(bill)
        (said,) = desk.sent()
        desk.apply(bill, Answered(success(said, "155"), automatic=automatic))
        newer = edited(bill)
        desk.know(newer)
        desk.apply(bill, Edited(automatic=automatic))
        assert desk.state(bill) == ("queued" if automatic else "out_of_date")
        update = desk.sent()
        assert [one.link.id for one in update if one.link] == (["155"] if automatic else [])


def test_an_edit_that_is_taken_back_leaves_nothing_to_update() -> None:
    other = Totals(total=Decimal("132.31"), tax=Decimal("4.12"), currency="USD")
    for totals, after in ((None, "synced"), (other, "out_of_date")):
        desk, _, _, bill = ready()
        desk.ask(bill)
        (said,) = desk.sent()
        desk.apply(bill, Answered(success(said, "155", totals=totals), automatic=False))
        for version, memo, state in ((2, "another", "out_of_date"), (3, bill.memo, after)):
            desk.know(bill.model_copy(update={"version": version, "memo": memo}))
            desk.apply(bill, Edited(automatic=False))
            assert desk.state(bill) == state
        assert desk.sent() == []


def test_s36_edits_while_a_command_is_out_go_once_after_its_outcome() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    for version in (2, 3, 4):
        desk.know(bill.model_copy(update={"version": version, "memo": f"as of {version}"}))
        desk.apply(bill, Edited(automatic=True))
        assert desk.sent() == []
    desk.apply(bill, Answered(success(first, "155", version=1), automatic=True))
    (second,) = desk.sent()
    assert isinstance(second, SyncInvoice)
    assert second.invoice.version == 4
    assert second.step > first.step


def test_s40_an_invoice_voided_before_its_first_sync_is_never_sent() -> None:
    desk = Desk()
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    desk.know(ann, call_out, bill)
    desk.ask(bill)
    desk.sent()
    desk.know(bill.model_copy(update={"version": 2, "status": "void"}))
    desk.apply(bill, Edited(automatic=True))
    assert desk.state(bill) == "voided"
    assert desk.job(bill).link is None
    assert desk.sent() == []


def test_s39_a_void_goes_to_what_is_there_even_if_it_came_while_a_command_was_out() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    desk.know(bill.model_copy(update={"version": 2, "status": "void"}))
    desk.apply(bill, Edited(automatic=False))
    assert desk.sent() == []
    desk.apply(bill, Answered(success(first, "155"), automatic=False))
    (void,) = desk.sent()
    assert isinstance(void, VoidInvoice)
    assert void.link is not None
    desk.apply(bill, Answered(success(void, "155"), automatic=False))
    assert desk.state(bill) == "voided"


def test_s41_a_refused_void_goes_again_only_when_somebody_tries_again() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    desk.apply(bill, Answered(success(first, "155"), automatic=False))
    desk.know(bill.model_copy(update={"version": 2, "status": "void"}))
    desk.apply(bill, Edited(automatic=False))
    (void,) = desk.sent()
    desk.apply(bill, Answered(failure(void, "void_refused"), automatic=False))
    assert desk.state(bill) == "blocked"
    desk.apply(bill, Edited(automatic=True))
    desk.apply(bill, Asked(BY_PERSON, "person"))
    assert desk.sent() == []
    desk.apply(bill, Asked(BY_PERSON, "person", again=True))
    (again,) = desk.sent()
    assert isinstance(again, VoidInvoice)
    assert again.step > void.step
    assert again.origin == BY_PERSON
    desk.apply(bill, Answered(success(again, "155"), automatic=False))
    assert desk.state(bill) == "voided"


def test_a_void_of_what_was_refused_meanwhile_sends_nothing() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    desk.know(bill.model_copy(update={"version": 2, "status": "void"}))
    desk.apply(bill, Edited(automatic=True))
    desk.apply(bill, Answered(failure(first, "refused_unknown"), automatic=True))
    assert desk.state(bill) == "voided"
    assert desk.sent() == []


def test_a_void_of_what_was_refused_for_its_needs_says_nothing_of_them() -> None:
    """A provider may not say which of them has gone, and nothing would make the others good."""
    desk, ann, call_out, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    desk.know(bill.model_copy(update={"version": 2, "status": "void"}))
    desk.apply(bill, Edited(automatic=True))
    used = {str(ann.id): "60", str(call_out.id): "23"}
    gone = failure(first, "record_deleted_there", gone=[ann.id, call_out.id], used=used)
    desk.apply(bill, Answered(gone, automatic=True))
    assert [desk.state(one) for one in (bill, ann, call_out)] == ["voided", "synced", "synced"]


def test_s11_a_connection_that_is_away_holds_and_the_same_step_goes_when_it_is_back() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    desk.settle(connection(status="expired"))
    desk.apply(bill, Reviewed())
    assert desk.state(bill) == "held"
    desk.settle(connection())
    desk.apply(bill, Reviewed())
    (again,) = desk.sent()
    assert (again.step, desk.state(bill)) == (first.step, "queued")


def test_what_is_asked_for_while_the_connection_is_away_is_held() -> None:
    desk, _, _, bill = ready()
    desk.settle(connection(status="closed"))
    desk.ask(bill)
    assert (desk.sent(), desk.state(bill)) == ([], "held")


def test_s48_an_automatic_invoice_that_is_moved_before_the_start_date_is_not_eligible() -> None:
    desk = Desk()
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    desk.know(ann, bill)
    desk.know(call_out, mapped=False)
    desk.ask(bill)
    desk.know(bill.model_copy(update={"version": 2, "issue_date": date(2019, 5, 1)}))
    desk.apply(bill, Edited(automatic=True))
    job = desk.job(bill)
    assert (job.state.value, job.cause and job.cause.code) == ("not_eligible", "before_start_date")


def test_an_edit_while_the_switches_are_off_moves_nothing_before_the_start_date() -> None:
    desk = Desk()
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    desk.know(ann, bill)
    desk.know(call_out, mapped=False)
    desk.ask(bill)
    desk.settle(connection(sync_invoices=False))
    desk.know(bill.model_copy(update={"version": 2}))
    desk.apply(bill, Edited(automatic=False))
    job = desk.job(bill)
    assert (job.state.value, job.cause and job.cause.code) == ("blocked", "item_account_unmapped")


def test_s52_a_version_that_changes_nothing_for_the_books_sends_nothing_more() -> None:
    desk, _, _, bill = ready()
    desk.know(bill.model_copy(update={"status": "pending", "sent_at": None}))
    desk.ask(bill, BY_PERSON)
    (said,) = desk.sent()
    desk.know(bill.model_copy(update={"version": bill.version + 1, "status": "sent"}))
    desk.apply(bill, Edited(automatic=True))
    desk.ask(bill)
    assert desk.sent() == []
    desk.apply(bill, Answered(success(said, "155"), automatic=True))
    assert desk.sent() == []
    assert desk.state(bill) == "synced"
    desk.know(bill.model_copy(update={"version": bill.version + 2, "status": "paid"}))
    desk.apply(bill, Edited(automatic=True))
    assert (desk.sent(), desk.state(bill)) == ([], "synced")


def test_what_was_there_before_a_restore_goes_again_by_a_click_and_by_nothing_else() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    [said] = desk.sent()
    desk.apply(bill, Answered(success(said, "155"), automatic=True))
    desk.books.put(replace(desk.job(bill), restored=True))
    desk.ask(bill)
    desk.apply(bill, Edited(automatic=True))
    assert desk.sent() == [], "nobody asked for it"
    desk.ask(bill, BY_PERSON)
    [again] = desk.sent()
    assert isinstance(again, SyncInvoice)
    desk.apply(bill, Answered(failure(again, "refused_unknown", remote="155"), automatic=True))
    desk.ask(bill, BY_PERSON)
    assert desk.state(bill) != "synced", "nobody knows what the books hold"


def test_what_was_out_at_a_restore_goes_again_by_a_click_before_its_outcome_or_after() -> None:
    """Its outcome may be of before the backup: what was edited since stands there."""
    desk, _, _, bill = ready()
    desk.ask(bill)
    [said] = desk.sent()
    desk.books.put(replace(desk.job(bill), restored=True))
    desk.apply(bill, Answered(success(said, "155"), automatic=True))
    assert desk.sent() == [], "nobody asked for it"
    desk.ask(bill, BY_PERSON)
    [again] = desk.sent()
    desk.apply(bill, Answered(success(again, "155"), automatic=True))
    desk.ask(bill, BY_PERSON)
    assert desk.sent() == [], "it is known by now"

    desk, _, _, bill = ready()
    desk.ask(bill)
    [said] = desk.sent()
    desk.books.put(replace(desk.job(bill), restored=True))
    desk.ask(bill, BY_PERSON)
    desk.sent()
    desk.apply(bill, Answered(success(said, "155"), automatic=False))
    [again] = desk.sent()
    desk.apply(bill, Answered(success(again, "155"), automatic=False))
    assert (desk.sent(), desk.state(bill)) == ([], "synced")
