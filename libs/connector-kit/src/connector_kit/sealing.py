"""Secrets at rest: AES-256-GCM with a key of its own per owner, wrapped by a master key.

What is sealed for one owner can't be opened as another's: the owner is authenticated with it.
Master keys come from settings by name, the newest last; a rotation wraps owners' keys anew and
touches no sealed secret.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_KEY = 32


class CannotUnseal(Exception):  # noqa: N818  (says what is the case)
    """The secret doesn't open: another owner's, a changed text, or a master key that is missing."""


@dataclass(frozen=True)
class WrappedKey:
    """An owner's key, wrapped by the master key named `key_id`."""

    key_id: str
    wrapped: bytes = field(repr=False)


class Sealer:
    """Seals with the newest master key, opens with any of them.

    Args:
        keys: master keys by name, 32 bytes each, the newest last.
        random: gives so many random bytes.

    Raises:
        ValueError: there is no key, or one isn't 32 bytes.
    """

    def __init__(self, keys: Mapping[str, bytes], random: Callable[[int], bytes]) -> None:
        if not keys:
            raise ValueError("TOKEN_KEYS names no key: give at least one, 64 hex digits")
        for name, key in keys.items():
            if len(key) != _KEY:
                raise ValueError(f"TOKEN_KEYS: key {name} must be 64 hex digits")
        self._keys = dict(keys)
        self._newest = list(keys)[-1]
        self._random = random

    @property
    def newest(self) -> str:
        """The name of the master key that wraps from now on."""
        return self._newest

    def new_key(self, owner: str) -> WrappedKey:
        """A fresh key for this owner."""
        return self._wrap(self._random(_KEY), owner)

    def rewrap(self, key: WrappedKey, owner: str) -> WrappedKey:
        """The same key under the newest master key."""
        return self._wrap(self._unwrap(key, owner), owner)

    def seal(self, key: WrappedKey, owner: str, purpose: str, secret: str) -> bytes:
        """The secret, sealed for this owner and this purpose."""
        nonce = self._random(_NONCE)
        cipher = AESGCM(self._unwrap(key, owner))
        return nonce + cipher.encrypt(nonce, secret.encode(), _bound_to(owner, purpose))

    def open(self, key: WrappedKey, owner: str, purpose: str, sealed: bytes) -> str:
        """The secret again.

        Raises:
            CannotUnseal: see there.
        """
        cipher = AESGCM(self._unwrap(key, owner))
        try:
            secret = cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound_to(owner, purpose))
            return secret.decode()
        except InvalidTag as error:
            raise CannotUnseal(f"the secret isn't {owner}'s, or was changed") from error

    def _wrap(self, key: bytes, owner: str) -> WrappedKey:
        nonce = self._random(_NONCE)
        cipher = AESGCM(self._keys[self._newest])
        return WrappedKey(self._newest, nonce + cipher.encrypt(nonce, key, owner.encode()))

    def _unwrap(self, key: WrappedKey, owner: str) -> bytes:
        master = self._keys.get(key.key_id)
        if master is None:
            raise CannotUnseal(f"TOKEN_KEYS has no key named {key.key_id}; it is still in use")
        try:
            return AESGCM(master).decrypt(
                key.wrapped[:_NONCE], key.wrapped[_NONCE:], owner.encode()
            )
        except InvalidTag as error:
            raise CannotUnseal(f"the key isn't {owner}'s, or {key.key_id} was changed") from error


def _bound_to(owner: str, purpose: str) -> bytes:
    return f"{owner}|{purpose}".encode()
