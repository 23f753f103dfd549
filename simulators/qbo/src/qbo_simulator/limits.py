"""Rate meters: sliding windows per organisation, and per organisation and app.

Numbers: https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features (limits and
throttles): 500 requests a minute per realm, 10 a second per realm and app, batches 40 a minute per
realm and app and 120 per realm. A refused request takes no place in a window.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Limits(BaseModel):
    """What `PUT /_sim/limits` takes, any subset; windows are multiplied by `window_scale`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enforced: bool = True
    window_scale: float = Field(default=1.0, gt=0)
    """Multiplies the windows, the server's time-out and Retry-After."""
    latency_ms: float = Field(default=0, ge=0)
    """Added to every answer of the provider's own paths; not scaled."""
    requests_per_minute: int | None = Field(default=500, ge=0)
    requests_per_second: int | None = Field(default=10, ge=0)
    concurrent_requests: int | None = Field(default=None, ge=1)
    """The older wording of the burst limit: ten at the same time."""
    batches_per_minute: int | None = Field(default=40, ge=0)
    """Per organisation and app."""
    batches_per_minute_organisation: int | None = Field(default=120, ge=0)
    batch_regime: Literal["request", "items"] = "request"
    """Whether a batch takes one of the 500 or as many as it has items (unconfirmed)."""
    server_timeout_seconds: float = Field(default=120, gt=0)
    retry_after_seconds: float | None = Field(default=None, ge=0)
    """Sent with a 429 if set; the real API isn't known to send it."""
    throttle_body: Literal["xml", "json"] = "xml"
    seed: int = 0
    """For everything drawn by lot: faults with a rate, shuffled batches."""


@dataclass(slots=True)
class _Window:
    stamps: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    used: int = 0

    def room(self, now: float, span: float, limit: int, cost: int) -> bool:
        while self.stamps and self.stamps[0][0] <= now - span:
            self.used -= self.stamps.popleft()[1]
        return self.used + cost <= limit

    def take(self, now: float, cost: int) -> None:
        self.stamps.append((now, cost))
        self.used += cost


class Meters:
    """The windows of every organisation; `admit` is asked once for each request, on arrival."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str, str], _Window] = {}
        self._in_flight: dict[tuple[str, str], int] = {}

    def admit(
        self, limits: Limits, now: float, realm: str, app: str, batch_items: int | None
    ) -> str | None:
        """Take a place in every window; or the name of the limit this request would break.

        `batch_items` is None for anything but a batch.
        """
        if not limits.enforced:
            return None
        items = batch_items if batch_items is not None and limits.batch_regime == "items" else 1
        wanted: list[tuple[str, str, int | None, float, int]] = [
            ("requests_per_minute", "", limits.requests_per_minute, 60.0, items),
            ("requests_per_second", app, limits.requests_per_second, 1.0, 1),
        ]
        if batch_items is not None:
            per_realm = limits.batches_per_minute_organisation
            wanted.append(("batches_per_minute", app, limits.batches_per_minute, 60.0, 1))
            wanted.append(("batches_per_minute_organisation", "", per_realm, 60.0, 1))
        asked: list[tuple[_Window, int]] = []
        for name, who, limit, span, cost in wanted:
            if limit is None:
                continue
            window = self._windows.setdefault((realm, who, name), _Window())
            if not window.room(now, span * limits.window_scale, limit, cost):
                return name
            asked.append((window, cost))
        running = self._in_flight.get((realm, app), 0)
        if limits.concurrent_requests is not None and running >= limits.concurrent_requests:
            return "concurrent_requests"
        for window, cost in asked:
            window.take(now, cost)
        return None

    def begin(self, realm: str, app: str) -> None:
        """One more request of this app is being worked on."""
        self._in_flight[realm, app] = self._in_flight.get((realm, app), 0) + 1

    def end(self, realm: str, app: str) -> None:
        """It is answered."""
        self._in_flight[realm, app] = max(0, self._in_flight.get((realm, app), 0) - 1)

    def clear(self) -> None:
        """Empty windows."""
        self._windows.clear()
