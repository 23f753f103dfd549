"""What follows from outcomes, and from outcomes that don't come."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

import pytest
from contracts.commands import (
    RecordCommand,
    RemoteRef,
    SyncCustomer,
    SyncInvoice,
    SyncItem,
    VoidInvoice,
)
from contracts.ids import RemoteId
from contracts.sync import SyncState, Totals
from sync_orchestrator.domain.ages import Ages
from sync_orchestrator.domain.connection import MappedAccount
from sync_orchestrator.domain.facts import (
    Answered,
    Asked,
    CreateAgain,
    DifferenceAccepted,
    DifferenceShown,
    Edited,
    IgnoreAsked,
    LinkedByPerson,
    RemoteGone,
    Reviewed,
    SeenThere,
    StopIgnoring,
)

from .samples import (
    BY_PERSON,
    NOW,
    Desk,
    connection,
    customer,
    delay,
    edited,
    failure,
    invoice,
    item,
    ready,
    success,
)

Why = Literal["checking", "quota", "provider", "connection"]


def test_a_refusal_stands_until_what_would_be_sent_differs_or_a_person_tries_again() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    desk.apply(bill, Answered(failure(first, "refused_unknown"), automatic=True))
    assert desk.state(bill) == "blocked"
    desk.apply(bill, Reviewed())
    desk.ask(bill)
    assert desk.sent() == []
    desk.know(edited(bill))
    desk.apply(bill, Edited(automatic=True))
    assert len(desk.sent()) == 1


def test_s95_a_refusal_gives_the_link_too_whatever_the_order() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (create,) = desk.sent()
    desk.apply(bill, Answered(failure(create, "refused_unknown", remote="155"), automatic=True))
    job = desk.job(bill)
    assert job.link is not None
    assert job.link.id == "155"
    assert job.state is SyncState.BLOCKED


def test_outcomes_of_an_older_generation_change_nothing() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (create,) = desk.sent()
    desk.apply(
        bill, Answered(failure(create, "invoice_gone_there", removed="voided"), automatic=False)
    )
    job = desk.job(bill)
    assert (job.state, job.generation, job.link) == (SyncState.REMOVED_THERE, 2, None)
    desk.apply(bill, Answered(success(create, "155"), automatic=True))
    assert desk.job(bill) == job


def test_s42_what_was_removed_there_comes_back_only_by_create_again() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (create,) = desk.sent()
    desk.apply(
        bill, Answered(failure(create, "invoice_gone_there", removed="deleted"), automatic=True)
    )
    desk.know(edited(bill))
    desk.apply(bill, Edited(automatic=True))
    desk.ask(bill, BY_PERSON)
    assert desk.sent() == []
    desk.apply(bill, CreateAgain(BY_PERSON))
    (again,) = desk.sent()
    assert (again.generation, again.link) == (2, None)


def test_s80_a_customer_that_is_gone_is_made_again_once_and_its_invoices_follow() -> None:
    desk, ann, call_out, bill = ready()
    bills = [bill, *(invoice(ann, call_out, number=str(n)) for n in range(1002, 1006))]
    desk.know(*bills)
    for one in bills:
        desk.ask(one)
    sent: dict[UUID, RecordCommand] = {said.record_id: said for said in desk.sent()}
    for one in bills:
        gone = failure(
            sent[one.id], "record_deleted_there", gone=[ann.id], used={str(ann.id): "60"}
        )
        desk.apply(one, Answered(gone, automatic=True))
    again = desk.sent()
    assert [type(said) for said in again] == [SyncCustomer]
    assert (again[0].generation, again[0].link and again[0].link.id) == (2, "60")
    assert {desk.state(one) for one in bills} == {"waiting"}
    desk.apply(ann, Answered(success(again[0], "61"), automatic=True))
    follow = desk.sent()
    assert len(follow) == 5
    assert {said.customer_remote_id for said in follow if isinstance(said, SyncInvoice)} == {"61"}


def test_an_invoice_that_landed_on_an_old_link_goes_again_to_the_new_one() -> None:
    desk, ann, _, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    other = RemoteRef(id=RemoteId("99"))
    desk.apply(ann, LinkedByPerson(other, BY_PERSON))
    assert desk.job(ann).generation == 2
    desk.apply(bill, Answered(success(first, "155", used={str(ann.id): "60"}), automatic=True))
    (second,) = desk.sent()
    assert isinstance(second, SyncInvoice)
    assert second.customer_remote_id == "99"


def test_a_record_that_keeps_going_there_becomes_a_question() -> None:
    desk, ann, _, _ = ready()
    for n in range(3):
        desk.apply(ann, RemoteGone(RemoteId(f"{60 + n}")))
        desk.ask(ann)
        (again,) = desk.sent()
        desk.apply(ann, Answered(success(again, f"{61 + n}"), automatic=True))
    desk.apply(ann, RemoteGone(RemoteId("63")))
    assert desk.state(ann) == "blocked"
    desk.apply(ann, Reviewed())
    assert desk.sent() == []
    desk.books.now = NOW + timedelta(minutes=11)
    desk.apply(ann, Reviewed())
    assert len(desk.sent()) == 1


def test_s22_with_ask_me_first_nothing_is_made_again_unasked() -> None:
    desk, ann, _, bill = ready()
    desk.settle(connection(gone_there="ask"))
    desk.ask(bill)
    (said,) = desk.sent()
    gone = failure(said, "record_deleted_there", gone=[ann.id], used={str(ann.id): "60"})
    desk.apply(bill, Answered(gone, automatic=True))
    assert desk.sent() == []
    assert desk.state(ann) == "blocked"
    cause = desk.job(bill).cause
    assert cause is not None
    assert cause.because is not None
    assert cause.because.code == "customer_inactive_there"


@pytest.mark.parametrize(
    ("why", "code", "state", "held_by"),
    [
        ("checking", "outcome_unknown", "checking", None),
        ("quota", "paced_by_provider", "queued", None),
        ("quota", "daily_limit_reached", "held", "quota"),
        ("provider", "provider_down", "held", "provider"),
        ("connection", "connection_expired", "held", "connection"),
        ("checking", None, "checking", None),
        ("provider", None, "held", "provider"),
    ],
)
def test_a_delay_says_why_and_keeps_the_command_out(
    why: Why, code: str | None, state: str, held_by: str | None
) -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    step = desk.job(bill).step
    desk.apply(bill, Answered(delay(first, why, code, NOW), automatic=True))
    job = desk.job(bill)
    assert (job.state.value, job.held_by, job.outstanding) == (state, held_by, first.step)
    assert job.step == step, "the connector has told it under this step already"


def test_an_overdue_outcome_is_asked_for_by_the_same_step() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    desk.apply(bill, Reviewed())
    assert desk.sent() == []
    desk.books.now = NOW + timedelta(minutes=16)
    desk.apply(bill, Reviewed())
    (again,) = desk.sent()
    assert again.step == first.step


def test_an_invoice_that_waits_too_long_says_so_and_goes_on_waiting() -> None:
    desk = Desk(ages=Ages())
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    desk.know(call_out, bill)
    desk.ask(bill)
    desk.books.now = NOW + timedelta(minutes=21)
    desk.apply(bill, Reviewed())
    job = desk.job(bill)
    assert (job.state.value, job.cause and job.cause.code) == ("waiting", "taking_too_long")
    desk.apply(bill, Reviewed())
    assert desk.job(bill) == job


def test_totals_that_differ_are_never_plain_synced() -> None:
    for there, code in (
        (Decimal("128.20"), "rounding_difference"),
        (Decimal("132.31"), "tax_recalculated_there"),
    ):
        desk, _, _, bill = ready()
        desk.ask(bill)
        (said,) = desk.sent()
        totals = Totals(total=there, tax=Decimal("4.12"), currency="USD")
        desk.apply(bill, Answered(success(said, "155", totals=totals), automatic=True))
        job = desk.job(bill)
        assert job.state is SyncState.SYNCED_WITH_DIFFERENCE
        assert job.cause is not None
        assert job.cause.code == code


def test_an_accepted_difference_can_be_one_again() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (said,) = desk.sent()
    totals = Totals(total=Decimal("132.31"), tax=Decimal("4.12"), currency="USD")
    desk.apply(bill, Answered(success(said, "155", totals=totals), automatic=True))
    before = desk.job(bill)
    desk.apply(bill, DifferenceAccepted(BY_PERSON))
    assert (desk.job(bill).state, desk.job(bill).cause) == (SyncState.SYNCED, None)
    desk.apply(bill, DifferenceShown(BY_PERSON))
    after = desk.job(bill)
    assert (after.state, after.cause) == (before.state, before.cause)
    assert desk.sent() == []


def test_a_difference_that_was_ignored_is_one_again_and_an_accepted_one_is_not() -> None:
    for accepted in (False, True):
        desk, _, _, bill = ready()
        desk.ask(bill)
        (said,) = desk.sent()
        totals = Totals(total=Decimal("132.31"), tax=Decimal("4.12"), currency="USD")
        desk.apply(bill, Answered(success(said, "155", totals=totals), automatic=True))
        if accepted:
            desk.apply(bill, DifferenceAccepted(BY_PERSON))
        before = desk.job(bill)
        desk.apply(bill, IgnoreAsked("Joe Oak", None))
        desk.apply(bill, StopIgnoring(BY_PERSON))
        after = desk.job(bill)
        assert (after.state, after.cause) == (before.state, before.cause)
        assert desk.sent() == []


def test_what_was_altered_there_is_asked_about_again_after_it_was_ignored() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (said,) = desk.sent()
    desk.apply(bill, Answered(success(said, "155"), automatic=True))
    desk.apply(bill, SeenThere(desk.job(bill).generation, None, None, _comes_to("130.00")))
    assert desk.state(bill) == "changed_there"
    desk.apply(bill, IgnoreAsked("Joe Oak", None))
    desk.apply(bill, StopIgnoring(BY_PERSON))
    assert (desk.state(bill), desk.sent()) == ("changed_there", [])


def test_an_invoice_linked_as_the_same_is_compared_with_what_it_came_to_then() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (said,) = desk.sent()
    same = {"remote_id": "900", "same": "yes"}
    desk.apply(bill, Answered(failure(said, "invoice_number_taken", params=same), automatic=True))
    desk.apply(bill, LinkedByPerson(RemoteRef(id=RemoteId("900")), BY_PERSON))
    linked = desk.job(bill)
    assert linked.totals is not None
    assert (linked.state.value, linked.totals.total) == ("synced", bill.total)
    # Changed here and not sent: what is there is as it was, and says so.
    more = bill.model_copy(update={"version": 2, "memo": "another", "total": bill.total + 5})
    desk.know(more)
    desk.apply(more, Edited(automatic=False))
    assert desk.state(bill) == "out_of_date"
    desk.apply(bill, SeenThere(linked.generation, None, None, _comes_to(str(bill.total))))
    assert desk.state(bill) == "out_of_date"
    desk.apply(bill, SeenThere(linked.generation, None, None, _comes_to("1.00")))
    assert desk.state(bill) == "changed_there"


def _comes_to(total: str) -> Totals:
    return Totals(total=Decimal(total), tax=Decimal(0), currency="USD")


def test_what_a_connection_holds_is_tried_again_as_often_as_a_person_says() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (said,) = desk.sent()
    desk.apply(bill, Answered(delay(said, "connection", "subscription_ended"), automatic=True))
    assert desk.state(bill) == "held"
    for _ in range(2):
        desk.apply(bill, Asked(BY_PERSON, "person", again=True))
        (again,) = desk.sent()
        assert (again.step, again.priority) == (said.step, "person")
        assert desk.state(bill) == "queued"
        delayed = delay(again, "connection", "subscription_ended")
        desk.apply(bill, Answered(delayed, automatic=True))
        assert desk.state(bill) == "held"


def test_what_is_equal_there_has_no_difference_to_show() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (said,) = desk.sent()
    desk.apply(bill, Answered(success(said, "155"), automatic=True))
    before = desk.job(bill)
    decision = desk.apply(bill, DifferenceShown(BY_PERSON))
    assert decision is not None
    assert decision.refusal == "not_possible_now"
    assert desk.job(bill) == before


def test_a_name_held_by_another_customer_of_ours_is_made_different_without_asking() -> None:
    desk = Desk()
    first, second = customer("John Smith"), customer("John Smith")
    desk.know(first, second)
    desk.synced(first, "60")
    desk.ask(second)
    (said,) = desk.sent()
    taken = failure(said, "customer_name_taken", params={"remote_id": "60"})
    desk.apply(second, Answered(taken, automatic=True))
    (again,) = desk.sent()
    assert isinstance(again, SyncCustomer)
    assert again.name_there == "John Smith (2)"
    assert again.step > said.step


def test_our_own_number_in_the_way_waits_for_its_holder_and_goes_again_once() -> None:
    desk, ann, call_out, a = ready()
    b = invoice(ann, call_out, number="1002")
    desk.know(b)
    for bill, remote in ((a, "155"), (b, "156")):
        desk.ask(bill)
        (said,) = desk.sent()
        desk.apply(bill, Answered(success(said, remote), automatic=True))
    a2, b2 = (
        a.model_copy(update={"version": 2, "number": "1003"}),
        b.model_copy(update={"version": 2, "number": "1001"}),
    )
    desk.know(a2, b2)
    desk.apply(a2, Edited(automatic=True))
    desk.apply(b2, Edited(automatic=True))
    commands: dict[UUID, RecordCommand] = {said.record_id: said for said in desk.sent()}
    taken = failure(commands[b.id], "invoice_number_taken", params={"holder_remote_id": "155"})
    desk.apply(b2, Answered(taken, automatic=True))
    assert desk.state(b2) == "waiting"
    desk.apply(a2, Answered(success(commands[a.id], "155", version=2), automatic=True))
    (again,) = desk.sent()
    assert again.record_id == b.id
    desk.apply(b2, Answered(success(again, "156", version=2), automatic=True))
    assert (desk.state(a2), desk.state(b2)) == ("synced", "synced")


def test_our_own_number_in_the_way_waits_for_a_holder_that_is_held_too() -> None:
    desk, ann, call_out, a = ready()
    b = invoice(ann, call_out, number="1002")
    desk.know(b)
    for bill, remote in ((a, "155"), (b, "156")):
        desk.ask(bill)
        (said,) = desk.sent()
        desk.apply(bill, Answered(success(said, remote), automatic=True))
    a2 = a.model_copy(update={"version": 2, "number": "1003"})
    b2 = b.model_copy(update={"version": 2, "number": "1001"})
    desk.know(a2, b2)
    desk.apply(a2, Edited(automatic=True))
    desk.apply(b2, Edited(automatic=True))
    commands: dict[UUID, RecordCommand] = {said.record_id: said for said in desk.sent()}
    closed = failure(commands[a.id], "disconnected_by_person")
    desk.apply(a2, Answered(closed, automatic=True))
    assert desk.state(a2) == "held"
    taken = failure(commands[b.id], "invoice_number_taken", params={"holder_remote_id": "155"})
    desk.apply(b2, Answered(taken, automatic=True))
    assert desk.state(b2) == "waiting", "the other gives the number up once it can go"


def test_two_that_swapped_numbers_are_a_cause_for_a_person() -> None:
    desk, ann, call_out, a = ready()
    b = invoice(ann, call_out, number="1002")
    desk.know(b)
    for bill, remote in ((a, "155"), (b, "156")):
        desk.ask(bill)
        (said,) = desk.sent()
        desk.apply(bill, Answered(success(said, remote), automatic=True))
    holders: dict[UUID, str] = {a.id: "156", b.id: "155"}
    a2 = a.model_copy(update={"version": 2, "number": "1002"})
    b2 = b.model_copy(update={"version": 2, "number": "1001"})
    desk.know(a2, b2)
    desk.apply(a2, Edited(automatic=True))
    desk.apply(b2, Edited(automatic=True))
    for _ in range(6):
        for said in desk.sent():
            bill = a2 if said.record_id == a.id else b2
            holder = {"holder_remote_id": holders[said.record_id]}
            taken = failure(said, "invoice_number_taken", params=holder)
            desk.apply(bill, Answered(taken, automatic=True))
    assert (desk.state(a2), desk.state(b2)) == ("blocked", "blocked")


def test_a_job_never_says_synced_without_a_remote_id() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (said,) = desk.sent()
    desk.apply(bill, Answered(failure(said, "sent_with_changes"), automatic=True))
    assert desk.state(bill) == "blocked"
    assert replace(desk.job(bill)).link is None


def test_a_late_copy_of_an_older_outcome_decides_nothing() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    told = success(first, "155")
    desk.apply(bill, Answered(told, automatic=True))
    desk.know(edited(bill))
    desk.apply(bill, Edited(automatic=True))
    (second,) = desk.sent()
    before = desk.job(bill)
    desk.apply(bill, Answered(told, automatic=True))
    desk.apply(bill, Answered(failure(first, "refused_unknown"), automatic=True))
    assert desk.job(bill) == before
    assert desk.job(bill).outstanding == second.step


def test_a_step_taken_for_failed_that_was_executed_after_all_is_what_is_there() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (create,) = desk.sent()
    desk.apply(bill, Answered(success(create, "155"), automatic=True))
    desk.know(edited(bill))
    desk.apply(bill, Edited(automatic=True))
    (edit,) = desk.sent()  # a garbled copy is set apart, the whole one is late
    desk.apply(bill, Answered(failure(edit, "our_mistake"), automatic=True))
    desk.know(bill.model_copy(update={"version": 3}))
    desk.apply(bill, Edited(automatic=True))
    assert (desk.sent(), desk.state(bill)) == ([], "synced")
    desk.apply(bill, Answered(success(edit, "155", version=2), automatic=True))
    (last,) = desk.sent()
    assert isinstance(last, SyncInvoice)
    assert (last.invoice.version, last.invoice.memo) == (3, bill.memo)
    assert last.step > edit.step
    desk.apply(bill, Answered(success(edit, "155", version=2), automatic=True))
    assert (desk.sent(), desk.job(bill).outstanding) == ([], last.step)


def test_a_create_taken_for_failed_that_was_executed_after_a_void_is_voided_there() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (create,) = desk.sent()
    desk.apply(bill, Answered(failure(create, "our_mistake"), automatic=True))
    void = bill.model_copy(update={"version": 2, "status": "void"})
    desk.know(void)
    desk.apply(bill, Edited(automatic=True))
    assert desk.sent() == []
    desk.apply(bill, Answered(success(create, "155"), automatic=True))
    (said,) = desk.sent()
    assert isinstance(said, VoidInvoice)
    assert said.link is not None
    assert said.link.id == "155"


def test_a_refusal_of_what_has_been_edited_meanwhile_is_no_cause() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    desk.know(edited(bill))
    desk.apply(bill, Edited(automatic=True))
    desk.apply(bill, Answered(failure(first, "refused_unknown"), automatic=True))
    (second,) = desk.sent()
    assert isinstance(second, SyncInvoice)
    assert (second.invoice.version, desk.state(bill)) == (2, "queued")


def test_s77_a_step_asked_again_with_other_content_never_passes_for_the_first() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    desk.sent()  # content B; the command is lost
    desk.know(edited(bill))
    desk.apply(bill, Edited(automatic=True))
    desk.books.now = NOW + timedelta(minutes=16)
    desk.apply(bill, Reviewed())
    (again,) = desk.sent()  # the same step, with content C: this one arrives
    back = bill.model_copy(update={"version": 3})
    desk.know(back)
    desk.apply(bill, Edited(automatic=True))
    desk.apply(bill, Answered(success(again, "155", version=2), automatic=True))
    (last,) = desk.sent()
    assert isinstance(last, SyncInvoice)
    assert (last.invoice.version, last.invoice.memo) == (3, bill.memo)
    assert last.step > again.step


def test_an_account_mapped_there_and_back_while_a_step_is_asked_again_is_sent_once_more() -> None:
    desk = Desk()
    call_out = item()
    desk.know(call_out)
    desk.ask(call_out)
    desk.sent()  # account 79; the command is lost
    desk.books.accounts[desk.there.id, call_out.id] = MappedAccount("81")
    desk.ask(call_out, BY_PERSON)
    (again,) = desk.sent()  # the same step, with account 81: this one arrives
    desk.know(call_out)
    desk.apply(call_out, Answered(success(again, "23"), automatic=False))
    (last,) = desk.sent()
    assert isinstance(last, SyncItem)
    assert last.income_account_id == "79"


def test_a_linked_record_is_not_overwritten_when_only_its_version_grows() -> None:
    desk = Desk()
    ann = customer()
    desk.know(ann)
    desk.apply(ann, LinkedByPerson(RemoteRef(id=RemoteId("60")), BY_PERSON))
    desk.know(ann.model_copy(update={"version": 2}))
    desk.apply(ann, Edited(automatic=True))
    assert (desk.sent(), desk.state(ann)) == ([], "synced")


def test_s21_merged_there_it_is_linked_to_the_survivor_by_itself() -> None:
    desk, ann, _, bill = ready()
    desk.ask(bill)
    (said,) = desk.sent()
    desk.apply(bill, Answered(success(said, "155"), automatic=True))
    desk.know(edited(ann))
    desk.apply(ann, Edited(automatic=True))
    (said,) = desk.sent()
    merged = failure(said, "customer_merged_there")
    cause = merged.cause.model_copy(update={"params": {"remote_id": "77"}})
    desk.apply(ann, Answered(merged.model_copy(update={"cause": cause}), automatic=True))
    job = desk.job(ann)
    assert (job.state.value, job.link and job.link.id) == ("synced", "77")
