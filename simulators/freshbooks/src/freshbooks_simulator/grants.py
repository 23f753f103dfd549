"""Consents and their tokens: exchange, refresh tokens good once, revocation.

Access tokens live 12 hours, codes five minutes, refresh tokens until they are used
(https://www.freshbooks.com/api/authentication).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from freshbooks_simulator.clock import SimClock
from freshbooks_simulator.journal import Sink
from freshbooks_simulator.settings import Settings
from freshbooks_simulator.wire import Json, JsonObject, as_object, dec, dumps, text

ACCESS_SECONDS = 43_200


class TokenRefusedError(Exception):
    """`invalid_grant`."""


@dataclass(slots=True)
class Code:
    """An authorisation code, good once."""

    client_id: str
    user: str
    account_id: str
    scope: str
    redirect_uri: str
    challenge: str
    until: datetime
    used: bool = False


@dataclass(slots=True)
class Grant:
    """One consent: an app, a user, and the organisation the user chose."""

    id: str
    client_id: str
    user: str
    account_id: str
    scope: str
    refresh_token: str
    created: datetime
    """When the answer says the access token was made."""
    until: datetime
    """When the latest access token ends."""
    previous: str = ""
    previous_until: datetime | None = None
    revoked: bool = False
    access: dict[str, datetime] = field(default_factory=dict[str, datetime])


@dataclass(frozen=True, slots=True)
class Issued:
    """What a token answer carries."""

    grant: Grant
    access_token: str
    expires_in: int


class Grants:
    """Every consent."""

    def __init__(self, clock: SimClock, sink: Sink) -> None:
        self._clock = clock
        self._sink = sink
        self._codes: dict[str, Code] = {}
        self._grants: dict[str, Grant] = {}
        self._by_refresh: dict[str, Grant] = {}
        self._by_access: dict[str, Grant] = {}

    # --- consent and tokens

    def consent(self, code: Code) -> str:
        """A code for an approved consent."""
        value = secrets.token_hex(32)
        self._codes[value] = code
        return value

    def code(self, value: str) -> Code | None:
        """What a code stands for."""
        return self._codes.get(value)

    def exchange(
        self, value: str, client_id: str, redirect_uri: str, verifier: str, settings: Settings
    ) -> Issued:
        """Tokens for a code. Raises TokenRefusedError."""
        code = self._codes.get(value)
        now = self._clock.now()
        if code is None or code.used or code.until < now or code.client_id != client_id:
            raise TokenRefusedError
        if code.redirect_uri != redirect_uri:
            raise TokenRefusedError
        if settings.pkce_checked and code.challenge and _challenge(verifier) != code.challenge:
            raise TokenRefusedError
        code.used = True
        if settings.second_consent_kills_first:
            for earlier in list(self._grants.values()):
                if (earlier.client_id, earlier.user) == (client_id, code.user):
                    self.revoke(earlier)
        grant = Grant(
            id=secrets.token_hex(8),
            client_id=client_id,
            user=code.user,
            account_id=code.account_id,
            scope=code.scope,
            refresh_token="",
            created=now,
            until=now,
        )
        self._grants[grant.id] = grant
        return self._issue(grant, now, now + timedelta(seconds=ACCESS_SECONDS))

    def refresh(self, token: str, client_id: str, settings: Settings) -> Issued:
        """New tokens for a refresh token, which is used up. Raises TokenRefusedError."""
        grant = self._by_refresh.get(token)
        if grant is None or grant.client_id != client_id or grant.revoked:
            raise TokenRefusedError
        now = self._clock.now()
        if token != grant.refresh_token:
            until = grant.previous_until if token == grant.previous else None
            if until is None or now >= until:
                if settings.reuse_revokes_grant:
                    self.revoke(grant)
                raise TokenRefusedError
        if settings.old_access_dies_on_refresh:
            self._drop_access(grant)
        grant.previous = grant.refresh_token
        grant.previous_until = now + timedelta(seconds=settings.refresh_grace)
        if settings.refresh_reuses_created_at and now < grant.until:
            return self._issue(grant, grant.created, grant.until)
        return self._issue(grant, now, now + timedelta(seconds=ACCESS_SECONDS))

    def holder(self, token: str) -> Grant | None:
        """The consent a token, of whichever kind, belongs to or once belonged to."""
        return self._by_refresh.get(token) or self._by_access.get(token)

    def bearer(self, token: str) -> Grant | None:
        """The consent behind an access token that is good."""
        grant = self._by_access.get(token)
        if grant is None or grant.revoked:
            return None
        until = grant.access.get(token)
        return grant if until is not None and self._clock.now() < until else None

    def expires(self, token: str) -> datetime | None:
        """When an access token ends."""
        grant = self._by_access.get(token)
        return grant.access.get(token) if grant else None

    def revoke(self, grant: Grant) -> None:
        """End a consent: all its tokens are dead."""
        grant.revoked = True
        self._keep(grant)

    def revoke_users(self, users: Iterable[str]) -> int:
        """End every consent of these users; how many there were."""
        wanted = set(users)
        ended = [each for each in self._grants.values() if each.user in wanted and not each.revoked]
        for grant in ended:
            self.revoke(grant)
        return len(ended)

    def end_access(self) -> int:
        """Every access token that was given out ends now; how many there were. Refresh tokens,
        consents and the clock stay as they are."""
        now = self._clock.now()
        count = 0
        for grant in self._grants.values():
            ended = [token for token, until in grant.access.items() if until > now]
            grant.access.update((token, now) for token in ended)
            count += len(ended)
            self._keep(grant)
        return count

    def clear(self) -> None:
        """No consent has ever been given."""
        self._codes.clear()
        self._grants.clear()
        self._by_refresh.clear()
        self._by_access.clear()

    # --- memory

    def restore(self, kept: JsonObject) -> None:
        """Put back a consent as `_keep` wrote it."""
        until = text(kept.get("previous_until"))
        grant = Grant(
            id=text(kept.get("id")),
            client_id=text(kept.get("client_id")),
            user=text(kept.get("user")),
            account_id=text(kept.get("account_id")),
            scope=text(kept.get("scope")),
            refresh_token=text(kept.get("refresh_token")),
            created=datetime.fromisoformat(text(kept.get("created"))),
            until=datetime.fromisoformat(text(kept.get("until"))),
            previous=text(kept.get("previous")),
            previous_until=datetime.fromisoformat(until) if until else None,
            revoked=kept.get("revoked") is True,
        )
        self._grants[grant.id] = grant
        for token in (grant.refresh_token, grant.previous):
            if token:
                self._by_refresh[token] = grant
        for token, end in as_object(kept.get("access")).items():
            grant.access[token] = datetime.fromtimestamp(float(dec(end)), UTC)
            self._by_access[token] = grant

    def _issue(self, grant: Grant, created: datetime, until: datetime) -> Issued:
        now = self._clock.now()
        for token in [each for each, end in grant.access.items() if end <= now]:
            del grant.access[token]
            self._by_access.pop(token, None)
        grant.created, grant.until = created, until
        grant.refresh_token = secrets.token_hex(32)
        self._by_refresh[grant.refresh_token] = grant
        token = _access_value(grant, until)
        grant.access[token] = until
        self._by_access[token] = grant
        self._keep(grant)
        return Issued(grant, token, int((until - created).total_seconds()))

    def _drop_access(self, grant: Grant) -> None:
        for token in grant.access:
            self._by_access.pop(token, None)
        grant.access.clear()

    def _keep(self, grant: Grant) -> None:
        if not self._sink.keeps:
            return
        access: dict[str, Json] = {token: end.timestamp() for token, end in grant.access.items()}
        until = grant.previous_until
        kept: JsonObject = {
            "id": grant.id,
            "client_id": grant.client_id,
            "user": grant.user,
            "account_id": grant.account_id,
            "scope": grant.scope,
            "refresh_token": grant.refresh_token,
            "created": grant.created.isoformat(),
            "until": grant.until.isoformat(),
            "previous": grant.previous,
            "previous_until": until.isoformat() if until else None,
            "revoked": grant.revoked,
            "access": access,
        }
        self._sink.put(f"grant/{grant.id}", kept)


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _access_value(grant: Grant, until: datetime) -> str:
    # The real one is a signed JWT of about a thousand characters.
    head = base64.urlsafe_b64encode(b'{"typ":"JWT","alg":"RS256"}').rstrip(b"=").decode()
    claims: JsonObject = {
        "jti": secrets.token_hex(200),
        "exp": int(until.timestamp()),
        "app": grant.client_id,
    }
    body = base64.urlsafe_b64encode(dumps(claims)).rstrip(b"=").decode()
    return f"{head}.{body}.{secrets.token_urlsafe(256)}"
