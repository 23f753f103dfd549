"""A batch is applied as a whole; what can't be read or applied is set apart alone, nothing lost."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from math import log2
from typing import cast

import asyncpg
import pytest
from contracts.codec import encode
from contracts.invoicing import ItemChanged
from contracts.message import Message
from contracts.topics import INVOICING
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from messaging import dead_letters, inbox, outbox_store
from messaging.batch_processor import BatchProcessor, Record, SetApart
from messaging.clock import SystemClock
from messaging.database import Tx

from .support import Schema, item_changed

READER = "sync-orchestrator"


def _raw(message: Message) -> Record:
    encoded = encode(message)
    return encoded.key, encoded.value


def _name(message: Message) -> str:
    return cast("ItemChanged", message).item.name


@dataclass
class Handler:
    """Writes each message's name into a table; a name that begins with "bad" breaks it."""

    calls: list[int] = field(default_factory=list[int])
    how: Callable[[Tx], Awaitable[object]] | None = None

    async def __call__(self, tx: Tx, messages: Sequence[Message]) -> None:
        self.calls.append(len(messages))
        await tx.executemany(
            "INSERT INTO applied (name) VALUES ($1)", [(_name(message),) for message in messages]
        )
        if any(_name(message).startswith("bad") for message in messages):
            if self.how is not None:
                await self.how(tx)
            raise ValueError("it is bad")


@pytest.fixture
async def applied(schema: Schema) -> Schema:
    await schema.pool.execute("DROP TABLE IF EXISTS applied")
    await schema.pool.execute("CREATE TABLE applied (name text)")
    return schema


def _processor(
    schema: Schema,
    handle: Callable[[Tx, Sequence[Message]], Awaitable[None]],
    on_set_apart: SetApart | None = None,
) -> BatchProcessor:
    return BatchProcessor(schema.database, INVOICING, READER, handle, SystemClock(), on_set_apart)


async def _names(schema: Schema) -> list[str]:
    return [row["name"] for row in await schema.fetch("SELECT name FROM applied ORDER BY name")]


async def _letters(schema: Schema) -> list[dead_letters.DeadLetter]:
    async with schema.database.transaction() as tx:
        return await dead_letters.waiting(tx, limit=1000)


async def test_a_good_batch_is_one_call_and_one_transaction(applied: Schema) -> None:
    handler = Handler()
    await _processor(applied, handler).process([_raw(item_changed(f"{n:03}")) for n in range(500)])
    assert handler.calls == [500]
    assert await _names(applied) == [f"{n:03}" for n in range(500)]
    transactions = await applied.fetch("SELECT DISTINCT xmin::text FROM applied")
    assert len(transactions) == 1


async def test_a_broken_message_is_a_dead_letter_and_a_record_and_the_rest_is_applied(
    applied: Schema,
) -> None:
    handler = Handler()
    broken = b'{"type": "invoicing.item_changed.v1", "id": 7, "x": "\\u0000"}'
    await _processor(applied, handler).process(
        [_raw(item_changed("one")), (b"key", broken), _raw(item_changed("two")), (b"k", None)]
    )
    assert handler.calls == [2]
    assert await _names(applied) == ["one", "two"]
    first, second = sorted(await _letters(applied), key=lambda letter: letter.value or b"")
    assert (second.topic, second.reader, second.key, second.value, second.type) == (
        INVOICING.name,
        READER,
        b"key",
        broken,
        "invoicing.item_changed.v1",
    )
    assert "id: " in second.reason
    assert (first.value, first.type, first.reason) == (None, None, "empty message")
    async with applied.database.transaction() as tx:
        rows = [queued.row for queued in await outbox_store.take(tx, 10, 10**9)]
    assert {row.topic for row in rows} == {"invoicing.events.v1.dlq.sync-orchestrator"}
    assert {row.value for row in rows} == {broken, None}
    assert {row.headers["reason"] for row in rows} == {first.reason, second.reason}


async def test_a_batch_that_comes_again_is_set_apart_once_and_again_after_a_replay(
    applied: Schema,
) -> None:
    """Whoever dies between the commit and the acknowledgement reads it a second time."""
    processor = _processor(applied, Handler())
    batch = [(b"key", b"{"), (b"key", b"["), (b"key", b"{")]
    await processor.process(batch)
    await processor.process(batch)
    letters = await _letters(applied)
    assert sorted(letter.value or b"" for letter in letters) == [b"[", b"{"]
    async with applied.database.transaction() as tx:
        rows = [queued.row for queued in await outbox_store.take(tx, 10, 10**9)]
        assert sorted(row.value or b"" for row in rows) == [b"[", b"{"]
        assert await dead_letters.replay(tx, [letters[0].id]) == 1
    assert len(await _letters(applied)) == 1
    await processor.process([(letters[0].key, letters[0].value)])
    assert {letter.id for letter in await _letters(applied)} == {one.id for one in letters}


@pytest.mark.parametrize(
    "value",
    [b"", b"\xff\xfe", b"[]", b"null", b'{"type": "a\\u0000b"}', b'{"type": 5}', b"[" * 100_000],
)
async def test_no_bytes_whatever_stop_a_batch(applied: Schema, value: bytes) -> None:
    handler = Handler()
    await _processor(applied, handler).process([(b"\xff", value), _raw(item_changed("one"))])
    assert await _names(applied) == ["one"]
    assert len(await _letters(applied)) <= 1


async def test_a_type_of_a_newer_release_is_skipped_not_set_apart(applied: Schema) -> None:
    handler = Handler()
    newer = b'{"type": "invoicing.item_frobnicated.v9"}'
    await _processor(applied, handler).process([(b"k", newer), (b"k", newer)])
    assert handler.calls == []
    assert await _letters(applied) == []
    await _processor(applied, handler).process([(b"k", newer), _raw(item_changed("one"))])
    assert handler.calls == [1]


@pytest.mark.parametrize("place", [0, 1, 255, 256, 498, 499])
async def test_one_bad_element_of_500_stands_alone_after_few_calls(
    applied: Schema, place: int
) -> None:
    handler = Handler()
    messages = [item_changed("bad" if n == place else f"{n:03}") for n in range(500)]
    await _processor(applied, handler).process([_raw(message) for message in messages])
    assert await _names(applied) == [f"{n:03}" for n in range(500) if n != place]
    (letter,) = await _letters(applied)
    assert letter.value == encode(messages[place]).value
    assert letter.reason == "ValueError: it is bad"
    assert letter.type == "invoicing.item_changed.v1"
    assert len(handler.calls) <= 2 * log2(500) + 3


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    size=st.integers(min_value=1, max_value=40),
    bad=st.sets(st.integers(min_value=0, max_value=39), max_size=6),
)
async def test_whatever_is_bad_the_good_are_applied_once_and_the_bad_set_apart_once(
    applied: Schema, size: int, bad: set[int]
) -> None:
    await applied.pool.execute("TRUNCATE applied, dead_letters, outbox")
    names = [f"bad {n:02}" if n in bad else f"{n:02}" for n in range(size)]
    raws = [_raw(item_changed(name)) for name in names]
    handler = Handler()
    await _processor(applied, handler).process(raws)
    assert await _names(applied) == [name for name in names if not name.startswith("bad")]
    letters = sorted(letter.value or b"" for letter in await _letters(applied))
    assert letters == sorted(
        raw[1] or b"" for raw, name in zip(raws, names, strict=True) if name.startswith("bad")
    )
    assert await applied.count("outbox") == len(letters)
    in_play = len(letters)
    assert len(handler.calls) <= 1 + in_play * (2 * log2(size) + 2)


async def _sql_error(tx: Tx) -> None:
    await tx.execute("SELECT 1/0")


async def _constraint(tx: Tx) -> None:
    await tx.execute("INSERT INTO inbox (reader) VALUES ('x')")


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (_sql_error, "DivisionByZeroError: division by zero"),
        (_constraint, "NotNullViolationError: .*inbox, message_id"),
    ],
)
async def test_an_sql_error_of_one_element_undoes_only_that_element(
    applied: Schema, how: Callable[[Tx], Awaitable[None]], reason: str
) -> None:
    handler = Handler(how=how)
    await _processor(applied, handler).process(
        [_raw(item_changed(name)) for name in ("one", "bad", "two")]
    )
    assert await _names(applied) == ["one", "two"]
    (letter,) = await _letters(applied)
    assert letter.reason.startswith(reason.split(":")[0])


async def test_what_fails_only_at_the_commit_is_found_too(applied: Schema) -> None:
    await applied.pool.execute(
        "DROP TABLE IF EXISTS late;"
        "CREATE TABLE late (n text UNIQUE DEFERRABLE INITIALLY DEFERRED);"
        "INSERT INTO late VALUES ('x')"
    )

    async def handle(tx: Tx, messages: Sequence[Message]) -> None:
        for message in messages:
            await tx.execute("INSERT INTO late VALUES ($1)", _name(message))

    await _processor(applied, handle).process(
        [_raw(item_changed(name)) for name in ("one", "x", "two")]
    )
    assert {row["n"] for row in await applied.fetch("SELECT n FROM late")} == {"x", "one", "two"}
    (letter,) = await _letters(applied)
    assert letter.reason.startswith("UniqueViolationError")


async def test_a_failure_that_passes_by_itself_sets_nothing_apart(applied: Schema) -> None:
    class Once(Handler):
        async def __call__(self, tx: Tx, messages: Sequence[Message]) -> None:
            await super().__call__(tx, messages)
            if len(self.calls) == 1:
                raise ValueError("a race lost")

    for count in (1, 8):
        await _processor(applied, Once()).process([_raw(item_changed("x")) for _ in range(count)])
    assert await _letters(applied) == []
    assert len(await _names(applied)) == 9


async def test_while_the_database_is_away_nothing_is_applied_and_nothing_set_apart(
    applied: Schema,
) -> None:
    async def handle(tx: Tx, messages: Sequence[Message]) -> None:
        pid = await tx.fetchval("SELECT pg_backend_pid()")
        admin = await asyncpg.connect(applied.admin_dsn)
        await admin.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await admin.close()
        await tx.execute("INSERT INTO applied (name) VALUES ('lost')")

    processor = _processor(applied, handle)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await processor.process([_raw(item_changed("one")), (b"k", b"broken")])
    assert processor.busy_seconds() == 0
    assert await _names(applied) == []
    assert await _letters(applied) == []
    handler = Handler()
    await _processor(applied, handler).process([_raw(item_changed("one")), (b"k", b"broken")])
    assert await _names(applied) == ["one"]
    assert len(await _letters(applied)) == 1


async def test_the_service_hears_of_each_element_set_apart_in_the_same_transaction(
    applied: Schema,
) -> None:
    told: list[tuple[str | None, bytes | None, str]] = []

    async def on_set_apart(tx: Tx, message: Message | None, raw: bytes | None, reason: str) -> None:
        told.append((None if message is None else _name(message), raw, reason))
        await tx.execute("INSERT INTO applied (name) VALUES ($1)", f"told {reason[:10]}")

    bad = item_changed("bad")
    await _processor(applied, Handler(), on_set_apart).process(
        [(b"k", b"nonsense"), _raw(bad), _raw(item_changed("one"))]
    )
    assert [(name, raw) for name, raw, _ in told] == [
        (None, b"nonsense"),
        ("bad", encode(bad).value),
    ]
    assert len(await _names(applied)) == 3


async def test_a_service_that_fails_to_hear_of_it_loses_only_that(applied: Schema) -> None:
    async def on_set_apart(tx: Tx, message: Message | None, raw: bytes | None, reason: str) -> None:
        await tx.execute("INSERT INTO applied (name) VALUES ('half told')")
        await tx.execute("SELECT 1/0")

    await _processor(applied, Handler(), on_set_apart).process(
        [(b"k", b"nonsense"), _raw(item_changed("bad")), _raw(item_changed("one"))]
    )
    assert await _names(applied) == ["one"]
    assert len(await _letters(applied)) == 2


async def test_redelivery_has_no_second_effect_with_the_inbox(applied: Schema) -> None:
    async def handle(tx: Tx, messages: Sequence[Message]) -> None:
        new = await inbox.first_time(tx, READER, [message.id for message in messages])
        rows = [(_name(message),) for message in messages if message.id in new]
        await tx.executemany("INSERT INTO applied (name) VALUES ($1)", rows)

    batch = [_raw(item_changed(f"{n}")) for n in range(5)]
    processor = _processor(applied, handle)
    await processor.process(batch)
    await processor.process(batch[2:] + batch)
    assert await _names(applied) == ["0", "1", "2", "3", "4"]


async def test_a_reader_that_the_topic_does_not_know_is_refused_at_once(schema: Schema) -> None:
    with pytest.raises(ValueError, match="nobody is no reader of invoicing"):
        BatchProcessor(schema.database, INVOICING, "nobody", Handler(), SystemClock())
