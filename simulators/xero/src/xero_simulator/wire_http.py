"""A request and an answer, as the provider's own paths see them."""

from __future__ import annotations

from dataclasses import dataclass, field

from xero_simulator.wire import Json, dumps

JSON = "application/json; charset=utf-8"
TOKEN_JSON = "application/json; charset=UTF-8"  # noqa: S105 -- a media type
PLAIN_JSON = "application/json"
XML = "text/xml; charset=utf-8"
HTML = "text/html; charset=utf-8"
NO_MEDIA = ""
"""An answer without a Content-Type."""


@dataclass(slots=True)
class Call:
    """A request, whole. Header names are in lower case; the last of a repeated one counts."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    target: str = ""
    """Path and query as they were sent."""

    @property
    def base_url(self) -> str:
        """Where the client reached us, for addresses we hand out."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    def asked(self, name: str) -> str:
        """A query parameter by its name, upper and lower case alike; empty if it isn't there."""
        if name in self.query:
            return self.query[name]
        folded = name.casefold()
        for given, value in self.query.items():
            if given.casefold() == folded:
                return value
        return ""


@dataclass(slots=True)
class Answer:
    """An answer; `records` and `broke_limit` are for the request log."""

    status: int
    body: bytes = b""
    media: str = JSON
    headers: dict[str, str] = field(default_factory=dict[str, str])
    records: int = 0
    broke_limit: str | None = None


def answer_json(status: int, body: Json, media: str = JSON) -> Answer:
    """A JSON answer."""
    return Answer(status, dumps(body), media)
