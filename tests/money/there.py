"""A provider in this process, and our connector's side of it: no database, no broker, no socket.

What goes to the simulator are the bytes that the connector packs, through the door that a real
request takes; what comes back is read by the connector. The facts, accounts and taxes are those
that the connector reads there.
"""

import asyncio
import json
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from connector_freshbooks.app import provider_for
from connector_freshbooks.settings import FreshbooksSettings
from connector_kit.answers import Accepted, Answered, Candidate, MemberAnswer, Refused, Seen
from connector_kit.auth import ConnectRefused, OAuthClient, Tokens
from connector_kit.exchange import Exchange, Request, Response
from connector_kit.provider import (
    Context,
    FrozenMember,
    FrozenRequest,
    Member,
    Provider,
    Ready,
    WriteCommand,
)
from connector_qbo.app import QBO
from connector_xero.app import XERO
from contracts.commands import RemoteRef
from contracts.connections import Account, RemoteTaxRate
from contracts.ids import CompanyId, ConnectionId, RequestId
from contracts.ids import Provider as ProviderName
from freshbooks_simulator.app import build as build_freshbooks
from office import ConsentForm
from qbo_simulator.app import build as build_qbo
from xero_simulator.app import build as build_xero

T = TypeVar("T")
App = Callable[[MutableMapping[str, Any], Any, Any], Any]

COMPANY = CompanyId(UUID("01920000-0000-7000-8000-000000000001"))
CONNECTION = ConnectionId(UUID("01920000-0000-7000-8000-000000000002"))
_REQUEST = RequestId(UUID("01930000-0000-7000-8000-0000000000ff"))
_CLIENT = OAuthClient("app", "secret", "http://127.0.0.1:9/callback")
_PROVIDERS: dict[ProviderName, Provider] = {
    "qbo": QBO,
    "xero": XERO,
    "freshbooks": provider_for(FreshbooksSettings(item_accounts=False)),
}
_SIMULATORS: dict[ProviderName, Callable[[], App]] = {
    "qbo": build_qbo,
    "xero": build_xero,
    "freshbooks": build_freshbooks,
}


class NotAnsweredError(AssertionError):
    """The provider answered nothing that the connector could read."""


@dataclass
class There:
    """One organisation at a provider, connected; `close` when done."""

    name: ProviderName
    switches: dict[str, object] = field(default_factory=dict[str, object])
    context: Context = field(init=False)
    accounts: tuple[Account, ...] = field(init=False)
    taxes: tuple[RemoteTaxRate, ...] = field(init=False)
    last: Request | None = None
    """The last write that was sent."""

    def __post_init__(self) -> None:
        self.provider = _PROVIDERS[self.name]
        self._app = _SIMULATORS[self.name]()
        self._runner = asyncio.Runner()
        self._bearer: tuple[tuple[str, str], ...] = ()
        self._written = 0
        self._control("PUT", "limits", {"enforced": False})
        self._control("POST", "seed", {"organisation": "Oak"})
        self._control("PUT", "organisation?organisation=Oak", self.switches)
        self._connect()
        accounts = self.drive(self.provider.operations.accounts(self.context)).accounts
        self.accounts = tuple(accounts or ())
        self.taxes = tuple(self.drive(self.provider.operations.tax_rates(self.context)))

    def close(self) -> None:
        self._runner.close()

    def switch(self, **switches: object) -> None:
        """Set the organisation's settings; what was read of it before stays."""
        self._control("PUT", "organisation?organisation=Oak", switches)

    def write(
        self, command: WriteCommand, remote: RemoteRef | None = None
    ) -> tuple[FrozenMember | None, MemberAnswer]:
        """Send what the connector makes of a command; what was frozen, and the answer."""
        operations = self.provider.operations
        member = Member(command, remote)
        [prepared] = self.drive(operations.prepare([member], self.context))
        if not isinstance(prepared, Ready):
            return None, prepared.answer
        self._written += 1
        request_id = RequestId(UUID(int=_REQUEST.int + self._written))
        packed = operations.pack([prepared.member], self.context, request_id)
        if packed.request is None:
            [(_, refused)] = packed.refused
            return None, refused
        self.last = packed.request
        frozen = FrozenRequest(id=request_id, entity=packed.frozen[0].entity, members=packed.frozen)
        response = self.call(packed.request)
        if (wrong := operations.whole(response)) is not None:
            raise NotAnsweredError(wrong, response.body[:500])
        answer = operations.read(frozen, response)
        if not isinstance(answer, Answered):
            raise NotAnsweredError(answer, response.body[:500])
        return packed.frozen[0], answer.members[0]

    def look_up(self, frozen: FrozenMember) -> Candidate:
        """The record as a look-up by what was frozen finds it."""
        [seen] = self.drive(self.provider.operations.look_up([frozen], self.context))
        assert isinstance(seen, Seen), seen
        [found] = seen.candidates
        return found

    def drive(self, exchange: Exchange[T]) -> T:
        """Run an exchange to its end."""
        try:
            request = next(exchange)
            while True:
                request = exchange.send(self.call(request))
        except StopIteration as end:
            found: T = end.value
            return found

    def call(self, request: Request) -> Response:
        """One request as the connector sends it, with the access token."""
        own = () if request.meter == "oauth" else self._bearer
        return self._http(request.method, request.target, (*request.headers, *own), request.body)

    def _connect(self) -> None:
        auth = self.provider.auth
        url = urlsplit(auth.authorize_url(_CLIENT, "", state="s", challenge=None))
        page = self._http("GET", f"{url.path}?{url.query}").body.decode()
        chosen = {"username": "joe", "organisation": "Oak", "decision": "approve"}
        agreed = self._http(
            "POST",
            f"{url.path}?{url.query}",
            (("content-type", "application/x-www-form-urlencoded"),),
            urlencode({**ConsentForm(page).hidden, **chosen}).encode(),
        )
        callback = dict(parse_qsl(urlsplit(agreed.headers["location"]).query))
        request = auth.exchange_code(_CLIENT, callback, verifier=None)
        assert request is not None
        tokens = auth.read_tokens(self.call(request))
        assert isinstance(tokens, Tokens), tokens
        self._bearer = auth.bearer(tokens.access)
        offered = self.drive(auth.organisations(callback))
        assert not isinstance(offered, ConnectRefused), offered
        [one] = offered
        self.context = Context(COMPANY, CONNECTION, one.organisation, one.facts, "simulator")

    def _control(self, method: str, path: str, body: dict[str, object]) -> None:
        said = json.dumps(body, default=str).encode()
        head = (("content-type", "application/json"),)
        answer = self._http(method, f"/_sim/{path}", head, said)
        assert answer.status == 200, answer.body

    def _http(
        self,
        method: str,
        target: str,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
    ) -> Response:
        path, _, query = target.partition("?")
        said: list[MutableMapping[str, Any]] = []
        scope: MutableMapping[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [
                (b"host", b"there"),
                *((name.lower().encode(), value.encode()) for name, value in headers),
            ],
        }

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            said.append(message)

        self._runner.run(self._app(scope, receive, send))
        heads: list[tuple[bytes, bytes]] = said[0]["headers"]
        return Response(
            said[0]["status"],
            {name.decode().lower(): value.decode() for name, value in heads},
            b"".join(part.get("body", b"") for part in said[1:]),
        )


def accepted(answer: MemberAnswer) -> Accepted:
    assert isinstance(answer, Accepted), answer
    return answer


def refused(answer: MemberAnswer) -> Refused:
    assert isinstance(answer, Refused), answer
    return answer
