"""A connector's operations on the wire, without the kit: requests to the simulator and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

import httpx
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
    Provider,
    Ready,
)
from contracts.ids import RequestId

from connector_conformance.commands import IDS, Company

T = TypeVar("T")

CLIENT = OAuthClient(id="app", secret="secret", redirect_uri="http://127.0.0.1:1/callback")


@dataclass(frozen=True)
class Wire:
    """A provider's operations, and the simulator that stands for it."""

    provider: Provider
    http: httpx.AsyncClient
    url: str

    async def send(self, request: Request, token: str | None = None) -> Response:
        """One request as it is, signed in if there is an access token."""
        headers = [*request.headers, *(self.provider.auth.bearer(token) if token else ())]
        answer = await self.http.request(
            request.method, f"{self.url}{request.target}", headers=headers, content=request.body
        )
        lowered = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, lowered, answer.content)

    async def run(self, exchange: Exchange[T], tokens: Tokens) -> T:
        """All of an exchange; none of its requests may be refused as a whole."""
        try:
            request = next(exchange)
            while True:
                response = await self.send(request, tokens.access)
                assert self.provider.operations.whole(response) is None, response
                request = exchange.send(response)
        except StopIteration as end:
            return cast("T", end.value)

    async def consent(self, name: str, decision: str = "approve") -> dict[str, str]:
        """The callback's parameters after a person has decided on the consent page.

        Each organisation has a user of its own: what one user agreed to is offered together.
        """
        address = self.provider.auth.authorize_url(CLIENT, self.url, state="st", challenge=None)
        page = await self.http.get(address)
        assert page.status_code == 200
        asked = dict(parse_qsl(urlsplit(address).query))
        chosen = {"username": f"{name} owner", "organisation": name, "decision": decision}
        back = await self.http.post(address.partition("?")[0], data={**asked, **chosen})
        assert back.status_code in (302, 303), back.text
        return dict(parse_qsl(urlsplit(back.headers["location"]).query))

    async def connect(self, name: str) -> "Speaker":
        """Consent to this organisation, exchange the code and read the company."""
        auth = self.provider.auth
        callback: Mapping[str, str] = await self.consent(name)
        request = auth.exchange_code(CLIENT, callback, verifier=None)
        assert request is not None
        tokens = auth.read_tokens(await self.send(request))
        assert isinstance(tokens, Tokens)
        offered = await self.run(auth.organisations(callback), tokens)
        assert not isinstance(offered, ConnectRefused)
        (one,) = offered
        company = Company(self.provider.name)
        context = Context(
            company_id=company.id,
            connection_id=company.connection,
            organisation=one.organisation,
            facts=one.facts,
            environment="simulator",
            base_urls={"api": self.url},
        )
        return Speaker(self, company, context, tokens)


@dataclass(frozen=True)
class Speaker:
    """One connection on the wire."""

    wire: Wire
    company: Company
    context: Context
    tokens: Tokens

    async def run(self, exchange: Exchange[T]) -> T:
        return await self.wire.run(exchange, self.tokens)

    async def send(self, request: Request) -> Response:
        return await self.wire.send(request, self.tokens.access)

    async def write(
        self, *members: Member, key: RequestId | None = None
    ) -> tuple[Sequence[FrozenMember], RequestAnswer]:
        """Prepare, pack, send and read; every member must be ready and none refused."""
        operations = self.wire.provider.operations
        prepared: Sequence[Prepared] = await self.run(operations.prepare(members, self.context))
        ready = [each.member for each in prepared if isinstance(each, Ready)]
        assert len(ready) == len(members), prepared
        request_id = key or RequestId(IDS.new())
        packed = operations.pack(ready, self.context, request_id)
        return packed.frozen, await self.sent(packed, request_id)

    async def sent(self, packed: Packed, request_id: RequestId | None = None) -> RequestAnswer:
        """Send what was packed, none refused, and read it."""
        operations = self.wire.provider.operations
        assert packed.refused == ()
        assert packed.request is not None
        response = await self.send(packed.request)
        whole = operations.whole(response)
        if whole is not None:
            return whole
        request_id = request_id or RequestId(IDS.new())
        request = FrozenRequest(request_id, packed.frozen[0].entity, packed.frozen)
        return operations.read(request, response)

    async def answers(self, *members: Member) -> tuple[MemberAnswer, ...]:
        _, answer = await self.write(*members)
        assert isinstance(answer, Answered), answer
        return answer.members

    async def look(self, *frozen: FrozenMember) -> Sequence[Sighting]:
        return await self.run(self.wire.provider.operations.look_up(list(frozen), self.context))
