"""What a month's line says of exceptions, and of what was accepted as it is there."""

from datetime import date
from uuid import uuid4

import pytest
from contracts.ids import RecordId
from invoice_api.integrations.matching import ACCEPTED
from invoice_api.integrations.schemas import MatchRowShown, MatchShown
from invoice_api.web.match_pages import sentence_of


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
