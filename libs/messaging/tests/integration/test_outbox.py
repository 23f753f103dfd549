"""What a transaction tells is told if it commits, and only then."""

import asyncpg
import pytest
from contracts.codec import encode
from contracts.topics import MAX_MESSAGE_BYTES
from messaging import outbox, outbox_store
from messaging.database import PostgresDatabase, open_pool
from messaging.outbox import MessageTooLarge
from messaging.outbox_store import OutboxRow

from .support import Schema, item_changed


async def test_messages_wait_in_their_order_with_topic_key_and_headers(schema: Schema) -> None:
    messages = [item_changed(f"item {n}") for n in range(50)]
    async with schema.database.transaction() as tx:
        await outbox.put(tx, messages)
    async with schema.database.transaction() as tx:
        taken = await outbox_store.take(tx, 100, 10**9)
    for queued, message in zip(taken, messages, strict=True):
        encoded = encode(message)
        assert queued.row == OutboxRow(
            "invoicing.events.v1",
            str(message.company_id).encode(),
            encoded.value,
            {"type": message.type, "id": str(message.id)},
        )
        assert 0 <= queued.age_seconds < 60


async def test_the_relay_is_woken_after_the_commit_and_not_after_a_rollback(schema: Schema) -> None:
    await schema.roll_back(lambda tx: outbox.put(tx, [item_changed()]))
    assert schema.wakes.channels == []
    assert await schema.count("outbox") == 0
    async with schema.database.transaction() as tx:
        await outbox.put(tx, [item_changed()])
        await outbox.put(tx, [item_changed()])
        assert schema.wakes.channels == []
    assert schema.wakes.channels == [outbox.CHANNEL]


async def test_putting_nothing_wakes_nobody(schema: Schema) -> None:
    async with schema.database.transaction() as tx:
        await outbox.put(tx, [])
    assert schema.wakes.channels == []


async def test_a_message_beyond_the_limit_is_refused_with_its_id_and_size(schema: Schema) -> None:
    large = item_changed("x" * MAX_MESSAGE_BYTES)
    async with schema.database.transaction() as tx:
        with pytest.raises(MessageTooLarge, match=str(large.id)) as refused:
            await outbox.put(tx, [item_changed(), large])
    assert refused.value.message_id == large.id
    assert refused.value.bytes > MAX_MESSAGE_BYTES
    assert await schema.count("outbox") == 0


async def test_two_relays_never_hold_the_same_row(schema: Schema) -> None:
    async with schema.database.transaction() as tx:
        await outbox.put(tx, [item_changed(f"item {n}") for n in range(30)])
    async with schema.database.transaction() as one, schema.database.transaction() as other:
        first = [queued.seq for queued in await outbox_store.take(one, 10, 10**9)]
        second = [queued.seq for queued in await outbox_store.take(other, 10, 10**9)]
        assert first == list(range(1, 11))
        assert second == list(range(11, 21))
        await outbox_store.delete(one, first)
    assert await schema.count("outbox") == 20


async def test_a_batch_ends_before_it_gets_too_large_but_never_empty(schema: Schema) -> None:
    sizes = [400, 400, 400, 5000, 10]
    rows = [OutboxRow("topic", b"key", b"x" * size) for size in sizes]
    async with schema.database.transaction() as tx:
        await outbox.put_rows(tx, rows)
    taken: list[list[int]] = []
    for _ in range(3):
        async with schema.database.transaction() as tx:
            batch = await outbox_store.take(tx, 500, 1000)
            await outbox_store.delete(tx, [queued.seq for queued in batch])
            taken.append([len(queued.row.value or b"") for queued in batch])
    assert taken == [[400, 400, 400], [5000], [10]]


async def test_a_plan_made_on_the_empty_outbox_does_not_read_the_whole_backlog(
    schema: Schema,
) -> None:
    """Counted by PostgreSQL itself: rows that sequential scans have read.

    The session makes its plans anew each time it is lent, as one in use does every few seconds.
    """
    pool = await open_pool(schema.dsn, application="plans", size=1, plans_kept=0)
    database = PostgresDatabase(pool, schema.wakes)
    try:
        await pool.execute("VACUUM ANALYZE outbox")
        for _ in range(12):  # PostgreSQL makes up its mind about a plan within these
            async with database.transaction() as tx:
                assert await outbox_store.take(tx, 500, 10**9) == []
                await outbox_store.delete(tx, [1, 2, 3])
        async with database.transaction() as tx:
            await outbox.put_rows(tx, [OutboxRow("t", b"k", b"v")] * 20_000)
        before = await _rows_read_in_sequence(pool)
        for _ in range(5):
            async with database.transaction() as tx:
                batch = await outbox_store.take(tx, 100, 10**9)
                assert len(batch) == 100
                await outbox_store.delete(tx, [queued.seq for queued in batch])
        assert await _rows_read_in_sequence(pool) - before == 0
    finally:
        await pool.close()


async def _rows_read_in_sequence(pool: "asyncpg.Pool[asyncpg.Record]") -> int:
    # The pool's only session: its counts are the ones flushed.
    await pool.execute("SELECT pg_stat_force_next_flush()")
    rows: int = await pool.fetchval(
        "SELECT coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_user_tables"
        " WHERE relname = 'outbox' AND schemaname = current_schema()"
    )
    return rows
