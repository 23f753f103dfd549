"""Consents and their tokens: exchange, refresh with rotation and grace, revocation.

https://developer.xero.com/faq/oauth2: access tokens live 30 minutes, refresh tokens 60 days unless
used; each refresh brings a new one, and the one before works for another 30 minutes.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from xero_simulator import jwt
from xero_simulator.clock import SimClock
from xero_simulator.journal import Sink
from xero_simulator.settings import Settings
from xero_simulator.wire import Json, JsonObject, as_object, dec, objects, text

ACCESS_SECONDS = 1800
REFRESH_LIFE = timedelta(days=60)
_PRUNE_ABOVE = 5000
_REMEMBER_EXPIRED = timedelta(days=1)


class TokenRefusedError(Exception):
    """`invalid_grant`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app asked for on the authorize page."""

    client_id: str
    scope: str
    redirect_uri: str
    challenge: str = ""
    nonce: str = ""


@dataclass(slots=True)
class _Refresh:
    value: str
    issued: datetime
    used: datetime | None = None
    successor: str = ""


@dataclass(slots=True)
class Grant:
    """One authentication event: an app, a user, scopes."""

    id: str
    client_id: str
    user: str
    scopes: list[str]
    public: bool
    """Asked for with PKCE, so that refreshing needs no secret."""
    nonce: str
    given: datetime
    revoked: bool = False
    tokens: dict[str, _Refresh] = field(default_factory=dict[str, _Refresh])


@dataclass(slots=True)
class Code:
    """An authorisation code, good once."""

    asked: Asked
    grant: Grant
    until: datetime
    used: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """What a token answer carries."""

    grant: Grant
    access_token: str
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """What an access token is worth: a grant, or what a 401 says."""

    grant: Grant | None
    detail: str = ""


class Grants:
    """Every consent of every user."""

    def __init__(self, clock: SimClock, sink: Sink) -> None:
        self._clock = clock
        self._sink = sink
        self._codes: dict[str, Code] = {}
        self._grants: dict[str, Grant] = {}
        self._by_refresh: dict[str, Grant] = {}
        self._access: dict[str, tuple[Grant, datetime]] = {}

    # --- consent and tokens

    def consent(self, asked: Asked, user: str, seconds: float) -> tuple[str, Grant]:
        """A code for an approved consent; scopes given earlier to the same app stay."""
        now = self._clock.now()
        earlier = [
            scope
            for each in self._grants.values()
            if not each.revoked and (each.client_id, each.user) == (asked.client_id, user)
            for scope in each.scopes
        ]
        scopes = list(dict.fromkeys((*asked.scope.split(), *earlier)))
        grant = Grant(
            id=str(uuid4()),
            client_id=asked.client_id,
            user=user,
            scopes=scopes,
            public=bool(asked.challenge),
            nonce=asked.nonce,
            given=now,
        )
        code = secrets.token_urlsafe(32)
        self._codes[code] = Code(asked, grant, now + timedelta(seconds=seconds))
        return code, grant

    def code(self, code: str) -> Code | None:
        """What a code stands for."""
        return self._codes.get(code)

    def exchange(self, code: str, client_id: str, redirect_uri: str, verifier: str) -> Issued:
        """Tokens for a code. Raises TokenRefusedError."""
        found = self._codes.get(code)
        if found is None or found.used or found.until < self._clock.now():
            raise TokenRefusedError
        asked = found.asked
        if (asked.client_id, asked.redirect_uri) != (client_id, redirect_uri):
            raise TokenRefusedError
        if asked.challenge and asked.challenge != challenge_of(verifier):
            raise TokenRefusedError
        found.used = True
        self._grants[found.grant.id] = found.grant
        return self._issue(found.grant)

    def holder(self, token: str) -> Grant | None:
        """The consent a token, of whichever kind, belongs to."""
        if (grant := self._by_refresh.get(token)) is not None:
            return grant
        entry = self._access.get(token)
        return entry[0] if entry else None

    def refresh(self, token: str, client_id: str, settings: Settings) -> Issued:
        """New tokens for a refresh token. Raises TokenRefusedError."""
        grant = self._by_refresh.get(token)
        if grant is None or grant.revoked or grant.client_id != client_id:
            raise TokenRefusedError
        held, now = grant.tokens[token], self._clock.now()
        if held.used is None:
            if now >= held.issued + REFRESH_LIFE:
                raise TokenRefusedError
            held.used = now
        elif now >= held.used + timedelta(seconds=settings.refresh_grace):
            raise TokenRefusedError
        elif settings.grace_answer == "same":
            return self._issue(grant, held.successor)
        issued = self._issue(grant)
        held.successor = issued.refresh_token
        self._keep(grant)
        return issued

    def revoke_user(self, client_id: str, user: str) -> None:
        """End all a user has agreed to with an app."""
        for grant in self._grants.values():
            if (grant.client_id, grant.user) == (client_id, user):
                grant.revoked = True
                self._keep(grant)

    def bearer(self, token: str) -> Bearer:
        """The consent behind an access token, or what is wrong with it."""
        entry = self._access.get(token)
        if entry is None or entry[0].revoked:
            return Bearer(None, "AuthenticationUnsuccessful")
        if self._clock.now() >= entry[1]:
            when = entry[1].strftime("%m/%d/%Y %H:%M:%S")
            return Bearer(None, f"TokenExpired: token expired at {when}")
        return Bearer(entry[0])

    def end_access(self) -> int:
        """Every access token that was given out ends now; how many there were. Refresh tokens,
        consents and the clock stay as they are."""
        now = self._clock.now()
        ended = [token for token, (_, until) in self._access.items() if until > now]
        for token in ended:
            self._access[token] = (self._access[token][0], now)
        for grant in self._grants.values():
            self._keep(grant)
        return len(ended)

    def clear(self) -> None:
        """No consent has ever been given."""
        self._codes.clear()
        self._grants.clear()
        self._by_refresh.clear()
        self._access.clear()

    # --- memory

    def restore(self, kept: JsonObject) -> None:
        """Put back a consent as `_keep` wrote it."""
        grant = Grant(
            id=text(kept.get("id")),
            client_id=text(kept.get("client_id")),
            user=text(kept.get("user")),
            scopes=text(kept.get("scopes")).split(),
            public=kept.get("public") is True,
            nonce="",
            given=datetime.fromisoformat(text(kept.get("given"))),
            revoked=kept.get("revoked") is True,
        )
        self._grants[grant.id] = grant
        for each in objects(kept.get("tokens")):
            used = text(each.get("used"))
            held = _Refresh(
                text(each.get("value")),
                datetime.fromisoformat(text(each.get("issued"))),
                datetime.fromisoformat(used) if used else None,
                text(each.get("successor")),
            )
            grant.tokens[held.value] = held
            self._by_refresh[held.value] = grant
        for token, end in as_object(kept.get("access")).items():
            moment = datetime.fromtimestamp(float(dec(end)), grant.given.tzinfo)
            self._access[token] = (grant, moment)

    def _issue(self, grant: Grant, refresh_token: str = "") -> Issued:
        now = self._clock.now()
        self._prune(now)
        token = jwt.access_token(
            grant.client_id, grant.user, grant.id, grant.scopes, now, ACCESS_SECONDS
        )
        self._access[token] = (grant, now + timedelta(seconds=ACCESS_SECONDS))
        if not refresh_token and "offline_access" in grant.scopes:
            refresh_token = secrets.token_urlsafe(32)
            grant.tokens[refresh_token] = _Refresh(refresh_token, now)
            self._by_refresh[refresh_token] = grant
        self._keep(grant)
        return Issued(grant, token, refresh_token)

    def _prune(self, now: datetime) -> None:
        if len(self._access) > _PRUNE_ABOVE:
            oldest = now - _REMEMBER_EXPIRED
            self._access = {key: each for key, each in self._access.items() if each[1] > oldest}

    def _keep(self, grant: Grant) -> None:
        if not self._sink.keeps:
            return
        now = self._clock.now()
        access: JsonObject = {
            token: end.timestamp()
            for token, (owner, end) in self._access.items()
            if owner is grant and end > now
        }
        recent = list(grant.tokens.values())[-20:]
        tokens: list[Json] = [
            {
                "value": each.value,
                "issued": each.issued.isoformat(),
                "used": each.used.isoformat() if each.used else None,
                "successor": each.successor,
            }
            for each in recent
        ]
        kept: JsonObject = {
            "id": grant.id,
            "client_id": grant.client_id,
            "user": grant.user,
            "scopes": " ".join(grant.scopes),
            "public": grant.public,
            "given": grant.given.isoformat(),
            "revoked": grant.revoked,
            "tokens": tokens,
            "access": access,
        }
        self._sink.put(f"grant/{grant.id}", kept)


def challenge_of(verifier: str) -> str:
    """The S256 code_challenge of a verifier (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
