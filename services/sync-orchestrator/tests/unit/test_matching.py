"""Which invoices of a month should be there, and what doesn't agree."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from contracts.ids import RecordId
from contracts.sync import SyncState
from sync_orchestrator.domain.matching import Entry, match_of

START = date(2026, 6, 1)


def entry(**fields: Any) -> Entry:
    given: dict[str, Any] = {
        "record_id": RecordId(uuid4()),
        "number": "1001",
        "dated": date(2026, 6, 15),
        "status": "sent",
        "total": Decimal("256.38"),
        "currency": "USD",
        "linked": True,
        "state": SyncState.SYNCED,
        "total_there": Decimal("256.38"),
        **fields,
    }
    return Entry(**given)


def test_a_month_where_all_are_there_with_equal_totals_is_matched() -> None:
    found = match_of([entry(), entry(number="1002")], START)
    assert (found.expected, found.there, found.matched) == (2, 2, True)
    assert found.totals == {"USD": (Decimal("512.76"), Decimal("512.76"))}


@pytest.mark.parametrize(
    ("fields", "reason", "there"),
    [
        (
            {"state": SyncState.SYNCED_WITH_DIFFERENCE, "total_there": Decimal("260.00")},
            "synced_with_difference",
            1,
        ),
        ({"state": SyncState.CHANGED_THERE, "total_there": Decimal("1.00")}, "changed_there", 1),
        ({"state": SyncState.OUT_OF_DATE}, "out_of_date", 1),
        ({"state": SyncState.REMOVED_THERE, "linked": False}, "removed_there", 0),
        ({"state": SyncState.BLOCKED, "linked": False, "total_there": None}, "blocked", 0),
        ({"state": SyncState.IGNORED, "linked": False, "total_there": None}, "ignored", 0),
        ({"state": None, "linked": False, "total_there": None}, "not_synced", 0),
        ({"status": "void", "state": SyncState.BLOCKED}, "blocked", 1),
    ],
)
def test_what_is_not_as_it_should_be_is_listed_and_the_month_is_not_matched(
    fields: dict[str, Any], reason: str, there: int
) -> None:
    found = match_of([entry(**fields)], START)
    assert [one.reason for one in found.mismatches] == [reason]
    assert (found.there, found.matched) == (there, False)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"linked": False, "state": None, "dated": date(2026, 5, 31)}, "before_start_date"),
        ({"linked": False, "state": None, "status": "pending"}, "not_sent"),
        ({"status": "void", "state": SyncState.VOIDED}, "void"),
        ({"status": "void", "state": None, "linked": False}, "void"),
    ],
)
def test_what_should_not_be_there_is_counted_apart(fields: dict[str, Any], reason: str) -> None:
    found = match_of([entry(**fields)], START)
    assert (found.expected, found.not_expected, found.matched) == (0, {reason: 1}, True)


def test_an_accepted_difference_is_listed_as_such_and_the_month_is_matched() -> None:
    left = entry(total_there=Decimal("260.00"))
    found = match_of([left, entry(number="1002")], START)
    assert [one.reason for one in found.mismatches] == ["accepted"]
    assert (found.there, found.matched) == (2, True)
    assert found.totals == {"USD": (Decimal("512.76"), Decimal("516.38"))}
    assert not match_of([left, entry(state=SyncState.OUT_OF_DATE)], START).matched


def test_one_of_before_the_start_that_went_by_a_click_counts() -> None:
    assert match_of([entry(dated=date(2026, 5, 31))], START).expected == 1


def test_currencies_are_never_added_up() -> None:
    found = match_of([entry(), entry(currency="EUR")], START)
    assert set(found.totals) == {"USD", "EUR"}
