"""Ports: which are free, and which belongs to what."""

from __future__ import annotations

import random
import socket

# Below the range the kernel hands out to outgoing connections, above what services commonly use.
_FIRST, _LAST = 12_000, 32_000


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def find_free_block(size: int) -> int:
    """The first of `size` consecutive free ports, somewhere random so that two runs rarely meet.

    Raises OSError if there seems to be none.
    """
    for _ in range(500):
        first = random.randrange(_FIRST, _LAST - size)  # noqa: S311 (no secret)
        if all(is_free(port) for port in range(first, first + size)):
            return first
    raise OSError(f"no {size} consecutive free ports between {_FIRST} and {_LAST}")
