"""Lines without an item: on the account that was chosen for them, or blocked until one is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from contracts.commands import SyncInvoice, SyncItem
from contracts.connections import OrganisationFacts
from contracts.ids import Provider, no_item_id
from contracts.invoicing import InvoiceSnapshot, ItemSnapshot
from sync_orchestrator.domain.connection import Connection, MappedAccount
from sync_orchestrator.domain.facts import Answered, Edited, Reviewed
from sync_orchestrator.domain.no_item import no_item_record
from sync_orchestrator.domain.preflight import problems
from sync_orchestrator.domain.records import Snapshot

from .samples import ACCOUNT, Desk, connection, customer, edited, invoice, item, success

PARTS = MappedAccount("81", "Parts revenue", code="4010")


def chosen(there: Connection, account: MappedAccount | None) -> Connection:
    """With this account for lines without an item."""
    settings = replace(there.settings, no_item_account_id=None if account is None else account.id)
    return replace(there, settings=settings, no_item_account=account)


def plain_invoice(*, with_item: bool = False) -> tuple[Desk, InvoiceSnapshot, ItemSnapshot]:
    """An invoice with a line without an item; its customer, and an item, are there already."""
    desk = Desk()
    ann, call_out = customer(), item()
    bill = invoice(ann, *((call_out, item()) if with_item else (item(),)))
    last = bill.lines[-1].model_copy(update={"item_id": None, "description": "Gas check"})
    bill = bill.model_copy(update={"lines": (*bill.lines[:-1], last)})
    desk.know(ann, call_out, bill)
    desk.synced(ann, "60")
    desk.synced(call_out, "23", account=ACCOUNT.id)
    return desk, bill, call_out


def at(desk: Desk, provider: Provider, account: MappedAccount | None = None) -> None:
    desk.settle(chosen(replace(desk.there, provider=provider), account))


def made_for(desk: Desk) -> ItemSnapshot:
    """The item that such lines are booked on there, as it is kept once an account is chosen."""
    record = no_item_record(desk.there)
    assert isinstance(record.snapshot, ItemSnapshot)
    desk.know(record.snapshot, mapped=False)
    return record.snapshot


def code_of(desk: Desk, record: Snapshot) -> str | None:
    cause = desk.job(record).cause
    return None if cause is None else cause.code


@pytest.mark.parametrize("provider", ["qbo", "xero"])
def test_without_an_account_for_it_a_line_without_an_item_blocks(provider: Provider) -> None:
    desk, bill, _ = plain_invoice(with_item=True)
    at(desk, provider)
    desk.ask(bill)
    assert (desk.state(bill), code_of(desk, bill)) == ("blocked", "line_without_item")
    situation = desk.books.situation(desk.key(bill))
    assert situation is not None
    found = [cause.code for cause in problems(desk.job(bill), situation)]
    assert found == ["line_without_item"], "nothing of an item that nobody has heard of"
    assert desk.sent() == []


def test_in_xero_the_line_goes_to_the_account_with_no_item() -> None:
    desk, bill, call_out = plain_invoice(with_item=True)
    at(desk, "xero")
    desk.ask(bill)
    at(desk, "xero", PARTS)
    desk.apply(bill, Reviewed())
    (said,) = desk.sent()
    assert isinstance(said, SyncInvoice)
    assert said.items[str(call_out.id)].remote_id == "23"
    booked = said.booked_on(said.invoice.lines[1])
    assert booked is not None
    assert (booked.remote_id, booked.income_account_id, booked.income_account_code) == (
        None,
        "81",
        "4010",
    )


def test_in_quickbooks_an_item_made_for_it_goes_first() -> None:
    desk, bill, _ = plain_invoice()
    at(desk, "qbo", PARTS)
    made = made_for(desk)
    desk.ask(bill)
    assert desk.state(bill) == "waiting"
    (for_item,) = desk.sent()
    assert isinstance(for_item, SyncItem)
    assert (for_item.item.name, for_item.income_account_id) == ("Services (no item)", "81")
    desk.apply(made, Answered(success(for_item, "77"), automatic=False))
    (said,) = desk.sent()
    assert isinstance(said, SyncInvoice)
    booked = said.booked_on(said.invoice.lines[0])
    assert booked is not None
    assert booked.remote_id == "77"


def test_freshbooks_takes_such_a_line_as_it_is_whatever_accounts_it_offers() -> None:
    for offers in (True, False):
        desk, bill, _ = plain_invoice()
        at(desk, "freshbooks")
        facts = OrganisationFacts(offers_accounts=offers)
        desk.settle(replace(desk.there, facts=facts))
        desk.ask(bill)
        (said,) = desk.sent()
        assert isinstance(said, SyncInvoice)
        assert (said.items, said.no_item_id) == ({}, None)


@pytest.mark.parametrize("provider", ["qbo", "xero"])
@pytest.mark.parametrize(
    "account",
    [replace(PARTS, active=False), replace(PARTS, known=False)],
    ids=["archived", "unknown"],
)
def test_an_account_that_is_no_longer_there_blocks_by_its_name(
    provider: Provider, account: MappedAccount
) -> None:
    desk, bill, _ = plain_invoice()
    at(desk, provider, account)
    if provider == "qbo":
        made_for(desk)
    desk.ask(bill)
    cause = desk.job(bill).cause
    assert cause is not None
    assert (cause.code, cause.subject and cause.subject.id) == ("account_gone", "81")
    assert desk.sent() == []


@pytest.mark.parametrize("provider", ["qbo", "xero"])
def test_another_account_is_for_what_is_sent_from_then_on(provider: Provider) -> None:
    desk, bill, _ = plain_invoice()
    at(desk, provider, PARTS)
    made = made_for(desk)
    if provider == "qbo":
        desk.synced(made, "77", account="81")
    desk.ask(bill)
    (said,) = desk.sent()
    desk.apply(bill, Answered(success(said, "155"), automatic=True))
    assert desk.state(bill) == "synced"
    at(desk, provider, ACCOUNT)
    if provider == "qbo":
        desk.apply(made, Edited(automatic=False))
    desk.books.now += timedelta(days=1)
    desk.apply(bill, Reviewed())
    assert (desk.state(bill), desk.sent()) == ("synced", []), "what is there stays"
    newer = edited(bill)
    assert isinstance(newer, InvoiceSnapshot)
    desk.know(newer)
    desk.apply(newer, Edited(automatic=True))
    said_then = desk.sent()
    if provider == "qbo":
        (for_item,) = said_then
        assert isinstance(for_item, SyncItem)
        assert (for_item.income_account_id, for_item.link and for_item.link.id) == ("79", "77")
        desk.apply(made, Answered(success(for_item, "77"), automatic=False))
        said_then = desk.sent()
    (update,) = said_then
    assert isinstance(update, SyncInvoice)
    booked = update.booked_on(update.invoice.lines[0])
    assert booked is not None
    assert booked.income_account_id == "79"


@pytest.mark.parametrize("provider", ["qbo", "xero"])
def test_without_the_account_again_what_is_there_stays_and_an_edit_is_blocked(
    provider: Provider,
) -> None:
    desk, bill, _ = plain_invoice()
    at(desk, provider, PARTS)
    made = made_for(desk)
    if provider == "qbo":
        desk.synced(made, "77", account="81")
    desk.ask(bill)
    (said,) = desk.sent()
    desk.apply(bill, Answered(success(said, "155"), automatic=True))
    at(desk, provider)
    desk.apply(made, Edited(automatic=False))
    desk.apply(bill, Reviewed())
    assert (desk.state(bill), desk.sent()) == ("synced", [])
    newer = edited(bill)
    desk.know(newer)
    desk.apply(newer, Edited(automatic=True))
    assert (desk.state(bill), code_of(desk, bill)) == ("blocked", "line_without_item")
    assert desk.sent() == []


def test_its_item_is_one_a_connection_and_always_the_same() -> None:
    there = connection()
    assert no_item_id(there.id) == no_item_record(there).id
    again = replace(there, opened_at=there.opened_at + timedelta(days=9))
    assert no_item_record(again).id == no_item_record(there).id


def test_its_item_alone_says_that_an_account_is_missing() -> None:
    """It was asked for, and the account was taken away meanwhile."""
    desk, _, _ = plain_invoice()
    at(desk, "qbo", PARTS)
    made = made_for(desk)
    at(desk, "qbo")
    desk.ask(made)
    assert (desk.state(made), code_of(desk, made)) == ("blocked", "line_without_item")
