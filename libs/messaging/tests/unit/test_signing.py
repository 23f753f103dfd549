"""Only a holder of the key can speak for a company, for a minute, and only for what it signed."""

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from contracts.ids import CompanyId, ConnectionId, UserId
from hypothesis import given
from hypothesis import strategies as st
from messaging.internal import HEADER, Caller, NotSigned, key_from_hex, sign, verify
from messaging.tickets import Ticket, make_ticket, read_ticket

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
COMPANY = CompanyId(UUID(int=1))
USER = UserId(UUID(int=2))
CONNECTION = ConnectionId(UUID(int=3))


def _header(now: datetime = NOW, key: bytes = KEY) -> str:
    return sign(key, company=COMPANY, user=USER, role="office", now=now)[HEADER]


def _ticket(now: datetime = NOW, key: bytes = KEY) -> str:
    return make_ticket(
        key,
        company=COMPANY,
        user=USER,
        user_name="Zoë O'Neil",
        provider="qbo",
        nonce="n-1",
        now=now,
    )


def test_a_header_says_who_calls_for_a_minute() -> None:
    for seconds in (0, 30, 60):
        assert verify(KEY, _header(), NOW + timedelta(seconds=seconds)) == Caller(
            COMPANY, USER, "office"
        )


def test_a_service_calls_for_any_company_without_a_person() -> None:
    header = sign(KEY, company="*", role="service", now=NOW)[HEADER]
    assert verify(KEY, header, NOW) == Caller("*", None, "service")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "nothing is signed here"),
        ("", "nothing is signed here"),
        ("nonsense", "not of the form"),
        ("v2.e30.00", "not of the form"),
        ("v1.e30.é", "another key"),
        (_header(key=OTHER_KEY), "another key"),
        (_ticket(), "another purpose"),
        (_header(NOW - timedelta(seconds=61)), "signed 61 s ago; it was valid for 60 s"),
        (_header(NOW + timedelta(seconds=6)), "6 s in the future"),
    ],
)
def test_a_header_that_is_missing_forged_foreign_or_old_is_refused_with_the_reason(
    header: str | None, reason: str
) -> None:
    with pytest.raises(NotSigned, match=reason):
        verify(KEY, header, NOW)


def test_a_clock_that_is_a_little_ahead_is_forgiven() -> None:
    assert verify(KEY, _header(NOW + timedelta(seconds=5)), NOW).company == COMPANY


@given(st.integers(min_value=0, max_value=400), st.integers(min_value=1, max_value=255))
def test_no_changed_byte_is_accepted(place: int, change: int) -> None:
    header = _header()
    place %= len(header)
    changed = header[:place] + chr((ord(header[place]) + change) % 0x110) + header[place + 1 :]
    with pytest.raises(NotSigned):
        verify(KEY, changed, NOW)


def test_a_payload_put_before_anothers_signature_is_refused() -> None:
    version, _, mac = _header().split(".")
    claims = {"company": "*", "user": None, "role": "service", "at": int(NOW.timestamp())}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    with pytest.raises(NotSigned, match="changed on the way"):
        verify(KEY, f"{version}.{payload}.{mac}", NOW)


def test_a_ticket_says_who_connects_what_for_five_minutes() -> None:
    for seconds in (0, 300):
        assert read_ticket(KEY, _ticket(), NOW + timedelta(seconds=seconds)) == Ticket(
            COMPANY, USER, "Zoë O'Neil", "qbo", "n-1", "connect", None
        )
    with pytest.raises(NotSigned, match="301 s ago"):
        read_ticket(KEY, _ticket(), NOW + timedelta(seconds=301))


def test_a_ticket_to_reconnect_names_its_connection() -> None:
    ticket = make_ticket(
        KEY,
        company=COMPANY,
        user=USER,
        user_name="Zoë",
        provider="xero",
        nonce="n-2",
        intent="reconnect",
        connection_id=CONNECTION,
        now=NOW,
        time_zone="Pacific/Auckland",
    )
    read = read_ticket(KEY, ticket, NOW, provider="xero")
    assert (read.intent, read.connection_id) == ("reconnect", CONNECTION)
    assert read.time_zone == "Pacific/Auckland"
    with pytest.raises(ValueError, match="connection_id"):
        make_ticket(
            KEY,
            company=COMPANY,
            user=USER,
            user_name="Zoë",
            provider="xero",
            nonce="n-3",
            intent="reconnect",
            now=NOW,
        )


def test_a_ticket_is_safe_in_a_url() -> None:
    assert set(_ticket()) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
    )


@pytest.mark.parametrize(
    ("ticket", "reason"),
    [
        (None, "nothing is signed here"),
        (_ticket(key=OTHER_KEY), "another key"),
        (_header(), "another purpose"),
    ],
)
def test_a_ticket_that_is_missing_forged_or_foreign_is_refused(
    ticket: str | None, reason: str
) -> None:
    with pytest.raises(NotSigned, match=reason):
        read_ticket(KEY, ticket, NOW)


def test_a_ticket_for_another_provider_is_refused() -> None:
    with pytest.raises(NotSigned, match="a ticket for qbo, not for xero"):
        read_ticket(KEY, _ticket(), NOW, provider="xero")


def test_the_key_must_be_hex_and_long_enough() -> None:
    assert key_from_hex("ab" * 32 + "\n") == b"\xab" * 32
    with pytest.raises(ValueError, match="INTERNAL_KEY must be hex"):
        key_from_hex("not hex")
    with pytest.raises(ValueError, match="64 hex digits or more, not 4"):
        key_from_hex("abcd")
