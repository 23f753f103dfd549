"""Does a consumer get on? Decided from what the broker says, not from what the client believes.

aiokafka can hang after a broker's restart or a rejoin, with its connection up and no error anywhere
(aio-libs/aiokafka #1154, #847). What doesn't lie is that the group's committed offsets move while
there is something to read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Seen:
    """What the broker says of the partitions that a consumer holds (of all, if it holds none)."""

    lag: int
    """Records not read yet."""
    committed: Mapping[int, int]
    """Partition to the next offset to be read."""


@dataclass(frozen=True)
class Progress:
    """What is known so far. Times are seconds of a clock that never goes back."""

    idle_since: float | None = None
    """Since when there is something to read and nothing moves."""
    committed: Mapping[int, int] = field(default_factory=dict[int, int])
    restarts: int = 0
    """How often the consumer was built anew since anything moved."""

    @property
    def hopeless(self) -> bool:
        """It was built anew and still doesn't move: only a new process may help."""
        return self.restarts >= 2

    def idle_seconds(self, now: float) -> float:
        return 0.0 if self.idle_since is None else now - self.idle_since


def observe(
    before: Progress, seen: Seen | None, busy_seconds: float, now: float, *, stalled_after: float
) -> tuple[Progress, bool]:
    """What is known now, and whether to build the consumer anew.

    `seen` is None where the broker can't be asked: that is no hang of the client. Nor is a batch
    that is being worked at, or retried while the database is away, unless it takes ten times as
    long as a stall.
    """
    if seen is None or 0 < busy_seconds < 10 * stalled_after:
        return Progress(None, before.committed, before.restarts), False
    if seen.lag <= 0 or dict(seen.committed) != dict(before.committed):
        return Progress(None, seen.committed), False
    since = now if before.idle_since is None else before.idle_since
    if now - since < stalled_after:
        return Progress(since, seen.committed, before.restarts), False
    return Progress(None, seen.committed, before.restarts + 1), True
