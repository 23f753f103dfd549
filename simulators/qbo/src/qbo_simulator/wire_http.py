"""A request and an answer, as the provider's own paths see them."""

from __future__ import annotations

from dataclasses import dataclass, field

from qbo_simulator.wire import JsonObject, dumps

JSON = "application/json;charset=UTF-8"
XML = "application/xml;charset=UTF-8"
HTML = "text/html;charset=UTF-8"


@dataclass(slots=True)
class Call:
    """A request, whole. Header names are in lower case; the last of a repeated one counts."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def base_url(self) -> str:
        """Where the client reached us, for addresses we hand out."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"


@dataclass(slots=True)
class Answer:
    """An answer; `records` and `broke_limit` are for the request log."""

    status: int
    body: bytes = b""
    media: str = JSON
    headers: dict[str, str] = field(default_factory=dict[str, str])
    records: int = 0
    broke_limit: str | None = None


def answer_json(status: int, body: JsonObject, **headers: str) -> Answer:
    """A JSON answer; underscores in header names become hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, dumps(body), JSON, named)
