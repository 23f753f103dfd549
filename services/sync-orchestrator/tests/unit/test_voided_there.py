"""An invoice that is void at the provider stays in the books there: it keeps its link."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from contracts.commands import VoidInvoice
from contracts.ids import InvoiceId, Provider, RecordId, uuid7
from contracts.invoicing import InvoiceSnapshot
from sync_orchestrator.domain.facts import (
    Answered,
    Asked,
    CreateAgain,
    Edited,
    IgnoreAsked,
    Reviewed,
    SeenThere,
)
from sync_orchestrator.domain.job import Job
from sync_orchestrator.domain.records import Record
from sync_orchestrator.handlers.invoicing import what_it_means

from .samples import BY_PERSON, COMPANY, NOW, Desk, connection, failure, invoice, ready, success


def test_a_void_of_what_was_found_void_there_names_the_one_there() -> None:
    """Whether it is voided here while that is found out, or after it."""
    for late in (False, True):
        desk, _, _, bill = ready()
        desk.ask(bill)
        (create,) = desk.sent()
        found = Answered(
            failure(create, "invoice_gone_there", removed="voided", remote="155"), automatic=False
        )
        if late:
            desk.apply(bill, found)
            assert (desk.state(bill), desk.job(bill).link) == ("removed_there", None)
        desk.know(bill.model_copy(update={"version": 2, "status": "void"}))
        desk.apply(bill, Edited(automatic=False))
        if not late:
            desk.apply(bill, found)
        job = desk.job(bill)
        assert (desk.state(bill), job.link and job.link.id) == ("voided", "155")
        assert desk.sent() == []


def test_an_invoice_that_was_linked_and_voided_there_keeps_its_link_once_void_here() -> None:
    desk, _, _, bill = ready()
    desk.ask(bill)
    (create,) = desk.sent()
    desk.apply(bill, Answered(success(create, "155"), automatic=False))
    generation = desk.job(bill).generation
    desk.apply(bill, SeenThere(generation, "voided", None, None))
    assert (desk.state(bill), desk.job(bill).link) == ("removed_there", None)
    desk.know(bill.model_copy(update={"version": 2, "status": "void"}))
    desk.apply(bill, Edited(automatic=False))
    job = desk.job(bill)
    assert (desk.state(bill), job.link and job.link.id) == ("voided", "155")


@pytest.mark.parametrize("provider", ["qbo", "xero", "freshbooks"])
def test_an_invoice_made_again_is_not_written_to_the_voided_one(provider: Provider) -> None:
    desk, _, _, bill = ready(connection(provider=provider))
    desk.ask(bill)
    (create,) = desk.sent()
    gone = failure(create, "invoice_gone_there", removed="voided", remote="155")
    desk.apply(bill, Answered(gone, automatic=True))
    desk.apply(bill, CreateAgain(BY_PERSON))
    (again,) = desk.sent()
    assert (again.generation, again.link) == (2, None)
    desk.apply(bill, Answered(failure(again, "refused_unknown"), automatic=True))
    desk.know(bill.model_copy(update={"version": 2, "status": "void"}))
    desk.apply(bill, Edited(automatic=False))
    assert (desk.state(bill), desk.job(bill).link) == ("voided", None)


def restored_desk(made: datetime) -> tuple[Desk, InvoiceSnapshot]:
    """An invoice of that moment, and a database restored now."""
    desk, ann, call_out, _ = ready(replace(connection(), restored_at=NOW))
    old = uuid7(int(made.timestamp() * 1000), bytes)
    bill = invoice(ann, call_out).model_copy(update={"id": InvoiceId(old)})
    desk.know(bill.model_copy(update={"version": 2, "status": "void"}))
    return desk, bill


def test_a_void_of_what_may_have_gone_before_a_restore_is_looked_for_there() -> None:
    desk, bill = restored_desk(NOW - timedelta(hours=1))
    desk.apply(bill, Edited(automatic=False))
    (void,) = desk.sent()
    assert isinstance(void, VoidInvoice)
    assert (void.link, void.number_there, desk.state(bill)) == (None, None, "queued")
    desk.apply(bill, Answered(success(void, "155"), automatic=False))
    job = desk.job(bill)
    assert (desk.state(bill), job.link and job.link.id) == ("voided", "155")


def test_a_void_of_what_is_not_found_after_a_restore_ends_as_void_without_a_link() -> None:
    desk, bill = restored_desk(NOW - timedelta(hours=1))
    desk.apply(bill, Edited(automatic=False))
    (void,) = desk.sent()
    desk.apply(
        bill, Answered(failure(void, "invoice_gone_there", removed="voided"), automatic=False)
    )
    assert (desk.state(bill), desk.job(bill).link) == ("voided", None)
    desk.apply(bill, Edited(automatic=False))
    desk.apply(bill, Asked(BY_PERSON, "person", again=True))
    assert desk.sent() == []


def test_a_void_of_what_was_made_after_the_restore_or_is_ignored_asks_nothing() -> None:
    desk, bill = restored_desk(NOW + timedelta(seconds=1))
    desk.apply(bill, Edited(automatic=False))
    assert (desk.state(bill), desk.sent()) == ("voided", [])
    desk, bill = restored_desk(NOW - timedelta(hours=1))
    desk.know(bill)
    desk.apply(bill, IgnoreAsked("somebody", None))
    desk.know(bill.model_copy(update={"version": 2, "status": "void"}))
    desk.apply(bill, Edited(automatic=False))
    assert (desk.state(bill), desk.sent()) == ("voided", [])


def test_a_void_names_what_its_invoice_is_known_by_there() -> None:
    desk, bill = restored_desk(NOW - timedelta(hours=1))
    desk.apply(bill, Edited(automatic=False))
    (void,) = desk.sent()
    assert isinstance(void, VoidInvoice)
    assert (void.customer_remote_id, void.date_there) == ("60", bill.issue_date)


def test_where_the_connection_was_closed_at_the_backup_a_void_waits_for_the_next() -> None:
    """It may have been opened again since, and what went then is there."""
    desk, bill = restored_desk(NOW - timedelta(hours=1))
    opened = desk.there
    desk.settle(replace(opened, status="closed"))
    desk.apply(bill, Edited(automatic=False))
    assert (desk.state(bill), desk.sent()) == ("held", [])
    desk.settle(opened)
    desk.apply(bill, Reviewed())
    (void,) = desk.sent()
    assert isinstance(void, VoidInvoice)


@pytest.mark.parametrize("begun", [False, True])
def test_a_void_after_a_restore_matters_where_nothing_is_known_of_the_invoice(begun: bool) -> None:
    """It may have gone by a click that the restored database has never heard of."""
    desk, bill = restored_desk(NOW - timedelta(hours=1))
    void = Record(COMPANY, bill.model_copy(update={"version": 2, "status": "void"}))
    off = replace(desk.there, settings=replace(desk.there.settings, sync_invoices=False))
    job = (
        Job(
            connection_id=off.id,
            company_id=COMPANY,
            provider="qbo",
            entity="invoice",
            record_id=RecordId(bill.id),
        )
        if begun
        else None
    )
    assert what_it_means(void, off, job) == Edited(automatic=False)
    assert what_it_means(Record(COMPANY, bill), off, job) is None
    assert what_it_means(void, replace(off, restored_at=None), job) is None
