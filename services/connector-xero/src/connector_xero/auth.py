"""How Xero differs in authentication.

HTTP Basic at the token endpoint, one token for every organisation that a person has connected,
organisations asked for afterwards, refresh tokens that change with every refresh. Everything
stateful is the kit's. https://developer.xero.com/documentation/guides/oauth2/auth-flow/
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from connector_kit.auth import (
    AppRefused,
    ConnectRefused,
    GrantDead,
    OAuthClient,
    OrganisationOffered,
    TokenAnswer,
    Tokens,
    TokensAway,
)
from connector_kit.exchange import Exchange, Request, Response, form
from connector_kit.provider import OrganisationRead
from contracts.ids import RemoteId
from contracts.sync import CauseInstance, ProviderDetails
from pydantic import BaseModel, ConfigDict, ValidationError

from connector_xero.bodies import NotRead, Unreadable, fields_of, read_connections
from connector_xero.provider import (
    AUTHORIZE_PATH,
    CONNECTIONS_PATH,
    SCOPES,
    TOKEN_PATH,
    USER_PATH,
)
from connector_xero.wire import Connection

_JSON = (("accept", "application/json"),)


class _TokenBody(BaseModel):
    model_config = ConfigDict(extra="ignore")

    access_token: str
    refresh_token: str
    expires_in: float
    scope: str | None = None


@dataclass(frozen=True)
class XeroAuth:
    """The `Auth` of Xero. `organisation` reads the organisation with this tenant id."""

    organisation: Callable[[RemoteId], Exchange[OrganisationRead | NotRead]]

    def authorize_url(
        self, client: OAuthClient, authorize_base: str, *, state: str, challenge: str | None
    ) -> str:
        query = {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": client.redirect_uri,
            "scope": " ".join(SCOPES),
            "state": state,
        }
        return f"{authorize_base}{AUTHORIZE_PATH}?{urlencode(query)}"

    def declined(self, callback: Mapping[str, str]) -> bool:
        """Standard OAuth; how Xero itself words it is unconfirmed."""
        return callback.get("error") == "access_denied"

    def exchange_code(
        self, client: OAuthClient, callback: Mapping[str, str], *, verifier: str | None
    ) -> Request | None:
        code = callback.get("code")
        if not code:
            return None
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uri,
        }
        return _with_basic(client, form("POST", TOKEN_PATH, fields, host="oauth"))

    def refresh(self, client: OAuthClient, refresh_token: str) -> Request:
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return _with_basic(client, form("POST", TOKEN_PATH, fields, host="oauth"))

    def read_tokens(self, response: Response) -> TokenAnswer:
        if response.status == 200:
            try:
                body = _TokenBody.model_validate_json(response.body)
            except ValidationError:
                return TokensAway(_details(response, None))
            return Tokens(
                access=body.access_token,
                refresh=body.refresh_token,
                access_expires_in=body.expires_in,
                scopes=tuple(body.scope.split()) if body.scope is not None else None,
            )
        error = fields_of(response.body).get("error")
        match response.status, error:
            case 400 | 401, "invalid_grant":
                return GrantDead(_details(response, error))
            case 400 | 401, "invalid_client" | "unauthorized_client":
                return AppRefused(_details(response, error))
            case _:
                return TokensAway(_details(response, error))

    def bearer(self, access_token: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {access_token}"),)

    def organisations(
        self, callback: Mapping[str, str]
    ) -> Exchange[list[OrganisationOffered] | ConnectRefused]:
        """All organisations the person has connected to our app, the latest first.

        A token reaches them all, not only those of this consent; practices aren't books. The grant
        is the person's, so that whoever stands behind several organisations has one set of tokens.
        One that can't be read is asked once more; without its answer nothing is offered: the rest
        might look like the only one there is.
        """
        response = yield Request(
            method="GET", path=USER_PATH, headers=_JSON, host="oauth", meter="connections"
        )
        person = fields_of(response.body).get("sub")
        if response.status != 200 or not person:
            return ConnectRefused("permission_missing")
        connections = yield from _connections()
        if connections is None:
            return ConnectRefused("provider_down")
        offered: list[OrganisationOffered] = []
        for connection in connections:
            read = yield from self._read(RemoteId(connection.tenant_id))
            if isinstance(read, NotRead) and not read.refused:
                return ConnectRefused("provider_down")
            if isinstance(read, OrganisationRead):
                one = OrganisationOffered(
                    read.organisation, read.facts, subject=person, attachment=connection.id
                )
                offered.append(one)
        if connections and not offered:
            return ConnectRefused("permission_missing")
        return offered

    def _read(self, tenant: RemoteId) -> Exchange[OrganisationRead | NotRead]:
        read = yield from self.organisation(tenant)
        if isinstance(read, NotRead) and not read.refused:
            read = yield from self.organisation(tenant)
        return read

    def detach(
        self,
        client: OAuthClient,
        refresh_token: str,
        last: bool,
        attachment: str | None = None,
    ) -> Request | None:
        """The connection and no other. Never a revocation: it ends every connection of that person,
        also one that is being made at this moment.

        https://developer.xero.com/documentation/guides/oauth2/tenants/
        """
        if attachment is None:
            return None
        return Request(
            method="DELETE",
            path=f"{CONNECTIONS_PATH}/{quote(attachment, safe='')}",
            headers=_JSON,
            meter="connections",
        )

    def dead_cause(self, details: ProviderDetails) -> CauseInstance:
        """`invalid_grant` is all it ever says. An organisation that disconnected us is a 403."""
        return CauseInstance(code="connection_expired", details=details)


def _connections() -> Exchange[list[Connection] | None]:
    """The person's connections to organisations, the latest first; None if they can't be read."""
    response = yield Request(
        method="GET", path=CONNECTIONS_PATH, headers=_JSON, meter="connections"
    )
    try:
        found = read_connections(response.body) if response.status == 200 else None
    except Unreadable:
        found = None
    if found is None:
        return None
    books = [each for each in found if each.tenant_type == "ORGANISATION"]
    return sorted(books, key=lambda each: each.updated, reverse=True)


def _with_basic(client: OAuthClient, request: Request) -> Request:
    pair = b64encode(f"{client.id}:{client.secret}".encode()).decode()
    return replace(request, headers=(("authorization", f"Basic {pair}"), *request.headers))


def _details(response: Response, error: str | None) -> ProviderDetails:
    """The error's code; never a body that might hold a token."""
    return ProviderDetails(
        provider_code=error or str(response.status),
        trace_id=response.header("xero-correlation-id"),
    )
