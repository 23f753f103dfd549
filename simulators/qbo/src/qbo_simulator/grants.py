"""Consents and their tokens: exchange, refresh with rotation, revocation.

https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0
and its FAQ: access tokens live an hour; a refresh token lives 100 days from its last issue (101 in
the number) and five years at most; its value changes about every 24 to 26 hours.
"""

from __future__ import annotations

import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from qbo_simulator.clock import SimClock
from qbo_simulator.journal import Sink
from qbo_simulator.settings import Settings
from qbo_simulator.wire import Json, JsonObject, as_object, dec, text

ACCESS_SECONDS = 3600
REFRESH_SECONDS = 8_726_400
_PRUNE_ABOVE = 5000
_SHORTEST_ACCESS, _LONGEST_ACCESS = 30, 4096


class TokenRefusedError(Exception):
    """`invalid_grant`; `why` chooses among the descriptions that were seen."""

    def __init__(self, why: Literal["refresh", "client", "code"]) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Code:
    """An authorisation code, good once."""

    client_id: str
    realm: str
    scope: str
    user: str
    redirect_uri: str
    until: datetime
    grant_id: str | None = None


@dataclass(slots=True)
class Grant:
    """One consent: an app, a user, an organisation."""

    id: str
    client_id: str
    realm: str
    scope: str
    user: str
    given: datetime
    refresh_token: str
    value_since: datetime
    issued: datetime
    previous: str = ""
    previous_until: datetime | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """What a token answer carries."""

    grant: Grant
    access_token: str
    hard_seconds: int


class Grants:
    """Every consent of every organisation."""

    def __init__(self, clock: SimClock, sink: Sink) -> None:
        self._clock = clock
        self._sink = sink
        self._codes: dict[str, Code] = {}
        self._grants: dict[str, Grant] = {}
        self._by_refresh: dict[str, Grant] = {}
        self._access: dict[str, tuple[Grant, datetime]] = {}

    # --- consent and tokens

    def consent(
        self, client_id: str, realm: str, scope: str, user: str, redirect_uri: str, seconds: float
    ) -> str:
        """A code for an approved consent."""
        code = "XAB1" + secrets.token_hex(24)
        until = self._clock.now() + timedelta(seconds=seconds)
        self._codes[code] = Code(client_id, realm, scope, user, redirect_uri, until)
        return code

    def code(self, code: str) -> Code | None:
        """What a code stands for."""
        return self._codes.get(code)

    def exchange(self, code: str, client_id: str, redirect_uri: str, settings: Settings) -> Issued:
        """Tokens for a code; a second exchange also ends the tokens of the first.

        Earlier consents of the same app and organisation may end, too. Raises TokenRefusedError.
        """
        found = self._codes.get(code)
        now = self._clock.now()
        if found is None or found.until < now or found.redirect_uri != redirect_uri:
            raise TokenRefusedError("code")
        if found.client_id != client_id:
            raise TokenRefusedError("client")
        if found.grant_id is not None:
            self.revoke(self._grants[found.grant_id])
            raise TokenRefusedError("code")
        if settings.reauthorize_invalidates:
            for earlier in list(self._grants.values()):
                if (earlier.client_id, earlier.realm) == (client_id, found.realm):
                    self.revoke(earlier)
        grant = Grant(
            id=secrets.token_hex(8),
            client_id=client_id,
            realm=found.realm,
            scope=found.scope,
            user=found.user,
            given=now,
            refresh_token=_refresh_value(),
            value_since=now,
            issued=now,
        )
        found.grant_id = grant.id
        self._grants[grant.id] = grant
        self._by_refresh[grant.refresh_token] = grant
        return self._issue(grant, settings)

    def holder(self, token: str) -> Grant | None:
        """The consent a token, of whichever kind, belongs to or once belonged to."""
        if (grant := self._by_refresh.get(token)) is not None:
            return grant
        entry = self._access.get(token)
        return entry[0] if entry else None

    def refresh(self, token: str, client_id: str, settings: Settings) -> Issued:
        """New tokens for a refresh token; its value may have changed. Raises TokenRefusedError."""
        grant = self._by_refresh.get(token)
        if grant is None:
            raise TokenRefusedError("client" if token in self._access else "refresh")
        if grant.client_id != client_id:
            raise TokenRefusedError("client")
        now = self._clock.now()
        dead = grant.revoked or now >= grant.issued + timedelta(seconds=REFRESH_SECONDS)
        if dead or now >= grant.given + timedelta(days=settings.consent_days):
            raise TokenRefusedError("refresh")
        if token != grant.refresh_token:
            until = grant.previous_until if token == grant.previous else None
            if until is None or now >= until:
                if settings.reuse_revokes_grant:
                    self.revoke(grant)
                raise TokenRefusedError("refresh")
        elif settings.rotate_every_refresh or now - grant.value_since >= _same_value_for(grant):
            grant.previous = grant.refresh_token
            grant.previous_until = now + timedelta(seconds=settings.refresh_grace)
            grant.refresh_token = _refresh_value()
            grant.value_since = now
            self._by_refresh[grant.refresh_token] = grant
        grant.issued = now
        return self._issue(grant, settings)

    def revoke(self, grant: Grant) -> None:
        """End a consent: all its tokens are dead."""
        grant.revoked = True
        self._keep(grant)

    def revoke_organisation(self, realm: str) -> int:
        """End every consent of an organisation, as when its owner disconnects the app."""
        ended = [each for each in self._grants.values() if each.realm == realm and not each.revoked]
        for grant in ended:
            self.revoke(grant)
        return len(ended)

    def bearer(self, token: str) -> tuple[Grant | None, str]:
        """The consent behind an access token; or None and what a 401 says about it."""
        if not _SHORTEST_ACCESS <= len(token) <= _LONGEST_ACCESS:
            return None, "Malformed bearer token: too short or too long"
        entry = self._access.get(token)
        if entry is not None and entry[0].revoked:
            return None, f"Token revoked: {token[:4]}..."
        if entry is None or self._clock.now() >= entry[1]:
            return None, f"Token expired: {token[:4]}..."
        return entry[0], ""

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
        times = {
            name: datetime.fromisoformat(text(kept.get(name)))
            for name in ("given", "value_since", "issued")
        }
        until = text(kept.get("previous_until"))
        grant = Grant(
            id=text(kept.get("id")),
            client_id=text(kept.get("client_id")),
            realm=text(kept.get("realm")),
            scope=text(kept.get("scope")),
            user=text(kept.get("user")),
            refresh_token=text(kept.get("refresh_token")),
            previous=text(kept.get("previous")),
            previous_until=datetime.fromisoformat(until) if until else None,
            revoked=kept.get("revoked") is True,
            given=times["given"],
            value_since=times["value_since"],
            issued=times["issued"],
        )
        self._grants[grant.id] = grant
        self._by_refresh[grant.refresh_token] = grant
        if grant.previous:
            self._by_refresh[grant.previous] = grant
        for token, end in as_object(kept.get("access")).items():
            self._access[token] = (
                grant,
                datetime.fromtimestamp(float(dec(end)), grant.given.tzinfo),
            )

    def _issue(self, grant: Grant, settings: Settings) -> Issued:
        now = self._clock.now()
        if len(self._access) > _PRUNE_ABOVE:
            self._access = {key: each for key, each in self._access.items() if each[1] > now}
        token = _access_value()
        self._access[token] = (grant, now + timedelta(seconds=ACCESS_SECONDS))
        self._keep(grant)
        end = grant.given + timedelta(days=settings.consent_days)
        return Issued(grant, token, int((end - now).total_seconds()))

    def _keep(self, grant: Grant) -> None:
        if not self._sink.keeps:
            return
        now = self._clock.now()
        access: dict[str, Json] = {
            token: end.timestamp()
            for token, (owner, end) in self._access.items()
            if owner is grant and end > now
        }
        until = grant.previous_until
        kept: JsonObject = {
            "id": grant.id,
            "client_id": grant.client_id,
            "realm": grant.realm,
            "scope": grant.scope,
            "user": grant.user,
            "given": grant.given.isoformat(),
            "refresh_token": grant.refresh_token,
            "value_since": grant.value_since.isoformat(),
            "issued": grant.issued.isoformat(),
            "previous": grant.previous,
            "previous_until": until.isoformat() if until else None,
            "revoked": grant.revoked,
            "access": access,
        }
        self._sink.put(f"grant/{grant.id}", kept)


def _same_value_for(grant: Grant) -> timedelta:
    """Between 24 and 26 hours, differently for each consent."""
    return timedelta(hours=24, seconds=zlib.crc32(grant.id.encode()) % 7200)


def _refresh_value() -> str:
    return "AB11" + secrets.token_hex(23)


def _access_value() -> str:
    # The real one is an encrypted JWT: a header, no key, then three opaque parts.
    head = "eyJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiYWxnIjoiZGlyIn0"
    parts = (secrets.token_urlsafe(16), secrets.token_urlsafe(450), secrets.token_urlsafe(16))
    return f"{head}..{'.'.join(parts)}"
