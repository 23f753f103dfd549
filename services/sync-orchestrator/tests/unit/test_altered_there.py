"""What is said of an invoice that was altered at its provider, and of what is no alteration."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from json import loads

from contracts.commands import RemoteRef
from contracts.holding import mark_of
from contracts.ids import RemoteId
from contracts.invoicing import InvoiceSnapshot
from contracts.sync import Totals
from sync_orchestrator.domain.facts import Answered, DifferenceAccepted, Edited, SeenThere

from .samples import BY_PERSON, NOW, Desk, customer, failure, item, ready, success

WRITTEN = {"customer": "7", "date": "2026-06-15", "lines": "a", "item_accounts": "x"}


def synced() -> tuple[Desk, InvoiceSnapshot]:
    """It went there, and the provider's answer showed what it holds."""
    desk, _, _, bill = ready()
    desk.ask(bill)
    (said,) = desk.sent()
    told = success(said, "155")
    ref = told.remote.model_copy(update={"held": mark_of(**WRITTEN), "version": "0"})
    totals = Totals(total=bill.total, tax=Decimal(0), currency="USD")
    told = told.model_copy(update={"remote": ref, "totals": totals})
    desk.apply(bill, Answered(told, automatic=True))
    assert desk.state(bill) == "synced"
    return desk, bill


def see(desk: Desk, bill: InvoiceSnapshot, **others: str) -> None:
    """It is read there: with these fields, at the same total."""
    job = desk.job(bill)
    held = mark_of(**{**WRITTEN, **others})
    remote = RemoteRef(id=RemoteId("155"), version="3", held=held)
    totals = Totals(total=bill.total, tax=Decimal(0), currency="USD")
    desk.apply(bill, SeenThere(job.generation, None, remote, totals, job.answered_step))


def fields(desk: Desk, bill: InvoiceSnapshot, param: str = "fields") -> list[str]:
    cause = desk.job(bill).cause
    assert cause is not None
    return list(loads(cause.params[param]))


def test_what_is_as_it_was_written_says_nothing_and_its_version_stays() -> None:
    desk, bill = synced()
    see(desk, bill)
    link = desk.job(bill).link
    assert link is not None
    assert (desk.state(bill), link.version) == ("synced", "0")


def test_each_alteration_is_told_until_somebody_decides_then_compared_anew() -> None:
    desk, bill = synced()
    see(desk, bill, date="2026-07-02")
    see(desk, bill, date="2026-07-03", lines="b")
    assert desk.state(bill) == "changed_there"
    assert fields(desk, bill) == ["the date (15 Jun 2026 → 3 Jul 2026)", "the lines"]
    see(desk, bill, lines="b")
    assert fields(desk, bill) == ["the lines"], "the date is what it was at first"
    see(desk, bill, date="2026-07-03", lines="b")
    desk.apply(bill, DifferenceAccepted(BY_PERSON))
    see(desk, bill, date="2026-07-03", lines="b")
    assert desk.state(bill) == "synced"
    see(desk, bill, date="2026-07-03")
    assert fields(desk, bill) == ["the lines"]


def test_what_was_changed_here_too_is_asked_as_both() -> None:
    desk, bill = synced()
    more = bill.model_copy(update={"version": 2, "memo": "another"})
    desk.know(more)
    desk.apply(more, Edited(automatic=False))
    see(desk, bill, customer="9")
    see(desk, bill, customer="9", lines="b")
    cause = desk.job(bill).cause
    assert cause is not None
    assert cause.code == "changed_on_both_sides"
    assert fields(desk, bill, "fields_there") == ["the customer", "the lines"]


def test_a_customer_who_is_followed_to_the_one_they_were_merged_into_is_no_alteration() -> None:
    desk, bill = synced()
    ann = desk.job(customer(known_as=bill.customer_id))
    assert ann.link is not None
    see(desk, bill, customer=ann.link.id)
    assert desk.state(bill) == "synced"


def test_an_account_that_follows_an_item_written_since_is_no_alteration() -> None:
    desk, bill = synced()
    see(desk, bill, item_accounts="y")
    assert fields(desk, bill) == ["the income account"]

    desk, bill = synced()
    written = desk.job(item(known_as=bill.lines[0].item_id))
    desk.books.put(replace(written, synced_at=NOW + timedelta(hours=1)))
    see(desk, bill, item_accounts="y")
    assert desk.state(bill) == "synced"


def test_another_product_is_told_as_that_and_its_account_only_where_it_is_another() -> None:
    desk, bill = synced()
    link = desk.job(bill).link
    assert link is not None
    held = mark_of(**WRITTEN, products="p")
    desk.books.put(replace(desk.job(bill), link=link.model_copy(update={"held": held})))
    see(desk, bill, products="q")
    assert fields(desk, bill) == ["the product"]
    see(desk, bill, products="q", item_accounts="y")
    assert fields(desk, bill) == ["the product", "the income account"]


def test_amounts_that_changed_are_the_lines_and_not_all_that_stands_on_them() -> None:
    desk, bill = synced()
    link = desk.job(bill).link
    assert link is not None
    held = mark_of(**WRITTEN, products="p", taxes="t", tax="8.00")
    desk.books.put(replace(desk.job(bill), link=link.model_copy(update={"held": held})))
    see(desk, bill, lines="b", products="q", taxes="u", item_accounts="y", tax="4.00")
    assert fields(desk, bill) == ["the lines", "the tax"]


def test_words_of_a_line_and_its_product_are_told_apart() -> None:
    desk, bill = synced()
    link = desk.job(bill).link
    assert link is not None
    held = mark_of(**WRITTEN, products="p", taxes="t")
    desk.books.put(replace(desk.job(bill), link=link.model_copy(update={"held": held})))
    see(desk, bill, lines="b", products="q", taxes="t")
    assert fields(desk, bill) == ["the lines", "the product"]


def test_what_was_read_before_a_refused_write_is_not_what_we_left_there() -> None:
    desk, bill = synced()
    more = bill.model_copy(update={"version": 2, "memo": "another"})
    desk.know(more)
    desk.apply(more, Edited(automatic=True))
    (update,) = desk.sent()
    refused = failure(update, "refused_unknown", remote="155")
    assert refused.remote is not None
    seen = refused.remote.model_copy(update={"held": mark_of(**{**WRITTEN, "lines": "b"})})
    desk.apply(more, Answered(refused.model_copy(update={"remote": seen}), automatic=True))
    link = desk.job(bill).link
    assert link is not None
    assert link.held == mark_of(**WRITTEN)


def test_what_was_put_back_there_is_no_alteration_any_more() -> None:
    desk, bill = synced()
    see(desk, bill, date="2026-07-02")
    assert desk.state(bill) == "changed_there"
    see(desk, bill)
    assert desk.state(bill) == "synced"
    assert desk.job(bill).cause is None
    # Of two that were altered, the one that wasn't put back stays told.
    see(desk, bill, date="2026-07-02", lines="b")
    see(desk, bill, lines="b")
    assert fields(desk, bill) == ["the lines"]
