"""Schemas are brought up to date once, in order, and never silently differ from their files."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import asyncpg
import pytest
from messaging.migrations import MigrationError, migrate
from testkit import TestDatabase


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package `shop_under_test` with one migration; its migrations folder."""
    root = tmp_path / "shop_under_test"
    folder = root / "migrations"
    folder.mkdir(parents=True)
    (root / "__init__.py").write_text("")
    (folder / "0001_orders.sql").write_text(
        "CREATE TABLE orders (id int PRIMARY KEY, at timestamptz DEFAULT clock());"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "shop_under_test", raising=False)
    return folder


@pytest.fixture
def dsn(new_database: Callable[[Sequence[str]], TestDatabase]) -> str:
    return new_database(["shop"]).dsn("shop")


async def _tables(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        )
        return {row["tablename"] for row in rows}
    finally:
        await connection.close()


async def test_messagings_own_tables_come_before_the_services(dsn: str, package: Path) -> None:
    done = await migrate(dsn, "shop_under_test")
    assert done == ["messaging/0001_messaging.sql", "shop_under_test/0001_orders.sql"]
    assert await _tables(dsn) == {
        "schema_migrations",
        "outbox",
        "inbox",
        "dead_letters",
        "feed_positions",
        "orders",
    }


async def test_a_second_run_applies_only_what_is_new(dsn: str, package: Path) -> None:
    await migrate(dsn, "shop_under_test")
    (package / "0002_more.sql").write_text("ALTER TABLE orders ADD COLUMN name text;")
    assert await migrate(dsn, "shop_under_test") == ["shop_under_test/0002_more.sql"]
    assert await migrate(dsn, "shop_under_test") == []


async def test_processes_that_migrate_at_the_same_time_apply_each_migration_once(
    dsn: str, package: Path
) -> None:
    lists = await asyncio.gather(*(migrate(dsn, "shop_under_test") for _ in range(4)))
    assert sorted(len(names) for names in lists) == [0, 0, 0, 2]


async def test_an_edited_migration_is_refused_by_name(dsn: str, package: Path) -> None:
    await migrate(dsn, "shop_under_test")
    (package / "0001_orders.sql").write_text("CREATE TABLE orders (id bigint);")
    with pytest.raises(MigrationError, match=r"shop_under_test/0001_orders.sql was edited"):
        await migrate(dsn, "shop_under_test")


async def test_an_older_release_is_refused_on_a_newer_schema(dsn: str, package: Path) -> None:
    await migrate(dsn, "shop_under_test")
    (package / "0001_orders.sql").unlink()
    with pytest.raises(MigrationError, match="older release"):
        await migrate(dsn, "shop_under_test")


async def test_a_migration_that_fails_leaves_nothing_of_itself(dsn: str, package: Path) -> None:
    (package / "0002_broken.sql").write_text("CREATE TABLE half (id int); SELECT 1/0;")
    with pytest.raises(MigrationError, match=r"0002_broken.sql: division by zero"):
        await migrate(dsn, "shop_under_test")
    tables = await _tables(dsn)
    assert "orders" in tables
    assert "half" not in tables
    (package / "0002_broken.sql").write_text("CREATE TABLE half (id int);")
    assert await migrate(dsn, "shop_under_test") == ["shop_under_test/0002_broken.sql"]


async def test_a_role_without_a_schema_is_told_so(
    new_database: Callable[[Sequence[str]], TestDatabase],
) -> None:
    database = new_database(["shop"])
    connection = await asyncpg.connect(database.admin_dsn)
    await connection.execute("DROP SCHEMA shop")
    await connection.close()
    with pytest.raises(MigrationError, match="names no schema"):
        await migrate(database.dsn("shop"), "messaging")


async def test_clock_says_the_sessions_time_only_where_one_is_set(dsn: str) -> None:
    await migrate(dsn, "messaging")
    connection = await asyncpg.connect(dsn)
    try:
        real = "SELECT abs(extract(epoch FROM clock() - clock_timestamp())) < 1"
        assert await connection.fetchval(real)
        async with connection.transaction():
            await connection.execute("SET LOCAL app.now = '2030-01-02 03:04:05+00'")
            assert await connection.fetchval("SELECT clock() = '2030-01-02 03:04:05+00'")
        assert await connection.fetchval(real), "an ended transaction leaves app.now empty, not set"
        first = await connection.fetchval("SELECT clock()")
        assert await connection.fetchval("SELECT clock() > $1", first), "it runs on"
    finally:
        await connection.close()


async def test_two_services_of_one_database_have_tables_of_their_own(
    new_database: Callable[[Sequence[str]], TestDatabase],
) -> None:
    database = new_database(["one", "two"])
    await migrate(database.dsn("one"), "messaging")
    assert await _tables(database.dsn("two")) == set()
    assert await migrate(database.dsn("two"), "messaging") == ["messaging/0001_messaging.sql"]
