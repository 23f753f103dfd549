"""Run by a test: reads a topic and is killed after the first commit, before the acknowledgement."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from contracts.message import Message
from contracts.topics import INVOICING
from messaging import inbox
from messaging.batch_processor import BatchProcessor
from messaging.clock import SystemClock
from messaging.consumer import consume
from messaging.database import Database, PostgresDatabase, Tx, open_pool
from messaging.wake import Notifier

READER = "sync-orchestrator"


class _DiesAfterCommit:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        async with self._database.transaction() as tx:
            yield tx
        os.kill(os.getpid(), signal.SIGKILL)


async def _apply(tx: Tx, messages: Sequence[Message]) -> None:
    new = await inbox.first_time(tx, READER, [message.id for message in messages])
    await tx.executemany("INSERT INTO applied (id) VALUES ($1)", [(id_,) for id_ in new])


async def main(bootstrap: str, dsn: str, topic_name: str) -> None:
    topic = replace(INVOICING, name=topic_name)
    async with await open_pool(dsn, application="dies", size=1) as pool, Notifier(dsn) as notifier:
        database = _DiesAfterCommit(PostgresDatabase(pool, notifier))
        processor = BatchProcessor(database, topic, READER, _apply, SystemClock())
        await consume(bootstrap, [processor], asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
