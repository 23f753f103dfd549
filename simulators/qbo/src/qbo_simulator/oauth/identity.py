"""Who logged in: id_token, its keys, userinfo."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from qbo_simulator.oauth.signing import EXPONENT, key
from qbo_simulator.wire import JsonObject, dumps

KEY_ID = "r4p5SbL2qaFehFzhj8gI"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _integer(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def jwks() -> JsonObject:
    """The public key, as `/op/v1/jwks` answers it."""
    published: JsonObject = {
        "kty": "RSA",
        "e": _integer(EXPONENT),
        "use": "sig",
        "kid": KEY_ID,
        "alg": "RS256",
        "n": _integer(key().modulus),
    }
    return {"keys": [published]}


def subject(user: str) -> str:
    """A stable id for a user name."""
    return hashlib.sha256(user.encode()).hexdigest()[:32]


def id_token(issuer: str, client_id: str, user: str, realm: str, now: datetime) -> str:
    """Signed with RS256; `aud` is a list, as Intuit's is."""
    issued = int(now.timestamp())
    head = _encoded(dumps({"kid": KEY_ID, "typ": "JWT", "alg": "RS256"}))
    claims: JsonObject = {
        "sub": subject(user),
        "aud": [client_id],
        "realmid": realm,
        "auth_time": issued,
        "iss": issuer,
        "exp": issued + 3600,
        "iat": issued,
    }
    signed = f"{head}.{_encoded(dumps(claims))}"
    return f"{signed}.{_encoded(key().sign(signed.encode()))}"


def userinfo(user: str) -> JsonObject:
    """What `/v1/openid_connect/userinfo` answers."""
    return {
        "sub": subject(user),
        "givenName": user,
        "familyName": "Example",
        "email": f"{user.replace(' ', '.')}@example.com",
        "emailVerified": True,
    }
