"""Marks of what an invoice holds, compared field by field."""

import pytest
from contracts.holding import FIELDS, Change, changes, is_mark, mark_of


def test_what_both_say_and_say_differently_has_changed_in_the_order_of_sentences() -> None:
    before = mark_of(tax="8", date="2026-06-14", customer="7", due_date="")
    now = mark_of(tax="4", date="2026-07-02", customer="7", due_date="2026-08-01")
    assert changes(before, now) == (
        Change("date", "2026-06-14", "2026-07-02"),
        Change("due_date", "", "2026-08-01"),
        Change("tax", "8", "4"),
    )
    assert [one.field for one in changes(before, now)] == [
        name for name in FIELDS if name in ("date", "due_date", "tax")
    ]


def test_what_one_of_them_does_not_say_is_not_compared() -> None:
    assert changes(mark_of(customer="7", lines="a"), mark_of(customer="7", lines=None)) == ()
    assert changes(mark_of(customer="7"), mark_of(customer="7", accounts="b")) == ()


@pytest.mark.parametrize("older", [None, "", "9f86d081884c7d65"])
def test_what_was_remembered_otherwise_is_not_compared(older: str | None) -> None:
    assert not is_mark(older)
    assert changes(older, mark_of(customer="7")) == ()
    assert changes(mark_of(customer="7"), older) == ()
