"""What a month's line says of exceptions, and of what was accepted as it is there."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from contracts.ids import RecordId
from invoice_api.integrations.matching import ACCEPTED
from invoice_api.integrations.schemas import (
    MatchCheck,
    MatchRowShown,
    MatchShown,
    UnreadInvoice,
)
from invoice_api.web.match_pages import checked_of, sentence_of


def month(*reasons: str, matched: bool) -> MatchShown:
    rows = tuple(
        MatchRowShown(
            record_id=RecordId(uuid4()),
            number="1001",
            date=date(2026, 6, 15),
            reason=reason,
            sentence="",
            currency="USD",
            total="256.38",
            total_there="260.00",
            cause=None,
        )
        for reason in reasons
    )
    return MatchShown(
        month="2026-06",
        expected=12,
        there=12,
        matched=matched,
        totals=(),
        not_expected={},
        verified_at=None,
        data=rows,
    )


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (month(matched=True), "totals equal"),
        (month(matched=False), "totals differ"),
        (month("differs", matched=False), "1 to look at"),
        (month(ACCEPTED, matched=True), "1 accepted as it is"),
        (
            month(ACCEPTED, ACCEPTED, "differs", matched=False),
            "1 to look at, 2 accepted as they are",
        ),
    ],
)
def test_what_was_accepted_is_no_exception(shown: MatchShown, said: str) -> None:
    assert sentence_of(shown, "Xero") == f"12 of 12 in Xero, {said}"


def checked(read: int, asked: int, *, before: bool) -> str:
    unread = tuple(
        UnreadInvoice(record_id=RecordId(uuid4()), number=str(n), date=date(2026, 6, 1))
        for n in range(asked - read)
    )
    at = datetime(2026, 7, 1, 10, 42, tzinfo=UTC)
    shown = month(matched=True).model_copy(
        update={
            "verified_at": at if before or read else None,
            "last_check": MatchCheck(at=at, asked=asked, read=read, unread=unread),
        }
    )
    return checked_of(shown, "Xero", lambda moment: f"today {moment:%H:%M}")


def test_a_check_says_what_it_could_not_read() -> None:
    some = "Last checked against Xero today 10:42: 408 of 412 checked; 4 couldn't be read."
    assert checked(408, 412, before=True) == some
    assert checked(412, 412, before=True) == "Last checked against Xero today 10:42."
    none = "None of 412 could be read today 10:42."
    assert checked(0, 412, before=True) == f"{none} Last checked against Xero today 10:42."
    assert checked(0, 412, before=False).startswith(f"{none} Not checked against Xero yet")
