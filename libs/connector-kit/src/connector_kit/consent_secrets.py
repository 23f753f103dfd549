"""What a consent keeps secret: its state, the browser's cookie, and the code verifier of both."""

import base64
import hashlib
import hmac


def hash_of(secret: str) -> bytes:
    """What is stored of a secret that a browser brings back."""
    return hashlib.sha256(secret.encode()).digest()


def code_verifier(state: str, cookie: str) -> str:
    """The code verifier (RFC 7636 §4.1): only the browser that began can bring back its cookie."""
    return text_of(hmac.digest(cookie.encode(), f"verifier:{state}".encode(), "sha256"))


def code_challenge(verifier: str) -> str:
    """The S256 code challenge (RFC 7636 §4.2)."""
    return text_of(hashlib.sha256(verifier.encode()).digest())


def text_of(secret: bytes) -> str:
    """Random bytes as they go into an address or a cookie."""
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")
