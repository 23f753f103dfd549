"""The orchestrator's internal interface: settings, mapping, history and people's commands.

It may be away: every call then ends within seconds in a 503 Problem, never in a hang.
"""

import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from contracts.ids import CompanyId, UserId
from fastapi import Depends, Request
from messaging.internal import Answer, InternalClient, PeerAway
from telemetry.logs import get_logger

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import FieldError, Problem

_PREFIX = "/internal/v1"
_LOG = get_logger(__name__)


@dataclass(frozen=True)
class Principal:
    """For whom a call is made."""

    company: CompanyId
    user: UserId | None
    role: str


def principal_of(caller: Caller) -> Principal:
    return Principal(caller.company.id, caller.user_id, caller.role)


@dataclass(frozen=True)
class PeerAnswer:
    """An answer that isn't an error: its status, its JSON text and its version."""

    status: int
    text: str
    etag: str | None

    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.etag is None else {"ETag": self.etag}


class Orchestrator:
    """Calls under `/internal/v1`, signed for a company and a person.

    Every call raises a Problem: the orchestrator's own refusal as it is, or 503
    `orchestrator_away`.
    """

    def __init__(self, client: InternalClient) -> None:
        self._client = client

    async def get(
        self, principal: Principal, path: str, params: Mapping[str, str] | None = None
    ) -> PeerAnswer:
        return await self._answer(
            path,
            self._client.get(
                _PREFIX + path,
                company=principal.company,
                user=principal.user,
                role=principal.role,
                params=params,
            ),
        )

    async def post(
        self,
        principal: Principal,
        path: str,
        body: str,
        params: Mapping[str, str] | None = None,
    ) -> PeerAnswer:
        return await self._answer(
            path,
            self._client.post(
                _PREFIX + path,
                body,
                company=principal.company,
                user=principal.user,
                role=principal.role,
                params=params,
            ),
        )

    async def put(
        self, principal: Principal, path: str, body: str, if_match: str | None = None
    ) -> PeerAnswer:
        return await self._answer(
            path,
            self._client.put(
                _PREFIX + path,
                body,
                company=principal.company,
                user=principal.user,
                role=principal.role,
                if_match=if_match,
            ),
        )

    async def _answer(self, path: str, calling: Awaitable[Answer]) -> PeerAnswer:
        try:
            answer = await calling
        except PeerAway as error:
            _LOG.warning("orchestrator_away", path=path, error=str(error))
            raise away() from error
        if not answer.ok:
            raise _refusal(path, answer)
        return PeerAnswer(answer.status, answer.text, answer.etag)


def away() -> Problem:
    return Problem(
        503,
        "orchestrator_away",
        "Can't be done right now",
        "The part of us that syncs isn't answering. Nothing is lost; please try again in a moment.",
        headers={"Retry-After": "5"},
    )


def _refusal(path: str, answer: Answer) -> Problem:
    """The orchestrator's problem, passed on; what it says of our signature is our defect."""
    try:
        parsed: object = json.loads(answer.text)
    except ValueError:
        parsed = None
    said = cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}
    code = said.get("code")
    if answer.status == 401 or not isinstance(code, str):
        _LOG.error("orchestrator_refused", path=path, status=answer.status, code=code)
        return away()
    errors = cast("list[dict[str, Any]]", said.get("errors") or [])
    return Problem(
        answer.status,
        code,
        str(said.get("title", "Refused")),
        str(said.get("detail", "")),
        errors=[FieldError(str(e.get("field", "")), str(e.get("message", ""))) for e in errors],
    )


async def orchestrator_of(request: Request) -> Orchestrator:
    return cast("Orchestrator", request.app.state.orchestrator)


TheOrchestrator = Annotated[Orchestrator, Depends(orchestrator_of)]
