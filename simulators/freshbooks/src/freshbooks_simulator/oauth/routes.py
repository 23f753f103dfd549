"""The addresses an OAuth client uses, and the page a person agrees on."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from freshbooks_simulator.grants import Code, Grant, Issued, TokenRefusedError
from freshbooks_simulator.oauth.scopes import ALL, granted
from freshbooks_simulator.settings import Settings
from freshbooks_simulator.templating import render
from freshbooks_simulator.wire import (
    Json,
    JsonObject,
    UnreadableError,
    as_object,
    parse,
    text,
)
from freshbooks_simulator.wire_http import HTML, JSON_UTF8, Answer, Call, answer_json
from freshbooks_simulator.world import World

_OLDER = "/service/auth"
AUTHORIZE = ("/oauth/authorize", f"{_OLDER}/oauth/authorize")
TOKEN = ("/auth/oauth/token", f"{_OLDER}/oauth/token")
REVOKE = ("/auth/oauth/revoke", f"{_OLDER}/oauth/revoke")
INTROSPECT = (f"{_OLDER}/oauth/introspect",)
METADATA = ("/.well-known/oauth-authorization-server",)
PATHS = (*AUTHORIZE, *TOKEN, *REVOKE, *INTROSPECT, *METADATA)
_HIDDEN = (
    "client_id",
    "response_type",
    "scope",
    "redirect_uri",
    "state",
    "code_challenge",
    "code_challenge_method",
)
# The wording of the authorisation server FreshBooks uses.
_BAD_SCOPE = "The requested scope is invalid, unknown, or malformed."
_DENIED = "The resource owner or authorization server denied the request."
_BAD_CLIENT = (
    "Client authentication failed due to unknown client, no client authentication included, or "
    "unsupported authentication method."
)
_BAD_GRANT = (
    "The provided authorization grant is invalid, expired, revoked, does not match the redirection "
    "URI used in the authorization request, or was issued to another client."
)
_BAD_TYPE = "The authorization grant type is not supported by the authorization server."


class OAuth:
    """Answers the OAuth addresses."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handle(self, call: Call) -> Answer:
        """Do what is asked and answer it."""
        path = call.path.rstrip("/")
        if path in METADATA and call.method == "GET":
            return answer_json(200, metadata(call.base_url), media=JSON_UTF8)
        if path in AUTHORIZE and call.method == "GET":
            return self._form(call.query, call.path)
        if call.method != "POST":
            return Answer(405, b"", headers={"Allow": "POST"})
        if path in AUTHORIZE:
            return self._decided(fields_of(call), call.path)
        if path in TOKEN:
            return self._token(fields_of(call))
        if path in REVOKE:
            return self._revoke(fields_of(call))
        return self._introspect(fields_of(call))

    def grant_of(self, call: Call) -> Grant | None:
        """The consent a token request is about, good or not."""
        fields = fields_of(call)
        token = fields.get("refresh_token") or fields.get("token") or ""
        return self._world.grants.holder(token) if token else None

    def account_of(self, call: Call) -> str:
        """The account id a token request is about; empty if it can't be told."""
        if code := self._world.grants.code(fields_of(call).get("code", "")):
            return code.account_id
        grant = self.grant_of(call)
        return grant.account_id if grant else ""

    # --- consent

    def _form(
        self, asked: dict[str, str], address: str, problem: str = "", status: int = 200
    ) -> Answer:
        if wrong := self._problem(asked):
            return Answer(400, render("oauth_error.html", problem=wrong), HTML)
        names = sorted(each.name for each in self._world.organisations.values())
        page = render(
            "consent.html",
            address=address,
            hidden={name: asked.get(name, "") for name in _HIDDEN},
            organisations=names,
            scopes=asked.get("scope", "").split(),
            username=asked.get("username", ""),
            organisation=asked.get("organisation", ""),
            problem=problem,
        )
        return Answer(status, page, HTML)

    def _decided(self, fields: dict[str, str], address: str) -> Answer:
        if wrong := self._problem(fields):
            return Answer(400, render("oauth_error.html", problem=wrong), HTML)
        decision = fields.get("decision", "")
        if decision == "deny":
            return _back(fields, error="access_denied", error_description=_DENIED)
        if decision != "approve":
            return self._form(fields, address, "Choose Approve or Deny.", 400)
        chosen = fields.get("organisation", "").strip()
        if not chosen:
            problem = "Choose an organisation, or type a new one's name."
            return self._form(fields, address, problem, 400)
        known = self._world.find(chosen)
        settings = known.settings if known else self._world.defaults
        scope = granted(fields.get("scope", ""), settings.enabled_scopes)
        if scope is None:
            if settings.scope_refusal == "page":
                return Answer(400, render("oauth_error.html", problem=_BAD_SCOPE), HTML)
            return _back(fields, error="invalid_scope", error_description=_BAD_SCOPE)
        organisation = self._world.open(chosen)
        user = fields.get("username", "").strip() or "user"
        self._world.join(user, organisation)
        lifetime = timedelta(seconds=settings.code_lifetime_seconds)
        code = Code(
            client_id=fields["client_id"],
            user=user,
            account_id=organisation.account_id,
            scope=scope,
            redirect_uri=fields["redirect_uri"],
            challenge=fields.get("code_challenge", ""),
            until=self._world.clock.now() + lifetime,
        )
        return _back(fields, code=self._world.grants.consent(code))

    def _problem(self, asked: dict[str, str]) -> str:
        client_id = asked.get("client_id", "")
        if not client_id:
            return "The client_id query parameter is missing: say which app asks."
        if self._world.clients and client_id not in self._world.clients:
            return _BAD_CLIENT
        if asked.get("response_type") != "code":
            return "The response_type query parameter must be code."
        address = urlsplit(asked.get("redirect_uri", ""))
        if address.scheme not in ("http", "https") or not address.netloc:
            return "The redirect_uri query parameter must be a whole https address."
        if self._world.defaults.https_redirects and address.scheme != "https":
            return "The redirect_uri query parameter must be an https address."
        if address.query:
            return "The redirect_uri must not have a query of its own: use state."
        if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
            return "The code_challenge_method query parameter must be S256."
        return ""

    # --- tokens

    def _token(self, fields: dict[str, str]) -> Answer:
        client_id = self._client(fields)
        if client_id is None:
            return _refusal("invalid_client", _BAD_CLIENT, 401)
        kind = fields.get("grant_type", "")
        needed = {"authorization_code": "code", "refresh_token": "refresh_token"}.get(kind)
        if needed is None:
            return _refusal("unsupported_grant_type", _BAD_TYPE)
        value = fields.get(needed, "")
        if not value:
            return _refusal("invalid_request", f"Missing required parameter: {needed}.")
        grants = self._world.grants
        try:
            if needed == "code":
                code = grants.code(value)
                issued = grants.exchange(
                    value,
                    client_id,
                    fields.get("redirect_uri", ""),
                    fields.get("code_verifier", ""),
                    self._settings(code.account_id if code else ""),
                )
            else:
                held = grants.holder(value)
                settings = self._settings(held.account_id if held else "")
                issued = grants.refresh(value, client_id, settings)
        except TokenRefusedError:
            return _refusal("invalid_grant", _BAD_GRANT)
        return _uncached(answer_json(200, _issued(issued), media=JSON_UTF8))

    def _revoke(self, fields: dict[str, str]) -> Answer:
        if self._client(fields) is None:
            return _refusal("unauthorized_client", _BAD_CLIENT, 403)
        grant = self._world.grants.holder(fields.get("token", ""))
        if grant is not None:
            self._world.grants.revoke(grant)
        return answer_json(200, {}, media=JSON_UTF8)

    def _introspect(self, fields: dict[str, str]) -> Answer:
        if self._client(fields) is None:
            return _refusal("invalid_client", _BAD_CLIENT, 401)
        token = fields.get("token", "")
        grant = self._world.grants.bearer(token)
        until = self._world.grants.expires(token)
        if grant is None or until is None:
            return answer_json(200, {"active": False}, media=JSON_UTF8)
        body: JsonObject = {
            "active": True,
            "scope": grant.scope,
            "client_id": grant.client_id,
            "token_type": "Bearer",
            "exp": int(until.timestamp()),
        }
        return answer_json(200, body, media=JSON_UTF8)

    def _client(self, fields: dict[str, str]) -> str | None:
        """The client id of the body; None if it or its secret isn't right."""
        client_id, secret = fields.get("client_id", ""), fields.get("client_secret", "")
        if not client_id or not secret:
            return None
        known = self._world.clients
        return None if known and known.get(client_id) != secret else client_id

    def _settings(self, account_id: str) -> Settings:
        organisation = self._world.organisations.get(account_id)
        return organisation.settings if organisation else self._world.defaults


def metadata(base_url: str) -> JsonObject:
    """The authorization server's metadata (RFC 8414): the second set of addresses."""
    where = f"{base_url}{_OLDER}/oauth"
    offered: list[Json] = [*sorted(ALL)]
    return {
        "issuer": base_url,
        "authorization_endpoint": f"{where}/authorize",
        "token_endpoint": f"{where}/token",
        "revocation_endpoint": f"{where}/revoke",
        "introspection_endpoint": f"{where}/introspect",
        "scopes_supported": offered,
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
    }


def fields_of(call: Call) -> dict[str, str]:
    """The fields of a body: a form, JSON or multipart; the last of a repeated one counts."""
    media = call.headers.get("content-type", "")
    if "json" in media:
        try:
            return {name: text(value) for name, value in as_object(parse(call.body)).items()}
        except UnreadableError:
            return {}
    if "multipart/form-data" in media:
        return _multipart(call.body, media)
    fields = parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


def _multipart(body: bytes, media: str) -> dict[str, str]:
    _, _, boundary = media.partition("boundary=")
    found: dict[str, str] = {}
    for part in body.split(b"--" + boundary.strip('"').encode()):
        head, _, value = part.partition(b"\r\n\r\n")
        _, _, rest = head.partition(b'name="')
        name = rest.partition(b'"')[0].decode("utf-8", "replace")
        if name:
            found[name] = value.removesuffix(b"\r\n").decode("utf-8", "replace")
    return found


def _issued(issued: Issued) -> JsonObject:
    grant = issued.grant
    return {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "refresh_token": grant.refresh_token,
        "scope": grant.scope,
        "created_at": int(grant.created.timestamp()),
        "direct_buy_tokens": {},
    }


def _back(asked: dict[str, str], **found: str) -> Answer:
    """To the app's own address with the outcome in the query."""
    state = {"state": asked["state"]} if asked.get("state") else {}
    location = f"{asked['redirect_uri']}?{urlencode(found | state)}"
    return Answer(303, b"", HTML, {"Location": location})


def _refusal(error: str, description: str, status: int = 400) -> Answer:
    body: JsonObject = {"error": error, "error_description": description}
    return _uncached(answer_json(status, body, media=JSON_UTF8))


def _uncached(answer: Answer) -> Answer:
    answer.headers["Cache-Control"] = "no-store"
    return answer
