"""`requestid`: the first answer again for the same id.

https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features (request id): unique
per company for all time. A batch is known by its id and its bIds together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from qbo_simulator.clock import SimClock
from qbo_simulator.journal import Sink
from qbo_simulator.wire import JsonObject, as_object, text

LONGEST = 50
LONGEST_WITH_BATCH = 36
LONGEST_BID = 10


@dataclass(frozen=True, slots=True)
class Remembered:
    """The first answer to a request id."""

    at: datetime
    payload: str
    body: JsonObject
    refused: bool


class Replays:
    """First answers by organisation and identity."""

    def __init__(self, clock: SimClock, sink: Sink) -> None:
        self._clock = clock
        self._sink = sink
        self._answers: dict[str, dict[str, Remembered]] = {}

    def recall(
        self, realm: str, identity: str, retention_seconds: float | None
    ) -> Remembered | None:
        """The first answer, unless it is older than it is kept."""
        found = self._answers.get(realm, {}).get(identity)
        if found is None or retention_seconds is None:
            return found
        if self._clock.now() - found.at > timedelta(seconds=retention_seconds):
            return None
        return found

    def remember(
        self, realm: str, identity: str, payload: str, body: JsonObject, *, refused: bool
    ) -> None:
        """Keep a first answer (`payload` tells one request's content from another's)."""
        now = self._clock.now()
        self._answers.setdefault(realm, {})[identity] = Remembered(now, payload, body, refused)
        if self._sink.keeps:
            kept: JsonObject = {
                "at": now.isoformat(),
                "payload": payload,
                "body": body,
                "refused": refused,
            }
            self._sink.put(f"replay/{realm}/{quote(identity, safe='')}", kept)

    def restore(self, realm: str, identity: str, kept: JsonObject) -> None:
        """Put back an answer as `remember` wrote it; `identity` is still quoted."""
        self._answers.setdefault(realm, {})[unquote(identity)] = Remembered(
            datetime.fromisoformat(text(kept.get("at"))),
            text(kept.get("payload")),
            as_object(kept.get("body")),
            kept.get("refused") is True,
        )

    def clear(self, realm: str | None = None) -> None:
        """Forget all answers, or one organisation's."""
        if realm is None:
            self._answers.clear()
        else:
            self._answers.pop(realm, None)
