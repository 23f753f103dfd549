"""Customers there that one of ours could be: asked about before anything is sent."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from contracts.commands import RemoteRef, SyncCustomer
from contracts.ids import Provider, RecordId, RemoteId
from contracts.invoicing import CustomerSnapshot
from sync_orchestrator.domain.facts import (
    Answered,
    Asked,
    LinkedByPerson,
    MakeActive,
    NameThere,
    NoneOfThose,
    Reviewed,
    UnlinkedByPerson,
)
from sync_orchestrator.domain.likeness import Lookalike

from .samples import BY_EVENT, BY_PERSON, NOW, Desk, connection, customer, invoice, item, success

LINK = LinkedByPerson(RemoteRef(id=RemoteId("58")), BY_PERSON)


def alike(
    remote: str = "58",
    *,
    name: bool = True,
    email: bool = False,
    active: bool = True,
    linked_to: RecordId | None = None,
) -> Lookalike:
    return Lookalike(RemoteId(remote), "Ann Lee", None, active, name, email, linked_to)


def desk_with(*found: Lookalike, provider: Provider = "qbo") -> Desk:
    desk = Desk(connection(provider=provider))
    ann = customer()
    desk.know(ann)
    desk.books.lookalikes[desk.key(ann)] = found
    return desk


def ann_of(desk: Desk) -> CustomerSnapshot:
    (ann,) = (record.snapshot for record in desk.books.records.values())
    assert isinstance(ann, CustomerSnapshot)
    return ann


@pytest.mark.parametrize("provider", ["qbo", "xero"])
def test_s1_a_customer_of_the_same_name_there_is_a_question_and_no_new_record(
    provider: Provider,
) -> None:
    desk = desk_with(alike(), provider=provider)
    ann = ann_of(desk)
    desk.apply(ann, Asked(BY_EVENT))
    assert desk.sent() == []
    job = desk.job(ann)
    assert (job.state.value, job.cause and job.cause.code) == ("blocked", "customer_name_taken")
    assert job.cause is not None
    assert job.cause.params["remote_id"] == "58"
    desk.apply(ann, LINK)
    job = desk.job(ann)
    assert (job.state.value, job.link and job.link.id) == ("synced", "58")
    assert desk.sent() == []


def test_where_names_are_not_unique_one_of_the_name_is_a_look_alike() -> None:
    desk = desk_with(alike(), provider="freshbooks")
    ann = ann_of(desk)
    desk.apply(ann, Asked(BY_EVENT))
    job = desk.job(ann)
    assert (job.cause and job.cause.code) == "customer_lookalikes"
    desk.apply(ann, NoneOfThose(BY_PERSON))
    (said,) = desk.sent()
    assert isinstance(said, SyncCustomer)
    assert said.name_there is None


def test_several_are_a_choice_and_none_of_them_adds_a_new_one() -> None:
    desk = desk_with(alike(), alike("59", name=False, email=True))
    ann = ann_of(desk)
    desk.apply(ann, Asked(BY_EVENT))
    job = desk.job(ann)
    assert job.cause is not None
    assert (job.cause.code, job.cause.params["count"]) == ("customer_lookalikes", "2")
    desk.apply(ann, NameThere("Ann Lee (2)", BY_PERSON, anew=True))
    (said,) = desk.sent()
    assert isinstance(said, SyncCustomer)
    assert said.name_there == "Ann Lee (2)"


def test_an_inactive_one_is_made_active_and_linked_by_the_next_command() -> None:
    desk = desk_with(alike(active=False))
    ann = ann_of(desk)
    desk.apply(ann, Asked(BY_EVENT))
    job = desk.job(ann)
    assert job.cause is not None
    assert (job.cause.code, job.cause.params["kind"]) == (
        "customer_name_taken",
        "inactive_customer",
    )
    desk.apply(ann, MakeActive(RemoteRef(id=RemoteId("58")), BY_PERSON))
    (said,) = desk.sent()
    assert said.link is not None
    assert said.link.id == "58"


@pytest.mark.parametrize("provider", ["xero", "freshbooks"])
def test_an_archived_or_deleted_one_is_in_nobodys_way_there(provider: Provider) -> None:
    desk = desk_with(alike(active=False), provider=provider)
    desk.apply(ann_of(desk), Asked(BY_EVENT))
    assert len(desk.sent()) == 1


def test_s18_one_that_is_linked_to_another_of_ours_is_no_look_alike() -> None:
    desk = desk_with(alike(linked_to=RecordId(uuid4())))
    desk.apply(ann_of(desk), Asked(BY_EVENT))
    assert len(desk.sent()) == 1


def test_a_customer_that_has_gone_there_is_made_again_though_its_old_record_is_listed() -> None:
    desk = desk_with(alike())
    ann = ann_of(desk)
    desk.apply(ann, Asked(BY_EVENT))
    desk.books.put(replace(desk.job(ann), remade=1, remade_at=NOW, generation=2))
    desk.apply(ann, Asked(BY_PERSON, "person", again=True))
    assert len(desk.sent()) == 1


def test_an_invoice_waits_for_the_question_about_its_customer_and_goes_after_the_choice() -> None:
    desk = desk_with(alike())
    ann, call_out = ann_of(desk), item()
    bill = invoice(ann, call_out)
    desk.know(call_out, bill)
    desk.apply(bill, Asked(BY_PERSON, "person"))
    assert [type(said).__name__ for said in desk.sent()] == ["SyncItem"]
    job = desk.job(bill)
    assert job.cause is not None
    assert job.cause.because is not None
    assert job.cause.because.code == "customer_name_taken"
    desk.apply(ann, LINK)
    assert desk.job(bill).state.value == "waiting"


def test_while_the_list_is_first_read_a_customer_waits_but_not_for_ever() -> None:
    desk = Desk(replace(connection(), customers_as_of=None))
    ann = customer()
    desk.know(ann)
    desk.apply(ann, Asked(BY_EVENT))
    job = desk.job(ann)
    assert (job.state.value, job.cause and job.cause.params) == (
        "waiting",
        {"list": "remote_customers"},
    )
    desk.books.now += timedelta(minutes=16)
    desk.apply(ann, Reviewed())
    assert len(desk.sent()) == 1


def test_an_unlinked_customer_is_not_there_any_more_for_us_and_nothing_is_sent() -> None:
    desk = desk_with()
    ann = ann_of(desk)
    desk.apply(ann, Asked(BY_EVENT))
    (said,) = desk.sent()
    refused = desk.apply(ann, UnlinkedByPerson(BY_PERSON))
    assert refused is not None
    assert refused.refusal == "being_sent"
    desk.apply(ann, Answered(success(said, "58"), automatic=True))
    desk.apply(ann, UnlinkedByPerson(BY_PERSON))
    job = desk.job(ann)
    assert (job.state.value, job.link, job.generation) == ("not_synced", None, 2)
    assert desk.sent() == []
