"""A clock that a test moves by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class ManualClock:
    """Aware UTC datetimes; stands still until it is moved. Calling it is the same as `now()`."""

    def __init__(self, start: datetime = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)) -> None:
        if start.tzinfo is None:
            raise ValueError("start needs a time zone: datetime(…, tzinfo=UTC)")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def __call__(self) -> datetime:
        return self._now

    def advance(self, by: timedelta | float) -> datetime:
        """Move it forward by a duration (a number is seconds); the new time.

        Raises ValueError for a negative one: what is tested must never see time go back.
        """
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        if step < timedelta(0):
            raise ValueError(f"a clock goes forward only, not by {step}")
        self._now += step
        return self._now

    def set(self, to: datetime) -> datetime:
        """Move it to a later aware time; the new time. Raises ValueError for an earlier one."""
        self.advance(to - self._now)
        return self._now
