"""What was asked of the provider's own paths, for `GET /_sim/requests`."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime

from freshbooks_simulator.wire import JsonObject

_KEPT = 400_000


@dataclass(frozen=True, slots=True)
class Row:
    """One request; `status` is None where the connection was closed without an answer."""

    at: datetime
    method: str
    path: str
    status: int | None
    records: int
    broke_limit: str | None
    organisation: str
    fault: str | None
    milliseconds: float

    def body(self) -> JsonObject:
        return {
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "records": self.records,
            "broke_limit": self.broke_limit is not None,
            "limit": self.broke_limit,
            "organisation": self.organisation,
            "fault": self.fault,
            "milliseconds": round(self.milliseconds, 3),
        }


class RequestLog:
    """The latest requests, oldest first, and counts of all of them."""

    def __init__(self) -> None:
        self.rows: deque[Row] = deque(maxlen=_KEPT)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.limits_broken: Counter[str] = Counter()

    def add(self, row: Row, kind: str) -> None:
        """Keep a request; `kind` is what it is counted under (`invoices`, `clients`, `token`)."""
        self.rows.append(row)
        self.counts[kind, str(row.status or "dropped")] += 1
        if row.broke_limit is not None:
            self.limits_broken[row.broke_limit] += 1

    def select(self, organisation: str | None, since: datetime | None) -> list[JsonObject]:
        """Of one organisation (all if None), at or after `since`."""
        return [
            row.body()
            for row in self.rows
            if (organisation is None or row.organisation == organisation)
            and (since is None or row.at >= since)
        ]

    def clear(self) -> None:
        """Forget the rows; the counts go on."""
        self.rows.clear()
