"""Rate meters: fixed windows, one for everything and one for POST under /accounting/account/.

Numbers and headers as recorded live in June 2026 (600 in 60 s generally, 250 in 60 s for those
POSTs); FreshBooks publishes none. Every answer carries the four headers, a 200 too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

WINDOW_SECONDS = 60


class Limits(BaseModel):
    """What `PUT /_sim/limits` takes, any subset; windows are multiplied by `window_scale`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enforced: bool = True
    window_scale: float = Field(default=1.0, gt=0)
    """Multiplies the windows, the server's time-out and Retry-After."""
    latency_ms: float = Field(default=0, ge=0)
    """Added to every answer of the provider's own paths; not scaled."""
    requests_per_minute: int | None = Field(default=600, ge=0)
    posts_per_minute: int | None = Field(default=250, ge=0)
    """POST under /accounting/account/…; these don't count among the other requests."""
    key: Literal["account", "token", "app", "ip"] = "account"
    """What a window belongs to (unconfirmed)."""
    refused_count: bool = False
    """Whether a refused request takes a place too (unconfirmed)."""
    retry_after_on_success: bool = True
    retry_after_on_refusal: bool = True
    headers: bool = True
    throttle_body: Literal["json", "errors", "text", "html"] = "json"
    server_timeout_seconds: float = Field(default=60, gt=0)
    seed: int = 0
    """For everything drawn by lot: faults with a rate."""


@dataclass(slots=True)
class _Window:
    start: float
    used: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What the meter says about one request: the header values, and the limit it broke."""

    limit: int
    remaining: int
    seconds_left: float
    broke: str | None

    def headers(self, limits: Limits, now_unix: float) -> dict[str, str]:
        """The four headers; Retry-After is seconds to the reset, also where nothing is broken."""
        if not limits.headers:
            return {}
        found = {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(math.ceil(now_unix + self.seconds_left)),
        }
        sent = limits.retry_after_on_refusal if self.broke else limits.retry_after_on_success
        if sent:
            left = math.ceil(self.seconds_left)
            # On a 200 it was seen to be one less than the seconds to the reset.
            found["retry-after"] = str(left if self.broke else max(0, left - 1))
        return found


class Meters:
    """Every window; `admit` is asked once for each request, on arrival."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], _Window] = {}

    def admit(self, limits: Limits, now: float, key: str, *, posts: bool) -> Reading | None:
        """Take a place in the window of `key`; None where that limit is off."""
        name = "posts_per_minute" if posts else "requests_per_minute"
        limit = limits.posts_per_minute if posts else limits.requests_per_minute
        if limit is None or not limits.enforced:
            return None
        span = WINDOW_SECONDS * limits.window_scale
        window = self._windows.get((key, name))
        if window is None or not 0 <= now - window.start < span:
            window = self._windows[key, name] = _Window(now)
        left = window.start + span - now
        if window.used >= limit:
            window.used += limits.refused_count
            return Reading(limit, 0, left, name)
        window.used += 1
        return Reading(limit, limit - window.used, left, None)

    def clear(self) -> None:
        """Empty windows."""
        self._windows.clear()
