"""`python -m messaging`: what an operator does with topics and dead letters.

create-topics                    make the topics that aren't there (KAFKA_BOOTSTRAP_SERVERS)
dead-letters list [--replayed]   what was set apart in a service's schema (DATABASE_URL)
dead-letters replay ID… | --all  put those messages back on their topics (DATABASE_URL)
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from uuid import UUID

from aiokafka.errors import KafkaError

from messaging import dead_letters
from messaging.database import DATABASE_AWAY, PostgresDatabase, open_pool
from messaging.kafka_topics import TopicsNotMade, create_topics
from messaging.wake import Notifier

_PATIENCE_SECONDS = 60.0
_ALL_AT_ONCE = 1_000


class _UsageError(Exception):
    """What the operator gave can't be used; the text says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "create-topics":
            return asyncio.run(_create_topics(_setting("KAFKA_BOOTSTRAP_SERVERS")))
        if given.action == "list":
            return asyncio.run(_list(_setting("DATABASE_URL"), given.replayed))
        return asyncio.run(_replay(_setting("DATABASE_URL"), given.id, given.all))
    except (_UsageError, TopicsNotMade) as error:
        return _fail(str(error))
    except (KafkaError, *DATABASE_AWAY) as error:
        return _fail(f"can't be reached: {error!r}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m messaging")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("create-topics", help="make the topics that aren't there")
    letters = commands.add_parser("dead-letters", help="messages that were set apart")
    actions = letters.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="the oldest first")
    listing.add_argument("--replayed", action="store_true", help="those already replayed too")
    replaying = actions.add_parser("replay", help="put them back on their topics")
    replaying.add_argument("id", nargs="*", type=UUID, help="ids as `list` shows them")
    replaying.add_argument("--all", action="store_true", help="all that wait")
    return parser


def _setting(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise _UsageError(f"{name} isn't set")
    return value


async def _create_topics(bootstrap: str) -> int:
    """A broker that has just been started may take a while."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while True:
        try:
            made = await create_topics(bootstrap)
            break
        except (KafkaError, OSError):
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.5)
    for name in made:
        _say(name)
    _say(f"{len(made)} topics made" if made else "all topics are there")
    return 0


async def _list(dsn: str, replayed: bool) -> int:
    async with await open_pool(dsn, application="dead-letters", size=1) as pool:
        notifier = Notifier(dsn)
        async with PostgresDatabase(pool, notifier).transaction() as tx:
            letters = await dead_letters.waiting(tx, limit=_ALL_AT_ONCE, replayed_too=replayed)
    for letter in letters:
        again = f" replayed {letter.replays}×" if letter.replays else ""
        _say(
            f"{letter.id} {letter.set_apart_at:%Y-%m-%dT%H:%M:%SZ} {letter.topic} {letter.reader}"
            f" {letter.type or '?'}{again}: {letter.reason}"
        )
    _say(f"{len(letters)} dead letters")
    return 0


async def _replay(dsn: str, ids: Sequence[UUID], everything: bool) -> int:
    if bool(ids) == everything:
        raise _UsageError("name the ids to replay, or --all")
    async with await open_pool(dsn, application="dead-letters", size=1) as pool:
        # Without a word to the relay: it looks by itself within a second.
        notifier = Notifier(dsn)
        async with notifier, PostgresDatabase(pool, notifier).transaction() as tx:
            if everything:
                waiting = await dead_letters.waiting(tx, limit=_ALL_AT_ONCE)
                ids = [letter.id for letter in waiting]
            count = await dead_letters.replay(tx, ids)
    _say(f"{count} put back on their topics")
    return 0 if everything or count == len(set(ids)) else 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _fail(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
