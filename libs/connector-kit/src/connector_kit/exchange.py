"""Requests and responses as plain data, so that operations stay pure.

A provider folder makes `Request`s and reads `Response`s; it never sends one. Where one step needs
several exchanges it is an `Exchange`: a generator that yields each request, receives its response
and returns what it found. The kit drives it: it adds the access token, waits for the budget, and
deals with 401, 429 and outages itself (see `Operations.whole`), so that a generator only ever
receives responses in which the provider answered what it was asked.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")

Method = Literal["GET", "POST", "PUT", "DELETE"]


@dataclass(frozen=True)
class Request:
    """One HTTP request, exactly as it goes out, less the access token.

    `host` names one of `Provider.hosts`; `path` starts with a slash and is already percent-encoded.
    `meter` and `units` say what it costs: the regime of `Provider` translates them into limits.
    `headers` and `body` may hold secrets (token requests) or names of customers: neither is shown
    by `repr`.
    """

    method: Method
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    host: str = "api"
    meter: str = "read"
    units: int = 1

    @property
    def target(self) -> str:
        """Path and encoded query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass(frozen=True)
class Response:
    """What came back, whole. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """The header's value; `name` in any case."""
        return self.headers.get(name.lower())


Exchange: TypeAlias = Generator[Request, Response, T]


def form(method: Method, path: str, fields: Mapping[str, str], *, host: str) -> Request:
    """A form-encoded request, as token endpoints take it."""
    return Request(
        method=method,
        path=path,
        headers=(
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "application/json"),
        ),
        body=urlencode(fields).encode(),
        host=host,
        meter="oauth",
    )
