"""The addresses an OAuth client uses, and the page a person agrees on."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from xero_simulator import jwt
from xero_simulator.grants import (
    ACCESS_SECONDS,
    Asked,
    Grant,
    Issued,
    TokenRefusedError,
)
from xero_simulator.identity.scopes import offered
from xero_simulator.settings import Settings
from xero_simulator.templating import render
from xero_simulator.wire import Json, JsonObject, web_address
from xero_simulator.wire_http import HTML, TOKEN_JSON, Answer, Call, answer_json
from xero_simulator.world import World

AUTHORIZE = "/identity/connect/authorize"
TOKEN = "/connect/token"  # noqa: S105 -- an address
REVOKE = "/connect/revocation"
USERINFO = "/connect/userinfo"
DISCOVERY = "/.well-known/openid-configuration"
JWKS = f"{DISCOVERY}/jwks"
PATHS = (AUTHORIZE, TOKEN, REVOKE, USERINFO, DISCOVERY, JWKS)
_HIDDEN = (
    "client_id",
    "response_type",
    "scope",
    "redirect_uri",
    "state",
    "code_challenge",
    "code_challenge_method",
    "nonce",
)
_SHORTEST_VERIFIER, _LONGEST_VERIFIER = 43, 128

Fields = dict[str, list[str]]


class Identity:
    """Answers the OAuth addresses."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handle(self, call: Call) -> Answer:
        """Do what is asked and answer it."""
        match call.method, call.path.rstrip("/").casefold():
            case "GET", "/identity/connect/authorize":
                return self._form({name: [value] for name, value in call.query.items()})
            case "POST", "/identity/connect/authorize":
                return self._decided(form(call.body))
            case "POST", "/connect/token":
                return self._token(call)
            case "POST", "/connect/revocation":
                return self._revoke(call)
            case "GET", "/connect/userinfo":
                return self._userinfo(call)
            case "GET", "/.well-known/openid-configuration":
                return answer_json(200, discovery(call.base_url))
            case "GET", "/.well-known/openid-configuration/jwks":
                return answer_json(200, jwt.jwks())
            case _:
                return Answer(405, b"", headers={"Allow": "GET, POST"})

    def grant_of(self, call: Call) -> Grant | None:
        """The consent a token request is about; None if it can't be told."""
        fields = form(call.body)
        grants = self._world.grants
        if found := grants.code(one(fields, "code")):
            return found.grant
        token = one(fields, "refresh_token") or one(fields, "token")
        return grants.holder(token) if token else None

    # --- the page

    def _form(self, asked: Fields, problem: str = "", status: int = 200) -> Answer:
        if wrong := self._wrong(asked):
            return Answer(400, render("oauth_error.html", problem=wrong), HTML)
        user = one(asked, "username").strip()
        known = self._world.connections.known_to(user) if user else set[str]()
        names = sorted(
            each.name
            for each in self._world.organisations.values()
            if not known or each.tenant in known
        )
        page = render(
            "consent.html",
            hidden={name: one(asked, name) for name in _HIDDEN if one(asked, name)},
            organisations=names,
            scopes=one(asked, "scope").split(),
            username=user,
            organisation=one(asked, "organisation"),
            problem=problem,
        )
        return Answer(status, page, HTML)

    def _decided(self, fields: Fields) -> Answer:
        if wrong := self._wrong(fields):
            return Answer(400, render("oauth_error.html", problem=wrong), HTML)
        decision = one(fields, "decision")
        if decision == "deny":
            told = self._world.defaults.deny_description
            described = {"error_description": told} if told else {}
            return _back(fields, error="access_denied", **described)
        if decision != "approve":
            return self._form(fields, "Choose Approve or Deny.", 400)
        given = (*fields.get("organisation", []), *fields.get("also", []))
        names = list(dict.fromkeys(each.strip() for each in given if each.strip()))
        if not names:
            return self._form(fields, "Choose an organisation, or type a new one's name.", 400)
        asked = Asked(
            client_id=one(fields, "client_id"),
            scope=one(fields, "scope"),
            redirect_uri=one(fields, "redirect_uri"),
            challenge=one(fields, "code_challenge"),
            nonce=one(fields, "nonce"),
        )
        user = one(fields, "username").strip() or "user"
        organisations = [self._world.open(each) for each in names]
        settings = organisations[0].settings
        code, grant = self._world.grants.consent(asked, user, settings.code_lifetime_seconds)
        for each in organisations:
            self._world.connections.attach(
                asked.client_id,
                user,
                each.tenant,
                grant.id,
                self._world.clock.now(),
                same=each.settings.connection_id_on_reconnect == "same",
            )
        return _back(fields, code=code, scope=asked.scope)

    def _wrong(self, asked: Fields) -> str:
        """What a person is told instead of being sent back; empty if all is well."""
        if not one(asked, "client_id"):
            return "unauthorized_client: the client_id query parameter is missing."
        if self._world.clients and one(asked, "client_id") not in self._world.clients:
            return "unauthorized_client: there is no app of that client_id."
        if one(asked, "response_type") != "code":
            return "unsupported_response_type: the response_type query parameter must be code."
        address = web_address(one(asked, "redirect_uri"))
        if address is None:
            return "invalid_request: redirect_uri must be a whole http or https address."
        strict = self._world.defaults.redirect_rule == "https_or_localhost"
        if strict and address.scheme != "https" and address.hostname != "localhost":
            return "invalid_request: redirect_uri must be https, or http on localhost."
        scopes = one(asked, "scope").split()
        unknown = sorted(set(scopes) - offered(self._world.defaults))
        if unknown or not scopes:
            return f"invalid_scope: {' '.join(unknown) or 'the scope query parameter is missing'}"
        challenge = one(asked, "code_challenge")
        if challenge and one(asked, "code_challenge_method") != "S256":
            return "invalid_request: code_challenge_method must be S256."
        return ""

    # --- tokens

    def _token(self, call: Call) -> Answer:
        fields = form(call.body)
        grant = self.grant_of(call)
        settings = self.settings_of(grant)
        kind = one(fields, "grant_type")
        public = grant is not None and grant.public
        client_id = self._client(call, fields, public=public)
        if client_id is None:
            return _refusal(settings.bad_client_error, settings.bad_client_status)
        try:
            if kind == "authorization_code":
                verifier = one(fields, "code_verifier")
                if public and not _SHORTEST_VERIFIER <= len(verifier) <= _LONGEST_VERIFIER:
                    return _refusal("invalid_grant")
                issued = self._world.grants.exchange(
                    one(fields, "code"), client_id, one(fields, "redirect_uri"), verifier
                )
            elif kind == "refresh_token":
                issued = self._world.grants.refresh(
                    one(fields, "refresh_token"), client_id, settings
                )
            elif kind == "client_credentials":
                return _refusal("unauthorized_client")
            else:
                return _refusal("unsupported_grant_type" if kind else "invalid_request")
        except TokenRefusedError:
            return _refusal("invalid_grant")
        return answer_json(200, self._issued(call, issued), TOKEN_JSON)

    def _issued(self, call: Call, issued: Issued) -> JsonObject:
        grant = issued.grant
        body: JsonObject = {}
        if "openid" in grant.scopes:
            now = self._world.clock.now()
            body["id_token"] = jwt.id_token(
                call.base_url, grant.client_id, grant.user, grant.nonce, now
            )
        body |= {
            "access_token": issued.access_token,
            "expires_in": ACCESS_SECONDS,
            "token_type": "Bearer",
        }
        if issued.refresh_token:
            body["refresh_token"] = issued.refresh_token
        body["scope"] = " ".join(grant.scopes)
        return body

    def _revoke(self, call: Call) -> Answer:
        fields = form(call.body)
        grant = self._world.grants.holder(one(fields, "token"))
        settings = self.settings_of(grant)
        client_id = self._client(call, fields, public=grant is not None and grant.public)
        if client_id is None:
            return _refusal(settings.bad_client_error, settings.bad_client_status)
        if grant is not None and grant.client_id == client_id:
            self._world.grants.revoke_user(client_id, grant.user)
            self._world.connections.detach_user(client_id, grant.user)
        return Answer(200, b"", TOKEN_JSON)

    def _userinfo(self, call: Call) -> Answer:
        _, _, token = call.headers.get("authorization", "").partition(" ")
        grant = self._world.grants.bearer(token.strip()).grant
        if grant is None or "openid" not in grant.scopes:
            return Answer(401, b"", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        return answer_json(
            200,
            {
                "sub": jwt.user_id(grant.user),
                "email": jwt.email(grant.user),
                "given_name": grant.user,
                "family_name": "Example",
                "name": f"{grant.user} Example",
                "xero_userid": jwt.user_id(grant.user),
            },
        )

    def settings_of(self, grant: Grant | None) -> Settings:
        """Those of the first organisation a consent reaches, else the defaults."""
        if grant is not None:
            for each in self._world.connections.of(grant.client_id, grant.user):
                if each.tenant in self._world.organisations:
                    return self._world.organisations[each.tenant].settings
        return self._world.defaults

    def _client(self, call: Call, fields: Fields, *, public: bool) -> str | None:
        """The client's id from the Basic header or the form; None if it or its secret isn't
        right. A PKCE app has no secret."""
        scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
        if scheme.casefold() == "basic":
            try:
                pair = base64.b64decode(encoded.strip(), validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return None
            client_id, _, secret = (unquote_plus(each) for each in pair.partition(":"))
        else:
            client_id, secret = one(fields, "client_id"), one(fields, "client_secret")
        known = self._world.clients
        if not client_id or (known and client_id not in known):
            return None
        if not secret:
            return client_id if public else None
        return client_id if not known or known[client_id] == secret else None


def discovery(base_url: str) -> JsonObject:
    """The discovery document: every address an OAuth library needs."""
    methods: list[Json] = ["client_secret_post", "client_secret_basic"]
    return {
        "issuer": base_url,
        "authorization_endpoint": base_url + AUTHORIZE,
        "token_endpoint": base_url + TOKEN,
        "userinfo_endpoint": base_url + USERINFO,
        "revocation_endpoint": base_url + REVOKE,
        "jwks_uri": base_url + JWKS,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "token_endpoint_auth_methods_supported": methods,
    }


def form(body: bytes) -> Fields:
    """The fields of a form."""
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)


def one(fields: Fields, name: str) -> str:
    """The last value of a field; empty if it isn't there."""
    return fields[name][-1] if fields.get(name) else ""


def _back(asked: Fields, **found: str) -> Answer:
    """To the app's own address with the outcome in the query."""
    state = {"state": one(asked, "state")} if one(asked, "state") else {}
    address = one(asked, "redirect_uri")
    mark = "&" if urlsplit(address).query else "?"
    location = f"{address}{mark}{urlencode(found | state)}"
    return Answer(303, b"", HTML, {"Location": location})


def _refusal(error: str, status: int = 400) -> Answer:
    return answer_json(status, {"error": error}, TOKEN_JSON)
