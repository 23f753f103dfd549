"""A request and an answer, as the provider's own paths see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl

from freshbooks_simulator.wire import JsonObject, dumps

JSON = "application/json"
JSON_UTF8 = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass
class Call:
    """A request, whole. Header names are in lower case; the last of a repeated one counts."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The query in its order; brackets may come encoded or not."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    @cached_property
    def query(self) -> dict[str, str]:
        """The query; the last of a repeated name counts."""
        return dict(self.pairs)

    @property
    def base_url(self) -> str:
        """Where the client reached us, for addresses we hand out."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    @property
    def token(self) -> str:
        """The bearer token; empty without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.casefold() == "bearer" else ""


@dataclass(slots=True)
class Answer:
    """An answer; `records` and `broke_limit` are for the request log."""

    status: int
    body: bytes = b""
    media: str = JSON
    headers: dict[str, str] = field(default_factory=dict[str, str])
    records: int = 0
    broke_limit: str | None = None


def answer_json(status: int, body: JsonObject, *, media: str = JSON, records: int = 0) -> Answer:
    """A JSON answer."""
    return Answer(status, dumps(body), media, records=records)
