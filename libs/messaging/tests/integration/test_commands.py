"""`python -m messaging` as an operator types it."""

import asyncio
import os
import sys
from uuid import uuid4

from messaging import dead_letters, outbox_store
from messaging.dead_letters import NewLetter

from .support import Schema


async def _run(*arguments: str, **settings: str) -> tuple[int, str, str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL",)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "messaging",
        *arguments,
        env=environment | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_topics_are_made_and_a_second_time_found(kafka_server: str) -> None:
    code, _, err = await _run("create-topics", KAFKA_BOOTSTRAP_SERVERS=kafka_server)
    assert (code, err) == (0, "")
    code, out, err = await _run("create-topics", KAFKA_BOOTSTRAP_SERVERS=kafka_server)
    assert (code, out, err) == (0, "all topics are there\n", "")


async def test_a_missing_setting_is_named() -> None:
    assert await _run("dead-letters", "list") == (2, "", "DATABASE_URL isn't set\n")


async def test_dead_letters_are_listed_and_replayed(schema: Schema) -> None:
    letters = [
        NewLetter(uuid4(), "some.topic", "reader", b"k", f"{n}".encode(), None, f"reason {n}")
        for n in range(3)
    ]
    async with schema.database.transaction() as tx:
        await dead_letters.put(tx, letters)
    code, out, _ = await _run("dead-letters", "list", DATABASE_URL=schema.dsn)
    assert code == 0
    assert all(str(letter.id) in out and letter.reason in out for letter in letters)
    assert out.endswith("3 dead letters\n")

    one = str(letters[0].id)
    code, out, _ = await _run("dead-letters", "replay", one, DATABASE_URL=schema.dsn)
    assert (code, out) == (0, "1 put back on their topics\n")
    code, out, _ = await _run("dead-letters", "replay", "--all", DATABASE_URL=schema.dsn)
    assert (code, out) == (0, "2 put back on their topics\n")
    async with schema.database.transaction() as tx:
        waiting = [queued.row for queued in await outbox_store.take(tx, 10, 10**9)]
    assert sorted(row.value or b"" for row in waiting) == [b"0", b"1", b"2"]
    assert {row.topic for row in waiting} == {"some.topic"}

    code, _, err = await _run("dead-letters", "replay", DATABASE_URL=schema.dsn)
    assert (code, err) == (2, "name the ids to replay, or --all\n")
    unknown = str(uuid4())
    code, out, _ = await _run("dead-letters", "replay", unknown, DATABASE_URL=schema.dsn)
    assert (code, out) == (1, "0 put back on their topics\n")


async def test_a_database_that_is_away_is_told_without_its_password() -> None:
    nowhere = "postgresql://someone:s3cret@127.0.0.1:9/none"
    code, _, err = await _run("dead-letters", "list", DATABASE_URL=nowhere)
    assert code == 2
    assert "can't be reached" in err
    assert "s3cret" not in err
