"""The operations on the wire, without the kit: requests to the simulator and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

import httpx
from connector_freshbooks.auth import FreshbooksAuth
from connector_freshbooks.operations import FreshbooksOperations
from connector_freshbooks.operations.organisation import organisations
from connector_kit.answers import Answered, MemberAnswer, RequestAnswer, Sighting
from connector_kit.auth import ConnectRefused, OAuthClient, Tokens
from connector_kit.exchange import Exchange, Request, Response
from connector_kit.provider import (
    Context,
    FrozenMember,
    FrozenRequest,
    Member,
    Packed,
    Prepared,
    Ready,
)
from contracts.ids import RequestId

from .commands import IDS, Company

T = TypeVar("T")

CLIENT = OAuthClient(id="app", secret="secret", redirect_uri="http://127.0.0.1:1/callback")
AUTH = FreshbooksAuth(partial(organisations, accounts=True))
OPERATIONS = FreshbooksOperations(item_accounts=True)


async def exchange_request(
    http: httpx.AsyncClient, url: str, request: Request, token: str | None = None
) -> Response:
    headers = [*request.headers, *(AUTH.bearer(token) if token else ())]
    answer = await http.request(
        request.method, f"{url}{request.target}", headers=headers, content=request.body
    )
    lowered = {name.lower(): value for name, value in answer.headers.items()}
    return Response(answer.status_code, lowered, answer.content)


async def consent(
    http: httpx.AsyncClient, url: str, name: str, decision: str = "approve"
) -> dict[str, str]:
    """The callback's parameters after a person has decided on the consent page."""
    address = AUTH.authorize_url(CLIENT, url, state="st", challenge=None)
    page = await http.get(address)
    assert page.status_code == 200
    asked = dict(parse_qsl(urlsplit(address).query))
    chosen = {"username": f"joe {name}", "organisation": name, "decision": decision}
    back = await http.post(address.partition("?")[0], data={**asked, **chosen})
    assert back.status_code in (302, 303), back.text
    return dict(parse_qsl(urlsplit(back.headers["location"]).query))


@dataclass(frozen=True)
class Speaker:
    """One connection on the wire."""

    http: httpx.AsyncClient
    url: str
    company: Company
    context: Context
    tokens: Tokens

    async def run(self, exchange: Exchange[T]) -> T:
        return await _run(exchange, self.http, self.url, self.tokens)

    async def write(
        self, *members: Member, key: RequestId | None = None
    ) -> tuple[Sequence[FrozenMember], RequestAnswer]:
        """Prepare, pack, send and read; every member must be ready and none refused."""
        prepared: list[Prepared] = await self.run(OPERATIONS.prepare(members, self.context))
        ready = [each.member for each in prepared if isinstance(each, Ready)]
        assert len(ready) == len(members), prepared
        request_id = key or RequestId(IDS.new())
        packed = OPERATIONS.pack(ready, self.context, request_id)
        return packed.frozen, await self.sent(packed)

    async def sent(self, packed: Packed) -> RequestAnswer:
        """Send what was packed, none refused, and read it."""
        assert packed.refused == ()
        assert packed.request is not None
        response = await self._send(packed.request)
        whole = OPERATIONS.whole(response)
        if whole is not None:
            return whole
        request = FrozenRequest(RequestId(IDS.new()), packed.frozen[0].entity, packed.frozen)
        return OPERATIONS.read(request, response)

    async def answers(self, *members: Member) -> tuple[MemberAnswer, ...]:
        _, answer = await self.write(*members)
        assert isinstance(answer, Answered), answer
        return answer.members

    async def look(self, *frozen: FrozenMember) -> list[Sighting]:
        return await self.run(OPERATIONS.look_up(list(frozen), self.context))

    async def _send(self, request: Request) -> Response:
        return await exchange_request(self.http, self.url, request, self.tokens.access)


async def _run(exchange: Exchange[T], http: httpx.AsyncClient, url: str, tokens: Tokens) -> T:
    try:
        request = next(exchange)
        while True:
            response = await exchange_request(http, url, request, tokens.access)
            assert OPERATIONS.whole(response) is None, response
            request = exchange.send(response)
    except StopIteration as end:
        return cast("T", end.value)


async def connect(http: httpx.AsyncClient, url: str, name: str) -> Speaker:
    """Consent to this organisation, exchange the code and read the company."""
    callback: Mapping[str, str] = await consent(http, url, name)
    request = AUTH.exchange_code(CLIENT, callback, verifier=None)
    assert request is not None
    tokens = AUTH.read_tokens(await exchange_request(http, url, request))
    assert isinstance(tokens, Tokens)
    offered = await _run(AUTH.organisations(callback), http, url, tokens)
    assert not isinstance(offered, ConnectRefused)
    (one,) = offered
    company = Company()
    context = Context(
        company_id=company.id,
        connection_id=company.connection,
        organisation=one.organisation,
        facts=one.facts,
        environment="simulator",
        base_urls={"api": url},
    )
    return Speaker(http, url, company, context, tokens)
