"""JSON Web Tokens signed with RS256, and the key that checks them."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from uuid import UUID, uuid4, uuid5

from xero_simulator.signing import EXPONENT, key
from xero_simulator.wire import Json, JsonObject, dumps

KEY_ID = "1CAF8E66772D6DC028D6726FD0261581570EFC19"
ISSUER = "https://identity.xero.com"
_USERS = UUID("c1b9a0b8-5d4e-4a7e-9f0d-0d6f2b7f6c11")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _integer(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def jwks() -> JsonObject:
    """The public key."""
    published: JsonObject = {
        "kty": "RSA",
        "use": "sig",
        "kid": KEY_ID,
        "e": _integer(EXPONENT),
        "n": _integer(key().modulus),
        "alg": "RS256",
    }
    return {"keys": [published]}


def user_id(user: str) -> str:
    """A stable id for a user name."""
    return str(uuid5(_USERS, user.casefold()))


def _signed(claims: JsonObject) -> str:
    head = _encoded(dumps({"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}))
    body = f"{head}.{_encoded(dumps(claims))}"
    return f"{body}.{_encoded(key().sign(body.encode()))}"


def access_token(
    client_id: str, user: str, event: str, scopes: list[str], now: datetime, seconds: int
) -> str:
    """An access token with the claims integrators read."""
    issued = int(now.timestamp())
    listed: list[Json] = list(scopes)
    return _signed(
        {
            "nbf": issued,
            "exp": issued + seconds,
            "iss": ISSUER,
            "aud": f"{ISSUER}/resources",
            "client_id": client_id,
            "sub": hashlib.md5(user_id(user).encode(), usedforsecurity=False).hexdigest(),
            "auth_time": issued,
            "xero_userid": user_id(user),
            "global_session_id": uuid4().hex,
            "jti": uuid4().hex,
            "authentication_event_id": event,
            "scope": listed,
        }
    )


def id_token(issuer: str, client_id: str, user: str, nonce: str, now: datetime) -> str:
    """Who logged in; lives 5 minutes."""
    issued = int(now.timestamp())
    claims: JsonObject = {
        "nbf": issued,
        "exp": issued + 300,
        "iss": issuer,
        "aud": client_id,
        "iat": issued,
        "sub": hashlib.md5(user_id(user).encode(), usedforsecurity=False).hexdigest(),
        "auth_time": issued,
        "xero_userid": user_id(user),
        "global_session_id": uuid4().hex,
        "preferred_username": email(user),
        "email": email(user),
        "given_name": user,
        "family_name": "Example",
        "name": f"{user} Example",
    }
    if nonce:
        claims["nonce"] = nonce
    return _signed(claims)


def email(user: str) -> str:
    """The address of a user name."""
    return user if "@" in user else f"{user.replace(' ', '.')}@example.com"
