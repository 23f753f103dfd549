"""The addresses an OAuth client uses, and the page a person agrees on."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qs, urlencode, urlsplit

from qbo_simulator.grants import (
    ACCESS_SECONDS,
    REFRESH_SECONDS,
    Grant,
    Issued,
    TokenRefusedError,
)
from qbo_simulator.oauth import identity
from qbo_simulator.settings import Settings
from qbo_simulator.templating import render
from qbo_simulator.wire import JsonObject, UnreadableError, as_object, parse, text, words
from qbo_simulator.wire_http import HTML, Answer, Call, answer_json
from qbo_simulator.world import World

AUTHORIZE = "/connect/oauth2"
TOKEN = "/oauth2/v1/tokens/bearer"  # noqa: S105 -- an address
REVOKE = "/v2/oauth2/tokens/revoke"
USERINFO = "/v1/openid_connect/userinfo"
JWKS = "/op/v1/jwks"
DISCOVERY = (
    "/.well-known/openid_sandbox_configuration",
    "/.well-known/openid_configuration",
)
PATHS = (AUTHORIZE, TOKEN, REVOKE, USERINFO, JWKS, *DISCOVERY)
SCOPES = words(
    "com.intuit.quickbooks.accounting com.intuit.quickbooks.payment openid profile email "
    "phone address"
)
_HIDDEN = ("client_id", "response_type", "scope", "redirect_uri", "state")


class OAuth:
    """Answers the OAuth addresses."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handle(self, call: Call) -> Answer:
        """Do what is asked and answer it."""
        path = call.path.rstrip("/")
        match call.method, path:
            case "GET", _ if path in DISCOVERY:
                return answer_json(200, discovery(call.base_url))
            case "GET", "/connect/oauth2":
                return self._form(call.query)
            case "POST", "/connect/oauth2":
                return self._decided(form(call.body))
            case "POST", "/oauth2/v1/tokens/bearer":
                return self._token(call)
            case "POST", "/v2/oauth2/tokens/revoke":
                return self._revoke(call)
            case "GET", "/v1/openid_connect/userinfo":
                return self._userinfo(call)
            case "GET", "/op/v1/jwks":
                return answer_json(200, identity.jwks())
            case _:
                return Answer(405, b"", headers={"Allow": "GET, POST"})

    def realm_of(self, call: Call) -> str:
        """The organisation a token request is about; empty if it can't be told."""
        fields = form(call.body)
        if code := self._world.grants.code(fields.get("code", "")):
            return code.realm
        token = fields.get("refresh_token", "") or _token_in(call)
        grant = self._world.grants.holder(token) if token else None
        return grant.realm if grant else ""

    # --- consent

    def _form(self, asked: dict[str, str], problem: str = "", status: int = 200) -> Answer:
        wrong = _problem(asked)
        if wrong:
            page = render("oauth_error.html", problem=wrong)
            return Answer(400, page, HTML)
        if not set(asked.get("scope", "").split()) or not SCOPES.issuperset(asked["scope"].split()):
            return _back(asked, error="invalid_scope")
        names = sorted(each.name for each in self._world.organisations.values())
        hidden = {name: asked.get(name, "") for name in _HIDDEN}
        page = render(
            "consent.html",
            hidden=hidden,
            organisations=names,
            scopes=asked["scope"].split(),
            username=asked.get("username", ""),
            organisation=asked.get("organisation", ""),
            problem=problem,
        )
        return Answer(status, page, HTML)

    def _decided(self, fields: dict[str, str]) -> Answer:
        if wrong := _problem(fields):
            return Answer(400, render("oauth_error.html", problem=wrong), HTML)
        decision = fields.get("decision", "")
        if decision == "deny":
            return _back(fields, error="access_denied")
        if decision != "approve":
            return self._form(fields, "Choose Approve or Deny.", 400)
        chosen = fields.get("organisation", "").strip()
        if not chosen:
            return self._form(fields, "Choose an organisation, or type a new one's name.", 400)
        if not SCOPES.issuperset(fields.get("scope", "").split()):
            return _back(fields, error="invalid_scope")
        organisation = self._world.open(chosen)
        code = self._world.grants.consent(
            fields["client_id"],
            organisation.realm,
            fields.get("scope", ""),
            fields.get("username", "").strip() or "user",
            fields["redirect_uri"],
            organisation.settings.code_lifetime_seconds,
        )
        return _back(fields, code=code, realmId=organisation.realm)

    # --- tokens

    def _token(self, call: Call) -> Answer:
        client_id = self._client(call)
        if client_id is None:
            return _refusal("invalid_client", status=401)
        fields = form(call.body)
        kind = fields.get("grant_type", "")
        settings = self._settings(self.realm_of(call))
        grants = self._world.grants
        try:
            if kind == "authorization_code":
                if not fields.get("code"):
                    return _refusal("invalid_request")
                issued = grants.exchange(
                    fields["code"], client_id, fields.get("redirect_uri", ""), settings
                )
            elif kind == "refresh_token":
                if not fields.get("refresh_token"):
                    return _refusal("invalid_request")
                issued = grants.refresh(fields["refresh_token"], client_id, settings)
            else:
                return _refusal("unsupported_grant_type" if kind else "invalid_request")
        except TokenRefusedError as refused:
            return _invalid_grant(refused, settings)
        return answer_json(200, self._issued(call, issued), Cache_Control="no-cache, no-store")

    def _issued(self, call: Call, issued: Issued) -> JsonObject:
        grant = issued.grant
        body: JsonObject = {
            "token_type": "bearer",
            "access_token": issued.access_token,
            "refresh_token": grant.refresh_token,
            "expires_in": ACCESS_SECONDS,
            "x_refresh_token_expires_in": min(REFRESH_SECONDS, issued.hard_seconds),
        }
        if call.headers.get("x-include-refresh-token-hard-expires-in", "").casefold() == "true":
            body["x_refresh_token_hard_expires_in"] = issued.hard_seconds
        if "openid" in grant.scope.split():
            body["id_token"] = identity.id_token(
                issuer(call.base_url),
                grant.client_id,
                grant.user,
                grant.realm,
                self._world.clock.now(),
            )
        return body

    def _revoke(self, call: Call) -> Answer:
        if self._client(call) is None:
            return _refusal("invalid_client", status=401)
        token = _token_in(call)
        grant: Grant | None = self._world.grants.holder(token) if token else None
        if grant is None or grant.revoked:
            status = self._settings(grant.realm if grant else "").revoke_unknown_status
            return _refusal("invalid_request", status=status) if status == 400 else Answer(200)
        self._world.grants.revoke(grant)
        return Answer(200)

    def _userinfo(self, call: Call) -> Answer:
        _, _, token = call.headers.get("authorization", "").partition(" ")
        grant, why = self._world.grants.bearer(token.strip())
        if grant is None or "openid" not in grant.scope.split():
            return answer_json(401, {"error": "invalid_token", "error_description": why})
        return answer_json(200, identity.userinfo(grant.user))

    def _client(self, call: Call) -> str | None:
        """The client id of the Basic header; None if it or its secret isn't right."""
        scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
        try:
            pair = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        client_id, _, secret = pair.partition(":")
        if scheme.casefold() != "basic" or not client_id or not secret:
            return None
        known = self._world.clients
        if known and known.get(client_id) != secret:
            return None
        return client_id

    def _settings(self, realm: str) -> Settings:
        organisation = self._world.organisations.get(realm)
        return organisation.settings if organisation else self._world.defaults


def issuer(base_url: str) -> str:
    """`iss` of id tokens and of the discovery document."""
    return f"{base_url}/op/v1"


def discovery(base_url: str) -> JsonObject:
    """The discovery document: every address an OAuth library needs."""
    return {
        "issuer": issuer(base_url),
        "authorization_endpoint": base_url + AUTHORIZE,
        "token_endpoint": base_url + TOKEN,
        "userinfo_endpoint": base_url + USERINFO,
        "revocation_endpoint": base_url + REVOKE,
        "jwks_uri": base_url + JWKS,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }


def form(body: bytes) -> dict[str, str]:
    """The fields of a form; the last of a repeated one counts."""
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


def _token_in(call: Call) -> str:
    if "json" in call.headers.get("content-type", ""):
        try:
            return text(as_object(parse(call.body)).get("token"))
        except UnreadableError:
            return ""
    return form(call.body).get("token", "")


def _problem(asked: dict[str, str]) -> str:
    if not asked.get("client_id"):
        return "The client_id query parameter is missing: say which app asks."
    if asked.get("response_type") != "code":
        return "The response_type query parameter must be code."
    address = urlsplit(asked.get("redirect_uri", ""))
    if address.scheme not in ("http", "https") or not address.netloc:
        return "The redirect_uri query parameter must be a whole http or https address."
    return ""


def _back(asked: dict[str, str], **found: str) -> Answer:
    """To the app's own address with the outcome in the query."""
    state = {"state": asked["state"]} if asked.get("state") else {}
    address = asked["redirect_uri"]
    mark = "&" if urlsplit(address).query else "?"
    location = f"{address}{mark}{urlencode(found | state)}"
    return Answer(303, b"", HTML, {"Location": location})


def _refusal(error: str, *, status: int = 400, description: str = "") -> Answer:
    body: JsonObject = {"error": error}
    if description:
        body = {"error_description": description, "error": error}
    return answer_json(status, body)


def _invalid_grant(refused: TokenRefusedError, settings: Settings) -> Answer:
    if refused.why == "client":
        return _refusal("invalid_grant", description="Incorrect Token type or clientID")
    if refused.why == "code" or settings.invalid_grant_body == "bare":
        return _refusal("invalid_grant")
    return _refusal("invalid_grant", description="Incorrect or invalid refresh token")
