"""UUIDs that sort by time."""

import os
from uuid import UUID

from contracts.ids import uuid7
from hypothesis import given
from hypothesis import strategies as st

milliseconds = st.integers(0, 2**48 - 1)
randomness = st.binary(min_size=10, max_size=10)


@given(milliseconds, randomness)
def test_version_variant_and_time_are_where_the_rfc_puts_them(ms: int, tail: bytes) -> None:
    made = uuid7(ms, lambda _: tail)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == ms


@given(milliseconds, milliseconds, randomness, randomness)
def test_ids_sort_by_their_millisecond(one: int, other: int, a: bytes, b: bytes) -> None:
    first, second = uuid7(one, lambda _: a), uuid7(other, lambda _: b)
    if one != other:
        assert (first < second) == (one < other)
        assert (str(first) < str(second)) == (one < other)


@given(randomness, randomness)
def test_74_bits_of_randomness_make_the_difference(a: bytes, b: bytes) -> None:
    kept = 2**74 - 1
    same = uuid7(1, lambda _: a) == uuid7(1, lambda _: b)
    assert same == (_kept(a, kept) == _kept(b, kept))


def _kept(tail: bytes, mask: int) -> tuple[int, int]:
    number = int.from_bytes(tail, "big")
    return (number >> 68) & 0xFFF, number & (2**62 - 1) & mask


def test_the_example_of_the_rfc() -> None:
    """RFC 9562 appendix A.6: rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F."""
    tail = ((0xCC3 << 68) | 0x18C4DC0C0C07398F).to_bytes(10, "big")
    assert uuid7(0x017F22E279B0, lambda _: tail) == UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")


def test_real_randomness_never_repeats_in_a_millisecond() -> None:
    assert len({uuid7(1, os.urandom) for _ in range(1_000)}) == 1_000
