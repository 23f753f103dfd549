"""What people decide about one record."""

from contracts.commands import (
    RemoteRef,
    SyncCustomer,
    SyncInvoice,
)
from contracts.ids import RemoteId
from contracts.invoicing import InvoiceSnapshot
from sync_orchestrator.domain.events import LeftAsItIs
from sync_orchestrator.domain.facts import (
    AddWithoutEmail,
    Answered,
    Asked,
    DifferenceAccepted,
    DifferenceShown,
    Edited,
    IgnoreAsked,
    KeepOurs,
    LinkedByPerson,
    MakeActive,
    NameThere,
    RemoteGone,
    Reviewed,
    StopIgnoring,
    UnlinkedByPerson,
)

from .samples import (
    BY_PERSON,
    Desk,
    connection,
    customer,
    edited,
    failure,
    invoice,
    item,
    ready,
    success,
)


def test_an_invoice_linked_as_the_same_carries_what_it_held_there() -> None:
    """By that the connector tells whether it was altered there before our first edit."""
    desk, _, _, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    params = {"invoice": "1001", "remote_id": "77", "same": "yes", "held": "c0ffee"}
    taken = failure(first, "invoice_number_taken", params=params)
    desk.apply(bill, Answered(taken, automatic=True))
    desk.apply(bill, LinkedByPerson(RemoteRef(id=RemoteId("77")), BY_PERSON))
    newer = edited(bill)
    desk.know(newer)
    desk.apply(newer, Edited(automatic=True))
    (said,) = desk.sent()
    assert said.link == RemoteRef(id=RemoteId("77"), held="c0ffee")
    # It is kept with the version that a refusal has seen there.
    asked = failure(said, "changed_on_both_sides").model_copy(
        update={"remote": RemoteRef(id=RemoteId("77"), version="3")}
    )
    desk.apply(newer, Answered(asked, automatic=True))
    desk.apply(newer, KeepOurs(BY_PERSON))
    (said,) = desk.sent()
    assert said.link == RemoteRef(id=RemoteId("77"), version="3", held="c0ffee")


def test_z3_a_customer_without_an_email_blocks_and_an_email_releases() -> None:
    desk = Desk()
    ann, call_out = customer(email=None), item()
    bill = invoice(ann, call_out)
    desk.know(ann, call_out, bill)
    desk.ask(bill)
    assert desk.state(ann) == "blocked"
    cause = desk.job(bill).cause
    assert cause is not None
    assert cause.code == "prerequisite_blocked"
    assert cause.because is not None
    assert cause.because.code == "customer_email_missing"
    desk.sent()
    desk.know(ann.model_copy(update={"version": 2, "email": "ann@lee.example"}))
    desk.apply(ann, Edited(automatic=True))
    (for_customer,) = [said for said in desk.sent() if isinstance(said, SyncCustomer)]
    assert for_customer.customer.email == "ann@lee.example"
    after = desk.job(bill).cause
    assert after is not None
    assert after.code == "waiting_for_record"


def test_a_customer_may_be_added_without_an_email() -> None:
    desk = Desk()
    ann = customer(email=None)
    desk.know(ann)
    desk.ask(ann)
    desk.apply(ann, AddWithoutEmail(BY_PERSON))
    assert isinstance(desk.sent()[0], SyncCustomer)


def test_s94_a_link_is_refused_while_a_command_is_out() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    decision = desk.apply(bill, LinkedByPerson(RemoteRef(id=RemoteId("1")), BY_PERSON))
    assert decision is not None
    assert (decision.refusal, decision.events) == ("being_sent", ())


def test_an_item_linked_from_a_list_has_the_account_and_name_it_has_there() -> None:
    desk, _, call_out, bill = ready()
    there = RemoteRef(id=RemoteId("8"))
    desk.apply(call_out, LinkedByPerson(there, BY_PERSON, account="79", named="Service visit"))
    job = desk.job(call_out)
    assert (job.account_there, job.named_there) == ("79", "Service visit")
    desk.ask(bill)
    (sent,) = desk.sent()
    assert isinstance(sent, SyncInvoice), "the item is as it is wanted there"
    (line,) = sent.items.values()
    assert (line.remote_id, line.name, line.name_there) == ("8", "Call-out", "Service visit")
    desk.apply(bill, Answered(success(sent, "900"), automatic=True))
    other = RemoteRef(id=RemoteId("9"))
    desk.apply(call_out, LinkedByPerson(other, BY_PERSON, named="Call-out"))
    assert (desk.job(call_out).account_there, desk.job(call_out).named_there) == (None, None)
    desk.apply(call_out, LinkedByPerson(there, BY_PERSON, named="Service visit"))
    desk.apply(call_out, UnlinkedByPerson(BY_PERSON))
    assert desk.job(call_out).named_there is None


def test_s52_clicks_and_the_automatic_make_one_command_and_a_click_lends_its_priority() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (automatic,) = desk.sent()
    desk.ask(bill, BY_PERSON)
    (lent,) = desk.sent()
    assert (lent.step, lent.priority) == (automatic.step, "person")
    desk.ask(bill, BY_PERSON)
    assert desk.sent() == []


def test_a_click_on_a_waiting_invoice_lends_its_priority_to_what_it_waits_for() -> None:
    desk = Desk()
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    desk.know(ann, call_out, bill)
    desk.ask(bill)
    first = {said.record_id: said.step for said in desk.sent()}
    desk.ask(bill, BY_PERSON)
    lent = desk.sent()
    assert {said.record_id: said.step for said in lent} == first
    assert {said.priority for said in lent} == {"person"}


def left_and_asked_again(code: str) -> tuple[Desk, InvoiceSnapshot]:
    """An edit of an invoice that is there was refused; left as it is there, and that taken back."""
    desk, _, _, bill = ready()
    desk.ask(bill)
    (first,) = desk.sent()
    desk.apply(bill, Answered(success(first, "155"), automatic=True))
    newer = edited(bill)
    assert isinstance(newer, InvoiceSnapshot)
    desk.know(newer)
    desk.apply(newer, Edited(automatic=True))
    (second,) = desk.sent()
    desk.apply(newer, Answered(failure(second, code, remote="155"), automatic=True))
    was = desk.job(newer)
    decision = desk.apply(newer, DifferenceAccepted(BY_PERSON))
    assert decision is not None
    assert (desk.state(newer), desk.job(newer).want) == ("synced", None)
    (left,) = [event for event in decision.events if isinstance(event, LeftAsItIs)]
    desk.apply(newer, DifferenceShown(BY_PERSON, left.was))
    again = desk.job(newer)
    assert (again.state, again.cause) == (was.state, was.cause)
    desk.apply(newer, Reviewed())
    assert desk.sent() == [], "nothing is sent unasked"
    return desk, newer


def test_left_different_and_taken_back_it_is_the_question_that_it_was() -> None:
    desk, bill = left_and_asked_again("changed_on_both_sides")
    desk.apply(bill, KeepOurs(BY_PERSON))
    assert len(desk.sent()) == 1


def test_left_with_a_payment_and_taken_back_it_is_blocked_as_before() -> None:
    desk, bill = left_and_asked_again("locked_by_payment")
    desk.apply(bill, Asked(BY_PERSON, "person", again=True))
    assert len(desk.sent()) == 1


def test_a_removed_invoice_that_is_no_longer_left_stays_removed() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (said,) = desk.sent()
    gone = failure(said, "invoice_gone_there", remote="155", removed="deleted")
    desk.apply(bill, Answered(gone, automatic=True))
    desk.apply(bill, IgnoreAsked("Joe Oak", "left as it is there"))
    desk.apply(bill, StopIgnoring(BY_PERSON))
    cause = desk.job(bill).cause
    assert (desk.state(bill), cause and cause.code) == ("removed_there", "invoice_gone_there")
    desk.ask(bill, BY_PERSON)
    assert desk.sent() == [], "only Create again makes another one"


def test_ignored_means_left_alone_until_somebody_stops_it() -> None:
    desk, _, _, bill = ready()
    desk.settle(connection(status="closed"))
    desk.ask(bill)
    desk.apply(bill, IgnoreAsked("Joe Oak", "entered by hand"))
    desk.settle(connection())
    desk.know(edited(bill))
    desk.apply(bill, Edited(automatic=True))
    desk.apply(bill, Reviewed())
    desk.ask(bill)
    assert (desk.sent(), desk.state(bill)) == ([], "ignored")
    desk.apply(bill, StopIgnoring(BY_PERSON))
    assert len(desk.sent()) == 1


def test_an_ignored_customer_blocks_its_invoice_by_name() -> None:
    desk = Desk()
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    desk.know(ann, call_out, bill)
    desk.apply(ann, IgnoreAsked("Joe Oak", None))
    desk.ask(bill)
    cause = desk.job(bill).cause
    assert cause is not None
    assert (cause.code, cause.params["person"]) == ("prerequisite_ignored", "Joe Oak")


def test_a_name_for_there_goes_with_the_next_command() -> None:
    desk = Desk()
    ann = customer()
    desk.know(ann)
    desk.ask(ann)
    (first,) = desk.sent()
    desk.apply(ann, Answered(failure(first, "customer_name_taken"), automatic=True))
    desk.apply(ann, NameThere("Ann Lee (2)", BY_PERSON))
    (second,) = desk.sent()
    assert isinstance(second, SyncCustomer)
    assert second.name_there == "Ann Lee (2)"


def test_make_active_again_brings_back_the_same_record_and_add_as_new_another() -> None:
    for fact, link in (
        (MakeActive(None, BY_PERSON), "60"),
        (NameThere("Ann Lee (2)", BY_PERSON, anew=True), None),
    ):
        desk, ann, _, _ = ready()
        desk.settle(connection(gone_there="ask"))
        desk.apply(ann, RemoteGone(RemoteId("60")))
        desk.ask(ann)
        assert desk.state(ann) == "blocked"
        desk.apply(ann, fact)
        (said,) = desk.sent()
        assert (said.generation, said.link and said.link.id) == (2, link)


def test_a_taken_name_that_no_customer_there_has_may_be_a_suppliers() -> None:
    desk = Desk()
    ann = customer()
    desk.know(ann)
    desk.ask(ann)
    (first,) = desk.sent()
    refused = failure(first, "customer_name_taken", params={"name": "Ann Lee", "remote_id": "58"})
    desk.apply(ann, Answered(refused, automatic=True))
    cause = desk.job(ann).cause
    assert cause is not None
    assert (cause.params.get("kind"), cause.params.get("remote_id")) == ("other", None)
