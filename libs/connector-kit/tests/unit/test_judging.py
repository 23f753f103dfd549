"""What a look-up proves, rule by rule."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from connector_kit.answers import Candidate, Seen, Unreadable
from connector_kit.judging import (
    CLOCKS_APART,
    Done,
    GoesAgain,
    NeverHappened,
    NotYet,
    SentWindow,
    Taken,
    Verdict,
    WasRemoved,
    judge,
)
from connector_kit.provider import FrozenMember, Intent
from contracts.commands import RemoteRef
from contracts.ids import RecordId, RemoteId

SENT = datetime(2026, 6, 1, 12, 0, 0, 400_000, tzinfo=UTC)
WINDOW = SentWindow(SENT, SENT + timedelta(seconds=155))
BEFORE, AFTER = SENT + timedelta(seconds=10), SENT + timedelta(seconds=155)
APART = CLOCKS_APART
ME, OTHER = RecordId(UUID(int=1)), RecordId(UUID(int=2))
THERE = RemoteRef(id=RemoteId("7"), version="1")


def member(*, intent: Intent = "create", mark: str | None = "m") -> FrozenMember:
    return FrozenMember(
        entity="invoice",
        record_id=ME,
        generation=1,
        step=1,
        intent=intent,
        natural_key="1001",
        mark=mark,
        remote=None if intent == "create" else RemoteRef(id=RemoteId("7"), version="0"),
        record_version=1,
        fields={"total": "1"},
        used={},
    )


def seen(
    one: FrozenMember,
    *candidates: Candidate,
    at: datetime = BEFORE,
    linked: Mapping[RemoteId, RecordId] | None = None,
) -> Verdict:
    return judge(one, Seen(candidates), window=WINDOW, looked_at=at, linked=linked or {})


def test_what_could_not_be_read_proves_nothing() -> None:
    verdict = judge(member(), Unreadable(), window=WINDOW, looked_at=AFTER, linked={})
    assert verdict == NotYet()


def test_a_create_that_is_there_with_our_mark_is_done_at_once() -> None:
    assert seen(member(), Candidate(THERE, "ours")) == Done(THERE)


def test_a_create_that_is_not_there_never_happened_only_after_quiet_until() -> None:
    assert seen(member()) == NotYet()
    assert seen(member(), at=AFTER - timedelta(microseconds=1)) == NotYet()
    assert seen(member(), at=AFTER) == NeverHappened()


def test_ours_with_another_content_goes_again() -> None:
    assert seen(member(), Candidate(THERE, "ours", ("total",))) == GoesAgain(THERE)


def test_ours_but_removed_is_said_to_be_removed_at_once() -> None:
    removed = Candidate(THERE, "ours", removed="voided")
    assert seen(member(), removed) == WasRemoved(THERE, "voided")


def test_a_live_one_of_ours_goes_before_a_removed_one() -> None:
    removed = Candidate(RemoteRef(id=RemoteId("6")), "ours", removed="voided")
    assert seen(member(), removed, Candidate(THERE, "ours")) == Done(THERE)


@pytest.mark.parametrize("mark", [None, "m"])
def test_what_is_made_again_after_a_restore_is_not_what_was_removed(mark: str | None) -> None:
    """Without a mark they look alike; with one, ours is of this very generation."""
    again = member(mark=mark).model_copy(update={"generation": 2, "forgotten": True})
    removed = Candidate(
        THERE, "none" if mark is None else "ours", created_at=BEFORE, removed="deleted"
    )
    expected = NeverHappened() if mark is None else WasRemoved(THERE, "deleted")
    assert seen(again, removed, at=AFTER) == expected
    asked_now = again.model_copy(update={"forgotten": False})
    assert seen(asked_now, removed, at=AFTER) == WasRemoved(THERE, "deleted")


def test_what_it_was_unlinked_from_is_not_voided_after_a_restore() -> None:
    """Without marks nothing else tells that it was given up."""
    void = member(mark=None).model_copy(
        update={"intent": "void", "generation": 2, "forgotten": True}
    )
    there = Candidate(THERE, "none", created_at=BEFORE)
    assert seen(void, there, at=AFTER) == Taken(there)
    first = void.model_copy(update={"generation": 1})
    assert seen(first, there, at=AFTER) == Done(THERE)


@pytest.mark.parametrize("mark", ["none", "other"])
def test_somebody_else_s_is_a_cause_only_after_quiet_until(mark: str) -> None:
    foreign = Candidate(THERE, "other" if mark == "other" else "none", created_at=BEFORE)
    assert seen(member(), foreign) == NotYet()
    assert seen(member(), foreign, at=AFTER) == Taken(foreign)


def test_a_removed_record_of_somebody_else_is_in_nobody_s_way() -> None:
    foreign = Candidate(THERE, "none", removed="deleted")
    assert seen(member(), foreign, at=AFTER) == NeverHappened()


def test_without_a_mark_it_is_ours_if_new_equal_and_nobody_s() -> None:
    bare = member(mark=None)
    new = Candidate(THERE, "none", created_at=SENT.replace(microsecond=0))
    assert seen(bare, new) == Done(THERE)
    assert seen(bare, new, linked={THERE.id: ME}) == Done(THERE)
    assert seen(bare, new, linked={THERE.id: OTHER}, at=AFTER) == Taken(new)
    for candidate in (
        Candidate(THERE, "none", created_at=SENT - APART - timedelta(seconds=1)),
        Candidate(THERE, "none", created_at=WINDOW.quiet_until + APART + timedelta(seconds=1)),
        Candidate(THERE, "none", created_at=None),
        Candidate(THERE, "none", ("total",), created_at=BEFORE),
        Candidate(THERE, "other", created_at=BEFORE),
    ):
        assert seen(bare, candidate) == NotYet()
        assert seen(bare, candidate, at=AFTER) == Taken(candidate)


@pytest.mark.parametrize("apart", [-APART, APART], ids=["slow", "fast"])
def test_without_a_mark_a_clock_there_may_be_a_little_off(apart: timedelta) -> None:
    bare = member(mark=None)
    for made in (SENT, WINDOW.quiet_until):
        found = Candidate(THERE, "none", created_at=(made + apart).replace(microsecond=0))
        assert seen(bare, found) == Done(THERE)
        assert seen(bare, found, linked={THERE.id: OTHER}, at=AFTER) == Taken(found)


def test_an_update_is_judged_only_after_quiet_until() -> None:
    update = member(intent="update")
    equal, differs = Candidate(THERE, "ours"), Candidate(THERE, "ours", ("total",))
    assert seen(update, equal) == NotYet()
    assert seen(update, equal, at=AFTER) == Done(THERE)
    assert seen(update, differs) == NotYet()
    assert seen(update, differs, at=AFTER) == NeverHappened()
    assert seen(update) == NotYet()
    assert seen(update, at=AFTER) == NeverHappened()


def test_an_update_is_judged_at_once_where_the_version_has_moved_on() -> None:
    update = member(intent="update")
    assert seen(update, Candidate(THERE, "ours", moved_on=True)) == Done(THERE)
    differs = Candidate(THERE, "ours", ("total",), moved_on=True)
    assert seen(update, differs) == NeverHappened()


def test_only_the_record_that_was_updated_counts() -> None:
    stranger = Candidate(RemoteRef(id=RemoteId("8")), "ours", moved_on=True)
    assert seen(member(intent="update"), stranger, at=AFTER) == NeverHappened()


def test_a_void_is_done_when_it_is_voided_there() -> None:
    void = member(intent="void")
    assert seen(void, Candidate(THERE, "ours", removed="voided")) == Done(THERE, voided=True)
    deleted = Candidate(THERE, "ours", removed="deleted")
    assert seen(void, deleted) == WasRemoved(THERE, "deleted")
    assert seen(void, Candidate(THERE, "ours"), at=AFTER) == NeverHappened()
