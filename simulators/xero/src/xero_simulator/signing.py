"""RS256 without a library: enough to sign what protects nothing, so that clients can check it.

The key is the same in every process: a client that kept it may go on after a restart.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from functools import cache
from itertools import count

EXPONENT = 65537
_BITS = 2048
_ROUNDS = 20
_SMALL = [each for each in range(3, 2000, 2) if all(each % by for by in range(3, each, 2))]
# DigestInfo of SHA-256, RFC 8017 section 9.2.
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")


@dataclass(frozen=True, slots=True)
class Key:
    """An RSA key."""

    first: int
    second: int

    @property
    def modulus(self) -> int:
        """What everybody knows."""
        return self.first * self.second

    @property
    def size(self) -> int:
        """Bytes of the modulus, and of a signature."""
        return (self.modulus.bit_length() + 7) // 8

    def sign(self, message: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256."""
        told = _SHA256 + hashlib.sha256(message).digest()
        padded = b"\x00\x01" + b"\xff" * (self.size - len(told) - 3) + b"\x00" + told
        message_number = int.from_bytes(padded, "big")
        # By the Chinese remainder theorem: two powers of half the length, four times as fast.
        by_first = pow(message_number, _private(self.first), self.first)
        by_second = pow(message_number, _private(self.second), self.second)
        step = pow(self.second, -1, self.first) * (by_first - by_second) % self.first
        return (by_second + step * self.second).to_bytes(self.size, "big")


@cache
def _private(prime: int) -> int:
    return pow(EXPONENT, -1, prime - 1)


@cache
def key() -> Key:
    """The simulator's key; making it takes a moment, so it is made when first needed."""
    dice = random.Random("xero_simulator")  # noqa: S311 -- a published key on purpose
    while True:
        first, second = _prime(dice), _prime(dice)
        if first != second and (first - 1) * (second - 1) % EXPONENT:
            return Key(first, second)


def _prime(dice: random.Random) -> int:
    top = 3 << (_BITS // 2 - 2)
    start = dice.getrandbits(_BITS // 2) | top | 1
    for step in count(0, 2):
        if _is_prime(start + step, dice):
            return start + step
    raise AssertionError("there is always a next prime")


def _is_prime(number: int, dice: random.Random) -> bool:
    if any(number % each == 0 for each in _SMALL):
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(_ROUNDS):
        power = pow(dice.randrange(2, number - 1), odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True
