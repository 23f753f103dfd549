"""How FreshBooks differs in authentication.

Client id and secret in the body, a refresh token that is good once, and organisations only from
users/me. Everything stateful is the kit's. https://www.freshbooks.com/api/authentication
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
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
from contracts.causes import cause_of
from contracts.sync import CauseInstance, ProviderDetails
from pydantic import BaseModel, ConfigDict, ValidationError

from connector_freshbooks.provider import AUTHORIZE_PATH, REVOKE_PATH, SCOPES, TOKEN_PATH


class _TokenBody(BaseModel):
    model_config = ConfigDict(extra="ignore")

    access_token: str
    refresh_token: str
    expires_in: float
    created_at: float | None = None
    scope: str | None = None


class _ErrorBody(BaseModel):
    model_config = ConfigDict(extra="ignore")

    error: str
    error_description: str | None = None


@dataclass(frozen=True)
class FreshbooksAuth:
    """The `Auth` of FreshBooks. `offered` reads which businesses a consent reaches."""

    offered: Callable[[], Exchange[list[OrganisationOffered] | ConnectRefused]]

    def authorize_url(
        self, client: OAuthClient, authorize_base: str, *, state: str, challenge: str | None
    ) -> str:
        query = {
            "client_id": client.id,
            "response_type": "code",
            "redirect_uri": client.redirect_uri,
            "scope": " ".join(SCOPES),
            "state": state,
        }
        if challenge is not None:
            query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        return f"{authorize_base}{AUTHORIZE_PATH}?{urlencode(query)}"

    def declined(self, callback: Mapping[str, str]) -> bool:
        return callback.get("error") == "access_denied"

    def exchange_code(
        self, client: OAuthClient, callback: Mapping[str, str], *, verifier: str | None
    ) -> Request | None:
        code = callback.get("code")
        if not code:
            return None
        fields = {"grant_type": "authorization_code", "code": code}
        if verifier is not None:
            fields["code_verifier"] = verifier
        return _with_client(client, TOKEN_PATH, fields)

    def refresh(self, client: OAuthClient, refresh_token: str) -> Request:
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return _with_client(client, TOKEN_PATH, fields)

    def read_tokens(self, response: Response) -> TokenAnswer:
        if response.status == 200:
            try:
                body = _TokenBody.model_validate_json(response.body)
            except ValidationError:
                return TokensAway(_details(response, None))
            return Tokens(
                access=body.access_token,
                refresh=body.refresh_token,
                access_expires_in=_lifetime(body, response),
                scopes=tuple(body.scope.split()) if body.scope is not None else None,
            )
        try:
            error = _ErrorBody.model_validate_json(response.body)
        except ValidationError:
            return TokensAway(_details(response, None))
        match response.status, error.error:
            case 400 | 401, "invalid_grant":
                return GrantDead(_details(response, error))
            case 400 | 401 | 403, "invalid_client" | "unauthorized_client":
                return AppRefused(_details(response, error))
            case _:
                return TokensAway(_details(response, error))

    def bearer(self, access_token: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {access_token}"),)

    def organisations(
        self, callback: Mapping[str, str]
    ) -> Exchange[list[OrganisationOffered] | ConnectRefused]:
        """The callback names no business: users/me does."""
        return self.offered()

    def detach(
        self,
        client: OAuthClient,
        refresh_token: str,
        last: bool,
        attachment: str | None = None,
    ) -> Request | None:
        """Revoking ends the whole consent, so only the last connection of it does."""
        return _with_client(client, REVOKE_PATH, {"token": refresh_token}) if last else None

    def dead_cause(self, details: ProviderDetails) -> CauseInstance:
        """`invalid_grant` is all it ever says: access removed, or the token used up."""
        return cause_of("connection_expired", details=details)


def _with_client(client: OAuthClient, path: str, fields: Mapping[str, str]) -> Request:
    secret = {"client_id": client.id, "client_secret": client.secret}
    whom = secret if path == REVOKE_PATH else {**secret, "redirect_uri": client.redirect_uri}
    return form("POST", path, {**whom, **fields}, host="oauth")


def _lifetime(body: _TokenBody, response: Response) -> float:
    """Seconds until the access token ends, which is at `created_at + expires_in`: a refresh may
    answer the original `created_at`. The answer's own Date is the only clock of theirs we have.

    https://github.com/InfiniteRoomLabs/freshbooks-tools (docs/authentication.md)
    """
    if body.created_at is None:
        return body.expires_in
    try:
        now = parsedate_to_datetime(response.header("date") or "").timestamp()
    except ValueError:
        return body.expires_in
    return max(0.0, min(body.expires_in, body.created_at + body.expires_in - now))


def _details(response: Response, error: _ErrorBody | None) -> ProviderDetails:
    """The error's code and words; never a body that might hold a token."""
    return ProviderDetails(
        provider_code=error.error if error else str(response.status),
        provider_message=error.error_description if error else None,
        trace_id=response.header("x-request-id"),
    )
