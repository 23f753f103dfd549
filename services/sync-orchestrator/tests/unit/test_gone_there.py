"""A customer that has gone at the provider: looked at again or made anew, and never both."""

from dataclasses import replace
from datetime import timedelta

import pytest
from contracts.ids import Provider, RemoteId
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot
from sync_orchestrator.domain.facts import (
    Answered,
    Asked,
    CreateAgain,
    MakeActive,
    NameThere,
    RemoteGone,
    Reviewed,
)

from .samples import BY_PERSON, NOW, Desk, connection, customer, failure, invoice, item, success

CHECK_AGAIN = Asked(BY_PERSON, "person", again=True)
ALL = pytest.mark.parametrize("provider", ["qbo", "xero", "freshbooks"])


def asked_about(
    provider: Provider, email: str | None = "a@b.example"
) -> tuple[Desk, CustomerSnapshot, InvoiceSnapshot]:
    """A customer that went there, and the invoice that waits for what a person says."""
    desk = Desk(connection(provider=provider, gone_there="ask"))
    ann, call_out = customer(email=email), item()
    bill = invoice(ann, call_out)
    desk.know(ann, call_out, bill)
    desk.synced(ann, "60")
    desk.synced(call_out, "23", account="79")
    desk.ask(bill)
    (said,) = desk.sent()
    gone = failure(said, "record_deleted_there", gone=[ann.id], used={str(ann.id): "60"})
    desk.apply(bill, Answered(gone, automatic=True))
    assert (desk.sent(), desk.state(ann)) == ([], "blocked")
    return desk, ann, bill


@ALL
def test_check_again_looks_at_the_very_record_and_goes_on_with_it(provider: Provider) -> None:
    desk, ann, bill = asked_about(provider)
    desk.apply(ann, CHECK_AGAIN)
    (look,) = desk.sent()
    assert look.link is not None
    assert look.link.id == "60", "a link of None would make another one"
    desk.apply(ann, Answered(success(look, "60"), automatic=True))
    (goes,) = desk.sent()
    assert (goes.record_id, desk.state(ann)) == (bill.id, "synced")


@ALL
def test_what_is_still_gone_when_checked_is_asked_about_again_and_says_so(
    provider: Provider,
) -> None:
    desk, ann, bill = asked_about(provider)
    for hour in (1, 2):
        desk.books.now = NOW + timedelta(hours=hour)
        desk.apply(ann, CHECK_AGAIN)
        (look,) = desk.sent()
        assert (look.link and look.link.id) == "60"
        desk.apply(ann, Answered(failure(look, "x", remote="60", removed="deleted"), True))
        assert desk.sent() == []
        job = desk.job(ann)
        assert job.cause is not None
        assert (job.state.value, job.cause.code) == ("blocked", "customer_inactive_there")
        assert job.cause.params["checked"] == (NOW + timedelta(hours=hour)).isoformat()
        held = desk.job(bill).cause
        assert held is not None
        assert held.because == job.cause
    desk.apply(ann, Reviewed())
    desk.apply(bill, Reviewed())
    assert desk.sent() == [], "nobody has said that it may be made again"


@ALL
def test_only_add_as_new_makes_another_one(provider: Provider) -> None:
    desk, ann, _ = asked_about(provider)
    desk.apply(ann, CHECK_AGAIN)
    (look,) = desk.sent()
    desk.apply(ann, Answered(failure(look, "x", remote="60", removed="deleted"), automatic=True))
    desk.apply(ann, MakeActive(None, BY_PERSON))
    (look,) = desk.sent()
    assert (look.link and look.link.id) == "60"
    # Whatever else it is refused for, it stays the record that was looked at.
    desk.apply(ann, Answered(failure(look, "refused_unknown", remote="60"), automatic=True))
    desk.apply(ann, CHECK_AGAIN)
    (look,) = desk.sent()
    assert (look.link and look.link.id) == "60"
    desk.apply(ann, Answered(failure(look, "x", remote="60", removed="deleted"), automatic=True))
    desk.apply(ann, NameThere("Ann Lee", BY_PERSON, anew=True))
    (new,) = desk.sent()
    assert new.link is None


@ALL
def test_create_again_is_said_of_what_has_gone_and_makes_another_one(provider: Provider) -> None:
    desk, ann, _ = asked_about(provider)
    job = desk.job(ann)
    desk.books.put(replace(job, state=type(job.state).REMOVED_THERE, cause=None))
    desk.apply(ann, CreateAgain(BY_PERSON))
    (said,) = desk.sent()
    assert (said.link is None) is (provider == "xero"), "elsewhere that brings the same one back"


@ALL
def test_what_is_made_again_by_itself_goes_as_before(provider: Provider) -> None:
    """Made active again where the provider does that, and if it can't be, made anew."""
    desk, ann, _ = asked_about(provider)
    desk.settle(connection(provider=provider, gone_there="make_again"))
    desk.apply(ann, Reviewed())
    (said,) = desk.sent()
    if provider != "xero":
        assert (said.link and said.link.id) == "60"
        gone = failure(said, "x", remote="60", removed="deleted")
        desk.apply(ann, Answered(gone, automatic=True))
        (said,) = desk.sent()
    assert said.link is None


def test_at_xero_it_is_made_anew_when_next_needed() -> None:
    desk = Desk(connection(provider="xero"))
    ann = customer()
    desk.know(ann)
    desk.synced(ann, "60")
    desk.apply(ann, RemoteGone(RemoteId("60")))
    desk.ask(ann)
    (said,) = desk.sent()
    assert (said.generation, said.link) == (2, None)


def test_an_email_is_not_asked_for_of_what_was_there() -> None:
    """Only for one that is made anew."""
    desk, ann, _ = asked_about("xero", email=None)
    desk.apply(ann, CHECK_AGAIN)
    (look,) = desk.sent()
    assert look.link is not None
    desk.apply(ann, Answered(failure(look, "x", remote="60", removed="deleted"), automatic=True))
    desk.apply(ann, NameThere("Ann Lee", BY_PERSON, anew=True))
    assert desk.sent() == []
    cause = desk.job(ann).cause
    assert cause is not None
    assert cause.code == "customer_email_missing"
