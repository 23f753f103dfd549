"""How QuickBooks Online differs in authentication.

HTTP Basic at the token endpoint, the organisation ("realm") only in the callback, refresh tokens
whose value changes about once a day. Everything stateful is the kit's.
https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

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
from contracts.sync import CauseInstance, ProviderDetails
from pydantic import BaseModel, ConfigDict, ValidationError

from connector_qbo.bodies import NotRead
from connector_qbo.provider import AUTHORIZE_PATH, REVOKE_PATH, SCOPES, TOKEN_PATH


class _TokenBody(BaseModel):
    model_config = ConfigDict(extra="ignore")

    access_token: str
    refresh_token: str
    expires_in: float
    x_refresh_token_expires_in: float | None = None


class _ErrorBody(BaseModel):
    model_config = ConfigDict(extra="ignore")

    error: str
    error_description: str | None = None


_REALM = re.compile(r"[0-9]{1,32}")


@dataclass(frozen=True)
class QboAuth:
    """The `Auth` of QuickBooks Online. `organisation` reads the company with this realm."""

    organisation: Callable[[str], Exchange[OrganisationRead | NotRead]]

    def authorize_url(
        self, client: OAuthClient, authorize_base: str, *, state: str, challenge: str | None
    ) -> str:
        query = {
            "client_id": client.id,
            "response_type": "code",
            "scope": " ".join(SCOPES),
            "redirect_uri": client.redirect_uri,
            "state": state,
        }
        return f"{authorize_base}{AUTHORIZE_PATH}?{urlencode(query)}"

    def declined(self, callback: Mapping[str, str]) -> bool:
        return callback.get("error") == "access_denied"

    def exchange_code(
        self, client: OAuthClient, callback: Mapping[str, str], *, verifier: str | None
    ) -> Request | None:
        """None without a code, and without a realm: a consent that names no company is of no use.

        A second exchange of a code would kill the tokens of the first
        (https://github.com/intuit/oauth-jsclient/issues/173): the kit sends it once.
        """
        code = callback.get("code")
        if not code or _realm(callback) is None:
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
                refresh_expires_in=body.x_refresh_token_expires_in,
            )
        try:
            error = _ErrorBody.model_validate_json(response.body)
        except ValidationError:
            return TokensAway(_details(response, None))
        match response.status, error.error:
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
        """The one company that was chosen at consent: `realmId` is nowhere but in the callback."""
        realm = _realm(callback)
        if realm is None:
            return ConnectRefused("no_organisation")
        read = yield from self.organisation(realm)
        if isinstance(read, NotRead):
            return ConnectRefused("permission_missing")
        return [OrganisationOffered(read.organisation, read.facts, subject=realm)]

    def detach(
        self,
        client: OAuthClient,
        refresh_token: str,
        last: bool,
        attachment: str | None = None,
    ) -> Request | None:
        """A grant is one realm's: revoked as a whole, once nothing uses it."""
        if not last:
            return None
        request = Request(
            method="POST",
            path=REVOKE_PATH,
            headers=(("content-type", "application/json"), ("accept", "application/json")),
            body=json.dumps({"token": refresh_token}).encode(),
            host="revoke",
            meter="oauth",
        )
        return _with_basic(client, request)

    def dead_cause(self, details: ProviderDetails) -> CauseInstance:
        """`invalid_grant` is all it ever says, whether the token ran out or access was removed."""
        return CauseInstance(code="connection_expired", details=details)


def _realm(callback: Mapping[str, str]) -> str | None:
    """The realm of the callback. It goes into paths, so it must be the digits it always is."""
    realm = callback.get("realmId", "")
    return realm if _REALM.fullmatch(realm) else None


def _with_basic(client: OAuthClient, request: Request) -> Request:
    pair = b64encode(f"{client.id}:{client.secret}".encode()).decode()
    return replace(request, headers=(("authorization", f"Basic {pair}"), *request.headers))


def _details(response: Response, error: _ErrorBody | None) -> ProviderDetails:
    """The error's code and words; never a body that might hold a token."""
    return ProviderDetails(
        provider_code=error.error if error else str(response.status),
        provider_message=error.error_description if error else None,
        trace_id=response.header("intuit_tid"),
    )
