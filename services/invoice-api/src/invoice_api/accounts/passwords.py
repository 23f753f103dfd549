"""Passwords, hashed with argon2id (RFC 9106, argon2-cffi's defaults)."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
# Checked where there is no such person, so that both answers take the same time.
_NOBODY = _HASHER.hash("nobody's password")


async def hash_password(password: str) -> str:
    """The hash to keep. Runs beside the event loop: it takes tens of milliseconds on purpose."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def fits(password: str, kept: str | None) -> bool:
    """Whether this is the password; False, as slowly, where there is nobody."""
    return await asyncio.to_thread(_fits, password, kept)


def _fits(password: str, kept: str | None) -> bool:
    try:
        _HASHER.verify(_NOBODY if kept is None else kept, password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None
