"""What a pool of connections promises its transactions."""

import asyncpg
import pytest
from messaging.database import PostgresDatabase, Tx, is_away, open_pool, whole_company
from testkit import eventually

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


async def test_a_plan_from_an_empty_table_does_not_outlive_the_backlog(schema: Schema) -> None:
    pool = await open_pool(schema.dsn, application="plans", size=1, plans_kept=0.2)
    database = PostgresDatabase(pool, schema.wakes)
    find = "SELECT 1 FROM queue WHERE id = $1"

    async def plan() -> str:
        """How the session would run it now, after running it often enough to keep its plan."""
        async with database.transaction() as tx:
            for _ in range(10):
                await tx.fetch(find, 1)
            name = await tx.fetchval(
                "SELECT name FROM pg_prepared_statements WHERE statement = $1", find
            )
            rows = await tx.fetch(f'EXPLAIN EXECUTE "{name}" (1)')
            return "\n".join(str(row[0]) for row in rows)

    async def by_index() -> None:
        shown = await plan()
        assert "Index" in shown, shown
        assert "$1" in shown, "a plan for all values, not for this one"

    try:
        await schema.pool.execute(
            "CREATE TABLE queue (id bigint PRIMARY KEY) WITH (autovacuum_enabled = false)"
        )
        await schema.pool.execute("VACUUM ANALYZE queue")
        assert "Seq Scan" in await plan()
        await schema.pool.execute("INSERT INTO queue SELECT generate_series(1, 20000)")
        await eventually(by_index, within=10)
    finally:
        await schema.pool.execute("DROP TABLE IF EXISTS queue")
        pool.terminate()


async def test_all_of_a_company_is_joined_by_hash_whatever_the_figures_say(schema: Schema) -> None:
    join = """
        EXPLAIN SELECT count(b.id) FROM written a LEFT JOIN written b
        ON b.company = 2 AND b.id = a.id WHERE a.company = 2"""

    async def plan(tx: Tx) -> str:
        return "\n".join(str(row[0]) for row in await tx.fetch(join))

    try:
        await schema.pool.execute(
            "CREATE TABLE written (company int, id int, PRIMARY KEY (company, id))"
            " WITH (autovacuum_enabled = false);"
            " INSERT INTO written SELECT 1, generate_series(1, 10000)"
        )
        await schema.pool.execute("VACUUM ANALYZE written")
        await schema.pool.execute("INSERT INTO written SELECT 2, generate_series(1, 1000)")
        async with schema.database.transaction() as tx:
            assert "Nested Loop" in await plan(tx)
            async with whole_company(tx):
                assert "Nested Loop" not in await plan(tx)
            assert "Nested Loop" in await plan(tx), "only in the block"
    finally:
        await schema.pool.execute("DROP TABLE IF EXISTS written")
