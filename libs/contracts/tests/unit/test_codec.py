"""Decoding never raises, and tells apart what a reader treats differently."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from contracts.causes import CAUSES
from contracts.codec import Broken, Decoded, UnknownType, decode, encode
from contracts.connections import RemoteChanged
from contracts.ids import CompanyId, ConnectionId, MessageId, RecordId, RemoteId
from contracts.message import Message
from contracts.sync import (
    CauseInstance,
    MappingChanged,
    ProviderDetails,
    Subject,
    SyncDelayed,
    SyncFailed,
    SyncStateChanged,
    SyncSucceeded,
    Totals,
)
from contracts.topics import COMMANDS, CONNECTIONS, INVOICING, OUTCOMES, PROGRESS, TOPICS, topic_of
from hypothesis import given
from hypothesis import strategies as st

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(kind: str, name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((EXAMPLES / kind / f"{name}.json").read_text()))


def as_bytes(value: object) -> bytes:
    return json.dumps(value).encode()


SUCCEEDED = example("sync.succeeded.v1", "invoice-created")


def test_what_a_newer_writer_added_is_ignored() -> None:
    newer = {**SUCCEEDED, "mood": "good", "remote": {**SUCCEEDED["remote"], "colour": "red"}}
    decoded = decode(OUTCOMES, as_bytes(newer))
    assert isinstance(decoded, Decoded)
    assert isinstance(decoded.message, SyncSucceeded)
    assert decoded.message.remote.id == "155"


def test_what_an_older_writer_left_out_has_its_default() -> None:
    optional = ("attempts", "used", "totals", "notes", "voided", "removed", "traceparent")
    older = {name: value for name, value in SUCCEEDED.items() if name not in optional}
    decoded = decode(OUTCOMES, as_bytes(older))
    assert isinstance(decoded, Decoded)
    assert isinstance(decoded.message, SyncSucceeded)
    assert decoded.message.voided is False


def test_a_type_of_a_newer_release_is_unknown_and_not_broken() -> None:
    newer = {**SUCCEEDED, "type": "sync.succeeded.v2"}
    assert decode(OUTCOMES, as_bytes(newer)) == UnknownType("sync.succeeded.v2")


def test_a_type_of_another_topic_is_broken() -> None:
    decoded = decode(INVOICING, as_bytes(SUCCEEDED))
    assert decoded == Broken(
        "sync.succeeded.v1 doesn't belong on invoicing.events.v1", "sync.succeeded.v1"
    )


def test_a_known_type_with_something_missing_is_broken_and_says_what() -> None:
    broken = {name: value for name, value in SUCCEEDED.items() if name != "remote"}
    decoded = decode(OUTCOMES, as_bytes(broken))
    assert isinstance(decoded, Broken)
    assert decoded.type == "sync.succeeded.v1"
    assert "remote: Field required" in decoded.reason


def test_a_reason_holds_no_value_of_the_message() -> None:
    broken = {**SUCCEEDED, "step": "ann@lee.example", "occurred_at": "ann@lee.example"}
    decoded = decode(OUTCOMES, as_bytes(broken))
    assert isinstance(decoded, Broken)
    assert "ann@lee" not in decoded.reason


def test_a_reason_is_short_and_says_that_it_is_cut() -> None:
    broken = {**SUCCEEDED, "used": {"x" * 5_000: 1}}
    decoded = decode(OUTCOMES, as_bytes(broken))
    assert isinstance(decoded, Broken)
    assert len(decoded.reason) < 1_100
    assert "(cut)" in decoded.reason


def nested(depth: int) -> bytes:
    """A cause because of a cause because of …"""
    inner = b'{"code": "x", "because": ' * depth + b"null" + b"}" * depth
    failed = as_bytes({**example("sync.failed.v1", "name-taken"), "cause": 0})
    return failed.replace(b'"cause": 0', b'"cause": ' + inner)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"null",
        b"17",
        b'"text"',
        b"[]",
        b"{}",
        b"{",
        b"\x00" * 9,
        b"\xff\xfe\xfa",
        b'{"type": "\xff"}',
        b'{"type": "\\ud800"}',
        b'{"type": null}',
        b'{"type": ["sync.failed.v1"]}',
        b'{"type": "sync.failed.v1"',
        b"[" * 100_000,
        b'{"type":' * 100_000,
        b'{"type": "sync.failed.v1", "cause": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"1" * 5_000_000,
        b'{"type": "sync.failed.v1", "step": ' + b"9" * 100_000 + b"}",
        b'{"type": "' + b"x" * 5_000_000 + b'"}',
        as_bytes({**SUCCEEDED, "step": 1e400}),
        as_bytes({**SUCCEEDED, "totals": {"total": "1e999999999", "tax": "0", "currency": "USD"}}),
        as_bytes({**SUCCEEDED, "totals": {"total": "NaN", "tax": "0", "currency": "USD"}}),
        as_bytes({**SUCCEEDED, "occurred_at": "2026-06-15T14:42:00"}),
        nested(5_000),
    ],
    ids=lambda value: "none" if value is None else repr(value[:20]),
)
def test_bytes_that_are_no_message_are_broken(value: bytes | None) -> None:
    for topic in TOPICS:
        assert isinstance(decode(topic, value), Broken)


def test_a_few_causes_in_each_other_are_fine() -> None:
    assert isinstance(decode(OUTCOMES, nested(20)), Decoded)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(value: bytes) -> None:
    assert isinstance(decode(OUTCOMES, value), Broken)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)


@given(st.sampled_from(sorted(SUCCEEDED)), json_values)
def test_no_value_of_a_field_breaks_the_reader(field: str, value: object) -> None:
    decode(OUTCOMES, as_bytes({**SUCCEEDED, field: value}))


ids = st.uuids()
moments = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001  (the strategy adds the zone)
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
words = st.text(st.characters(codec="utf-8"), max_size=40)
amounts = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9))


def envelopes() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "id": ids.map(MessageId),
            "occurred_at": moments,
            "company_id": ids.map(CompanyId),
            "correlation_id": ids,
            "causation_id": st.none() | ids,
            "provider": st.sampled_from(["qbo", "xero", "freshbooks"]),
            "connection_id": ids.map(ConnectionId),
        }
    )


details = st.builds(ProviderDetails, provider_code=st.none() | words, trace_id=st.none() | words)
causes = st.recursive(
    st.builds(
        CauseInstance,
        code=st.sampled_from(sorted(CAUSES)),
        subject=st.none() | st.builds(Subject, id=words, name=words),
        params=st.dictionaries(words, words, max_size=4),
        details=details,
    ),
    lambda inner: st.builds(CauseInstance, code=words, because=inner),
    max_leaves=3,
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """Any of a few kinds of message."""
    envelope = draw(envelopes())
    about: dict[str, Any] = {
        **envelope,
        "entity": draw(st.sampled_from(["customer", "item", "invoice"])),
        "record_id": RecordId(draw(ids)),
        "generation": draw(st.integers(0, 2**31)),
        "step": draw(st.integers(0, 2**62)),
    }
    match draw(st.integers(0, 4)):
        case 0:
            return SyncFailed(**about, cause=draw(causes))
        case 1:
            return SyncDelayed(**about, why="checking", until=draw(st.none() | moments))
        case 2:
            totals = Totals(total=draw(amounts), tax=draw(amounts), currency="USD")
            remote = {"id": draw(words), "version": draw(st.none() | words)}
            fields: dict[str, Any] = {"remote": remote, "record_version": 3, "totals": totals}
            return SyncSucceeded(**about, **fields)
        case 3:
            account = draw(st.none() | words)
            item = RecordId(draw(ids))
            return MappingChanged(**envelope, item_id=item, account_id=account, version=1)
        case _:
            remote_id = RemoteId(draw(words))
            return RemoteChanged(**envelope, epoch=1, entity="invoice", remote_id=remote_id)


@given(messages())
def test_what_is_encoded_decodes_to_the_same(message: Message) -> None:
    encoded = encode(message)
    topic = topic_of(message)
    assert encoded.topic == topic.name
    assert decode(topic, encoded.value) == Decoded(message)


@given(amounts)
def test_amounts_keep_every_digit(amount: Decimal) -> None:
    totals = Totals(total=amount, tax=amount, currency="USD")
    again = Totals.model_validate_json(totals.model_dump_json())
    assert again.total.as_tuple() == amount.as_tuple()


def test_a_command_goes_to_its_providers_topic_keyed_by_the_connection() -> None:
    command = decode(
        COMMANDS["xero"],
        as_bytes(example("sync.list_remote_customers.v1", "for-an-import")),
    )
    assert isinstance(command, Decoded)
    encoded = encode(command.message)
    assert encoded.topic == "sync.commands.xero.v1"
    assert UUID(encoded.key.decode()) == getattr(command.message, "connection_id")  # noqa: B009


def test_topics_by_kind() -> None:
    changed = decode(PROGRESS, as_bytes(example("sync.state_changed.v1", "synced")))
    hint = decode(CONNECTIONS, as_bytes(example("connections.remote_changed.v1", "invoice")))
    assert isinstance(changed, Decoded)
    assert isinstance(changed.message, SyncStateChanged)
    assert isinstance(hint, Decoded)
    assert topic_of(hint.message) is CONNECTIONS


def test_a_message_nobody_carries_is_an_error() -> None:
    class Stray(Message):
        type: str = "sync.stray.v1"

    stray = Stray.model_validate(SUCCEEDED)
    with pytest.raises(KeyError):
        topic_of(stray)
