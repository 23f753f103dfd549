"""Seeds in parallel: each process has a server of its own and plays one at a time.

What a seed does depends on the seed alone, so that it doesn't matter which process plays it, nor
after which other. Two in one server would see each other: a feed ends before the oldest open
transaction of the whole server.
"""

import asyncio
import gc
import multiprocessing
import os
import tempfile
import time
from collections.abc import Coroutine, Generator, Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import structlog
from testkit.databases import TestPostgres, embedded_postgres

from simulation.duels import DUELS
from simulation.ground import Ground, ground
from simulation.mixes import BY_NAME
from simulation.planted import PLANTED
from simulation.sides import Cast
from simulation.stage import Stage
from simulation.story import Ended, run_seed

_MEMORY = Path("/dev/shm")
_SERVER = {
    # Nothing is kept, and nothing grows.
    "autovacuum": "off",
    "max_wal_size": "96MB",
    "min_wal_size": "64MB",
    "wal_level": "minimal",
}
_VACUUM_EVERY = 100
_T = TypeVar("_T")


@dataclass(frozen=True)
class Wanted:
    """A seed to play, with a bug planted, as a duel or of a mix if one is named."""

    seed: int
    planted: str = ""
    duel: str = ""
    mix: str = ""
    cast: Cast = ()
    """At which provider each company is; at QuickBooks unless named."""
    story: bool = False
    """Whether its story is wanted though nothing be wrong."""


@dataclass(frozen=True)
class Played:
    """How it ended, and the CPU time it took here and in the database's sessions."""

    wanted: Wanted
    ended: Ended
    digest: str


@contextmanager
def _own_server() -> Generator[TestPostgres]:
    """A server in memory where there is room for it."""
    room = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with (
        tempfile.TemporaryDirectory(prefix="simulation-", dir=room) as folder,
        embedded_postgres(Path(folder)) as server,
    ):
        yield server


async def _set_thrifty(server: TestPostgres) -> None:
    admin = await asyncpg.connect(server.admin_dsn())
    for name, value in _SERVER.items():
        await admin.execute(f"alter system set {name} = '{value}'")
    await admin.execute("select pg_reload_conf()")
    await admin.close()


class Players:
    """So many processes that play seeds, until closed."""

    def __init__(self, jobs: int) -> None:
        # Sets of strings are walked in the same order in every process, so that a seed replays.
        os.environ["PYTHONHASHSEED"] = "0"
        context = multiprocessing.get_context("spawn")
        addresses: multiprocessing.Queue[str] = context.Queue()
        self._jobs = jobs
        with ExitStack() as stack:
            for _ in range(jobs):
                addresses.put(stack.enter_context(_own_server()).address)
            self._pool = stack.enter_context(
                ProcessPoolExecutor(jobs, context, _Player.begin, (addresses,))
            )
            self._stack = stack.pop_all()

    def play(self, wanted: Iterable[Wanted], ahead: int = 4) -> Generator[Played]:
        """Play these; results come in the order asked for.

        Of each process so many are begun before their turn; what was begun when the reader stops is
        played for nothing.
        """
        # Not `map`: it would begin all of them before the first result is read.
        asked = iter(wanted)
        under_way = [
            self._pool.submit(_Player.play, one) for one in islice(asked, ahead * self._jobs)
        ]
        try:
            while under_way:
                yield under_way.pop(0).result()
                under_way += [self._pool.submit(_Player.play, one) for one in islice(asked, 1)]
        finally:
            for one in under_way:
                one.cancel()

    def close(self) -> None:
        """End the processes and their servers."""
        self._stack.close()


def play(wanted: Iterable[Wanted], jobs: int) -> Generator[Played]:
    """Play these in so many processes; results come in the order asked for."""
    with closing(Players(jobs)) as players:
        yield from players.play(wanted)


class _Player:
    """A process's loop and database, for its whole life."""

    mine: "_Player"

    def __init__(self, address: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        server = TestPostgres(address, None)
        self._run(_set_thrifty(server))
        self._on: Ground = self._run(self._stack.enter_async_context(ground(server.new_database)))
        self._played = 0

    @classmethod
    def begin(cls, addresses: "multiprocessing.Queue[str]") -> None:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
        cls.mine = cls(addresses.get())
        # What is loaded by now stays; a seed leaves little behind.
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 20, 20)

    @classmethod
    def play(cls, wanted: Wanted) -> Played:
        return cls.mine._play(wanted)

    def _play(self, wanted: Wanted) -> Played:
        bug = next((one for one in PLANTED if one.name == wanted.planted), None)
        began = time.process_time()
        duel = DUELS.get(wanted.duel or (bug.duel if bug is not None and bug.duel else ""))
        mix = BY_NAME.get(wanted.mix or (bug.mix if bug is not None and bug.mix else ""))
        ended = self._run(
            run_seed(
                self._on,
                wanted.seed,
                nullcontext if bug is None else bug.plant,
                mix if duel is None else duel.mix,
                None if duel is None else partial(Stage, plot=duel.plot),
                wanted.cast or None,
            )
        )
        self._played += 1
        if self._played % _VACUUM_EVERY == 0:
            self._run(self._on.admin.execute("vacuum pg_class"))
        ended = replace(ended, cpu=time.process_time() - began)
        told = ended if ended.wrong or wanted.story else replace(ended, story=[])
        return Played(wanted, told, ended.digest)

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self._loop.run_until_complete(work)
