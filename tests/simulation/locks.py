"""Who waits for a row lock, by asking PostgreSQL; server processes that stand still meanwhile."""

import os
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path

import asyncpg
from messaging.database import Row

from simulation.tasks import Task


async def waiting(
    reader: "asyncpg.Connection[Row]", sessions: Sequence[int]
) -> list[tuple[int, frozenset[int]]]:
    """Those of these sessions that wait for a lock, and which sessions hold it."""
    rows = await reader.fetch(
        "select distinct pid, pg_blocking_pids(pid) as holders from pg_locks"
        " where not granted and pid = any($1)",
        list(sessions),
    )
    return [(row["pid"], frozenset[int](row["holders"])) for row in rows]


def waits_for_itself(session: int, holders: frozenset[int], tasks: Iterable[Task]) -> bool:
    """Whether those whom it waits for wait, at last, for it."""
    waits = {t.session: t.holders for t in tasks if t.blocked}
    seen, ahead = set[int](), set(holders)
    while ahead:
        if session in ahead:
            return True
        seen |= ahead
        ahead = {h for one in ahead for h in waits.get(one, ())} - seen
    return False


async def cancel(reader: "asyncpg.Connection[Row]", session: int) -> None:
    """End the statement that this session runs."""
    await reader.execute("select pg_cancel_backend($1)", session)


def stop_server_process(pid: int) -> bool:
    """Stops the process that serves a session, where it runs on this machine."""
    try:
        if Path(f"/proc/{pid}/comm").read_text().strip() != "postgres":
            return False
    except OSError:
        return False
    os.kill(pid, signal.SIGSTOP)
    return True


def continue_server_process(pid: int) -> None:
    """Lets it go on."""
    os.kill(pid, signal.SIGCONT)
