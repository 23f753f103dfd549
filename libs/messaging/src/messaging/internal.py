"""HTTP between services: who asks is in a signed header, and a peer that is away is an answer too.

A header is good for 60 s and names a company (or `*` for a service's own feeds), the person on
whose behalf it is, if any, and their role.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import httpx
from contracts.ids import CompanyId, UserId

from messaging.clock import Clock
from messaging.signing import NotSigned, key_from_hex, seal, unseal
from messaging.tickets import Ticket, make_ticket, read_ticket

__all__ = [
    "ANY_COMPANY",
    "HEADER",
    "Answer",
    "Caller",
    "InternalClient",
    "NotSigned",
    "PeerAway",
    "Ticket",
    "key_from_hex",
    "make_ticket",
    "read_ticket",
    "sign",
    "verify",
]

HEADER = "X-Internal"
VALID_SECONDS = 60
TIMEOUT_SECONDS = 5.0
ANY_COMPANY: Literal["*"] = "*"

_PURPOSE = "internal-call"


@dataclass(frozen=True)
class Caller:
    """On whose behalf a request is made."""

    company: CompanyId | Literal["*"]
    user: UserId | None
    role: str


def sign(
    key: bytes,
    *,
    company: CompanyId | Literal["*"],
    user: UserId | None = None,
    role: str,
    now: datetime,
) -> dict[str, str]:
    """The header that says so, for 60 s from `now` (aware)."""
    claims = {
        "company": str(company),
        "user": None if user is None else str(user),
        "role": role,
    }
    return {HEADER: seal(key, _PURPOSE, claims, now)}


def verify(key: bytes, header: str | None, now: datetime) -> Caller:
    """Who the value of `X-Internal` says is calling.

    Raises:
        NotSigned: it is missing, forged, changed, older than 60 s or of the future.
    """
    claims = unseal(key, _PURPOSE, header, now, valid_seconds=VALID_SECONDS)
    try:
        company, user, role = claims["company"], claims["user"], claims["role"]
        return Caller(
            company=ANY_COMPANY if company == ANY_COMPANY else CompanyId(UUID(company)),
            user=None if user is None else UserId(UUID(user)),
            role=role or "",
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NotSigned(f"not a header of this release: {error}") from None


class PeerAway(Exception):  # noqa: N818  (a fact about the peer, named as callers catch it)
    """The other service can't be reached, doesn't answer in time, or answers 5xx.

    Whether it did what was asked isn't known.
    """


class _StatusAndText(NamedTuple):
    status: int
    text: str


class Answer(_StatusAndText):
    """What the peer said: `status, text = await client.get(…)`; `etag` stands beside it."""

    etag: str | None

    def __new__(cls, status: int, text: str, etag: str | None = None) -> "Answer":
        made = super().__new__(cls, status, text)
        made.etag = etag
        return made

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class InternalClient:
    """Calls one other service under `base_url`. Redirects aren't followed, nothing is repeated.

    All calls raise `PeerAway`; every other answer below 500 is returned, whatever its status.
    """

    def __init__(self, base_url: str, key: bytes, clock: Clock, http: httpx.AsyncClient) -> None:
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._clock = clock
        self._http = http

    async def get(
        self,
        path: str,
        *,
        company: CompanyId | Literal["*"],
        user: UserId | None = None,
        role: str = "service",
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """`path` begins with a slash."""
        return await self._send("GET", path, company, user, role, params=params)

    async def post(
        self,
        path: str,
        body: str = "{}",
        *,
        company: CompanyId | Literal["*"],
        user: UserId | None = None,
        role: str = "service",
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """`body` is JSON text: `model.model_dump_json()`."""
        return await self._send("POST", path, company, user, role, params=params, body=body)

    async def put(
        self,
        path: str,
        body: str,
        *,
        company: CompanyId | Literal["*"],
        user: UserId | None = None,
        role: str = "service",
        params: Mapping[str, str] | None = None,
        if_match: str | None = None,
    ) -> Answer:
        """As `post`; `if_match` is the ETag of the state this change was made for."""
        return await self._send(
            "PUT", path, company, user, role, params=params, body=body, if_match=if_match
        )

    async def _send(
        self,
        method: str,
        path: str,
        company: CompanyId | Literal["*"],
        user: UserId | None,
        role: str,
        *,
        params: Mapping[str, str] | None = None,
        body: str | None = None,
        if_match: str | None = None,
    ) -> Answer:
        headers = sign(self._key, company=company, user=user, role=role, now=self._clock.now())
        if body is not None:
            headers["Content-Type"] = "application/json"
        if if_match is not None:
            headers["If-Match"] = if_match
        try:
            response = await self._http.request(
                method,
                f"{self._base_url}{path}",
                params=dict(params or {}),
                content=body,
                headers=headers,
                timeout=TIMEOUT_SECONDS,
                follow_redirects=False,
            )
        except httpx.TransportError as error:
            raise PeerAway(f"{method} {path}: {type(error).__name__}") from error
        if response.status_code >= 500:
            raise PeerAway(f"{method} {path}: answered {response.status_code}")
        return Answer(response.status_code, response.text, response.headers.get("ETag"))
