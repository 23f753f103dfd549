"""`Idempotency-Key`: the first answer again for the same request.

https://developer.xero.com/documentation/guides/idempotent-requests/idempotency: at most 128
characters, per app, kept 6 minutes from the first call, errors included.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from xero_simulator.clock import SimClock
from xero_simulator.journal import Sink
from xero_simulator.wire import JsonObject, dec, text
from xero_simulator.wire_http import Answer, Call

LONGEST = 128
METHODS = ("POST", "PUT", "PATCH")


@dataclass(frozen=True, slots=True)
class Remembered:
    """A first answer and what it answered."""

    at: datetime
    request: str
    answer: Answer


class Idempotency:
    """First answers by app and key."""

    def __init__(self, clock: SimClock, sink: Sink) -> None:
        self._clock = clock
        self._sink = sink
        self._answers: dict[tuple[str, str], Remembered] = {}

    def recall(self, app: str, key: str, seconds: float) -> Remembered | None:
        """The first answer, unless its time is over."""
        found = self._answers.get((app, key))
        if found is None or self._clock.now() - found.at >= timedelta(seconds=seconds):
            return None
        return found

    def remember(self, app: str, key: str, call: Call, answer: Answer) -> None:
        """Keep a first answer."""
        now = self._clock.now()
        kept_answer = Answer(answer.status, answer.body, answer.media, {}, answer.records)
        self._answers[app, key] = Remembered(now, fingerprint(call), kept_answer)
        if self._sink.keeps:
            kept: JsonObject = {
                "app": app,
                "key": key,
                "at": now.isoformat(),
                "request": fingerprint(call),
                "status": answer.status,
                "media": answer.media,
                "records": answer.records,
                "body": base64.b64encode(answer.body).decode(),
            }
            self._sink.put(f"answer/{app}\n{key}", kept)

    def restore(self, kept: JsonObject) -> None:
        """Put back an answer as `remember` wrote it."""
        answer = Answer(
            int(dec(kept.get("status"))),
            base64.b64decode(text(kept.get("body"))),
            text(kept.get("media")),
            records=int(dec(kept.get("records"))),
        )
        at = datetime.fromisoformat(text(kept.get("at")))
        remembered = Remembered(at, text(kept.get("request")), answer)
        self._answers[text(kept.get("app")), text(kept.get("key"))] = remembered

    def clear(self) -> None:
        """Forget all answers."""
        self._answers.clear()


def key_of(call: Call) -> str:
    """The key of a request; empty without one, or where it is ignored."""
    return call.headers.get("idempotency-key", "") if call.method in METHODS else ""


def fingerprint(call: Call) -> str:
    """Tells one request from another: method, address, body."""
    told = b"\0".join((call.method.encode(), call.target.encode("utf-8", "replace"), call.body))
    return hashlib.sha256(told).hexdigest()
