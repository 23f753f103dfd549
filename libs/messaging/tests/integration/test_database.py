"""What a pool of connections promises its transactions."""

import asyncpg
import pytest
from messaging.database import Tx, is_away

from .support import Schema


async def test_json_columns_come_and_go_as_text(schema: Schema) -> None:
    async with schema.database.transaction() as tx:
        assert await tx.fetchval("""SELECT $1::jsonb""", '{"a": "1.50"}') == '{"a": "1.50"}'


async def _insert_and_fail(tx: Tx) -> None:
    async with tx.savepoint():
        await tx.execute("INSERT INTO outbox (topic) VALUES ('undone')")
        await tx.execute("SELECT FROM nowhere")


async def test_a_savepoint_undoes_only_its_own_part(schema: Schema) -> None:
    async with schema.database.transaction() as tx:
        await tx.execute("INSERT INTO outbox (topic) VALUES ('kept')")
        with pytest.raises(asyncpg.UndefinedTableError):
            await _insert_and_fail(tx)
        await tx.execute("INSERT INTO outbox (topic) VALUES ('kept')")
    assert [row["topic"] for row in await schema.fetch("SELECT topic FROM outbox")] == ["kept"] * 2


async def _use_a_session_that_is_killed(schema: Schema) -> None:
    admin = await asyncpg.connect(schema.admin_dsn)
    try:
        async with schema.database.transaction() as tx:
            pid = await tx.fetchval("SELECT pg_backend_pid()")
            await admin.execute("SELECT pg_terminate_backend($1, 5000)", pid)
            await tx.execute("SELECT 1")
    finally:
        await admin.close()


async def test_a_killed_session_counts_as_the_database_being_away(schema: Schema) -> None:
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as caught:
        await _use_a_session_that_is_killed(schema)
    assert is_away(caught.value), repr(caught.value)
    async with schema.database.transaction() as tx:
        assert await tx.fetchval("SELECT 1") == 1


async def _fetch(tx: Tx, sql: str, arguments: tuple[object, ...]) -> None:
    async with tx.savepoint():
        await tx.fetch(sql, *arguments)


@pytest.mark.parametrize(
    ("sql", "arguments"),
    [
        ("SELECT $1::int", (2**40,)),
        ("SELECT $1::int", ("seven",)),
        ("SELECT $1::int", ("connection is closed",)),
        ("SELECT $1::int[]", ("closed",)),
        ("SELECT $1::int", ()),
        ("SELECT $1::text", ("a\x00b",)),
        ("SELECT 1/0", ()),
        ("INSERT INTO inbox (reader) VALUES ('x')", ()),
        ("SELECT nonsense", ()),
    ],
)
async def test_what_the_data_or_the_call_did_wrong_is_not_the_database_being_away(
    schema: Schema, sql: str, arguments: tuple[object, ...]
) -> None:
    async with schema.database.transaction() as tx:
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as caught:
            await _fetch(tx, sql, arguments)
    assert not is_away(caught.value), repr(caught.value)


async def test_a_closed_pool_counts_as_the_database_being_away(schema: Schema) -> None:
    await schema.pool.close()
    with pytest.raises(asyncpg.InterfaceError) as caught:
        async with schema.database.transaction():
            pass
    assert is_away(caught.value)
