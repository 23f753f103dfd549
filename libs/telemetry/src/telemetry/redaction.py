"""Takes secrets out of what is about to be logged.

By key (`refresh_token`, `authorization`, …) whatever the value, and by form wherever a secret
stands inside other text. What is logged is text, numbers and the like afterwards: no object's
`repr` can bring a secret back in.
"""

import re
from collections.abc import Mapping, Sequence
from typing import cast

REDACTED = "[redacted]"
_CUT = "[too deep]"
_DEEPEST = 12

_SECRET_KEYS = frozenset(
    {
        "api_key",
        "apikey",
        "authorization",
        "code",
        "code_verifier",
        "cookie",
        "credentials",
        "internal_key",
        "master_key",
        "passphrase",
        "passwd",
        "private_key",
        "proxy_authorization",
        "refresh",
        "set_cookie",
        "ticket",
    }
)
"""Whole keys. A cause's code is logged as `cause`, a provider's as `provider_code`."""

_SECRET_LAST_WORDS = frozenset({"token", "tokens", "secret", "secrets", "password"})
"""`access_token` is a secret, `token_good_until` isn't."""

_NAMES = (
    r"(?:access|refresh|id|csrf)_?token|client_?secret|password|api_?key|code_verifier|token"
    r"|authorization|cookie|set-cookie|ticket"
)

_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=:-]+", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}"), REDACTED),
    (re.compile(r"\bAB11[A-Za-z0-9]{12,}"), REDACTED),
    (re.compile(r"\bRT1-[A-Za-z0-9-]{6,}"), REDACTED),
    (re.compile(r"\btb_[A-Za-z0-9_-]{16,}"), REDACTED),
    (re.compile(r"([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@/]+@", re.IGNORECASE), rf"\1:{REDACTED}@"),
    (re.compile(r"([?&](?:code|state)=)[^&\s\"'#]+"), rf"\1{REDACTED}"),
    (
        re.compile(
            rf"((?:{_NAMES})\\?[\"']?\s*[:=]\s*b?\\?[\"']?)(?!\[redacted\])[^\s\"'&,;}}\\]+",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}",
    ),
)
"""Sign-ins of HTTP, JWTs and JWEs, refresh tokens of QuickBooks, our own API keys, passwords in
addresses, what OAuth puts into a query, and `name=value` or `"name": "value"` of known names."""


def is_secret_key(key: str) -> bool:
    """Whether the value under this key is never shown."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower().replace("-", "_").replace(" ", "_")
    return plain in _SECRET_KEYS or plain.rsplit("_", 1)[-1] in _SECRET_LAST_WORDS


def redacted_text(text: str) -> str:
    """The text without anything that has the form of a secret."""
    for form, instead in _FORMS:
        text = form.sub(instead, text)
    return text


def redacted(value: object, depth: int = 0) -> object:
    """The value as plain data (texts, numbers, lists, dicts) without secrets."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redacted_text(value)
    if depth >= _DEEPEST:
        return _CUT
    if isinstance(value, Mapping):
        entries = cast("Mapping[object, object]", value)
        return {
            redacted_text(str(key)): _by_key(str(key), entry, depth)
            for key, entry in entries.items()
        }
    if isinstance(value, bytes | bytearray):
        return redacted_text(value.decode(errors="backslashreplace"))
    if isinstance(value, Sequence | set | frozenset):
        return [redacted(entry, depth + 1) for entry in cast("Sequence[object]", value)]
    return redacted_text(_shown(value))


def _by_key(key: str, value: object, depth: int) -> object:
    if is_secret_key(key) and value is not None and not isinstance(value, bool):
        return REDACTED
    return redacted(value, depth + 1)


def _shown(value: object) -> str:
    try:
        return str(value)
    except Exception as error:  # whatever a foreign __str__ does, a log line must not fail for it
        return f"<{type(value).__name__}: {type(error).__name__}>"
