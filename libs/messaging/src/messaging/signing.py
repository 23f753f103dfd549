"""Text that only holders of `INTERNAL_KEY` can make, for a purpose and for a short time.

The form is `v1.<payload>.<mac>`: base64url without padding of the payload's JSON, and the hex of an
HMAC-SHA256 over purpose, version and payload. The purpose is part of what is signed, so that what
was made for one is worth nothing for another.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import cast

_VERSION = "v1"
_KEY_BYTES = 32
_SKEW_SECONDS = 5
"""How far another machine's clock may be ahead of ours."""


class NotSigned(Exception):  # noqa: N818  (a fact about a request, named as callers catch it)
    """Whoever says this doesn't hold the key, or said it too long ago. The reason names which."""


def key_from_hex(text: str) -> bytes:
    """The key in `INTERNAL_KEY`.

    Raises:
        ValueError: not hex, or shorter than 32 bytes.
    """
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        raise ValueError("INTERNAL_KEY must be hex: make one with `openssl rand -hex 32`") from None
    if len(key) < _KEY_BYTES:
        raise ValueError(
            f"INTERNAL_KEY must be {_KEY_BYTES * 2} hex digits or more, not {len(key) * 2}:"
            " make one with `openssl rand -hex 32`"
        )
    return key


def seal(key: bytes, purpose: str, claims: Mapping[str, str | None], now: datetime) -> str:
    """The claims, signed for `purpose` and stamped with the second of `now` (aware)."""
    body = {**claims, "at": int(now.timestamp())}
    payload = _encode(json.dumps(body, separators=(",", ":")).encode())
    return f"{_VERSION}.{payload}.{_mac(key, purpose, payload)}"


def unseal(
    key: bytes, purpose: str, text: str | None, now: datetime, *, valid_seconds: int
) -> dict[str, str | None]:
    """The claims of a text sealed for `purpose` within the last `valid_seconds`.

    Raises:
        NotSigned: it is missing, malformed, made with another key or for another purpose, too
            old, or of the future.
    """
    if not text:
        raise NotSigned("nothing is signed here")
    parts = text.split(".")
    if len(parts) != 3 or parts[0] != _VERSION:
        raise NotSigned("not of the form v1.payload.mac")
    _, payload, mac = parts
    if not hmac.compare_digest(mac.encode(), _mac(key, purpose, payload).encode()):
        raise NotSigned("signed with another key, for another purpose, or changed on the way")
    claims = _claims(payload)
    at = claims.pop("at", None)
    if not isinstance(at, int):
        raise NotSigned("the time of signing is missing")
    age = now.timestamp() - at
    if age > valid_seconds:
        raise NotSigned(f"signed {age:.0f} s ago; it was valid for {valid_seconds} s")
    if age < -_SKEW_SECONDS:
        raise NotSigned(f"signed {-age:.0f} s in the future: do the machines' clocks agree?")
    return {
        name: value for name, value in claims.items() if value is None or isinstance(value, str)
    }


def _claims(payload: str) -> dict[str, object]:
    try:
        parsed: object = json.loads(_decode(payload))
    except (ValueError, binascii.Error):
        raise NotSigned("the payload isn't JSON") from None
    if not isinstance(parsed, dict):
        raise NotSigned("the payload isn't a JSON object")
    return cast("dict[str, object]", parsed)


def _mac(key: bytes, purpose: str, payload: str) -> str:
    signed = f"{purpose}.{_VERSION}.{payload}".encode()
    return hmac.new(key, signed, hashlib.sha256).hexdigest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
