"""When something is said again, and when someone is written to."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import get_args
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from contracts.causes import CAUSES, SHOWN_AS_PROBLEMS
from contracts.ids import CompanyId
from invoice_api.notices.deciding import (
    Choice,
    Fact,
    Kind,
    Known,
    Reader,
    Said,
    comes_back_quietly,
    kind_of,
    mail_is_due,
    times_due,
)

BEGAN = datetime.fromisoformat("2026-06-15T10:00:00+00:00")
COMPANY = CompanyId(uuid4())


def fact(kind: Kind, *, count: int = 3, amount: str = "100", stopped: bool = True) -> Fact:
    amounts = (("USD", Decimal(amount)),)
    return Fact(COMPANY, kind, "qbo", "x", BEGAN, "T", "S.", "/p", count, amounts, stopped=stopped)


def known(kind: Kind, times: int, *, count: int = 3, amount: str = "100") -> Known:
    amounts = (("USD", Decimal(amount)),)
    return Known(uuid4(), COMPANY, kind, "qbo", "x", BEGAN, times, count, amounts)


def sayings(kind: Kind, days: int, *, stopped: bool = True) -> list[timedelta]:
    """When it is said, looked at every five minutes for so many days."""
    before, found = None, list[timedelta]()
    for minutes in range(0, days * 24 * 60, 5):
        times = times_due(fact(kind, stopped=stopped), before, BEGAN + timedelta(minutes=minutes))
        if times is not None:
            before = known(kind, times)
            found.append(timedelta(minutes=minutes))
    return found


def test_s12_a_lost_connection_is_said_at_once_and_after_1_3_and_7_days() -> None:
    assert sayings("connection", 12) == [timedelta(days=n) for n in (0, 1, 3, 7)]
    assert sayings("ending", 14) == [timedelta(0)]


def test_s60_an_outage_is_said_once_a_day_and_a_hiccup_never() -> None:
    days = [timedelta(days=n) for n in range(1, 4)]
    assert sayings("outage", 4) == [timedelta(minutes=5), *days]
    assert times_due(fact("outage"), None, BEGAN + timedelta(minutes=4)) is None


def test_a_cause_is_quiet_while_unchanged_and_grows_with_age() -> None:
    grows = [timedelta(minutes=10), timedelta(days=1), timedelta(days=7)]
    assert sayings("cause", 30, stopped=False) == grows
    # What keeps records out of the books is remembered every week.
    assert sayings("cause", 30) == [*grows, *(timedelta(days=n) for n in (14, 21, 28))]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("customer_email_missing", "cause"),
        ("refused_unknown", "cause"),
        ("our_mistake", "cause"),
        ("taking_too_long", "cause"),
        ("subscription_ended", "cause"),
        ("provider_down", "outage"),
        ("daily_limit_reached", "outage"),
        ("app_problem", "outage"),
        ("connection_expired", None),
        ("rounding_difference", None),
        ("paced_by_provider", None),
    ],
)
def test_whatever_keeps_records_out_of_the_books_is_told(code: str, kind: Kind | None) -> None:
    assert kind_of(code) == kind


def test_every_problem_that_isn_t_only_an_explanation_is_told_somehow() -> None:
    silent = {code for code in SHOWN_AS_PROBLEMS if kind_of(code) is None}
    assert {CAUSES[code].who for code in silent} == {"reconnect", "info"}


def test_what_was_over_for_a_moment_comes_back_quietly_but_a_lost_connection_is_news() -> None:
    quiet = {kind for kind in get_args(Kind) if comes_back_quietly(kind)}
    assert quiet == {"cause", "outage"}


@pytest.mark.parametrize(
    ("count", "amount", "again"),
    [(3, "100", False), (4, "120", False), (7, "150", False), (8, "100", True), (3, "900", True)],
)
def test_much_more_money_or_many_more_records_are_said_again(
    count: int, amount: str, again: bool
) -> None:
    worse = replace(fact("cause"), count=count, amounts=(("USD", Decimal(amount)),))
    times = times_due(worse, known("cause", 1), BEGAN + timedelta(hours=2))
    assert (times == 1) is again


def test_money_of_one_currency_isn_t_measured_by_another_s() -> None:
    euros = (("EUR", Decimal(900)), ("USD", Decimal(100)))
    now = BEGAN + timedelta(hours=2)
    assert times_due(replace(fact("cause"), amounts=euros), known("cause", 1), now) == 1
    unknown = replace(known("cause", 1), amounts=None)
    assert times_due(replace(fact("cause"), amounts=euros), unknown, now) is None


@pytest.mark.parametrize(
    ("choice", "kind", "at", "digest", "due"),
    [
        ("none", "connection", "2026-06-15T12:00", None, False),
        ("daily", "connection", "2026-06-15T03:00", date(2026, 6, 14), True),
        ("at_once", "cause", "2026-06-15T03:00", date(2026, 6, 14), True),
        ("daily", "cause", "2026-06-15T10:59", date(2026, 6, 14), False),
        ("daily", "cause", "2026-06-15T11:00", date(2026, 6, 14), True),
        ("daily", "cause", "2026-06-15T15:00", date(2026, 6, 15), False),
        ("weekly", "cause", "2026-06-15T15:00", date(2026, 6, 8), True),
        ("weekly", "cause", "2026-06-16T15:00", date(2026, 6, 8), False),
    ],
)
def test_mail_goes_as_each_chose_in_the_company_s_zone(
    choice: Choice, kind: Kind, at: str, digest: date | None, due: bool
) -> None:
    said = Said(kind, "qbo", "T", "S.", "1 invoice", (), "/p", BEGAN)
    reader = Reader(choice, ZoneInfo("America/New_York"), digest)
    now = datetime.fromisoformat(f"{at}:00+00:00")
    assert mail_is_due(reader, [said], now) is due
    assert not mail_is_due(reader, [], now)
