"""Which day an invoice is dated there, where the books are closed for its own."""

from dataclasses import replace
from datetime import date
from typing import Literal

from contracts.commands import SyncCustomer, SyncInvoice, SyncItem
from contracts.connections import OrganisationFacts
from contracts.invoicing import InvoiceSnapshot
from sync_orchestrator.domain.content import rounding_in
from sync_orchestrator.domain.events import DatedThere
from sync_orchestrator.domain.facts import Answered, Edited, PostOnFirstOpenDay, Reviewed

from .samples import BY_PERSON, Desk, connection, customer, failure, invoice, item, success

MARCH, APRIL = date(2026, 3, 31), date(2026, 4, 1)


def closed(up_to: date | None) -> OrganisationFacts:
    return OrganisationFacts(books_closed_up_to=up_to)


def blocked(
    by_setting: Literal["never", "first_open_day"] = "never", up_to: date | None = MARCH
) -> tuple[Desk, InvoiceSnapshot]:
    """An invoice of 15 March whose customer and item are there."""
    where = connection(facts=closed(up_to))
    where = replace(where, settings=replace(where.settings, post_in_closed_period=by_setting))
    desk = Desk(where)
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out, dated=date(2026, 3, 15))
    desk.know(ann, call_out, bill)
    for one, remote in ((ann, "58"), (call_out, "23")):
        desk.ask(one)
        for said in desk.sent():
            assert isinstance(said, SyncCustomer | SyncItem)
            desk.apply(one, Answered(success(said, remote), automatic=True))
    desk.ask(bill)
    return desk, bill


def now(desk: Desk, facts: OrganisationFacts) -> None:
    for known in list(desk.books.connections.values()):
        desk.books.connections[known.id] = replace(known, facts=facts)


def out(desk: Desk) -> SyncInvoice:
    (said,) = desk.sent()
    assert isinstance(said, SyncInvoice)
    return said


def test_s46_it_is_parked_with_the_first_open_day_and_goes_with_it_once_chosen() -> None:
    desk, bill = blocked()
    cause = desk.job(bill).cause
    assert cause is not None
    assert (cause.code, cause.params["first_open_day"]) == ("period_closed", "2026-04-01")
    assert desk.sent() == []
    decision = desk.apply(bill, PostOnFirstOpenDay(BY_PERSON))
    assert decision is not None
    assert DatedThere(APRIL, date(2026, 3, 15), BY_PERSON) in decision.events
    said = out(desk)
    assert (said.post_on, said.invoice.issue_date) == (APRIL, date(2026, 3, 15))
    assert said.memo_there == f"Invoice date 15 March 2026. {bill.memo}"
    desk.apply(bill, Answered(success(said, "155"), automatic=True))
    assert desk.state(bill) == "synced"
    # Another look, a day that is closed later: what is there stays as it is.
    now(desk, closed(date(2026, 4, 30)))
    desk.apply(bill, Reviewed())
    assert (desk.state(bill), desk.sent()) == ("synced", [])


def test_s46_an_edit_keeps_the_chosen_day_and_another_date_here_counts_again() -> None:
    desk, bill = blocked()
    desk.apply(bill, PostOnFirstOpenDay(BY_PERSON))
    desk.apply(bill, Answered(success(out(desk), "155"), automatic=True))
    thanked = bill.model_copy(update={"version": 2, "memo": "Thank you"})
    desk.know(thanked)
    desk.apply(bill, Edited(automatic=True))
    said = out(desk)
    assert (said.post_on, said.memo_there) == (APRIL, "Invoice date 15 March 2026. Thank you")
    desk.apply(bill, Answered(success(said, "155", version=2), automatic=True))
    moved = thanked.model_copy(update={"version": 3, "issue_date": date(2026, 4, 20)})
    desk.know(moved)
    desk.apply(bill, Edited(automatic=True))
    said = out(desk)
    assert (said.post_on, said.memo_there) == (None, "Thank you")


def test_s46_the_setting_dates_what_is_not_there_yet_and_says_so() -> None:
    desk, bill = blocked("first_open_day")
    said = out(desk)
    assert said.post_on == APRIL
    assert desk.job(bill).post_on == APRIL
    desk.apply(bill, Answered(success(said, "155"), automatic=True))
    # Closed further on: what is in the books isn't moved to another period by itself.
    now(desk, closed(date(2026, 4, 30)))
    desk.know(bill.model_copy(update={"version": 2, "memo": "Thank you"}))
    desk.apply(bill, Edited(automatic=True))
    assert (desk.state(bill), desk.sent()) == ("blocked", [])


def test_s47_refused_there_the_same_choices_appear_once_the_lock_date_is_read() -> None:
    desk, bill = blocked(up_to=None)
    said = out(desk)
    assert said.post_on is None
    desk.apply(bill, Answered(failure(said, "period_closed"), automatic=True))
    refused = desk.apply(bill, PostOnFirstOpenDay(BY_PERSON))
    assert refused is not None
    assert refused.refusal == "not_possible_now", "nobody knows the first open day yet"
    now(desk, closed(MARCH))
    desk.apply(bill, Reviewed())
    cause = desk.job(bill).cause
    assert cause is not None
    assert (cause.code, cause.params["first_open_day"]) == ("period_closed", "2026-04-01")
    desk.apply(bill, PostOnFirstOpenDay(BY_PERSON))
    assert out(desk).post_on == APRIL


def test_a_day_in_the_mark_is_no_rounding() -> None:
    desk, bill = blocked("first_open_day")
    assert rounding_in(desk.job(bill).sent_mark) == 0
