"""Whoever has something to do hears of it at once, or looks within a second."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from time import monotonic

import asyncpg
import pytest
from messaging.database import PostgresDatabase, Row, open_pool
from messaging.wake import Listener, Notifier
from testkit import TestDatabase, eventually

from .support import Schema

PATIENCE = 10.0


async def _words(admin_dsn: str, channel: str) -> "tuple[asyncpg.Connection[Row], list[str]]":
    """Counts NOTIFYs themselves, beside any listener of ours."""
    heard: list[str] = []
    connection = await asyncpg.connect(admin_dsn)

    def on_word(_c: object, _pid: int, channel: str, _payload: object) -> None:
        heard.append(channel)

    await connection.add_listener(channel, on_word)
    return connection, heard


async def _settled(listener: Listener, never: asyncio.Event) -> None:
    """Past the word that each new session begins with."""
    await listener.listening()
    while await listener.wait(never, 0.05):
        pass


async def test_a_listener_hears_of_a_commit_at_once(schema: Schema) -> None:
    never = asyncio.Event()
    async with Notifier(schema.dsn) as notifier, Listener(schema.dsn, "outbox") as listener:
        await _settled(listener, never)
        database = PostgresDatabase(schema.pool, notifier)
        waiting = asyncio.create_task(listener.wait(never, PATIENCE))
        async with database.transaction() as tx:
            tx.wake("outbox")
            done, _ = await asyncio.wait([waiting], timeout=0.1)
            assert not done, "nothing is said before the commit"
        began = monotonic()
        assert await waiting
        assert monotonic() - began < PATIENCE / 2


async def test_other_channels_and_other_schemas_wake_nobody_here(
    new_database: Callable[[Sequence[str]], TestDatabase],
) -> None:
    database = new_database(["one", "two"])
    never = asyncio.Event()
    async with (
        Notifier(database.dsn("two")) as stranger,
        Notifier(database.dsn("one")) as own,
        Listener(database.dsn("one"), "outbox") as listener,
        Listener(database.dsn("two"), "outbox") as theirs,
    ):
        await _settled(listener, never)
        await _settled(theirs, never)
        own.wake("lanes")
        stranger.wake("outbox")
        assert await theirs.wait(never, PATIENCE)
        assert not await listener.wait(never, 0.1)
        own.wake("outbox")
        assert await listener.wait(never, PATIENCE)


async def test_waiting_ends_with_the_time_or_with_stop(schema: Schema) -> None:
    stop = asyncio.Event()
    async with Listener(schema.dsn, "outbox") as listener:
        await _settled(listener, stop)
        assert not await listener.wait(stop, 0.02)
        waiting = asyncio.create_task(listener.wait(stop, PATIENCE))
        stop.set()
        assert not await asyncio.wait_for(waiting, PATIENCE / 2)


async def test_a_word_said_before_the_wait_is_not_lost(schema: Schema) -> None:
    never = asyncio.Event()
    async with Notifier(schema.dsn) as notifier, Listener(schema.dsn, "outbox") as listener:
        await _settled(listener, never)
        connection, heard = await _words(schema.admin_dsn, "reader.outbox")
        notifier.wake("outbox")
        await eventually(lambda: _is(heard, ["reader.outbox"]))
        await connection.close()
        assert await listener.wait(never, PATIENCE)


def _is(actual: object, wanted: object) -> None:
    assert actual == wanted


async def test_many_commits_at_once_are_few_notifications(schema: Schema) -> None:
    connection, heard = await _words(schema.admin_dsn, "reader.outbox")
    async with Notifier(schema.dsn) as notifier:
        for _ in range(500):
            notifier.wake("outbox")
            await asyncio.sleep(0)
        notifier.wake("other")
        other, heard_other = await _words(schema.admin_dsn, "reader.other")
        notifier.wake("other")
        await eventually(lambda: _is(bool(heard and heard_other), True))
    await connection.close()
    await other.close()
    assert 1 <= len(heard) <= 50


async def _session_of(schema: Schema, name: str) -> int:
    admin = await asyncpg.connect(schema.admin_dsn)
    pid: int | None = await admin.fetchval(
        "SELECT pid FROM pg_stat_activity"
        " WHERE application_name = $1 AND datname = current_database()",
        name,
    )
    await admin.close()
    assert pid is not None
    return pid


async def test_a_word_said_while_the_last_one_is_on_its_way_is_said_too(schema: Schema) -> None:
    connection, heard = await _words(schema.admin_dsn, "reader.outbox")
    async with Notifier(schema.dsn) as notifier:
        notifier.wake("outbox")
        await eventually(lambda: _is(len(heard), 1))
        pid = await _session_of(schema, "notifier")
        os.kill(pid, signal.SIGSTOP)  # what is sent now is under way until it goes on
        try:
            notifier.wake("outbox")
            await asyncio.sleep(0.1)
            notifier.wake("outbox")
            await asyncio.sleep(0.1)
        finally:
            os.kill(pid, signal.SIGCONT)
        await eventually(lambda: _is(len(heard), 3))
    await connection.close()


@pytest.mark.parametrize("victim", ["notifier", "listener of outbox"])
async def test_a_killed_session_is_replaced_and_nothing_said_meanwhile_is_missed(
    schema: Schema, victim: str
) -> None:
    never = asyncio.Event()
    async with Notifier(schema.dsn) as notifier, Listener(schema.dsn, "outbox") as listener:
        notifier.wake("outbox")
        await _settled(listener, never)
        admin = await asyncpg.connect(schema.admin_dsn)
        killed = await admin.fetchval(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            " WHERE application_name = $1 AND datname = current_database()",
            victim,
        )
        await admin.close()
        assert killed == 1
        notifier.wake("outbox")
        assert await listener.wait(never, PATIENCE)


async def test_wake_never_fails_where_there_is_no_database() -> None:
    stop = asyncio.Event()
    nowhere = "postgresql://nobody:nothing@127.0.0.1:9/none"
    async with Notifier(nowhere) as notifier, Listener(nowhere, "outbox") as listener:
        notifier.wake("outbox")
        assert not await listener.wait(stop, 0.05)


async def test_the_pool_and_the_notifier_work_together_as_a_service_uses_them(
    schema: Schema,
) -> None:
    never = asyncio.Event()
    notifier, listener = Notifier(schema.dsn), Listener(schema.dsn, "outbox")
    async with await open_pool(schema.dsn, application="svc", size=1) as pool:
        database = PostgresDatabase(pool, notifier)
        async with database.transaction() as tx:
            tx.wake("outbox")
        assert await listener.wait(never, PATIENCE), "the first wait hears of what was before it"
    await notifier.close()
    await listener.close()
