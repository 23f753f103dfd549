from datetime import UTC, datetime, timedelta

import pytest
from testkit import ManualClock


def test_the_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(datetime(2026, 3, 31, 23, 30, tzinfo=UTC))
    assert clock() == clock.now() == datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    clock.advance(timedelta(hours=1))
    clock.advance(2.5)
    assert clock.now() == datetime(2026, 4, 1, 0, 30, 2, 500_000, tzinfo=UTC)


def test_the_clock_refuses_to_go_back() -> None:
    clock = ManualClock()
    with pytest.raises(ValueError, match="forward only"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="forward only"):
        clock.set(datetime(2020, 1, 1, tzinfo=UTC))


def test_the_clock_refuses_a_start_without_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001 (that is the point)
