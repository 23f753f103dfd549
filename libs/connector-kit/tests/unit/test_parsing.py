"""A command that is read ahead is parsed once, and only so much is kept."""

from uuid import UUID

from connector_kit.parsing import ParsedAhead, parse_command
from contracts.commands import Origin, ReadRemote
from contracts.ids import CompanyId, ConnectionId, MessageId, RecordId
from messaging.clock import SystemClock

NOW = SystemClock().now()


def content(number: int, *, step: int = 1) -> str:
    return ReadRemote(
        id=MessageId(UUID(int=number)),
        occurred_at=NOW,
        company_id=CompanyId(UUID(int=1)),
        correlation_id=UUID(int=2),
        provider="qbo",
        connection_id=ConnectionId(UUID(int=3)),
        epoch=1,
        record_id=RecordId(UUID(int=number)),
        generation=1,
        step=step,
        origin=Origin(by="event"),
        entity="invoice",
    ).model_dump_json()


def test_what_was_read_ahead_is_parsed_once_however_often_it_is_read() -> None:
    parsed = ParsedAhead()
    ahead = parsed.keep(content(1))
    assert ahead == parse_command(content(1))
    assert parsed.keep(content(1)) is ahead
    assert parsed.take(content(1)) is ahead


def test_what_was_taken_is_no_longer_kept() -> None:
    parsed = ParsedAhead()
    ahead = parsed.keep(content(1))
    assert parsed.take(content(1)) is ahead
    assert parsed.take(content(1)) is not ahead


def test_content_that_changed_is_parsed_as_it_is_now() -> None:
    parsed = ParsedAhead()
    parsed.keep(content(1))
    assert parsed.take(content(1, step=2)).step == 2


def test_what_nobody_takes_makes_room_for_newer() -> None:
    parsed = ParsedAhead(most_characters=3 * len(content(1)))
    ahead = [parsed.keep(content(number)) for number in range(1, 6)]
    kept = [parsed.take(content(number)) is ahead[number - 1] for number in range(1, 6)]
    assert kept == [False, False, True, True, True]


def test_one_that_is_larger_than_all_room_is_given_and_not_kept() -> None:
    parsed = ParsedAhead(most_characters=10)
    ahead = parsed.keep(content(1))
    assert ahead.step == 1
    assert parsed.take(content(1)) is not ahead
