"""All times of sending in one value, scaled where the provider's own times are."""

from dataclasses import dataclass
from datetime import timedelta

from connector_kit.provider import EntityFacts, Provider

LEASE = timedelta(seconds=10)
"""A crash costs this much; nothing else rests on it."""

LEASE_RENEWED_EVERY = 3.0
FILL = timedelta(milliseconds=250)
"""How long a request may wait for more members while others of its connection are under way."""

SHORTEST_BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(minutes=5)
TOLD_AFTER = timedelta(seconds=5)
"""A wait shorter than this isn't worth a word to anyone."""

AWAY_AFTER = 5
"""Requests in a row, over all connections, without an answer until the provider counts as away."""

ALONE_AFTER = 3
"""The same within one connection: from then on one record probes for all of it."""


@dataclass(frozen=True)
class Timing:
    """The provider's times as they hold for this process, in seconds.

    `scale` (TIME_SCALE) scales the provider's windows, server time-out, lag of look-ups and
    Retry-After; the send window and the margin are our own and aren't scaled.
    """

    send_window: float
    server_timeout: float
    answer_timeout: float
    default_retry_after: float
    scale: float
    margin: float

    @staticmethod
    def of(provider: Provider, *, scale: float = 1.0, margin: float = 30.0) -> "Timing":
        return Timing(
            send_window=provider.send_window,
            server_timeout=provider.server_timeout * scale,
            answer_timeout=max(provider.answer_timeout * scale, 2.0),
            default_retry_after=provider.default_retry_after * scale,
            scale=scale,
            margin=margin,
        )

    def quiet_after(self, entity: EntityFacts) -> float:
        """From `send_by` until an absence proves something: `quiet_until` less `send_by`."""
        return self.server_timeout + entity.lookup_lag * self.scale + self.margin

    def retry_after(self, said: float | None) -> float:
        """How long to wait after a 429 that said so many seconds, or nothing."""
        return self.default_retry_after if said is None else said * self.scale


def backoff(failures: int) -> timedelta:
    """2 s, 4 s, 8 s … 5 min after so many failures in a row (from 1)."""
    doubled = SHORTEST_BACKOFF * 2 ** min(max(failures - 1, 0), 10)
    return min(doubled, LONGEST_BACKOFF)
