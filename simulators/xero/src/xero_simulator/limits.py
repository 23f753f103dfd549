"""Rate meters: per organisation and app, and per app.

Numbers: https://developer.xero.com/documentation/guides/oauth2/limits/ (5 at the same time, 60 a
minute and 5,000 a day per organisation and app, 10,000 a minute per app). A refused request takes
no place in a window.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_DAY = 86400.0


class Limits(BaseModel):
    """What `PUT /_sim/limits` takes, any subset; windows are multiplied by `window_scale`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enforced: bool = True
    window_scale: float = Field(default=1.0, gt=0)
    """Multiplies the windows, the server's time-out and Retry-After."""
    latency_ms: float = Field(default=0, ge=0)
    """Added to every answer of the provider's own paths; not scaled."""
    requests_per_minute: int | None = Field(default=60, ge=0)
    requests_per_day: int | None = Field(default=5000, ge=0)
    """1,000 for apps on the free plan."""
    app_requests_per_minute: int | None = Field(default=10000, ge=0)
    concurrent_requests: int | None = Field(default=5, ge=1)
    window: Literal["sliding", "fixed"] = "sliding"
    """Fixed windows begin with their first request."""
    retry_after_seconds: float | None = Field(default=None, ge=0)
    """Sent with every 429 instead of what is left of the window."""
    retry_after_concurrent: bool = False
    """Whether a 429 for too many at the same time says when to come again."""
    concurrent_problem: str = "concurrent"
    app_problem: str = "appminute"
    """X-Rate-Limit-Problem of these two; only `minute` and `day` have been seen."""
    server_timeout_seconds: float = Field(default=120, gt=0)
    max_request_bytes: int = Field(default=10_485_760, gt=0)
    max_elements: int | None = Field(default=None, ge=1)
    """Of one request; only items are known to have a limit (500)."""
    seed: int = 0
    """For everything drawn by lot: faults with a rate."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A limit a request would break, and after how many seconds it no longer would."""

    limit: str
    problem: str
    wait: float | None


@dataclass(slots=True)
class _Window:
    stamps: deque[float] = field(default_factory=deque[float])

    def clean(self, now: float, span: float, fixed: bool) -> None:
        if fixed:
            if self.stamps and self.stamps[0] <= now - span:
                self.stamps.clear()
            return
        while self.stamps and self.stamps[0] <= now - span:
            self.stamps.popleft()

    def wait(self, now: float, span: float) -> float:
        return self.stamps[0] + span - now if self.stamps else span


class Meters:
    """The windows of every organisation and app; `admit` is asked once for each request."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str, str], _Window] = {}
        self._in_flight: dict[tuple[str, str], int] = {}

    def admit(self, limits: Limits, now: float, tenant: str, app: str) -> Broken | None:
        """Take a place in every window; or the limit this request would break."""
        if not limits.enforced:
            return None
        running = self._in_flight.get((tenant, app), 0)
        if limits.concurrent_requests is not None and running >= limits.concurrent_requests:
            wait = 1.0 if limits.retry_after_concurrent else None
            return Broken("concurrent_requests", limits.concurrent_problem, wait)
        asked: list[_Window] = []
        for name, problem, limit, span, who in self._wanted(limits, tenant):
            window = self._cleaned(limits, now, (who, app, name), span)
            if limit is None:
                continue
            if len(window.stamps) >= limit:
                return Broken(name, problem, window.wait(now, span * limits.window_scale))
            asked.append(window)
        for window in asked:
            window.stamps.append(now)
        return None

    def remaining(self, limits: Limits, now: float, tenant: str, app: str) -> dict[str, str]:
        """The headers that say what is left."""
        names = {
            "requests_per_day": "X-DayLimit-Remaining",
            "requests_per_minute": "X-MinLimit-Remaining",
            "app_requests_per_minute": "X-AppMinLimit-Remaining",
        }
        headers: dict[str, str] = {}
        for name, _, limit, span, who in self._wanted(limits, tenant):
            if limit is not None:
                used = len(self._cleaned(limits, now, (who, app, name), span).stamps)
                headers[names[name]] = str(max(0, limit - used))
        return headers

    def begin(self, tenant: str, app: str) -> None:
        """One more request of this app is being worked on."""
        self._in_flight[tenant, app] = self._in_flight.get((tenant, app), 0) + 1

    def end(self, tenant: str, app: str) -> None:
        """It is answered."""
        self._in_flight[tenant, app] = max(0, self._in_flight.get((tenant, app), 0) - 1)

    def clear(self) -> None:
        """Empty windows."""
        self._windows.clear()

    @staticmethod
    def _wanted(limits: Limits, tenant: str) -> list[tuple[str, str, int | None, float, str]]:
        return [
            ("requests_per_day", "day", limits.requests_per_day, _DAY, tenant),
            ("requests_per_minute", "minute", limits.requests_per_minute, 60.0, tenant),
            (
                "app_requests_per_minute",
                limits.app_problem,
                limits.app_requests_per_minute,
                60.0,
                "",
            ),
        ]

    def _cleaned(
        self, limits: Limits, now: float, key: tuple[str, str, str], span: float
    ) -> _Window:
        window = self._windows.setdefault(key, _Window())
        window.clean(now, span * limits.window_scale, limits.window == "fixed")
        return window


def retry_after(limits: Limits, broken: Broken | None) -> str | None:
    """The Retry-After of a 429; whole seconds unless time is scaled."""
    if limits.retry_after_seconds is not None:
        wait = limits.retry_after_seconds * limits.window_scale
    elif broken is None:
        wait = 1.0
    elif broken.wait is None:
        return None
    else:
        wait = broken.wait
    if limits.window_scale == 1:
        return str(max(0, math.ceil(wait)))
    return f"{math.ceil(max(0.0, wait) * 1000) / 1000:g}"
