"""A command is parsed once while somebody works on it, and kept for nobody."""

import gc
from uuid import UUID

from connector_kit.parsing import Parsed, parse_command
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


def test_what_somebody_works_on_is_parsed_once_however_often_it_is_read() -> None:
    parsed = Parsed()
    held = parsed.command(content(1))
    assert held == parse_command(content(1))
    assert parsed.command(content(1)) is held


def test_content_that_changed_is_parsed_as_it_is_now() -> None:
    parsed = Parsed()
    held = parsed.command(content(1))
    assert (held.step, parsed.command(content(1, step=2)).step) == (1, 2)


def test_what_nobody_works_on_is_not_kept() -> None:
    parsed = Parsed()
    for number in range(100):
        parsed.command(content(number))
    held = parsed.command(content(100))
    gc.collect()
    assert parsed.held == 1
    assert parsed.command(content(100)) is held
