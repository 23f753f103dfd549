"""The account of rounding lines: where it can't be used any more nothing is sent with it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from contracts.commands import RecordCommand, SyncInvoice
from contracts.invoicing import InvoiceSnapshot
from contracts.sync import Totals
from sync_orchestrator.domain.connection import PROVIDER_CHOOSES, Connection, MappedAccount
from sync_orchestrator.domain.content import in_the_books
from sync_orchestrator.domain.facts import Answered, Reviewed

from .samples import ACCOUNT, Desk, connection, entity_of, failure, ready, success

PARTS = MappedAccount("81", "Parts revenue", code="4010")
GONE = pytest.mark.parametrize(
    "account",
    [replace(PARTS, active=False), replace(PARTS, known=False)],
    ids=["archived", "unknown"],
)


def rounding_on(account: MappedAccount | None) -> Connection:
    there = connection()
    chosen = PROVIDER_CHOOSES if account is None else account.id
    settings = replace(there.settings, rounding_account_id=chosen)
    return replace(there, settings=settings, rounding_account=account)


def rounded_bill(account: MappedAccount | None) -> tuple[Desk, InvoiceSnapshot]:
    """An invoice that a rounding line makes equal, and the account that it would go to."""
    desk, _, _, bill = ready()
    desk.settle(rounding_on(account))
    job = desk.books.new_job(desk.key(bill))
    cent = {"rounding": Decimal("-0.01"), "rounding_for": in_the_books(bill)}
    desk.books.put(replace(job, **cent))
    return desk, bill


@GONE
def test_an_account_that_is_gone_is_found_before_and_named(account: MappedAccount) -> None:
    desk, bill = rounded_bill(account)
    desk.ask(bill)
    cause = desk.job(bill).cause
    assert cause is not None
    assert (cause.code, cause.subject and cause.subject.id) == ("account_gone", "81")
    assert desk.sent() == []
    desk.settle(rounding_on(ACCOUNT))
    desk.apply(bill, Reviewed())
    (said,) = desk.sent()
    assert isinstance(said, SyncInvoice)
    assert said.rounding is not None
    assert said.rounding.income_account_id == ACCOUNT.id


def test_the_line_says_its_account_s_code_too_for_a_refusal_names_that() -> None:
    desk, bill = rounded_bill(PARTS)
    desk.ask(bill)
    (said,) = desk.sent()
    assert isinstance(said, SyncInvoice)
    assert said.rounding is not None
    assert (said.rounding.income_account_id, said.rounding.income_account_code) == ("81", "4010")


def test_where_only_something_is_said_to_be_gone_the_account_is_what_is_left() -> None:
    """The customer and the item are made again first; refused once more, it is the account."""
    desk, bill = rounded_bill(PARTS)
    desk.ask(bill)
    (said,) = desk.sent()
    needs = [bill.customer_id, bill.lines[0].item_id]
    used = {str(bill.customer_id): "60", str(bill.lines[0].item_id): "23"}
    gone = [one for one in needs if one is not None]
    sent: list[RecordCommand] = []
    for _ in range(2):
        refused = failure(said, "record_deleted_there", gone=gone, used=used)
        desk.apply(bill, Answered(refused, automatic=True))
        sent = desk.sent()
        for again in sent:
            record = desk.books.records[entity_of(again), again.record_id].snapshot
            desk.apply(record, Answered(success(again, used[str(again.record_id)]), True))
        for said in desk.sent():
            assert isinstance(said, SyncInvoice)
    cause = desk.job(bill).cause
    assert cause is not None
    assert (cause.code, cause.subject and cause.subject.id) == ("account_gone", "81")
    assert sent == [], "nothing else is made again"


def test_refused_for_its_account_it_goes_once_another_is_chosen() -> None:
    desk, bill = rounded_bill(PARTS)
    desk.ask(bill)
    (said,) = desk.sent()
    desk.apply(bill, Answered(failure(said, "account_gone"), automatic=True))
    desk.apply(bill, Reviewed())
    assert desk.sent() == []
    desk.settle(rounding_on(ACCOUNT))
    desk.apply(bill, Reviewed())
    assert len(desk.sent()) == 1


@GONE
def test_without_a_rounding_line_nothing_waits_for_its_account(account: MappedAccount) -> None:
    desk, _, _, bill = ready()
    desk.settle(rounding_on(account))
    desk.ask(bill)
    assert len(desk.sent()) == 1


@GONE
def test_a_cent_that_shows_in_the_answer_stays_a_difference(account: MappedAccount) -> None:
    """It is there already: only another total would be sent, and that to nowhere."""
    desk, _, _, bill = ready()
    desk.settle(rounding_on(account))
    desk.ask(bill)
    (said,) = desk.sent()
    totals = Totals(total=bill.total + Decimal("0.01"), tax=Decimal(0), currency="USD")
    desk.apply(bill, Answered(success(said, "155", totals=totals), automatic=True))
    assert desk.state(bill) == "synced_with_difference"
    assert desk.sent() == []


def test_where_the_provider_chooses_it_no_account_is_missed() -> None:
    desk, bill = rounded_bill(None)
    desk.ask(bill)
    (said,) = desk.sent()
    assert isinstance(said, SyncInvoice)
    assert said.rounding is not None
    assert said.rounding.income_account_id is None
