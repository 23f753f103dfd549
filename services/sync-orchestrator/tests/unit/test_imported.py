"""Customers that an import made of what is there."""

import pytest
from contracts.commands import RemoteRef
from contracts.ids import RemoteId
from sync_orchestrator.domain.facts import CameFromThere, UnlinkedByPerson

from .samples import BY_PERSON, Desk, customer

IMPORTED = RemoteRef(id=RemoteId("58"))


def test_s86_an_imported_customer_is_as_the_import_read_it() -> None:
    desk, ann = Desk(), customer()
    desk.know(ann)
    desk.apply(ann, CameFromThere(IMPORTED, automatic=True))
    assert (desk.sent(), desk.state(ann)) == ([], "synced")


@pytest.mark.parametrize(
    ("automatic", "state", "sent"), [(True, "queued", 1), (False, "out_of_date", 0)]
)
def test_an_edit_that_came_before_the_import_was_heard_of_is_not_taken_to_be_there(
    automatic: bool, state: str, sent: int
) -> None:
    desk, ann = Desk(), customer()
    desk.know(ann.model_copy(update={"version": 2, "name": "Ann Lee the second"}))
    desk.apply(ann, CameFromThere(IMPORTED, automatic=automatic))
    job = desk.job(ann)
    assert (job.link and job.link.id, job.state.value, len(desk.sent())) == ("58", state, sent)


def test_an_import_does_not_link_again_what_a_person_unlinked() -> None:
    desk, ann = Desk(), customer()
    desk.know(ann)
    desk.apply(ann, CameFromThere(IMPORTED, automatic=True))
    desk.apply(ann, UnlinkedByPerson(BY_PERSON))
    desk.apply(ann, CameFromThere(IMPORTED, automatic=True))
    job = desk.job(ann)
    assert (job.link, job.state.value) == (None, "not_synced")
